//! Certificate revocation lists (RFC 5280 §5): full, direct, from entries kept encoded.

use std::collections::BTreeMap;

use ca_types::{RevocationReason, SerialNumber, UnixTime};
use ca_verify::{Certificate, CertificateList, LintedList, SignatureAlgorithm};

use crate::{IssuanceError, Signer};

/// The revoked certificates of one CA, encoded and sorted by serial number.
#[derive(Debug, Clone, Default)]
pub struct RevokedCertificates {
    entries: BTreeMap<SerialNumber, UnixTime>,
}

/// A revoked certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number.
    pub serial: SerialNumber,
    /// When it was revoked.
    pub time: UnixTime,
    /// Why.
    pub reason: RevocationReason,
    /// When it would have ended.
    pub not_after: UnixTime,
}

impl RevokedCertificates {
    /// Adds a certificate; tells whether it was new. What stands there stays as it is.
    pub fn insert(&mut self, _revoked: Revoked) -> bool {
        todo!()
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Drops the certificates that had ended before `last_crl` was made, and tells how many.
    ///
    /// They stood on one CRL beyond their end, which is as long as RFC 5280 §3.3 wants them.
    pub fn drop_ended_before(&mut self, _last_crl: UnixTime) -> usize {
        todo!()
    }
}

/// Number and times of a CRL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrlIssue {
    /// Its cRLNumber, higher than every one before.
    pub number: u64,
    /// Its thisUpdate.
    pub this_update: UnixTime,
    /// Its nextUpdate.
    pub next_update: UnixTime,
}

/// Builds the `TBSCertList` of all revoked certificates, and lints it.
///
/// # Errors
/// Fails when a lint finds an error.
pub fn prepare_crl(
    _revoked: &RevokedCertificates,
    _issue: CrlIssue,
    _issuer: &Certificate,
    _algorithm: SignatureAlgorithm,
) -> Result<LintedList, IssuanceError> {
    todo!()
}

/// Signs what passed the lint; checks that the signature holds.
///
/// # Errors
/// Fails when the signer is not the key of the CA, or does not sign.
pub fn sign_crl(
    _linted: LintedList,
    _signer: &dyn Signer,
) -> Result<CertificateList, IssuanceError> {
    todo!()
}
