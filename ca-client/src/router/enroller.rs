//! The CA as the source of certificates for routers.

use async_trait::async_trait;
use ca_deploy::{CertificateWish, EnrollError, Enrolled, Enroller, RouterEntry};
use ca_types::{
    CertificateState, Hinted, KeyId, RequestId, RevocationReason, SerialNumber, SystemEntropy,
};
use ca_verify::Certificate;
use clap::ValueEnum as _;

use super::FleetFile;
use super::hierarchy::has_wished_names;
use super::records::records;
use crate::client::{
    CertificateRecord, Client, ClientError, IssueParameters, Issued, IssuerRecord,
    RevocationTarget, SuccessorParameters,
};
use crate::commands::{all_names, default_algorithm};
use crate::error::CommandError;
use crate::keys::{KeyAlgorithm, PrivateKey};

/// Makes keys in memory and has certificates issued for one router.
#[derive(Debug)]
pub(crate) struct FleetEnroller<'a> {
    pub(crate) client: &'a Client,
    pub(crate) issuers: &'a [IssuerRecord],
    pub(crate) fleet: &'a FleetFile,
    pub(crate) router: &'a RouterEntry,
}

#[async_trait]
impl Enroller for FleetEnroller<'_> {
    async fn enroll(
        &self,
        wish: &CertificateWish,
        replaces: bool,
    ) -> Result<Enrolled, EnrollError> {
        self.issued(wish, replaces).await.map_err(told)
    }

    async fn discard(&self, serial: &str) -> Result<(), EnrollError> {
        self.revoke(serial).await.map_err(told)
    }

    async fn key_of(&self, serial: &str) -> Result<KeyId, EnrollError> {
        let key = async { Ok(self.client.get(read(serial)?).await?.certificate.key_id) };
        key.await.map_err(told)
    }

    async fn pin(&self, key: KeyId) -> Result<(), EnrollError> {
        self.fleet.add_pin(&self.router.name, key).map_err(told)
    }
}

fn told(error: CommandError) -> EnrollError {
    EnrollError {
        code: error.code(),
        message: error.to_string(),
        hint: error.hint(),
    }
}

impl FleetEnroller<'_> {
    async fn issued(
        &self,
        wish: &CertificateWish,
        replaces: bool,
    ) -> Result<Enrolled, CommandError> {
        let predecessors = records(self.client, wish, CertificateState::Valid).await?;
        let algorithm = match &wish.key_algorithm {
            Some(word) => {
                KeyAlgorithm::from_str(word, false).map_err(|what| CommandError::Usage {
                    what,
                    hint: "look at key-algorithm in the fleet file".to_owned(),
                })?
            }
            None => default_algorithm(wish.profile.as_str(), self.issuers),
        };
        let key = tokio::task::spawn_blocking(move || PrivateKey::generate(algorithm)).await?;
        let key = key.map_err(CommandError::NewKey)?;
        let names = all_names(&wish.name, &wish.sans);
        let request = key
            .certification_request(wish.name.as_str(), &names)
            .map_err(CommandError::NewKey)?;
        let issued = match predecessors.as_slice() {
            [] => self.first(wish, request, false).await?,
            _ if replaces => self.first(wish, request, true).await?,
            predecessors => self.successor(wish, predecessors, request).await?,
        };
        let certificate = parsed(&issued.certificate.der)?;
        let (Some(issuing), Some(root)) = (issued.chain.first(), issued.chain.last()) else {
            return Err(ClientError::answer("chain", "it is empty").into());
        };
        Ok(Enrolled {
            certificate,
            issuing: parsed(issuing)?,
            root: parsed(root)?,
            key_pem: key.to_pem().map_err(CommandError::NewKey)?,
        })
    }

    async fn revoke(&self, serial: &str) -> Result<(), CommandError> {
        let id = RequestId::generate(&mut SystemEntropy);
        let target = RevocationTarget::Serial(read(serial)?);
        let reason = RevocationReason::CessationOfOperation;
        match self.client.revoke(id, &target, reason).await {
            // The same request id gets the same answer.
            Err(ClientError::Connection { .. }) => self.client.revoke(id, &target, reason).await?,
            answer => answer?,
        };
        Ok(())
    }

    async fn first(
        &self,
        wish: &CertificateWish,
        request: Vec<u8>,
        replace: bool,
    ) -> Result<Issued, CommandError> {
        let parameters = IssueParameters {
            request_id: RequestId::generate(&mut SystemEntropy),
            profile: wish.profile.clone(),
            name: wish.name.clone(),
            sans: wish.sans.clone(),
            days: wish.days,
            certification_request: request,
            replace,
            targets: Vec::new(),
        };
        match self.client.issue(&parameters).await {
            // The same request id gets the same certificate, if there is one.
            Err(ClientError::Connection { .. }) => Ok(self.client.issue(&parameters).await?),
            answer => Ok(answer?),
        }
    }

    /// Succeeds the newest certificate that has no successor yet.
    async fn successor(
        &self,
        wish: &CertificateWish,
        predecessors: &[CertificateRecord],
        request: Vec<u8>,
    ) -> Result<Issued, CommandError> {
        let mut refused = None;
        for predecessor in predecessors {
            refuse_other_names(wish, predecessor)?;
            let parameters = SuccessorParameters {
                request_id: RequestId::generate(&mut SystemEntropy),
                serial: predecessor.serial,
                certification_request: request.clone(),
                days: wish.days,
                targets: Vec::new(),
                holder_proof: None,
            };
            let answer = match self.client.rekey(&parameters).await {
                Err(ClientError::Connection { .. }) => self.client.rekey(&parameters).await,
                answer => answer,
            };
            match answer {
                Ok(issued) => return Ok(issued),
                Err(error) if error.is_refusal() => refused = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        Err(match refused {
            Some(error) => error.into(),
            None => ClientError::answer("list", "it is empty").into(),
        })
    }
}

/// A successor has exactly the names of its predecessor.
fn refuse_other_names(
    wish: &CertificateWish,
    predecessor: &CertificateRecord,
) -> Result<(), CommandError> {
    if has_wished_names(predecessor, wish) {
        return Ok(());
    }
    Err(CommandError::Check {
        code: ca_types::Code::NameTaken,
        what: format!(
            "the valid certificate {} of {} has the names {}, and not those of the fleet file; a successor has the \
             names of its predecessor",
            predecessor.serial,
            wish.name,
            predecessor.sans.join(", ")
        ),
        hint: format!(
            "`ca-client revoke --serial {}` frees the name; the next push gets a new certificate",
            predecessor.serial
        ),
    })
}

fn read(serial: &str) -> Result<SerialNumber, CommandError> {
    let serial = serial.parse();
    Ok(serial.map_err(|error| ClientError::answer("serial", error))?)
}

fn parsed(der: &[u8]) -> Result<Certificate, ClientError> {
    Certificate::from_der(der).map_err(|error| ClientError::answer("certificate", error))
}
