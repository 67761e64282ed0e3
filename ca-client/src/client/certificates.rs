//! The calls of `CertificateAuthority`.

use std::fmt;

use ca_proto::v1;
use ca_proto::v1::certificate_authority_client::CertificateAuthorityClient;
use ca_types::{
    CertificateState, Days, GeneralName, ProfileName, RequestId, RevocationReason, SerialNumber,
    SubjectName, UnixTime,
};
use ca_verify::Certificate;
use ca_verify::target::Target;
use tonic::transport::Channel;

use super::{CertificateRecord, Client, ClientError, LARGEST_MESSAGE};

/// What a new certificate shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueParameters {
    /// The identifier of this request.
    pub request_id: RequestId,
    /// The profile.
    pub profile: ProfileName,
    /// The NAME.
    pub name: SubjectName,
    /// Further subject alternative names.
    pub sans: Vec<GeneralName>,
    /// The validity; none takes the default of the profile.
    pub days: Option<Days>,
    /// The PKCS#10 request in DER.
    pub certification_request: Vec<u8>,
    /// Whether the valid certificates of this profile and NAME are revoked in the same step.
    pub replace: bool,
    /// Where it has to work.
    pub targets: Vec<Target>,
}

/// What a successor of a certificate shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuccessorParameters {
    /// The identifier of this request.
    pub request_id: RequestId,
    /// The certificate that gets a successor.
    pub serial: SerialNumber,
    /// The PKCS#10 request in DER.
    pub certification_request: Vec<u8>,
    /// The validity; none takes the default of the profile.
    pub days: Option<Days>,
    /// Where it has to work; an error of one of these targets refuses it.
    pub targets: Vec<Target>,
    /// The holder's signature; none when an actor asks.
    pub holder_proof: Option<HolderProof>,
}

/// A signature by the key of the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderProof {
    /// When it was made.
    pub time: UnixTime,
    /// The signature over the octets of `ca_verify::HolderRequest`.
    pub signature: Vec<u8>,
}

/// A certificate and the chain above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate, with its DER.
    pub certificate: CertificateRecord,
    /// The CAs in DER: the issuing CA first, the root last.
    pub chain: Vec<Vec<u8>>,
    /// What is worth knowing before it is installed.
    pub notices: Vec<TargetNotice>,
}

/// A rule of targets that a certificate does not keep, though it was issued.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TargetNotice {
    /// The rule.
    pub rule: String,
    /// The targets whose rule it is.
    pub targets: Vec<String>,
    /// What was wanted and what came.
    pub message: String,
    /// What a person sees there.
    pub symptom: String,
    /// Where the rule comes from.
    pub source: String,
}

/// Which certificates to list; what is empty does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// A pattern over the NAME.
    pub name: String,
    /// A subject alternative name.
    pub san: Option<GeneralName>,
    /// A profile.
    pub profile: Option<ProfileName>,
    /// An issuer id.
    pub issuer_id: String,
    /// A state.
    pub state: Option<CertificateState>,
    /// Only valid certificates that end within this many seconds.
    pub expires_within_seconds: u64,
}

/// One page of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The certificates, without their DER.
    pub certificates: Vec<CertificateRecord>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// What to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevocationTarget {
    /// One certificate.
    Serial(SerialNumber),
    /// The valid certificates of a NAME.
    Name {
        /// The NAME.
        name: String,
        /// Only this profile.
        profile: Option<ProfileName>,
        /// Whether several are fine.
        all: bool,
    },
}

impl Client {
    fn certificates(&self) -> CertificateAuthorityClient<Channel> {
        CertificateAuthorityClient::new(self.channel.clone())
            .max_decoding_message_size(LARGEST_MESSAGE)
    }

    /// Issues a certificate.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn issue(&self, parameters: &IssueParameters) -> Result<Issued, ClientError> {
        let request = v1::IssueRequest {
            request_id: parameters.request_id.to_string(),
            profile: parameters.profile.to_string(),
            name: parameters.name.to_string(),
            sans: parameters.sans.iter().map(ToString::to_string).collect(),
            days: wire_days(parameters.days),
            certification_request: parameters.certification_request.clone(),
            replace: parameters.replace,
            targets: parameters.targets.iter().map(ToString::to_string).collect(),
        };
        let answer = self.read(self.certificates().issue(request).await)?;
        Issued::with_notices(answer.certificate, answer.chain, answer.notices)
    }

    /// Issues a successor with the same key.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn renew(&self, parameters: &SuccessorParameters) -> Result<Issued, ClientError> {
        let request = v1::RenewRequest {
            request_id: parameters.request_id.to_string(),
            serial: parameters.serial.to_string(),
            certification_request: parameters.certification_request.clone(),
            days: wire_days(parameters.days),
            holder_proof: parameters.holder_proof.as_ref().map(HolderProof::to_wire),
            targets: parameters.targets.iter().map(ToString::to_string).collect(),
        };
        let answer = self.read(self.certificates().renew(request).await)?;
        Issued::with_notices(answer.certificate, answer.chain, answer.notices)
    }

    /// Issues a successor with a new key.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn rekey(&self, parameters: &SuccessorParameters) -> Result<Issued, ClientError> {
        let request = v1::RekeyRequest {
            request_id: parameters.request_id.to_string(),
            serial: parameters.serial.to_string(),
            certification_request: parameters.certification_request.clone(),
            days: wire_days(parameters.days),
            holder_proof: parameters.holder_proof.as_ref().map(HolderProof::to_wire),
            targets: parameters.targets.iter().map(ToString::to_string).collect(),
        };
        let answer = self.read(self.certificates().rekey(request).await)?;
        Issued::with_notices(answer.certificate, answer.chain, answer.notices)
    }

    /// Finds one certificate.
    ///
    /// # Errors
    /// Fails when there is none, the server is not reached, or its answer cannot be read.
    pub async fn get(&self, serial: SerialNumber) -> Result<Issued, ClientError> {
        let request = v1::GetRequest {
            serial: serial.to_string(),
        };
        let answer = self.read(self.certificates().get(request).await)?;
        Issued::from_wire(answer.certificate, answer.chain)
    }

    /// Lists one page of at most `rows` certificates, from where the page before ended.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn list(
        &self,
        filter: &ListFilter,
        rows: u32,
        from: Option<String>,
    ) -> Result<Page, ClientError> {
        let state = filter
            .state
            .map_or(v1::CertificateState::Unspecified, ca_proto::wire_state);
        let request = v1::ListRequest {
            page_size: rows,
            page_token: from.unwrap_or_default(),
            name: filter.name.clone(),
            san: filter
                .san
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            profile: filter
                .profile
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            issuer_id: filter.issuer_id.clone(),
            state: state.into(),
            expires_within_seconds: filter.expires_within_seconds,
        };
        let answer = self.read(self.certificates().list(request).await)?;
        Ok(Page {
            certificates: records(answer.certificates)?,
            next: Some(answer.next_page_token).filter(|token| !token.is_empty()),
        })
    }

    /// Revokes one certificate, or all valid ones of a NAME.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn revoke(
        &self,
        request_id: RequestId,
        target: &RevocationTarget,
        reason: RevocationReason,
    ) -> Result<Vec<CertificateRecord>, ClientError> {
        let target = match target {
            RevocationTarget::Serial(serial) => {
                v1::revoke_request::Target::Serial(serial.to_string())
            }
            RevocationTarget::Name { name, profile, all } => {
                v1::revoke_request::Target::Name(v1::NameTarget {
                    name: name.clone(),
                    profile: profile
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                    all: *all,
                })
            }
        };
        let request = v1::RevokeRequest {
            request_id: request_id.to_string(),
            target: Some(target),
            reason: ca_proto::wire_reason(reason).into(),
        };
        let answer = self.read(self.certificates().revoke(request).await)?;
        records(answer.certificates)
    }

    /// Hands in a certificate that a restored log lacks, as an actor or as its holder; tells whether it was new there.
    ///
    /// # Errors
    /// Fails when the server refuses or is not reached.
    pub async fn submit(
        &self,
        request_id: RequestId,
        certificate: &Certificate,
        profile: Option<&ProfileName>,
        holder_proof: Option<&HolderProof>,
    ) -> Result<(CertificateRecord, bool), ClientError> {
        let request = v1::SubmitRequest {
            request_id: request_id.to_string(),
            certificate: certificate.der().to_vec(),
            profile: profile.map(ToString::to_string).unwrap_or_default(),
            holder_proof: holder_proof.map(HolderProof::to_wire),
        };
        let answer = self.read(self.certificates().submit(request).await)?;
        let issued = Issued::from_wire(answer.certificate, Vec::new())?;
        Ok((issued.certificate, answer.is_new))
    }
}

impl Issued {
    pub(super) fn from_wire(
        certificate: Option<v1::Certificate>,
        chain: Vec<Vec<u8>>,
    ) -> Result<Self, ClientError> {
        let certificate = certificate.ok_or_else(|| ClientError::absent("certificate"))?;
        Ok(Self {
            certificate: certificate.try_into()?,
            chain,
            notices: Vec::new(),
        })
    }

    fn with_notices(
        certificate: Option<v1::Certificate>,
        chain: Vec<Vec<u8>>,
        notices: Vec<v1::TargetNotice>,
    ) -> Result<Self, ClientError> {
        let issued = Self::from_wire(certificate, chain)?;
        Ok(Self {
            notices: notices.into_iter().map(TargetNotice::from).collect(),
            ..issued
        })
    }
}

impl fmt::Display for TargetNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, message, .. } = self;
        let targets = self.targets.join(", ");
        write!(
            f,
            "{targets}: {rule}: {message}. What is seen there: {}",
            self.symptom
        )
    }
}

impl From<v1::TargetNotice> for TargetNotice {
    fn from(wire: v1::TargetNotice) -> Self {
        let v1::TargetNotice {
            rule,
            targets,
            message,
            symptom,
            source,
        } = wire;
        Self {
            rule,
            targets,
            message,
            symptom,
            source,
        }
    }
}

impl HolderProof {
    fn to_wire(&self) -> v1::HolderProof {
        v1::HolderProof {
            time: self.time.seconds(),
            signature: self.signature.clone(),
        }
    }
}

fn records(wire: Vec<v1::Certificate>) -> Result<Vec<CertificateRecord>, ClientError> {
    wire.into_iter().map(CertificateRecord::try_from).collect()
}

fn wire_days(days: Option<Days>) -> u32 {
    days.map_or(0, |days| days.0)
}
