//! CAs that came after a backup, and were lost with their keys.

use std::fmt;

use ca_core::{Generation, Organization};
use ca_store::IssuerRow;
use ca_verify::CrlSigned;
use serde::Serialize;

use super::lists::PublishedList;

/// A CA of which a CRL is left, and nothing else.
#[derive(Debug, Clone, Serialize)]
pub struct LostIssuer {
    /// The identifier that it had; no CA gets it again.
    pub issuer_id: String,
    /// Its subject.
    pub subject: String,
    /// The identifier of its key in hexadecimal; null when the CRL does not say.
    pub key_id: Option<String>,
    /// The number of the CRL.
    pub crl_number: u64,
    /// How many certificates it revokes.
    pub revocations: usize,
    /// The file or URL of the CRL.
    pub source: String,
    /// The CRL, as the log names it.
    #[serde(skip)]
    pub(super) crl: CrlSigned,
}

impl LostIssuer {
    /// Tells whose CRL it is, if it bears the name of a CA of this organization that these rows do not have.
    ///
    /// One that bears the name of a CA that they have, and is not signed by it, is of nobody.
    pub(super) fn of(
        list: &PublishedList,
        rows: &[IssuerRow],
        organization: &Organization,
    ) -> Option<Self> {
        let crl = &list.crl;
        let (class, generation) = Generation::of_subject(crl.issuer(), organization)?;
        let id = generation.issuer_id(class);
        if rows.iter().any(|row| row.id == id) {
            return None;
        }
        let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect();
        Some(Self {
            issuer_id: id.to_string(),
            subject: crl.issuer().to_string(),
            key_id: crl.authority_key_identifier().map(hex),
            crl_number: crl.number(),
            revocations: crl.len(),
            source: list.source.clone(),
            crl: list.signed(id),
        })
    }
}

impl fmt::Display for LostIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key_id.as_deref().unwrap_or("unknown");
        write!(
            f,
            "{} (`{}`, key id {key}, {} revocations)",
            self.issuer_id, self.subject, self.revocations
        )
    }
}
