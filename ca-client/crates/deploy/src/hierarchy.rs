//! The CAs as a push needs them.

use std::collections::BTreeSet;

use ca_routeros::certificate::CertificateRow;
use ca_types::{Fingerprint, UnixTime};
use ca_verify::Certificate;

/// A CA, and where its CRL is.
#[derive(Debug, Clone)]
pub struct Authority {
    /// The class: `root`, `router`, `vpn-server`, `vpn-client`.
    pub class: String,
    /// Its name in the CA: `router-2026-1`.
    pub issuer_id: String,
    /// Its certificate.
    pub certificate: Certificate,
    /// Where its CRL is published.
    pub crl_url: String,
}

/// The root and the CAs below it.
#[derive(Debug, Clone)]
pub struct Hierarchy {
    /// The root.
    pub root: Authority,
    /// The CAs that issue for end entities.
    pub issuing: Vec<Authority>,
    /// Certificates of the wished NAMEs that the CA has revoked: where one is found, it is replaced.
    pub revoked: BTreeSet<Fingerprint>,
    /// Valid ones that have other names than the fleet file wants: where one is found, it is replaced too.
    pub renamed: BTreeSet<Fingerprint>,
}

impl Authority {
    /// Returns the name of its row on a router: `fleet-ca-router-2026-1-1a2b3c4d`.
    pub(crate) fn row_name(&self) -> String {
        let digits = short(&self.certificate);
        match self.class.as_str() {
            "root" => format!("fleet-ca-root-{digits}"),
            _ => format!("fleet-ca-{}-{digits}", self.issuer_id),
        }
    }
}

impl Hierarchy {
    /// Tells whether the CA has revoked what a router holds.
    pub(crate) fn is_revoked(&self, row: &CertificateRow) -> bool {
        has(&self.revoked, row)
    }

    /// Tells whether the fleet file wants other names than the CA has certified in what a router holds.
    pub(crate) fn is_renamed(&self, row: &CertificateRow) -> bool {
        has(&self.renamed, row)
    }

    /// Returns the valid CAs of a class, the youngest last.
    pub(crate) fn of_class(&self, class: &str, now: UnixTime) -> Vec<&Authority> {
        let mut found: Vec<&Authority> = self
            .issuing
            .iter()
            .filter(|ca| ca.class == class && ca.certificate.validity().contains(now))
            .collect();
        found.sort_by_key(|ca| ca.certificate.validity().not_before());
        found
    }
}

fn has(certificates: &BTreeSet<Fingerprint>, row: &CertificateRow) -> bool {
    let fingerprint = row.fingerprint.parse();
    fingerprint.is_ok_and(|fingerprint: Fingerprint| certificates.contains(&fingerprint))
}

/// Returns the first eight digits of a fingerprint, which make names of rows unique.
pub(crate) fn short(certificate: &Certificate) -> String {
    certificate
        .fingerprint()
        .to_string()
        .chars()
        .take(8)
        .collect()
}
