//! From a decision to a signed certificate (RFC 5280 §4).

use ca_types::{Code, Hinted, SerialNumber};
use ca_verify::{Certificate, CertificateError, IssuedByError, LintError, Linted};

use crate::{Decision, Issuer, SignError, Signer};

/// Builds the `TBSCertificate` of a decision, and lints it.
///
/// # Errors
/// Fails when the decision is for another CA, or a lint finds an error.
pub fn prepare(
    _decision: &Decision,
    _serial: SerialNumber,
    _issuer: &Issuer,
) -> Result<Linted, IssuanceError> {
    todo!()
}

/// Signs what passed the lint; checks that the signed octets are the linted ones and that the signature holds.
///
/// Takes as long as the signature: see [`SignatureAlgorithm::is_slow`].
///
/// # Errors
/// Fails when the signer is not the key that the octets were linted for, does not sign, or signs something else.
///
/// [`SignatureAlgorithm::is_slow`]: ca_verify::SignatureAlgorithm::is_slow
pub fn sign(_linted: Linted, _signer: &dyn Signer) -> Result<Certificate, IssuanceError> {
    todo!()
}

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssuanceError {
    /// The decision was made for another CA.
    #[error("decided for another CA than `{0}`")]
    OtherIssuer(ca_types::IssuerId),
    /// What was built cannot be encoded.
    #[error("certificate or CRL cannot be encoded")]
    Encoding(#[from] der::Error),
    /// A lint found an error.
    #[error(transparent)]
    Lint(#[from] LintError),
    /// The signer holds another key or another algorithm than the one linted for.
    #[error("the signer does not hold the key of the CA")]
    OtherKey,
    /// The key does not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// What was signed does not parse.
    #[error("what was signed is no certificate")]
    Certificate(#[from] CertificateError),
    /// What was signed is no CRL.
    #[error("what was signed is no CRL")]
    CertificateList(#[from] ca_verify::CertificateListError),
    /// What was signed is not what was linted.
    #[error("what was signed is not what was linted")]
    NotWhatWasLinted,
    /// The signature does not hold.
    #[error("the signature of the CA does not verify")]
    Signature(#[from] ca_verify::SignatureError),
    /// The certificate is not by the issuer.
    #[error("the certificate is not by the CA")]
    IssuedBy(#[from] IssuedByError),
}

impl Hinted for IssuanceError {
    fn code(&self) -> Code {
        match self {
            Self::Sign(error) => error.code(),
            Self::OtherIssuer(_)
            | Self::Encoding(_)
            | Self::Lint(_)
            | Self::OtherKey
            | Self::Certificate(_)
            | Self::CertificateList(_)
            | Self::NotWhatWasLinted
            | Self::Signature(_)
            | Self::IssuedBy(_) => Code::Internal,
        }
    }
}
