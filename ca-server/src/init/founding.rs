//! The CAs at their beginning: keys, certificates, the first CRL of the root.

use std::thread;

use ca_core::{
    CrlIssue, Generation, Issuer, IssuerUrls, IssuingCa, RevokedCertificates, issue_issuing_ca,
    issue_root, issuing_validity, prepare_crl, sign_crl,
};
use ca_types::{IssuerClass, SerialNumber, TrustDomain, UnixTime};
use ca_verify::{CertificateList, Change, CrlSigned, IssuerAdded};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

use super::{InitError, InitPlan};
use crate::keystore::{FileSigner, KeyKind, PrivateKey};

/// A CA with its key.
#[derive(Debug)]
pub(super) struct Founded {
    pub(super) issuer: Issuer,
    pub(super) key: PrivateKey,
    pub(super) signer: FileSigner,
}

/// All CAs of a new hierarchy.
#[derive(Debug)]
pub(super) struct Hierarchy {
    /// The root first.
    pub(super) cas: Vec<Founded>,
    pub(super) root_crl: CertificateList,
}

impl Hierarchy {
    /// Makes the keys in parallel, then the certificates from the root down.
    pub(super) fn found(
        plan: &InitPlan,
        now: UnixTime,
        rng: &mut dyn CryptoRng,
        made: &(dyn Fn() + Sync),
    ) -> Result<Self, InitError> {
        let generation = Generation {
            year: now.year(),
            number: 1,
        };
        let [root_key, keys @ ..] = make_keys(plan.kind, made)?;
        let root = found_root(plan, generation, root_key, now, rng)?;
        let mut cas = vec![root];
        for (class, key) in ISSUING.into_iter().zip(keys) {
            let root = cas.first().ok_or(InitError::Lost)?;
            cas.push(found_issuing(
                plan,
                (generation, class),
                key,
                root,
                now,
                rng,
            )?);
        }
        let root = cas.first().ok_or(InitError::Lost)?;
        let next_update = now.plus(ROOT_CRL_SECONDS).ok_or(InitError::Clock(now))?;
        let issue = CrlIssue {
            number: 1,
            this_update: now,
            next_update,
        };
        let nothing = RevokedCertificates::default();
        let linted = prepare_crl(&nothing, issue, &root.issuer.certificate, root.algorithm())?;
        let root_crl = sign_crl(linted, &root.signer)?;
        Ok(Self { cas, root_crl })
    }

    /// Finds the CA of a class.
    pub(super) fn of_class(&self, class: IssuerClass) -> Result<&Founded, InitError> {
        self.cas
            .iter()
            .find(|ca| ca.issuer.class == class)
            .ok_or(InitError::Lost)
    }

    /// Returns what the log says of it: the CAs, the root first, then the CRL of the root.
    pub(super) fn changes(&self) -> Result<Vec<Change>, InitError> {
        let added = self.cas.iter().map(|ca| {
            Change::IssuerAdded(IssuerAdded {
                id: ca.issuer.id.clone(),
                class: ca.issuer.class,
                trust_domain: ca.issuer.trust_domain.clone(),
                certificate: ca.issuer.certificate.der().to_vec(),
            })
        });
        let crl = Change::CrlSigned(CrlSigned {
            issuer: self.of_class(IssuerClass::Root)?.issuer.id.clone(),
            number: self.root_crl.number(),
            this_update: self.root_crl.this_update(),
            next_update: self.root_crl.next_update(),
            sha256: Sha256::digest(self.root_crl.der()).into(),
        });
        Ok(added.chain([crl]).collect())
    }
}

impl Founded {
    fn algorithm(&self) -> ca_verify::SignatureAlgorithm {
        ca_core::Signer::algorithm(&self.signer)
    }
}

/// Makes one key per CA, each in a thread of its own: RSA keys take their time.
fn make_keys(kind: KeyKind, made: &(dyn Fn() + Sync)) -> Result<[PrivateKey; 5], InitError> {
    thread::scope(|scope| {
        let threads: [_; 5] = std::array::from_fn(|_place| {
            scope.spawn(|| {
                let key = PrivateKey::generate(kind);
                made();
                key
            })
        });
        let keys: Vec<PrivateKey> = threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .map_err(|_panic| InitError::Lost)?
                    .map_err(InitError::from)
            })
            .collect::<Result<_, _>>()?;
        keys.try_into().map_err(|_keys| InitError::Lost)
    })
}

fn found_root(
    plan: &InitPlan,
    generation: Generation,
    key: PrivateKey,
    now: UnixTime,
    rng: &mut dyn CryptoRng,
) -> Result<Founded, InitError> {
    let signer = key.signer()?;
    let serial = SerialNumber::generate(rng);
    let certificate = issue_root(
        &plan.settings.organization,
        generation,
        serial,
        &signer,
        now,
    )?;
    Ok(Founded {
        issuer: issuer_of(plan, generation, IssuerClass::Root, certificate),
        key,
        signer,
    })
}

fn found_issuing(
    plan: &InitPlan,
    (generation, class): (Generation, IssuerClass),
    key: PrivateKey,
    root: &Founded,
    now: UnixTime,
    rng: &mut dyn CryptoRng,
) -> Result<Founded, InitError> {
    let signer = key.signer()?;
    let organization = &plan.settings.organization;
    let public_key = ca_core::Signer::public_key(&signer);
    let wanted = IssuingCa {
        organization: organization.as_str(),
        common_name: &generation.common_name(organization, class),
        validity: issuing_validity(now, &root.issuer.certificate)?,
        public_key,
    };
    let serial = SerialNumber::generate(rng);
    let certificate = issue_issuing_ca(&wanted, serial, &root.issuer, &root.signer)?;
    Ok(Founded {
        issuer: issuer_of(plan, generation, class, certificate),
        key,
        signer,
    })
}

fn issuer_of(
    plan: &InitPlan,
    generation: Generation,
    class: IssuerClass,
    certificate: ca_verify::Certificate,
) -> Issuer {
    let id = generation.issuer_id(class);
    let urls = IssuerUrls::below(&plan.settings.publish_url.to_string(), &id);
    Issuer {
        id,
        class,
        trust_domain: TrustDomain::default(),
        certificate,
        urls,
    }
}

/// What the root signs, in the order of the documentation.
const ISSUING: [IssuerClass; 4] = [
    IssuerClass::Router,
    IssuerClass::VpnServer,
    IssuerClass::VpnClient,
    IssuerClass::Control,
];

/// How long the CRL of the root is good: 365 days, as it is signed at a ceremony.
pub(crate) const ROOT_CRL_SECONDS: u64 = 365 * 86_400;
