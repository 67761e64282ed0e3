//! Every method × every wrong caller: denied. A method without a row fails.

mod methods;

use crate::callers::{Door, Identity};
use ca_proto::v1;
use ca_tests::{Algorithm, Site};
use methods::{Context, METHODS, Method, Outside};

use crate::in_process::{self, InProcess};

/// What a wrong caller got: a word for the report when it was not denied.
type Findings = Vec<String>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_denies_every_wrong_caller() {
    let stage = Stage::start().await;
    let mut findings = Findings::new();
    let admin = stage
        .door
        .open(Some(&stage.admin))
        .await
        .expect("the admin is let in");
    let context = Context::prepare(&admin).await;

    let nobody = stage
        .door
        .open(None)
        .await
        .expect("a certificate is optional in the handshake");
    for method in METHODS {
        stage
            .expect_denied(method, &nobody, &context, "no certificate", &mut findings)
            .await;
    }
    let other = Identity::of_another_ca();
    assert!(
        stage.door.open(Some(&other)).await.is_err(),
        "another CA is refused in the handshake"
    );

    for role in ca_types::Role::ALL {
        let actor = stage
            .add_actor(&admin, &format!("role-{role}"), role, &[])
            .await;
        let channel = stage
            .door
            .open(Some(&actor))
            .await
            .expect("an actor is let in");
        for method in METHODS {
            if method.roles.contains(&role) {
                stage
                    .expect_allowed(method, &channel, &context, role.as_str(), &mut findings)
                    .await;
            } else {
                stage
                    .expect_denied(method, &channel, &context, role.as_str(), &mut findings)
                    .await;
            }
        }
    }
    for method in METHODS {
        let Outside::Denied = method.outside else {
            continue;
        };
        let narrow = stage
            .add_actor(
                &admin,
                &format!("narrow-{}", method.word()),
                ca_types::Role::Operator,
                &["*.other.example"],
            )
            .await;
        let channel = stage
            .door
            .open(Some(&narrow))
            .await
            .expect("an actor is let in");
        stage
            .expect_denied(method, &channel, &context, "wrong scope", &mut findings)
            .await;
    }
    stage.removed(&admin, &context, &mut findings).await;
    stage.expired(&context, &mut findings).await;
    assert!(findings.is_empty(), "not denied:\n{}", findings.join("\n"));
}

#[test]
fn every_method_has_a_row() {
    use prost::Message as _;
    let descriptors = prost_types::FileDescriptorSet::decode(ca_proto::DESCRIPTORS).unwrap();
    let mut wanted: Vec<String> = Vec::new();
    for file in &descriptors.file {
        for service in &file.service {
            wanted.extend(
                service
                    .method
                    .iter()
                    .map(|method| format!("{}/{}", service.name(), method.name())),
            );
        }
    }
    let mut rows: Vec<String> = METHODS
        .iter()
        .map(|method| method.path.to_owned())
        .collect();
    wanted.sort();
    rows.sort();
    assert_eq!(rows, wanted);
}

/// A server, the way in, and the admin.
struct Stage {
    _site: Site,
    door: Door,
    server: InProcess,
    admin: Identity,
}

impl Stage {
    async fn start() -> Self {
        let site = Site::new(Algorithm::P256);
        let server = in_process::start(&site).await;
        let door = Door::new(server.addresses.api, &site.data().join("admin/ca.pem"));
        let admin = Identity::from_files(
            &site.data().join("admin/admin.pem"),
            &site.data().join("admin/admin.key"),
        );
        Self {
            _site: site,
            door,
            server,
            admin,
        }
    }

    async fn add_actor(
        &self,
        admin: &tonic::transport::Channel,
        name: &str,
        role: ca_types::Role,
        names: &[&str],
    ) -> Identity {
        let key = ca_tests::Key::new();
        let request = v1::AddActorRequest {
            request_id: ca_tests::request_id(),
            actor: Some(v1::Actor {
                name: name.to_owned(),
                role: ca_proto::wire_role(role).into(),
                names: names.iter().map(|&name| name.to_owned()).collect(),
                ..v1::Actor::default()
            }),
            certification_request: key.certification_request(name),
        };
        let mut actors = v1::actors_client::ActorsClient::new(admin.clone());
        let added = actors
            .add_actor(request)
            .await
            .expect("the admin adds actors")
            .into_inner();
        let chain =
            std::iter::once(added.certificate.expect("a certificate").der).chain(added.chain);
        Identity::new(chain, key.pkcs8())
    }

    /// A removed actor: on a new connection, on a resumed session, and on a connection that was open.
    async fn removed(
        &self,
        admin: &tonic::transport::Channel,
        context: &Context,
        findings: &mut Findings,
    ) {
        let gone = self
            .add_actor(admin, "gone", ca_types::Role::Admin, &[])
            .await;
        let resuming = self.door.remembering(&gone);
        let open = self
            .door
            .open(Some(&gone))
            .await
            .expect("an actor is let in");
        let first = resuming.open().await.expect("an actor is let in");
        for channel in [&open, &first] {
            METHODS[0]
                .call(channel, context)
                .await
                .expect("not removed yet");
        }
        drop(first);
        let mut actors = v1::actors_client::ActorsClient::new(admin.clone());
        let request = v1::RemoveActorRequest {
            request_id: ca_tests::request_id(),
            name: "gone".to_owned(),
        };
        actors
            .remove_actor(request)
            .await
            .expect("the admin removes actors");

        let fresh = self
            .door
            .open(Some(&gone))
            .await
            .expect("the handshake knows nothing of actors");
        let again = resuming
            .open()
            .await
            .expect("the handshake knows nothing of actors");
        assert!(
            resuming.was_resumed(),
            "the second session is resumed, or this test shows nothing"
        );
        for method in METHODS {
            self.expect_denied(method, &fresh, context, "removed actor", findings)
                .await;
            self.expect_denied(
                method,
                &again,
                context,
                "resumed session after removal",
                findings,
            )
            .await;
            self.expect_denied(
                method,
                &open,
                context,
                "open connection after removal",
                findings,
            )
            .await;
        }
    }

    /// A certificate past its end: on a connection that was open, and on a new one.
    async fn expired(&self, context: &Context, findings: &mut Findings) {
        let open = self
            .door
            .open(Some(&self.admin))
            .await
            .expect("the admin is let in");
        METHODS[0]
            .call(&open, context)
            .await
            .expect("not expired yet");
        self.server.clock.advance(91 * 86_400);
        for method in METHODS {
            self.expect_denied(
                method,
                &open,
                context,
                "expired on an open connection",
                findings,
            )
            .await;
        }
        assert!(
            self.door.open(Some(&self.admin)).await.is_err(),
            "an expired certificate is refused in the handshake"
        );
    }

    async fn expect_denied(
        &self,
        method: &Method,
        channel: &tonic::transport::Channel,
        context: &Context,
        who: &str,
        findings: &mut Findings,
    ) {
        match method.call(channel, context).await {
            Err(status) if is_denial(&status) => {}
            Err(status) => findings.push(format!("{} × {who}: {status:?}", method.path)),
            Ok(()) => findings.push(format!("{} × {who}: done", method.path)),
        }
    }

    async fn expect_allowed(
        &self,
        method: &Method,
        channel: &tonic::transport::Channel,
        context: &Context,
        who: &str,
        findings: &mut Findings,
    ) {
        if let Err(status) = method.call(channel, context).await {
            findings.push(format!(
                "{} × {who}: denied though allowed: {status:?}",
                method.path
            ));
        }
    }
}

/// Unauthenticated, not permitted, or no connection any more.
fn is_denial(status: &tonic::Status) -> bool {
    matches!(
        status.code(),
        tonic::Code::Unauthenticated
            | tonic::Code::PermissionDenied
            | tonic::Code::Unavailable
            | tonic::Code::Unknown
    )
}
