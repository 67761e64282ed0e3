//! Certification paths of two or three certificates (RFC 5280 §6).

use ca_types::{Code, Hinted, RevocationReason, UnixTime, Validity};

use crate::{Certificate, CertificateList, IssuedByError};

/// Verifies a chain from `leaf` over `intermediates` (the nearest first) to `anchor`.
///
/// # Errors
/// Fails at the first certificate that is out of its validity, not signed by the next, or signed by one that may
/// not sign certificates.
pub fn verify_chain(
    _leaf: &Certificate,
    _intermediates: &[Certificate],
    _anchor: &Certificate,
    _now: UnixTime,
) -> Result<(), PathError> {
    todo!()
}

/// Verifies that a current CRL of `issuer` does not list `certificate`.
///
/// # Errors
/// Fails when the CRL is not current, not by the issuer, or lists the certificate.
pub fn check_revocation(
    _certificate: &Certificate,
    _issuer: &Certificate,
    _crl: &CertificateList,
    _now: UnixTime,
) -> Result<(), PathError> {
    todo!()
}

/// Why a path or a certificate in it is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Out of its validity.
    #[error("certificate `{subject}` is valid from {} to {}, now is {now}", validity.not_before(), validity.not_after())]
    NotValid {
        /// The certificate.
        subject: String,
        /// When it is valid.
        validity: Validity,
        /// The time of the check.
        now: UnixTime,
    },
    /// Not issued by the next one.
    #[error("certificate `{subject}` does not chain")]
    NotIssued {
        /// The certificate.
        subject: String,
        /// Why.
        source: IssuedByError,
    },
    /// Issued by one that may not issue.
    #[error("`{subject}` may not sign {what}")]
    NotAllowed {
        /// The one that may not.
        subject: String,
        /// What it signed.
        what: &'static str,
    },
    /// More CAs than a CA allows below it.
    #[error("too many CAs below `{subject}`")]
    PathTooLong {
        /// The CA.
        subject: String,
    },
    /// The CRL is not by the issuer.
    #[error("CRL is not by the issuer")]
    ForeignCrl(#[source] IssuedByError),
    /// The CRL is not current.
    #[error("CRL is valid from {this_update} to {next_update}, now is {now}")]
    CrlNotCurrent {
        /// Its thisUpdate.
        this_update: UnixTime,
        /// Its nextUpdate.
        next_update: UnixTime,
        /// The time of the check.
        now: UnixTime,
    },
    /// The certificate is revoked.
    #[error("certificate `{subject}` was revoked at {time}: {reason}")]
    Revoked {
        /// The certificate.
        subject: String,
        /// When.
        time: UnixTime,
        /// Why.
        reason: RevocationReason,
    },
}

impl Hinted for PathError {
    fn code(&self) -> Code {
        Code::FailedPrecondition
    }
}
