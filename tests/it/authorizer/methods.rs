//! One row per method: who may call it, and a call that would succeed.

use std::sync::{Arc, Mutex};

use ca_proto::v1;
use ca_proto::v1::actors_client::ActorsClient;
use ca_proto::v1::audit_client::AuditClient;
use ca_proto::v1::blocked_keys_client::BlockedKeysClient;
use ca_proto::v1::certificate_authority_client::CertificateAuthorityClient;
use ca_proto::v1::clock_client::ClockClient;
use ca_proto::v1::issuers_client::IssuersClient;
use ca_proto::v1::policy_client::PolicyClient;
use ca_tests::{Key, request_id};
use ca_types::Role::{self, Admin, Agent, Auditor, Operator};
use tonic::transport::Channel;
use tonic::{Code, Status};

/// What an actor gets whose scope does not cover the certificate.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outside {
    /// A denial.
    Denied,
    /// Nothing: what lies outside cannot be told from what does not exist.
    Hidden,
    /// The method is not about certificates.
    NoScope,
}

/// A method of the API.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) path: &'static str,
    pub(super) roles: &'static [Role],
    pub(super) outside: Outside,
}

pub(super) const METHODS: &[Method] = &[
    row(
        "CertificateAuthority/Issue",
        &[Admin, Operator, Agent],
        Outside::Denied,
    ),
    row(
        "CertificateAuthority/Renew",
        &[Admin, Operator, Agent],
        Outside::Denied,
    ),
    row(
        "CertificateAuthority/Rekey",
        &[Admin, Operator, Agent],
        Outside::Denied,
    ),
    row(
        "CertificateAuthority/Revoke",
        &[Admin, Operator],
        Outside::Denied,
    ),
    row(
        "CertificateAuthority/Submit",
        &[Admin, Operator, Agent],
        Outside::Denied,
    ),
    row(
        "CertificateAuthority/Get",
        &[Admin, Operator, Agent, Auditor],
        Outside::Hidden,
    ),
    row(
        "CertificateAuthority/List",
        &[Admin, Operator, Agent, Auditor],
        Outside::Hidden,
    ),
    row(
        "Issuers/ListIssuers",
        &[Admin, Operator, Agent, Auditor],
        Outside::NoScope,
    ),
    row(
        "Issuers/GetIssuer",
        &[Admin, Operator, Agent, Auditor],
        Outside::NoScope,
    ),
    row("Issuers/CreateIssuer", &[Admin], Outside::NoScope),
    row("Issuers/GetCeremonyRequest", &[Admin], Outside::NoScope),
    row("Issuers/RequestCrl", &[Admin], Outside::NoScope),
    row("Issuers/InstallAnswer", &[Admin], Outside::NoScope),
    row("Issuers/SetIssuerState", &[Admin], Outside::NoScope),
    row("Actors/AddActor", &[Admin], Outside::NoScope),
    row("Actors/ListActors", &[Admin, Auditor], Outside::NoScope),
    row("Actors/RemoveActor", &[Admin], Outside::NoScope),
    row("BlockedKeys/BlockKey", &[Admin], Outside::NoScope),
    row("BlockedKeys/UnblockKey", &[Admin], Outside::NoScope),
    row(
        "BlockedKeys/ListBlockedKeys",
        &[Admin, Auditor],
        Outside::NoScope,
    ),
    row("Policy/Reload", &[Admin], Outside::NoScope),
    row(
        "Policy/ListProfiles",
        &[Admin, Operator, Agent, Auditor],
        Outside::NoScope,
    ),
    row(
        "Policy/Explain",
        &[Admin, Operator, Agent, Auditor],
        Outside::NoScope,
    ),
    row("Audit/ListEntries", &[Admin, Auditor], Outside::NoScope),
    row(
        "Audit/GetTreeHead",
        &[Admin, Operator, Agent, Auditor],
        Outside::NoScope,
    ),
    row(
        "Audit/GetCheckpoint",
        &[Admin, Operator, Agent, Auditor],
        Outside::NoScope,
    ),
    row(
        "Audit/GetInclusionProof",
        &[Admin, Operator, Agent, Auditor],
        Outside::NoScope,
    ),
    row(
        "Audit/GetConsistencyProof",
        &[Admin, Operator, Agent, Auditor],
        Outside::NoScope,
    ),
    row(
        "Audit/ClaimFork",
        &[Admin, Operator, Agent, Auditor],
        Outside::NoScope,
    ),
    row(
        "Clock/GetClock",
        &[Admin, Operator, Agent, Auditor],
        Outside::NoScope,
    ),
    row("Clock/ConfirmClock", &[Admin], Outside::NoScope),
];

const fn row(path: &'static str, roles: &'static [Role], outside: Outside) -> Method {
    Method {
        path,
        roles,
        outside,
    }
}

/// What the calls are about: the newest certificate of a line of successors with its key, and its CA.
#[derive(Debug)]
pub(super) struct Context {
    newest: Mutex<Newest>,
    issuer: String,
    /// A certificate of the line in DER.
    der: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Newest {
    serial: String,
    key: Arc<Key>,
}

impl Context {
    pub(super) async fn prepare(admin: &Channel) -> Self {
        let key = Key::new();
        let request = key.issue_request("router", "subject.example.net");
        let issued = CertificateAuthorityClient::new(admin.clone())
            .issue(request)
            .await
            .expect("the admin issues");
        let certificate = issued.into_inner().certificate.expect("a certificate");
        let newest = Newest {
            serial: certificate.serial,
            key: Arc::new(key),
        };
        Self {
            newest: Mutex::new(newest),
            issuer: certificate.issuer_id,
            der: certificate.der,
        }
    }

    fn newest(&self) -> Newest {
        self.newest.lock().unwrap().clone()
    }

    fn succeed(&self, certificate: Option<v1::Certificate>, key: Arc<Key>) {
        let serial = certificate.expect("a certificate").serial;
        *self.newest.lock().unwrap() = Newest { serial, key };
    }
}

impl Method {
    /// The last word of the path, in lower case.
    pub(super) fn word(&self) -> String {
        self.path
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    }

    /// Calls the method with a message that an admin gets an answer to.
    pub(super) async fn call(&self, channel: &Channel, context: &Context) -> Result<(), Status> {
        match self.path.split_once('/').expect("service and method") {
            ("CertificateAuthority", method) => authority(method, channel, context).await,
            ("Issuers", "ListIssuers") => IssuersClient::new(channel.clone())
                .list_issuers(v1::ListIssuersRequest {})
                .await
                .map(drop),
            ("Issuers", "GetIssuer") => {
                let request = v1::GetIssuerRequest {
                    issuer_id: context.issuer.clone(),
                };
                IssuersClient::new(channel.clone())
                    .get_issuer(request)
                    .await
                    .map(drop)
            }
            ("Issuers", method) => ceremonies(method, channel).await,
            ("Actors", method) => actors(method, channel).await,
            ("BlockedKeys", method) => blocked_keys(method, channel).await,
            ("Policy", method) => policy(method, channel).await,
            ("Audit", method) => audit(method, channel).await,
            ("Clock", method) => clock(method, channel).await,
            other => panic!("no call for {other:?}"),
        }
    }
}

async fn authority(method: &str, channel: &Channel, context: &Context) -> Result<(), Status> {
    let mut client = CertificateAuthorityClient::new(channel.clone());
    let fresh = format!("host-{}.example.net", request_id());
    match method {
        "Issue" => client
            .issue(Key::new().issue_request("router", &fresh))
            .await
            .map(drop),
        "Renew" => {
            let Newest { serial, key } = context.newest();
            let request = v1::RenewRequest {
                request_id: request_id(),
                serial,
                certification_request: key.certification_request("subject.example.net"),
                ..v1::RenewRequest::default()
            };
            let renewed = client.renew(request).await?.into_inner();
            context.succeed(renewed.certificate, key);
            Ok(())
        }
        "Rekey" => {
            let key = Arc::new(Key::new());
            let request = v1::RekeyRequest {
                request_id: request_id(),
                serial: context.newest().serial,
                certification_request: key.certification_request("subject.example.net"),
                ..v1::RekeyRequest::default()
            };
            let rekeyed = client.rekey(request).await?.into_inner();
            context.succeed(rekeyed.certificate, key);
            Ok(())
        }
        "Revoke" => revoke(channel, &mut client, &fresh, context).await,
        "Submit" => client
            .submit(v1::SubmitRequest {
                request_id: request_id(),
                certificate: context.der.clone(),
                ..v1::SubmitRequest::default()
            })
            .await
            .map(drop),
        "Get" => client
            .get(v1::GetRequest {
                serial: context.newest().serial,
            })
            .await
            .map(drop),
        "List" => client.list(v1::ListRequest::default()).await.map(drop),
        other => panic!("no call for {other}"),
    }
}

/// Revokes a certificate made for it, or, where none can be made, the one that the other calls need: that call must
/// be denied.
async fn revoke(
    channel: &Channel,
    client: &mut CertificateAuthorityClient<Channel>,
    name: &str,
    context: &Context,
) -> Result<(), Status> {
    let issued = CertificateAuthorityClient::new(channel.clone())
        .issue(Key::new().issue_request("router", name))
        .await;
    let serial = match issued {
        Ok(issued) => {
            issued
                .into_inner()
                .certificate
                .expect("a certificate")
                .serial
        }
        Err(_denied) => context.newest().serial,
    };
    let target = Some(v1::revoke_request::Target::Serial(serial));
    client
        .revoke(v1::RevokeRequest {
            request_id: request_id(),
            target,
            reason: 0,
        })
        .await
        .map(drop)
}

/// The calls about CAs that come and go; a refusal that only the use case speaks got past the authorizer.
async fn ceremonies(method: &str, channel: &Channel) -> Result<(), Status> {
    let mut client = IssuersClient::new(channel.clone());
    let nobody = "router-1999-1".to_owned();
    let answer = match method {
        "CreateIssuer" => client
            .create_issuer(v1::CreateIssuerRequest {
                request_id: request_id(),
                class: "root".to_owned(),
                ..v1::CreateIssuerRequest::default()
            })
            .await
            .map(drop),
        "GetCeremonyRequest" => client
            .get_ceremony_request(v1::GetCeremonyRequestRequest { issuer_id: nobody })
            .await
            .map(drop),
        "RequestCrl" => client
            .request_crl(v1::RequestCrlRequest::default())
            .await
            .map(drop),
        "InstallAnswer" => client
            .install_answer(v1::InstallAnswerRequest {
                request_id: request_id(),
                ..v1::InstallAnswerRequest::default()
            })
            .await
            .map(drop),
        "SetIssuerState" => client
            .set_issuer_state(v1::SetIssuerStateRequest {
                request_id: request_id(),
                issuer_id: nobody,
                state: "inactive".to_owned(),
            })
            .await
            .map(drop),
        other => panic!("no call for {other}"),
    };
    match answer {
        Err(status) if matches!(status.code(), Code::NotFound | Code::InvalidArgument) => Ok(()),
        other => other,
    }
}

async fn actors(method: &str, channel: &Channel) -> Result<(), Status> {
    let mut client = ActorsClient::new(channel.clone());
    let name = format!("actor-{}", request_id());
    match method {
        "AddActor" => client.add_actor(add_actor(&name)).await.map(drop),
        "ListActors" => client.list_actors(v1::ListActorsRequest {}).await.map(drop),
        "RemoveActor" => {
            let _added_if_allowed = client.add_actor(add_actor(&name)).await;
            match client
                .remove_actor(v1::RemoveActorRequest {
                    request_id: request_id(),
                    name,
                })
                .await
            {
                // Nobody was added, so nobody can be removed; but the call got past the authorizer.
                Err(status) if status.code() == Code::NotFound => Ok(()),
                other => other.map(drop),
            }
        }
        other => panic!("no call for {other}"),
    }
}

async fn audit(method: &str, channel: &Channel) -> Result<(), Status> {
    let mut client = AuditClient::new(channel.clone());
    match method {
        "ListEntries" => client
            .list_entries(v1::ListEntriesRequest::default())
            .await
            .map(drop),
        "GetTreeHead" => client
            .get_tree_head(v1::GetTreeHeadRequest {})
            .await
            .map(drop),
        "GetCheckpoint" => client
            .get_checkpoint(v1::GetCheckpointRequest {})
            .await
            .map(drop),
        "GetInclusionProof" => client
            .get_inclusion_proof(v1::GetInclusionProofRequest { leaf: 0, size: 1 })
            .await
            .map(drop),
        "GetConsistencyProof" => client
            .get_consistency_proof(v1::GetConsistencyProofRequest {
                first: 1,
                second: 2,
            })
            .await
            .map(drop),
        "ClaimFork" => {
            let claimed = client
                .claim_fork(v1::ClaimForkRequest {
                    request_id: request_id(),
                    ..v1::ClaimForkRequest::default()
                })
                .await;
            match claimed {
                // These are no checkpoints; but the call got past the authorizer.
                Err(status) if status.code() == Code::InvalidArgument => Ok(()),
                other => other.map(drop),
            }
        }
        other => panic!("no call for {other}"),
    }
}

async fn clock(method: &str, channel: &Channel) -> Result<(), Status> {
    let mut client = ClockClient::new(channel.clone());
    match method {
        "GetClock" => client.get_clock(v1::GetClockRequest {}).await.map(drop),
        "ConfirmClock" => {
            let confirmed = client
                .confirm_clock(v1::ConfirmClockRequest {
                    request_id: request_id(),
                    time: 0,
                })
                .await;
            match confirmed {
                // The clocks differ; but the call got past the authorizer.
                Err(status) if status.code() == Code::FailedPrecondition => Ok(()),
                other => other.map(drop),
            }
        }
        other => panic!("no call for {other}"),
    }
}

async fn blocked_keys(method: &str, channel: &Channel) -> Result<(), Status> {
    let mut client = BlockedKeysClient::new(channel.clone());
    match method {
        "BlockKey" => client
            .block_key(v1::BlockKeyRequest {
                request_id: request_id(),
                target: Some(v1::block_key_request::Target::KeyId("5a".repeat(32))),
                comment: String::new(),
            })
            .await
            .map(drop),
        "UnblockKey" => {
            let unblocked = client
                .unblock_key(v1::UnblockKeyRequest {
                    request_id: request_id(),
                    key_id: "a5".repeat(32),
                })
                .await;
            match unblocked {
                // Nothing is blocked; but the call got past the authorizer.
                Err(status) if status.code() == Code::NotFound => Ok(()),
                other => other.map(drop),
            }
        }
        "ListBlockedKeys" => client
            .list_blocked_keys(v1::ListBlockedKeysRequest::default())
            .await
            .map(drop),
        other => panic!("no call for {other}"),
    }
}

async fn policy(method: &str, channel: &Channel) -> Result<(), Status> {
    let mut client = PolicyClient::new(channel.clone());
    match method {
        "Reload" => client
            .reload(v1::ReloadRequest {
                request_id: request_id(),
            })
            .await
            .map(drop),
        "ListProfiles" => client
            .list_profiles(v1::ListProfilesRequest {})
            .await
            .map(drop),
        "Explain" => client
            .explain(v1::ExplainRequest {
                profile: "router".to_owned(),
                name: "explained.example.net".to_owned(),
                certification_request: Key::new().certification_request("explained.example.net"),
                ..v1::ExplainRequest::default()
            })
            .await
            .map(drop),
        other => panic!("no call for {other}"),
    }
}

fn add_actor(name: &str) -> v1::AddActorRequest {
    v1::AddActorRequest {
        request_id: request_id(),
        actor: Some(v1::Actor {
            name: name.to_owned(),
            role: v1::Role::Auditor.into(),
            ..v1::Actor::default()
        }),
        certification_request: Key::new().certification_request(name),
    }
}
