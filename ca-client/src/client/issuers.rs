//! The calls of `Issuers`.

use ca_proto::v1;
use ca_proto::v1::issuers_client::IssuersClient;
use ca_types::{
    Fingerprint, IssuerClass, IssuerId, IssuerState, RequestId, RevocationReason, UnixTime,
    Validity,
};

use super::certificate_record::{parsed, time, validity};
use super::{Client, ClientError, LARGEST_MESSAGE};

/// A certificate authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerRecord {
    /// Its identifier.
    pub issuer_id: IssuerId,
    /// What it issues for: `root`, or the word of a class.
    pub class: String,
    /// The trust domain it belongs to.
    pub trust_domain: String,
    /// `active`, `inactive`, `retired`, `revoked` or `offline`.
    pub state: String,
    /// Its subject.
    pub subject: String,
    /// Its key: `rsa3072`, `rsa2048` or `p256`.
    pub key_algorithm: String,
    /// When it is valid.
    pub validity: Validity,
    /// The SHA-256 of its certificate.
    pub fingerprint: Fingerprint,
    /// Where its CRL is published.
    pub crl_url: String,
    /// The number of its current CRL.
    pub crl_number: u64,
    /// The nextUpdate of its current CRL.
    pub crl_next_update: UnixTime,
    /// Its certificate in DER.
    pub der: Vec<u8>,
}

/// What became of a CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangedIssuer {
    /// It is in its new state.
    Issuer(Box<IssuerRecord>),
    /// It was requested only, and is withdrawn.
    Withdrawn(IssuerRequestRecord),
}

/// A certificate authority that the offline root has not signed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerRequestRecord {
    /// Its identifier.
    pub issuer_id: IssuerId,
    /// What it will issue for.
    pub class: String,
    /// The trust domain it will belong to.
    pub trust_domain: String,
    /// The subject it asks for.
    pub subject: String,
    /// Its key: `rsa3072`, `rsa2048` or `p256`.
    pub key_algorithm: String,
    /// When it asks to be valid.
    pub validity: Validity,
    /// The SHA-256 of the request.
    pub sha256: String,
    /// The request for the ceremony in DER.
    pub der: Vec<u8>,
}

impl Client {
    /// Lists all CAs, the root first.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn issuers(&self) -> Result<Vec<IssuerRecord>, ClientError> {
        Ok(self.issuers_and_requests().await?.0)
    }

    /// Lists all CAs, the root first, and those that the root has not signed yet.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn issuers_and_requests(
        &self,
    ) -> Result<(Vec<IssuerRecord>, Vec<IssuerRequestRecord>), ClientError> {
        let mut client = self.issuer_calls();
        let answer = self.read(client.list_issuers(v1::ListIssuersRequest {}).await)?;
        let issuers = answer.issuers.into_iter().map(IssuerRecord::try_from);
        let requests = answer
            .requests
            .into_iter()
            .map(IssuerRequestRecord::try_from);
        Ok((
            issuers.collect::<Result<_, _>>()?,
            requests.collect::<Result<_, _>>()?,
        ))
    }

    /// Makes the key of a new CA on the server, and the request for its certificate.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn create_issuer(
        &self,
        request_id: RequestId,
        class: IssuerClass,
        name: Option<&str>,
        key_algorithm: Option<&str>,
    ) -> Result<IssuerRequestRecord, ClientError> {
        let request = v1::CreateIssuerRequest {
            request_id: request_id.to_string(),
            class: class.to_string(),
            name: name.unwrap_or_default().to_owned(),
            key_algorithm: key_algorithm.unwrap_or_default().to_owned(),
        };
        let answer = self.read(self.issuer_calls().create_issuer(request).await)?;
        let made = answer
            .request
            .ok_or_else(|| ClientError::absent("request"))?;
        made.try_into()
    }

    /// Finds the request for a CA.
    ///
    /// # Errors
    /// Fails when there is none, the server is not reached, or its answer cannot be read.
    pub async fn ceremony_request(
        &self,
        issuer_id: &IssuerId,
    ) -> Result<IssuerRequestRecord, ClientError> {
        let request = v1::GetCeremonyRequestRequest {
            issuer_id: issuer_id.to_string(),
        };
        let answer = self.read(self.issuer_calls().get_ceremony_request(request).await)?;
        let made = answer
            .request
            .ok_or_else(|| ClientError::absent("request"))?;
        made.try_into()
    }

    /// Makes the request for the next CRL of a root, in DER.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn request_crl(
        &self,
        root: Option<&IssuerId>,
        revoke: &[IssuerId],
        reason: RevocationReason,
    ) -> Result<Vec<u8>, ClientError> {
        let request = v1::RequestCrlRequest {
            root: root.map(ToString::to_string).unwrap_or_default(),
            revoke: revoke.iter().map(ToString::to_string).collect(),
            reason: ca_proto::wire_reason(reason).into(),
        };
        Ok(self
            .read(self.issuer_calls().request_crl(request).await)?
            .der)
    }

    /// Hands in what the offline root signed; `kind` is `issuer` or `crl`.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn install_answer(
        &self,
        request_id: RequestId,
        kind: &str,
        answer: Vec<u8>,
    ) -> Result<Vec<IssuerRecord>, ClientError> {
        let request = v1::InstallAnswerRequest {
            request_id: request_id.to_string(),
            kind: kind.to_owned(),
            answer,
        };
        let answer = self.read(self.issuer_calls().install_answer(request).await)?;
        answer
            .issuers
            .into_iter()
            .map(IssuerRecord::try_from)
            .collect()
    }

    /// Lets a CA begin or cease to issue; retiring one that is requested only withdraws it.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn set_issuer_state(
        &self,
        request_id: RequestId,
        issuer_id: &IssuerId,
        state: IssuerState,
    ) -> Result<ChangedIssuer, ClientError> {
        let request = v1::SetIssuerStateRequest {
            request_id: request_id.to_string(),
            issuer_id: issuer_id.to_string(),
            state: state.to_string(),
        };
        let answer = self.read(self.issuer_calls().set_issuer_state(request).await)?;
        if let Some(request) = answer.withdrawn {
            return Ok(ChangedIssuer::Withdrawn(request.try_into()?));
        }
        let issuer = answer.issuer.ok_or_else(|| ClientError::absent("issuer"))?;
        Ok(ChangedIssuer::Issuer(Box::new(issuer.try_into()?)))
    }

    /// Finds one CA and its current CRL in DER.
    ///
    /// # Errors
    /// Fails when there is none, the server is not reached, or its answer cannot be read.
    pub async fn issuer(
        &self,
        issuer_id: &IssuerId,
    ) -> Result<(IssuerRecord, Vec<u8>), ClientError> {
        let request = v1::GetIssuerRequest {
            issuer_id: issuer_id.to_string(),
        };
        let answer = self.read(self.issuer_calls().get_issuer(request).await)?;
        let issuer = answer.issuer.ok_or_else(|| ClientError::absent("issuer"))?;
        Ok((issuer.try_into()?, answer.crl))
    }

    fn issuer_calls(&self) -> IssuersClient<tonic::transport::Channel> {
        IssuersClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_MESSAGE)
    }
}

impl TryFrom<v1::Issuer> for IssuerRecord {
    type Error = ClientError;

    fn try_from(wire: v1::Issuer) -> Result<Self, ClientError> {
        Ok(Self {
            issuer_id: parsed("issuer_id", &wire.issuer_id)?,
            class: wire.class,
            trust_domain: wire.trust_domain,
            state: wire.state,
            subject: wire.subject,
            key_algorithm: wire.key_algorithm,
            validity: validity(wire.not_before, wire.not_after)?,
            fingerprint: parsed("fingerprint", &wire.fingerprint)?,
            crl_url: wire.crl_url,
            crl_number: wire.crl_number,
            crl_next_update: time("crl_next_update", wire.crl_next_update)?,
            der: wire.der,
        })
    }
}

impl TryFrom<v1::CeremonyRequest> for IssuerRequestRecord {
    type Error = ClientError;

    fn try_from(wire: v1::CeremonyRequest) -> Result<Self, ClientError> {
        Ok(Self {
            issuer_id: parsed("issuer_id", &wire.issuer_id)?,
            class: wire.class,
            trust_domain: wire.trust_domain,
            subject: wire.subject,
            key_algorithm: wire.key_algorithm,
            validity: validity(wire.not_before, wire.not_after)?,
            sha256: wire.sha256,
            der: wire.der,
        })
    }
}
