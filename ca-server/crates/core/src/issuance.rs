//! From a decision to a signed certificate (RFC 5280 §4).

use ca_types::{Code, GeneralName, Hinted, SerialNumber};
use ca_verify::{
    Certificate, CertificateError, LintContext, LintError, Linted, Purpose, SignatureAlgorithm,
    lint_certificate,
};

use crate::extensions::{self, San};
use crate::final_rules;
use crate::tbs::{self, Parts};
use crate::{Decision, Issuer, NameForm, SignError, Signer};

/// Builds the `TBSCertificate` of a decision, compares its octets with the decision, and lints them.
///
/// # Errors
/// Fails when the decision is for another CA, the octets say anything else, or a lint finds an error.
pub fn prepare(
    decision: &Decision,
    serial: SerialNumber,
    issuer: &Issuer,
) -> Result<Linted, IssuanceError> {
    if *decision.issuer() != issuer.id {
        return Err(IssuanceError::OtherIssuer(issuer.id.clone()));
    }
    let algorithm = SignatureAlgorithm::for_key(issuer.certificate.public_key());
    let parts = Parts {
        serial,
        algorithm,
        issuer: issuer.certificate.subject().der(),
        validity: decision.validity(),
        subject: &tbs::common_name(decision.name())?,
        public_key: decision.public_key(),
        extensions: extensions_of(decision, issuer)?,
    };
    let context = LintContext {
        purpose: Purpose::EndEntity(issuer.class),
        issuer: Some(&issuer.certificate),
        algorithm,
    };
    let tbs = parts.into_der()?;
    final_rules::check(&tbs, decision)?;
    Ok(lint_certificate(tbs, context)?)
}

fn extensions_of(
    decision: &Decision,
    issuer: &Issuer,
) -> Result<Vec<x509_cert::ext::Extension>, IssuanceError> {
    let profile = decision.profile();
    let key = decision.public_key();
    let authority = issuer
        .certificate
        .subject_key_identifier()
        .unwrap_or_default();
    let mut list = vec![
        extensions::key_usage(profile.key_usage(key.algorithm()))?,
        extensions::extended_key_usage(profile.extended_key_usage())?,
    ];
    if !decision.sans().is_empty() {
        let names = decision
            .sans()
            .iter()
            .flat_map(|name| written(name, profile.name_form()));
        list.push(extensions::subject_alt_name(names)?);
    }
    list.push(extensions::subject_key_identifier(key)?);
    list.push(extensions::authority_key_identifier(authority)?);
    list.push(extensions::crl_distribution_point(&issuer.urls.crl)?);
    list.push(extensions::ca_issuers(&issuer.urls.certificate)?);
    Ok(list)
}

/// Returns the forms in which one name is written: an address of a gateway in two.
fn written(name: &GeneralName, form: NameForm) -> impl Iterator<Item = San<'_>> {
    let again = match (name, form) {
        (GeneralName::Ip(address), NameForm::Gateway) => Some(San::AddressAsDns(*address)),
        (GeneralName::Ip(_), NameForm::Subject | NameForm::Api | NameForm::Actor)
        | (GeneralName::Dns(_) | GeneralName::Email(_), _) => None,
    };
    std::iter::once(San::Name(name)).chain(again)
}

/// Signs what passed the lint; checks that the signed octets are the linted ones and that the signature holds.
///
/// Takes as long as the signature: see [`SignatureAlgorithm::is_slow`].
///
/// # Errors
/// Fails when the signer is not the key that the octets were linted for, does not sign, or signs something else.
pub fn sign(linted: Linted, signer: &dyn Signer) -> Result<Certificate, IssuanceError> {
    let algorithm = linted.algorithm();
    let tbs = linted.tbs_der();
    if signer.public_key().key_id() != linted.signer() || signer.algorithm() != algorithm {
        return Err(IssuanceError::OtherKey);
    }
    let signature = signer.sign(tbs)?;
    let certificate = Certificate::from_der(&tbs::signed(tbs, algorithm, &signature)?)?;
    if certificate.tbs_der() != tbs {
        return Err(IssuanceError::NotWhatWasLinted);
    }
    signer
        .public_key()
        .verify(tbs, certificate.signature(), algorithm)?;
    Ok(certificate)
}

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssuanceError {
    /// The decision was made for another CA.
    #[error("decided for another CA than `{0}`")]
    OtherIssuer(ca_types::IssuerId),
    /// An issuing CA with the key of the root.
    #[error("an issuing CA needs a key of its own, this is the key of the root")]
    KeyOfTheRoot,
    /// The CA is no longer valid.
    #[error("the CA that is to sign is no longer valid")]
    Validity(#[from] ca_types::ValidityError),
    /// What was built cannot be encoded.
    #[error("certificate or CRL cannot be encoded")]
    Encoding(#[from] der::Error),
    /// What was built does not read.
    #[error("what was built is no certificate")]
    Built(#[from] ca_verify::MalformedDer),
    /// What was built says something else than was decided.
    #[error("what was built is not what was decided: {0}")]
    NotWhatWasDecided(&'static str),
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
}

impl Hinted for IssuanceError {
    fn code(&self) -> Code {
        match self {
            Self::Sign(error) => error.code(),
            Self::OtherIssuer(_)
            | Self::KeyOfTheRoot
            | Self::Validity(_)
            | Self::Encoding(_)
            | Self::Built(_)
            | Self::NotWhatWasDecided(_)
            | Self::Lint(_)
            | Self::OtherKey
            | Self::Certificate(_)
            | Self::CertificateList(_)
            | Self::NotWhatWasLinted
            | Self::Signature(_) => Code::Internal,
        }
    }
}
