//! The CAs of the server: their certificates from the log, their keys from the key store.

use std::collections::BTreeMap;
use std::sync::Arc;

use ca_core::{Issuer, IssuerUrls, Signer};
use ca_store::{CaStore, IssuerRow};
use ca_types::{IssuerClass, IssuerId, Passphrase};
use ca_verify::Certificate;
use rustls::pki_types::CertificateDer;

use super::ServeError;
use crate::authority::CertificateAuthority;
use crate::data_dir::DataDir;
use crate::keystore::{KeyFile, load_keys};
use crate::publication::{Document, Publication};
use crate::settings::Settings;

/// All CAs by their ids.
pub(super) type Cas = BTreeMap<IssuerId, Arc<CertificateAuthority>>;

/// Builds the CAs from their records and loads the keys that are here, in parallel.
pub(super) async fn load(
    data: &DataDir,
    settings: &Settings,
    store: &dyn CaStore,
    passphrase: Arc<Passphrase>,
) -> Result<Cas, ServeError> {
    let rows = store.issuers().await?;
    let mut issuers = Vec::new();
    for row in &rows {
        let certificate = Certificate::from_der(&row.certificate)?;
        let urls = IssuerUrls::below(&settings.publish_url.to_string(), &row.id);
        issuers.push(Issuer {
            id: row.id.clone(),
            class: row.class,
            trust_domain: row.trust_domain.clone(),
            certificate,
            urls,
        });
    }
    let files: Vec<KeyFile> = issuers
        .iter()
        .filter(|issuer| issuer.class != IssuerClass::Root)
        .map(|issuer| KeyFile {
            issuer: issuer.id.clone(),
            path: data.key_file(&issuer.id),
            public_key: issuer.certificate.public_key().clone(),
        })
        .collect();
    let loading = tokio::task::spawn_blocking(move || load_keys(&files, &passphrase));
    let mut signers = loading.await.map_err(|_lost| ServeError::Interrupted)??;
    Ok(issuers
        .into_iter()
        .map(|issuer| {
            let chain = chain_of(&issuer, &rows);
            let signer = signers.remove(&issuer.id);
            (
                issuer.id.clone(),
                Arc::new(CertificateAuthority {
                    issuer,
                    signer,
                    chain,
                }),
            )
        })
        .collect())
}

/// Finds the newest control CA whose key is here.
pub(super) fn control(cas: &Cas) -> Option<(&IssuerId, &dyn Signer)> {
    cas.values()
        .filter(|ca| ca.issuer.class == IssuerClass::Control)
        .filter_map(|ca| Some((ca, ca.signer.as_deref()?)))
        .max_by_key(|(ca, _signer)| ca.certificate().validity().not_before())
        .map(|(ca, signer)| (&ca.issuer.id, signer))
}

/// Returns the certificate of a CA, and behind it the root of its trust domain.
fn chain_of(issuer: &Issuer, rows: &[IssuerRow]) -> Vec<Vec<u8>> {
    let own = issuer.certificate.der().to_vec();
    let root = rows.iter().find(|row| {
        row.class == IssuerClass::Root
            && row.trust_domain == issuer.trust_domain
            && row.id != issuer.id
    });
    std::iter::once(own)
        .chain(root.map(|row| row.certificate.clone()))
        .collect()
}

pub(super) fn control_anchors(cas: &Cas) -> Vec<CertificateDer<'static>> {
    cas.values()
        .filter(|ca| ca.issuer.class == IssuerClass::Control)
        .map(|ca| CertificateDer::from(ca.certificate().der().to_vec()))
        .collect()
}

/// Publishes the certificate of every CA, and all of devices in one file: the root first.
pub(super) fn publish(publication: &Publication, cas: &Cas) {
    let mut chain: Vec<&Arc<CertificateAuthority>> = cas
        .values()
        .filter(|ca| ca.issuer.class != IssuerClass::Control)
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
