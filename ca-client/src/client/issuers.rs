//! The calls of `Issuers`.

use ca_proto::v1;
use ca_proto::v1::issuers_client::IssuersClient;
use ca_types::{Fingerprint, IssuerId, UnixTime, Validity};

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
    /// `active` or `offline`.
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

impl Client {
    /// Lists all CAs, the root first.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn issuers(&self) -> Result<Vec<IssuerRecord>, ClientError> {
        let mut client = self.issuer_calls();
        let answer = self.read(client.list_issuers(v1::ListIssuersRequest {}).await)?;
        answer
            .issuers
            .into_iter()
            .map(IssuerRecord::try_from)
            .collect()
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
