//! Certificates of the control CA that this server makes for itself: its TLS identity, and admins.

use ca_core::{IssuanceError, Issuer, Lifetime, Policy, PolicyError, Profile, Signer, Wanted};
use ca_types::{
    Actor, ActorName, Code, GeneralName, Hinted, Role, Scope, SerialNumber, SubjectName, UnixTime,
};
use ca_verify::{Certificate, CertificationRequest, Issued, RequestError};
use der::asn1::{BitString, SetOfVec};
use der::{Decode as _, Encode as _};
use rand_core::CryptoRng;
use x509_cert::name::Name;
use x509_cert::request::{CertReq, CertReqInfo, Version};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::keystore::{KeyKind, KeyStoreError, PrivateKey};

/// A certificate with the key that was made for it.
#[derive(Debug)]
pub struct Credential {
    /// The certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: PrivateKey,
    /// What the log must say about it before anyone sees it.
    pub issued: Issued,
}

impl Credential {
    /// Makes the TLS certificate of this server under the profile `control-server`.
    ///
    /// # Errors
    /// Fails when there is no name, or the certificate cannot be made.
    pub fn for_server(
        names: &[SubjectName],
        issuer: &Issuer,
        signer: &dyn Signer,
        now: UnixTime,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, CredentialError> {
        let (first, others) = names.split_first().ok_or(CredentialError::NoServerName)?;
        let sans: Vec<GeneralName> = others.iter().map(SubjectName::general_name).collect();
        make(
            "control-server",
            first.as_str(),
            &sans,
            (issuer, signer),
            now,
            rng,
        )
    }

    /// Makes the certificate of an admin under the profile `control`, and the actor that it stands for.
    ///
    /// # Errors
    /// Fails when the certificate cannot be made.
    pub fn for_admin(
        name: &ActorName,
        issuer: &Issuer,
        signer: &dyn Signer,
        now: UnixTime,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, Actor), CredentialError> {
        let credential = make("control", name.as_str(), &[], (issuer, signer), now, rng)?;
        let actor = Actor {
            key: credential.certificate.public_key().key_id(),
            name: name.clone(),
            role: Role::Admin,
            scope: Scope::default(),
        };
        Ok((credential, actor))
    }
}

fn make(
    profile: &'static str,
    name: &str,
    sans: &[GeneralName],
    (issuer, signer): (&Issuer, &dyn Signer),
    now: UnixTime,
    rng: &mut dyn CryptoRng,
) -> Result<Credential, CredentialError> {
    let profile = profile
        .parse()
        .ok()
        .and_then(|profile| Profile::find(&profile))
        .ok_or(CredentialError::NoProfile(profile))?;
    let key = PrivateKey::generate(KeyKind::for_end_entities_of(
        signer.public_key().algorithm(),
    ))?;
    let request = request_for(&key)?;
    let wanted = Wanted {
        profile,
        name,
        sans,
        lifetime: Lifetime::Default,
    };
    // The domains bind what is issued to devices, never the names of this server and its actors.
    let decision = ca_core::decide(&wanted, &request, issuer, &Policy::default(), now)?;
    let serial = SerialNumber::generate(rng);
    let certificate = ca_core::sign(ca_core::prepare(&decision, serial, issuer)?, signer)?;
    let issued = Issued {
        issuer: issuer.id.clone(),
        profile: profile.name().clone(),
        name: decision.name().to_owned(),
        succeeds: None,
        certificate: certificate.der().to_vec(),
    };
    Ok(Credential {
        certificate,
        key,
        issued,
    })
}

/// Makes the request that core wants of everyone: it proves possession of the key, and asks for nothing.
fn request_for(key: &PrivateKey) -> Result<CertificationRequest, CredentialError> {
    let signer = key.signer()?;
    let info = CertReqInfo {
        version: Version::V1,
        subject: Name::default(),
        public_key: SubjectPublicKeyInfoOwned::from_der(signer.public_key().spki_der())?,
        attributes: SetOfVec::new(),
    };
    let signature = signer.sign(&info.to_der()?).map_err(IssuanceError::Sign)?;
    let request = CertReq {
        info,
        algorithm: AlgorithmIdentifierOwned::from_der(signer.algorithm().identifier_der())?,
        signature: BitString::from_bytes(&signature)?,
    };
    Ok(CertificationRequest::from_der(&request.to_der()?)?)
}

/// Why there is no credential.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The server has no name to be called by.
    #[error("server_names is empty: wanted at least one")]
    NoServerName,
    /// This build lacks the profile.
    #[error("no profile {0}")]
    NoProfile(&'static str),
    /// The key cannot be made.
    #[error(transparent)]
    Key(#[from] KeyStoreError),
    /// The request cannot be encoded.
    #[error("the certification request cannot be encoded: {0}")]
    Encoding(#[from] der::Error),
    /// The request is not accepted.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The policy refuses.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The certificate cannot be made.
    #[error(transparent)]
    Issuance(#[from] IssuanceError),
}

impl Hinted for CredentialError {
    fn code(&self) -> Code {
        match self {
            Self::NoServerName => Code::InvalidRequest,
            Self::NoProfile(_) | Self::Encoding(_) | Self::Request(_) => Code::Internal,
            Self::Key(error) => error.code(),
            Self::Policy(error) => error.code(),
            Self::Issuance(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoServerName => {
                Some("name the server in server_names of the settings".to_owned())
            }
            Self::Key(error) => error.hint(),
            Self::Policy(error) => error.hint(),
            Self::Issuance(error) => error.hint(),
            Self::NoProfile(_) | Self::Encoding(_) | Self::Request(_) => None,
        }
    }
}
