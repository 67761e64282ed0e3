//! What a server asks its root for.

use ca_types::{
    Fingerprint, IssuerClass, IssuerId, RevocationReason, SerialNumber, TrustDomain, UnixTime,
    Validity,
};
use der::asn1::OctetString;
use der::{Choice, Decode, Encode, Sequence};

use super::{CeremonyError, VERSION, field, message, octets, unarmoured};
use crate::public_key::sha256;
use crate::{Certificate, CertificationRequest, SignatureAlgorithm};

/// A request to the offline root, signed by an issuing CA of the server.
#[derive(Debug, Clone)]
pub struct CeremonyRequest {
    body: CeremonyBody,
    der: Vec<u8>,
    content: Vec<u8>,
    voucher: Certificate,
    signature: Vec<u8>,
}

/// What is asked, of whom and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CeremonyBody {
    /// The certificate of a new issuing CA.
    Issuer(AskedIssuer),
    /// The next CRL of the root.
    Crl(AskedCrl),
}

/// A new issuing CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedIssuer {
    /// The SHA-256 of the certificate of the root.
    pub root: Fingerprint,
    /// When it was asked for.
    pub time: UnixTime,
    /// Its identifier.
    pub id: IssuerId,
    /// What it will issue for.
    pub class: IssuerClass,
    /// The trust domain it will belong to.
    pub trust_domain: TrustDomain,
    /// The organization in its subject.
    pub organization: String,
    /// The common name in its subject.
    pub common_name: String,
    /// When its certificate is to be valid.
    pub validity: Validity,
    /// Where the root publishes its CRL.
    pub crl_url: String,
    /// Where the root publishes its certificate.
    pub certificate_url: String,
    /// The certification request (PKCS#10) by the key of the CA, in DER.
    pub certification_request: Vec<u8>,
}

/// The next CRL of a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedCrl {
    /// The SHA-256 of the certificate of the root.
    pub root: Fingerprint,
    /// Its cRLNumber, higher than every one before.
    pub number: u64,
    /// Its thisUpdate: when it was asked for.
    pub this_update: UnixTime,
    /// Its nextUpdate.
    pub next_update: UnixTime,
    /// All CAs that it revokes, those of the CRLs before too.
    pub revoked: Vec<AskedRevocation>,
}

/// A CA that the root revokes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRevocation {
    /// Its identifier.
    pub issuer: IssuerId,
    /// The serial number of its certificate.
    pub serial: SerialNumber,
    /// Since when.
    pub time: UnixTime,
    /// Why.
    pub reason: RevocationReason,
    /// When its certificate would have ended.
    pub not_after: UnixTime,
}

impl CeremonyBody {
    /// Returns the fingerprint of the root that is asked.
    pub fn root(&self) -> Fingerprint {
        match self {
            Self::Issuer(asked) => asked.root,
            Self::Crl(asked) => asked.root,
        }
    }

    /// Returns the octets that the voucher signs: [`CeremonyRequest::CONTEXT`], then the DER of the body.
    ///
    /// # Errors
    /// Fails when a field cannot be encoded.
    pub fn message(&self) -> Result<Vec<u8>, CeremonyError> {
        Ok(message(CONTEXT, &self.content()?))
    }

    fn content(&self) -> Result<Vec<u8>, CeremonyError> {
        ContentDer {
            magic: MAGIC.to_owned(),
            version: VERSION,
            body: BodyDer::try_from(self)?,
        }
        .to_der()
        .map_err(|_error| CeremonyError::Form(WHAT))
    }
}

impl CeremonyRequest {
    /// Puts a body, the certificate of the CA that vouches for it, and its signature over [`CeremonyBody::message`]
    /// together.
    ///
    /// # Errors
    /// Fails as [`CeremonyRequest::from_pem_or_der`].
    pub fn new(
        body: &CeremonyBody,
        voucher: &Certificate,
        signature: &[u8],
    ) -> Result<Self, CeremonyError> {
        let der = RequestDer {
            content: octets(WHAT, &body.content()?)?,
            voucher: octets(WHAT, voucher.der())?,
            signature: octets(WHAT, signature)?,
        }
        .to_der()
        .map_err(|_error| CeremonyError::Form(WHAT))?;
        Self::from_pem_or_der(&der)
    }

    /// Parses a request; its voucher's signature is verified, the voucher itself is not.
    ///
    /// # Errors
    /// Fails on anything that [`CeremonyRequest::new`] does not make, and when the voucher did not sign it.
    pub fn from_pem_or_der(file: &[u8]) -> Result<Self, CeremonyError> {
        let der = unarmoured(WHAT, LABEL, file)?;
        let form = |_error| CeremonyError::Form(WHAT);
        let outer = RequestDer::from_der(&der).map_err(form)?;
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
        let body = CeremonyBody::try_from(content.body)?;
        let request = Self {
            voucher: Certificate::from_der(outer.voucher.as_bytes())?,
            content: body.content()?,
            body,
            der: der.to_vec(),
            signature: outer.signature.into_bytes().into(),
        };
        if request.content != outer.content.as_bytes() {
            return Err(CeremonyError::Form(WHAT));
        }
        let key = request.voucher.public_key();
        key.verify(
            &message(CONTEXT, &request.content),
            &request.signature,
            SignatureAlgorithm::for_key(key),
        )
        .map_err(|source| CeremonyError::Signature {
            what: WHAT,
            signer: "the CA that vouches for it",
            source,
        })?;
        if let CeremonyBody::Issuer(asked) = &request.body {
            CertificationRequest::from_der(&asked.certification_request)?;
        }
        Ok(request)
    }

    /// Checks that the CA that vouches for the request is one of these roots.
    ///
    /// # Errors
    /// Fails when none of them signed its certificate.
    pub fn verify_voucher(&self, roots: &[Certificate]) -> Result<(), CeremonyError> {
        let mut refusal = CeremonyError::Form(WHAT);
        for root in roots {
            match self.voucher.verify_signed_by(root) {
                Ok(()) if self.voucher.is_ca() => return Ok(()),
                Ok(()) => {}
                Err(error) => refusal = CeremonyError::Voucher(error),
            }
        }
        Err(refusal)
    }

    /// Returns what is asked.
    pub fn body(&self) -> &CeremonyBody {
        &self.body
    }

    /// Returns the certificate of the CA that vouches for it.
    pub fn voucher(&self) -> &Certificate {
        &self.voucher
    }

    /// Returns the DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns the armoured form.
    pub fn to_pem(&self) -> String {
        crate::pem::encode(LABEL, &self.der)
    }

    /// Returns the SHA-256 of the DER, which people compare on both machines.
    pub fn digest(&self) -> Fingerprint {
        sha256(&self.der).into()
    }
}

const WHAT: &str = "ceremony request";
const LABEL: &str = "FLEET CA CEREMONY REQUEST";
const MAGIC: &str = "fleet-ca ceremony request";
const CONTEXT: &[u8] = b"fleet-ca ceremony request v1\0";

#[derive(Sequence)]
struct RequestDer {
    content: OctetString,
    voucher: OctetString,
    signature: OctetString,
}

#[derive(Sequence)]
struct ContentDer {
    magic: String,
    version: u8,
    body: BodyDer,
}

#[derive(Choice)]
enum BodyDer {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true")]
    Issuer(IssuerDer),
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    Crl(CrlDer),
}

#[derive(Sequence)]
struct IssuerDer {
    root: OctetString,
    time: i64,
    id: String,
    class: String,
    trust_domain: String,
    organization: String,
    common_name: String,
    not_before: i64,
    not_after: i64,
    crl_url: String,
    certificate_url: String,
    certification_request: OctetString,
}

#[derive(Sequence)]
struct CrlDer {
    root: OctetString,
    number: u64,
    this_update: i64,
    next_update: i64,
    revoked: Vec<RevocationDer>,
}

#[derive(Sequence)]
struct RevocationDer {
    issuer: String,
    serial: OctetString,
    time: i64,
    reason: u8,
    not_after: i64,
}

impl TryFrom<&CeremonyBody> for BodyDer {
    type Error = CeremonyError;

    fn try_from(body: &CeremonyBody) -> Result<Self, CeremonyError> {
        Ok(match body {
            CeremonyBody::Issuer(asked) => Self::Issuer(IssuerDer {
                root: octets(WHAT, asked.root.octets())?,
                time: asked.time.seconds(),
                id: asked.id.to_string(),
                class: asked.class.to_string(),
                trust_domain: asked.trust_domain.to_string(),
                organization: asked.organization.clone(),
                common_name: asked.common_name.clone(),
                not_before: asked.validity.not_before().seconds(),
                not_after: asked.validity.not_after().seconds(),
                crl_url: asked.crl_url.clone(),
                certificate_url: asked.certificate_url.clone(),
                certification_request: octets(WHAT, &asked.certification_request)?,
            }),
            CeremonyBody::Crl(asked) => Self::Crl(CrlDer {
                root: octets(WHAT, asked.root.octets())?,
                number: asked.number,
                this_update: asked.this_update.seconds(),
                next_update: asked.next_update.seconds(),
                revoked: asked
                    .revoked
                    .iter()
                    .map(|revoked| {
                        Ok(RevocationDer {
                            issuer: revoked.issuer.to_string(),
                            serial: octets(WHAT, &revoked.serial.octets())?,
                            time: revoked.time.seconds(),
                            reason: revoked.reason.number(),
                            not_after: revoked.not_after.seconds(),
                        })
                    })
                    .collect::<Result<_, CeremonyError>>()?,
            }),
        })
    }
}

impl TryFrom<BodyDer> for CeremonyBody {
    type Error = CeremonyError;

    fn try_from(body: BodyDer) -> Result<Self, CeremonyError> {
        let digest = |octets: &OctetString| -> Result<Fingerprint, CeremonyError> {
            field(WHAT, "root", octets.as_bytes().try_into())
        };
        Ok(match body {
            BodyDer::Issuer(asked) => {
                let (not_before, not_after) = (time(asked.not_before)?, time(asked.not_after)?);
                Self::Issuer(AskedIssuer {
                    root: digest(&asked.root)?,
                    time: time(asked.time)?,
                    id: field(WHAT, "issuer id", asked.id.parse())?,
                    class: field(WHAT, "class", asked.class.parse())?,
                    trust_domain: field(WHAT, "trust domain", asked.trust_domain.parse())?,
                    organization: asked.organization,
                    common_name: asked.common_name,
                    validity: field(WHAT, "validity", Validity::new(not_before, not_after))?,
                    crl_url: asked.crl_url,
                    certificate_url: asked.certificate_url,
                    certification_request: asked.certification_request.into_bytes().into(),
                })
            }
            BodyDer::Crl(asked) => Self::Crl(AskedCrl {
                root: digest(&asked.root)?,
                number: asked.number,
                this_update: time(asked.this_update)?,
                next_update: time(asked.next_update)?,
                revoked: asked
                    .revoked
                    .into_iter()
                    .map(|revoked| {
                        let serial: [u8; 16] =
                            field(WHAT, "serial number", revoked.serial.as_bytes().try_into())?;
                        Ok(AskedRevocation {
                            issuer: field(WHAT, "issuer id", revoked.issuer.parse())?,
                            serial: serial.into(),
                            time: time(revoked.time)?,
                            reason: RevocationReason::from_number(revoked.reason).ok_or(
                                CeremonyError::Field {
                                    what: WHAT,
                                    field: "reason",
                                },
                            )?,
                            not_after: time(revoked.not_after)?,
                        })
                    })
                    .collect::<Result<_, CeremonyError>>()?,
            }),
        })
    }
}

fn time(seconds: i64) -> Result<UnixTime, CeremonyError> {
    field(WHAT, "time", UnixTime::from_seconds(seconds))
}
