//! The CAs of this server while it runs: they come, begin and cease to issue without a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use ca_core::{Issuer, IssuerUrls, Organization, Signer};
use ca_store::IssuerRow;
use ca_types::{IssuerClass, IssuerId, IssuerState};
use ca_verify::{Certificate, CertificateError, Change, Entry};

use crate::keystore::CaKeys;
use crate::publication::{Document, Publication};

/// A CA of this server: its certificate, its key when that is here, and the chain up to the root.
#[derive(Debug, Clone)]
pub struct CertificateAuthority {
    /// What core needs to know of it.
    pub issuer: Issuer,
    /// Its key; none for the offline root.
    pub signer: Option<Arc<dyn Signer>>,
    /// Its own certificate first, the root last, in DER.
    pub chain: Vec<Vec<u8>>,
    /// Whether it issues.
    pub state: IssuerState,
}

/// All CAs by their ids.
pub type Cas = BTreeMap<IssuerId, Arc<CertificateAuthority>>;

/// The CAs, and what new ones are made with.
#[derive(Debug)]
pub struct Hierarchy {
    cas: RwLock<Arc<Cas>>,
    /// Where the keys lie, and what encrypts them.
    pub keys: CaKeys,
    /// Whose CAs they are.
    pub organization: Organization,
    /// Below which URL everything is published.
    pub publish_url: String,
    /// The control CAs whose certificates the listener takes, since its start.
    pub anchored: BTreeSet<IssuerId>,
    /// Where their certificates are published.
    pub publication: Arc<Publication>,
}

impl CertificateAuthority {
    /// Builds a CA from its record; its root is found among all records by its name.
    ///
    /// # Errors
    /// Fails when a certificate in the log does not parse.
    pub fn assemble(
        row: &IssuerRow,
        rows: &[IssuerRow],
        publish_url: &str,
        signer: Option<Arc<dyn Signer>>,
    ) -> Result<Self, CertificateError> {
        let certificate = Certificate::from_der(&row.certificate)?;
        let mut chain = vec![row.certificate.clone()];
        let roots = rows
            .iter()
            .filter(|root| root.class == IssuerClass::Root && root.id != row.id);
        for root in roots {
            let parsed = Certificate::from_der(&root.certificate)?;
            if parsed.subject().der() == certificate.issuer().der() {
                chain.push(root.certificate.clone());
            }
        }
        Ok(Self {
            issuer: Issuer {
                id: row.id.clone(),
                class: row.class,
                trust_domain: row.trust_domain.clone(),
                certificate,
                urls: IssuerUrls::below(publish_url, &row.id),
            },
            signer,
            chain,
            state: row.state,
        })
    }
}

impl Hierarchy {
    /// Begins with the CAs of the log, and publishes their certificates.
    pub fn new(
        cas: Cas,
        keys: CaKeys,
        organization: Organization,
        publish_url: String,
        publication: Arc<Publication>,
    ) -> Arc<Self> {
        let anchored = cas
            .values()
            .filter(|ca| is_anchor(ca))
            .map(|ca| ca.issuer.id.clone())
            .collect();
        publish(&publication, &cas);
        Arc::new(Self {
            cas: RwLock::new(Arc::new(cas)),
            keys,
            organization,
            publish_url,
            anchored,
            publication,
        })
    }

    /// Returns the CAs of this moment.
    pub fn cas(&self) -> Arc<Cas> {
        Arc::clone(&self.cas.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Finds a CA.
    pub fn find(&self, id: &IssuerId) -> Option<Arc<CertificateAuthority>> {
        self.cas().get(id).map(Arc::clone)
    }

    /// Finds the newest CA of a class that issues.
    pub fn active(&self, class: IssuerClass) -> Option<Arc<CertificateAuthority>> {
        let cas = self.cas();
        cas.values()
            .filter(|ca| ca.issuer.class == class && ca.issues())
            .max_by_key(|ca| (ca.issuer.certificate.validity().not_before(), &ca.issuer.id))
            .map(Arc::clone)
    }

    /// Takes in a CA whose record is durable, and publishes its certificate.
    pub fn add(&self, ca: Arc<CertificateAuthority>) {
        self.change(|cas| {
            cas.insert(ca.issuer.id.clone(), ca);
        });
        publish(&self.publication, &self.cas());
    }

    /// Takes in the states of a durable entry.
    pub fn follow(&self, entry: &Entry) {
        for change in &entry.changes {
            if let Change::IssuerStateChanged(changed) = change {
                self.change(|cas| {
                    if let Some(ca) = cas.get_mut(&changed.issuer) {
                        Arc::make_mut(ca).state = changed.state;
                    }
                });
                tracing::info!(issuer = %changed.issuer, state = %changed.state, "CA changed its state");
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Cas)) {
        let mut cas = self.cas.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut cas));
    }
}

impl CertificateAuthority {
    /// Tells whether it issues.
    pub fn issues(&self) -> bool {
        self.signer.is_some() && self.state == IssuerState::Active
    }
}

/// Tells whether the listener takes client certificates of a CA: only those of its own kind, never those of devices.
pub fn is_anchor(ca: &CertificateAuthority) -> bool {
    let is_trusted = match ca.state {
        IssuerState::Active | IssuerState::Inactive | IssuerState::Retired => true,
        IssuerState::Requested | IssuerState::Revoked | IssuerState::Offline => false,
    };
    is_trusted && ca.issuer.class == IssuerClass::Control
}

/// Publishes the certificate of every CA, and all of devices that are not revoked in one file: the root first.
fn publish(publication: &Publication, cas: &Cas) {
    let mut chain: Vec<&Arc<CertificateAuthority>> = cas
        .values()
        .filter(|ca| ca.issuer.class != IssuerClass::Control && ca.state != IssuerState::Revoked)
        .collect();
    chain.sort_by_key(|ca| (ca.issuer.class, ca.issuer.id.clone()));
    let newest = cas
        .values()
        .map(|ca| ca.certificate().validity().not_before())
        .max();
    for (id, ca) in cas {
        let document = Document {
            octets: ca.certificate().der().to_vec(),
            media_type: "application/pkix-cert",
            last_modified: ca.certificate().validity().not_before(),
            expires: None,
        };
        publication.publish(format!("/ca/{id}.cer"), document);
    }
    if let Some(last_modified) = newest {
        let octets = chain
            .iter()
            .map(|ca| ca.certificate().to_pem())
            .collect::<String>()
            .into_bytes();
        let document = Document {
            octets,
            media_type: "application/x-pem-file",
            last_modified,
            expires: None,
        };
        publication.publish("/ca/chain.pem", document);
    }
}
