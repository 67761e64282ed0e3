//! A CA as the kernel sees it.

use ca_types::{IssuerClass, IssuerId, TrustDomain};
use ca_verify::Certificate;

/// A CA, its certificate and the URLs that it writes into the certificates it issues.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Its identifier.
    pub id: IssuerId,
    /// What it issues for.
    pub class: IssuerClass,
    /// The trust domain it belongs to.
    pub trust_domain: TrustDomain,
    /// Its own certificate.
    pub certificate: Certificate,
    /// Where it publishes its CRL and its certificate.
    pub urls: IssuerUrls,
}

/// Where a CA publishes its CRL and its certificate; from the settings, never from a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerUrls {
    /// The CRL in DER.
    pub crl: String,
    /// The certificate of the CA in DER.
    pub certificate: String,
}

impl IssuerUrls {
    /// Makes the two URLs below the publish URL, such as `http://pki.example.net`.
    pub fn below(publish_url: &str, id: &IssuerId) -> Self {
        let base = publish_url.trim_end_matches('/');
        Self {
            crl: format!("{base}/crl/{id}.crl"),
            certificate: format!("{base}/ca/{id}.cer"),
        }
    }
}
