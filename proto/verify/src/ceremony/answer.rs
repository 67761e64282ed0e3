//! What the root answers.

use ca_types::{Fingerprint, IssuerId};
use der::asn1::OctetString;
use der::{Choice, Decode, Encode, Sequence};

use super::{CeremonyError, Transcript, VERSION, field, message, octets, unarmoured};
use crate::public_key::sha256;
use crate::{Certificate, CertificateList, PublicKey, SignatureAlgorithm};

/// What a root signed at a ceremony, with the transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CeremonyAnswer {
    /// The SHA-256 of the certificate of the root that signed.
    pub root: Fingerprint,
    /// The SHA-256 of the request; a new root is made without one.
    pub request: Option<Fingerprint>,
    /// What was signed.
    pub answered: Answered,
    /// What happened, signed by the root.
    pub transcript: Vec<u8>,
}

/// What was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// The certificate of a new issuing CA, in DER.
    Issuer(Vec<u8>),
    /// The next CRL of the root, in DER.
    Crl(Vec<u8>),
    /// A further root.
    Root {
        /// Its identifier.
        id: IssuerId,
        /// Its certificate in DER.
        certificate: Vec<u8>,
        /// Its first CRL in DER.
        crl: Vec<u8>,
    },
}

impl Answered {
    /// Returns the word for it: `issuer`, `crl` or `root`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Issuer(_) => "issuer",
            Self::Crl(_) => "crl",
            Self::Root { .. } => "root",
        }
    }
}

impl CeremonyAnswer {
    /// Returns the octets that the root signs.
    ///
    /// # Errors
    /// Fails when it cannot be encoded.
    pub fn message(&self) -> Result<Vec<u8>, CeremonyError> {
        Ok(message(CONTEXT, &self.content()?))
    }

    /// Puts the answer and its signature by the root into a file.
    ///
    /// # Errors
    /// Fails when it cannot be encoded.
    pub fn to_pem(&self, signature: &[u8]) -> Result<String, CeremonyError> {
        let der = AnswerDer {
            content: octets(WHAT, &self.content()?)?,
            signature: octets(WHAT, signature)?,
        }
        .to_der()
        .map_err(|_error| CeremonyError::Form(WHAT))?;
        Ok(crate::pem::encode(LABEL, &der))
    }

    /// Parses an answer without a look at its signature: only to learn which root it names.
    ///
    /// # Errors
    /// Fails on anything that [`CeremonyAnswer::to_pem`] does not make.
    pub fn read_unverified(file: &[u8]) -> Result<Self, CeremonyError> {
        Ok(Self::read(file)?.0)
    }

    /// Parses an answer and verifies the signatures of the root on it and on its transcript.
    ///
    /// # Errors
    /// Fails on anything that [`CeremonyAnswer::to_pem`] does not make, and when the root did not sign it.
    pub fn from_pem_or_der(file: &[u8], root: &PublicKey) -> Result<Self, CeremonyError> {
        let (answer, signature) = Self::read(file)?;
        root.verify(
            &answer.message()?,
            &signature,
            SignatureAlgorithm::for_key(root),
        )
        .map_err(|source| CeremonyError::Signature {
            what: WHAT,
            signer: "the root",
            source,
        })?;
        Transcript::verify(&answer.transcript, root)?;
        Ok(answer)
    }

    /// Returns the SHA-256 of the content.
    ///
    /// # Errors
    /// Fails when it cannot be encoded.
    pub fn digest(&self) -> Result<[u8; 32], CeremonyError> {
        Ok(sha256(&self.content()?))
    }

    fn read(file: &[u8]) -> Result<(Self, Vec<u8>), CeremonyError> {
        let der = unarmoured(WHAT, LABEL, file)?;
        let form = |_error| CeremonyError::Form(WHAT);
        let outer = AnswerDer::from_der(&der).map_err(form)?;
        let content = ContentDer::from_der(outer.content.as_bytes()).map_err(form)?;
        if content.magic != MAGIC {
            return Err(CeremonyError::Form(WHAT));
        }
        if content.version != VERSION {
            return Err(CeremonyError::Version {
                what: WHAT,
                version: content.version,
            });
        }
        let answered = match content.body {
            BodyDer::Issuer(certificate) => {
                Certificate::from_der(certificate.as_bytes())?;
                Answered::Issuer(certificate.into_bytes().into())
            }
            BodyDer::Crl(crl) => {
                CertificateList::from_der(crl.as_bytes())?;
                Answered::Crl(crl.into_bytes().into())
            }
            BodyDer::Root(root) => {
                Certificate::from_der(root.certificate.as_bytes())?;
                CertificateList::from_der(root.crl.as_bytes())?;
                Answered::Root {
                    id: field(WHAT, "issuer id", root.id.parse())?,
                    certificate: root.certificate.into_bytes().into(),
                    crl: root.crl.into_bytes().into(),
                }
            }
        };
        let answer = Self {
            root: field(WHAT, "root", content.root.as_bytes().try_into())?,
            request: content
                .request
                .map(|digest| field(WHAT, "request", digest.as_bytes().try_into()))
                .transpose()?,
            answered,
            transcript: content.transcript.into_bytes().into(),
        };
        if answer.content()? != outer.content.as_bytes() {
            return Err(CeremonyError::Form(WHAT));
        }
        Ok((answer, outer.signature.into_bytes().into()))
    }

    fn content(&self) -> Result<Vec<u8>, CeremonyError> {
        let body = match &self.answered {
            Answered::Issuer(certificate) => BodyDer::Issuer(octets(WHAT, certificate)?),
            Answered::Crl(crl) => BodyDer::Crl(octets(WHAT, crl)?),
            Answered::Root {
                id,
                certificate,
                crl,
            } => BodyDer::Root(RootDer {
                id: id.to_string(),
                certificate: octets(WHAT, certificate)?,
                crl: octets(WHAT, crl)?,
            }),
        };
        ContentDer {
            magic: MAGIC.to_owned(),
            version: VERSION,
            root: octets(WHAT, self.root.octets())?,
            request: self
                .request
                .map(|digest| octets(WHAT, digest.octets()))
                .transpose()?,
            body,
            transcript: octets(WHAT, &self.transcript)?,
        }
        .to_der()
        .map_err(|_error| CeremonyError::Form(WHAT))
    }
}

const WHAT: &str = "ceremony answer";
const LABEL: &str = "FLEET CA CEREMONY ANSWER";
const MAGIC: &str = "fleet-ca ceremony answer";
const CONTEXT: &[u8] = b"fleet-ca ceremony answer v1\0";

#[derive(Sequence)]
struct AnswerDer {
    content: OctetString,
    signature: OctetString,
}

#[derive(Sequence)]
struct ContentDer {
    magic: String,
    version: u8,
    root: OctetString,
    #[asn1(context_specific = "3", tag_mode = "IMPLICIT", optional = "true")]
    request: Option<OctetString>,
    body: BodyDer,
    transcript: OctetString,
}

#[derive(Choice)]
enum BodyDer {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Issuer(OctetString),
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT")]
    Crl(OctetString),
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", constructed = "true")]
    Root(RootDer),
}

#[derive(Sequence)]
struct RootDer {
    id: String,
    certificate: OctetString,
    crl: OctetString,
}
