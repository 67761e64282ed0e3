//! Certification paths of two or three certificates (RFC 5280 §6).

use ca_types::{Code, Hinted, RevocationReason, UnixTime, Validity};

use crate::{Certificate, CertificateList, IssuedByError, KeyUsage};

/// Verifies a chain from `leaf` over `intermediates` (the nearest first) to `anchor`.
///
/// # Errors
/// Fails at the first certificate that is out of its validity, not signed by the next, or signed by one that may
/// not sign certificates.
pub fn verify_chain(
    leaf: &Certificate,
    intermediates: &[Certificate],
    anchor: &Certificate,
    now: UnixTime,
) -> Result<(), PathError> {
    let certificates = std::iter::once(leaf).chain(intermediates);
    let issuers = intermediates.iter().chain(std::iter::once(anchor));
    check_validity(anchor, now)?;
    for (cas_below, (certificate, issuer)) in (0_u64..).zip(certificates.zip(issuers)) {
        check_validity(certificate, now)?;
        may_sign(issuer, KeyUsage::KEY_CERT_SIGN, "certificates")?;
        let limit = issuer
            .basic_constraints()
            .and_then(|constraints| constraints.path_len);
        if limit.is_some_and(|limit| cas_below > limit) {
            return Err(PathError::PathTooLong {
                subject: issuer.subject().to_string(),
            });
        }
        certificate
            .verify_signed_by(issuer)
            .map_err(|source| PathError::NotIssued {
                subject: certificate.subject().to_string(),
                source,
            })?;
    }
    Ok(())
}

fn check_validity(certificate: &Certificate, now: UnixTime) -> Result<(), PathError> {
    if certificate.validity().contains(now) {
        return Ok(());
    }
    Err(PathError::NotValid {
        subject: certificate.subject().to_string(),
        validity: certificate.validity(),
        now,
    })
}

/// Checks that a certificate is one of a CA with this key usage (RFC 5280 §6.1.4 k and n).
fn may_sign(ca: &Certificate, usage: KeyUsage, what: &'static str) -> Result<(), PathError> {
    if ca.is_ca() && ca.key_usage().is_some_and(|given| given.has(usage)) {
        return Ok(());
    }
    Err(PathError::NotAllowed {
        subject: ca.subject().to_string(),
        what,
    })
}

/// Verifies that a current CRL of `issuer` does not list `certificate`.
///
/// # Errors
/// Fails when the CRL is not current, not by the issuer, or lists the certificate.
pub fn check_revocation(
    certificate: &Certificate,
    issuer: &Certificate,
    crl: &CertificateList,
    now: UnixTime,
) -> Result<(), PathError> {
    may_sign(issuer, KeyUsage::CRL_SIGN, "CRLs")?;
    crl.verify_signed_by(issuer)
        .map_err(PathError::ForeignCrl)?;
    if certificate.issuer().der() != crl.issuer().der() {
        return Err(PathError::ForeignCrl(IssuedByError::OtherName {
            issuer: certificate.issuer().to_string(),
            ca: crl.issuer().to_string(),
        }));
    }
    if now < crl.this_update() || crl.next_update() < now {
        return Err(PathError::CrlNotCurrent {
            this_update: crl.this_update(),
            next_update: crl.next_update(),
            now,
        });
    }
    match crl.find(certificate.serial_octets()) {
        None => Ok(()),
        Some(entry) => Err(PathError::Revoked {
            subject: certificate.subject().to_string(),
            time: entry.time,
            reason: entry.reason,
        }),
    }
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
