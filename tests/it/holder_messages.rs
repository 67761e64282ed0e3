//! Messages of holders: what is taken and what is not, in the TLS session of an operator and in none.
//!
//! The octets are put together here after `docs/holder-proof.md`, not by the code under test.

use aws_lc_rs::digest::{SHA256, digest};
use ca_proto::ApiError;
use ca_proto::v1;
use ca_proto::v1::actors_client::ActorsClient;
use ca_proto::v1::audit_client::AuditClient;
use ca_proto::v1::certificate_authority_client::CertificateAuthorityClient;
use ca_tests::{Algorithm, Key, Site, first_ca, request_id};
use ca_types::{Clock as _, Code, Hinted as _, RequestId, SerialNumber};
use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::callers::{Door, Identity};
use crate::in_process::{self, InProcess};

const DAY: u64 = 86_400;
const RENEW: u8 = 1;
const REKEY: u8 = 2;
const SUBMIT: u8 = 3;

/// Who holds a certificate.
struct Holder {
    name: String,
    key: Key,
    serial: String,
    not_after: i64,
}

/// A server whose routers may renew for 30 days after their end, and two ways in without authority over anything here.
struct Stage {
    site: Site,
    server: InProcess,
    admin: Channel,
    nobody: Channel,
    /// An operator of other names.
    operator: Channel,
}

impl Stage {
    async fn start() -> Self {
        let site = Site::new(Algorithm::P256);
        let file = site.data().join("ca-server.toml");
        let settings = std::fs::read_to_string(&file).expect("init wrote settings");
        let late = "[profiles.router]\nrenewal_after_expiry_days = 30\n";
        std::fs::write(&file, format!("{settings}\n{late}")).expect("the settings are ours");
        let server = in_process::start(&site).await;
        let folder = site.data().join("admin");
        let door = Door::new(server.addresses.api, &folder.join("ca.pem"));
        let admin = Identity::from_files(&folder.join("admin.pem"), &folder.join("admin.key"));
        let admin = door.open(Some(&admin)).await.expect("the admin is let in");
        let operator = operator(&admin).await;
        Self {
            nobody: door.open(None).await.expect("a certificate is optional"),
            operator: door.open(Some(&operator)).await.expect("it is let in"),
            admin,
            site,
            server,
        }
    }

    fn now(&self) -> i64 {
        self.server.clock.now().seconds()
    }

    fn advance_to(&self, seconds: i64) {
        let ahead = u64::try_from(seconds - self.now()).expect("not the past");
        self.server.clock.advance(ahead);
    }

    async fn issue(&self, profile: &str, name: &str, days: u32) -> Holder {
        let key = Key::new();
        let mut request = key.issue_request(profile, name);
        request.days = days;
        let issued = calls(&self.admin)
            .issue(request)
            .await
            .expect("it is issued");
        let certificate = issued.into_inner().certificate.expect("a certificate");
        Holder {
            name: name.to_owned(),
            key,
            serial: certificate.serial,
            not_after: certificate.not_after,
        }
    }

    async fn revoke(&self, holder: &Holder) {
        let request = v1::RevokeRequest {
            request_id: request_id(),
            target: Some(v1::revoke_request::Target::Serial(holder.serial.clone())),
            reason: 0,
        };
        calls(&self.admin).revoke(request).await.expect("revoked");
    }

    async fn leaves(&self) -> u64 {
        let mut audit = AuditClient::new(self.admin.clone());
        let head = audit.get_tree_head(v1::GetTreeHeadRequest {}).await;
        head.expect("the admin may ask").into_inner().size
    }
}

async fn operator(admin: &Channel) -> Identity {
    let key = Key::new();
    let request = v1::AddActorRequest {
        request_id: request_id(),
        actor: Some(v1::Actor {
            name: "eve".to_owned(),
            role: v1::Role::Operator.into(),
            names: vec!["*.other.example".to_owned()],
            ..v1::Actor::default()
        }),
        certification_request: key.certification_request("eve"),
    };
    let added = ActorsClient::new(admin.clone()).add_actor(request).await;
    let added = added.expect("the admin adds actors").into_inner();
    let leaf = added.certificate.expect("a certificate").der;
    Identity::new(std::iter::once(leaf).chain(added.chain), key.pkcs8())
}

fn calls(channel: &Channel) -> CertificateAuthorityClient<Channel> {
    CertificateAuthorityClient::new(channel.clone())
}

/// The signature of `key` over the message, as the document has it.
fn proof(
    key: &Key,
    method: u8,
    time: i64,
    id: &str,
    serial: &str,
    request: &[u8],
) -> Option<v1::HolderProof> {
    let id: RequestId = id.parse().expect("a request id");
    let serial: SerialNumber = serial.parse().expect("a serial number");
    let mut octets = b"fleet-ca holder request v1\0".to_vec();
    octets.push(method);
    octets.extend(id.octets());
    octets.extend(time.to_be_bytes());
    octets.extend(serial.octets());
    octets.extend(digest(&SHA256, request).as_ref());
    Some(v1::HolderProof {
        time,
        signature: key.sign(&octets),
    })
}

/// Asks to rekey for `subject`, signed by `signer`.
fn rekey(holder: &Holder, signer: &Key, time: i64, subject: &str) -> v1::RekeyRequest {
    let (id, request) = (request_id(), Key::new().certification_request(subject));
    v1::RekeyRequest {
        holder_proof: proof(signer, REKEY, time, &id, &holder.serial, &request),
        request_id: id,
        serial: holder.serial.clone(),
        certification_request: request,
        ..v1::RekeyRequest::default()
    }
}

/// Asks to renew, as the holder.
fn renew(holder: &Holder, time: i64) -> v1::RenewRequest {
    let (id, request) = (request_id(), holder.key.certification_request(&holder.name));
    v1::RenewRequest {
        holder_proof: proof(&holder.key, RENEW, time, &id, &holder.serial, &request),
        request_id: id,
        serial: holder.serial.clone(),
        certification_request: request,
        ..v1::RenewRequest::default()
    }
}

fn refusal<T>(answer: Result<Response<T>, Status>, what: &str) -> ApiError {
    match answer {
        Ok(_) => panic!("{what}: taken"),
        Err(status) => status.into(),
    }
}

fn der(answer: Result<Response<v1::RekeyResponse>, Status>) -> Vec<u8> {
    let response = answer.expect("it is taken").into_inner();
    response.certificate.expect("a certificate").der
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_is_believed_by_its_signature_and_by_no_session() {
    let stage = Stage::start().await;
    let other = stage.issue("router", "neighbour.example.net", 0).await;
    for (session, channel) in [("nobody", &stage.nobody), ("operator", &stage.operator)] {
        let holder = stage
            .issue("router", &format!("{session}.example.net"), 0)
            .await;
        let before = stage.leaves().await;
        refuses_forgeries(&stage, channel, &holder, &other).await;
        // The session of an operator whose scope does not reach here is no proof of the holder either.
        let mut alone = rekey(&holder, &holder.key, stage.now(), &holder.name);
        alone.holder_proof = None;
        refusal(calls(channel).rekey(alone).await, "no proof");
        assert_eq!(stage.leaves().await, before, "{session}");

        answers_once(&stage, channel, &holder).await;
        assert_eq!(stage.leaves().await, before + 1, "{session}");
    }
}

async fn refuses_forgeries(stage: &Stage, channel: &Channel, holder: &Holder, other: &Holder) {
    let now = stage.now();
    let good = || rekey(holder, &holder.key, now, &holder.name);
    let day = i64::try_from(DAY).expect("small");
    let mut later = good();
    if let Some(proof) = &mut later.holder_proof {
        proof.time += 1;
    }
    let mut exchanged = good();
    exchanged.certification_request = Key::new().certification_request(&holder.name);
    let mut moved = good();
    moved.serial.clone_from(&other.serial);
    let mut renamed = good();
    renamed.request_id = request_id();
    let mut as_renewal = good();
    as_renewal.holder_proof = proof(
        &holder.key,
        RENEW,
        now,
        &as_renewal.request_id,
        &as_renewal.serial,
        &as_renewal.certification_request,
    );
    let forged = [
        ("re-timed after signing", later),
        ("another request after signing", exchanged),
        ("another certificate after signing", moved),
        ("another id after signing", renamed),
        ("signed as a renewal", as_renewal),
        (
            "a second more than a day old",
            rekey(holder, &holder.key, now - day - 1, &holder.name),
        ),
        (
            "a second more than a day ahead",
            rekey(holder, &holder.key, now + day + 1, &holder.name),
        ),
        (
            "signed by a fresh key",
            rekey(holder, &Key::new(), now, &holder.name),
        ),
        (
            "signed by a neighbour",
            rekey(holder, &other.key, now, &holder.name),
        ),
    ];
    for (what, request) in forged {
        let refused = refusal(calls(channel).rekey(request).await, what);
        assert_eq!(refused.code(), Code::Unauthenticated, "{what}: {refused}");
    }

    // A certificate of another CA: its serial number is none of ours, whoever signs.
    let foreign = Holder {
        name: holder.name.clone(),
        key: Key::new(),
        serial: "4".repeat(32),
        not_after: holder.not_after,
    };
    let request = rekey(&foreign, &foreign.key, now, &holder.name);
    let refused = refusal(calls(channel).rekey(request).await, "another CA");
    assert!(
        matches!(refused.code(), Code::Unauthenticated | Code::NotFound),
        "{refused}"
    );

    // Properly signed, for a name that the certificate has not.
    let request = rekey(holder, &holder.key, now, &other.name);
    let refused = refusal(calls(channel).rekey(request).await, "another name");
    assert_eq!(refused.code(), Code::PolicyRefused, "{refused}");
}

/// The same message again, and the same request signed anew, get the same certificate; nothing else does.
async fn answers_once(stage: &Stage, channel: &Channel, holder: &Holder) {
    let now = stage.now();
    let good = rekey(holder, &holder.key, now, &holder.name);
    let first = der(calls(channel).rekey(good.clone()).await);
    assert_eq!(der(calls(channel).rekey(good.clone()).await), first);
    let resigned = |time: i64, request: Vec<u8>, days: u32| v1::RekeyRequest {
        holder_proof: proof(
            &holder.key,
            REKEY,
            time,
            &good.request_id,
            &good.serial,
            &request,
        ),
        certification_request: request,
        days,
        ..good.clone()
    };
    let same = || good.certification_request.clone();
    let again = calls(channel).rekey(resigned(now + 5, same(), 0)).await;
    assert_eq!(der(again), first, "signed anew");

    let another = Key::new().certification_request(&holder.name);
    for (what, request) in [
        ("another key", resigned(now, another, 0)),
        ("another validity", resigned(now, same(), 30)),
    ] {
        let refused = refusal(calls(channel).rekey(request).await, what);
        assert_eq!(refused.code(), Code::RequestIdReused, "{what}: {refused}");
    }

    // A day later the message itself is void; signed anew the request still gets its answer.
    stage.server.clock.advance(DAY + 1);
    let refused = refusal(calls(channel).rekey(good.clone()).await, "too old");
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
    let again = calls(channel).rekey(resigned(stage.now(), same(), 0)).await;
    assert_eq!(der(again), first, "a day later");
}

/// A certificate is handed in by who holds its key, once, and only when a CA of the server has signed it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_handed_in_by_its_holder_only() {
    let stage = Stage::start().await;
    let holder = stage.issue("router", "held.example.net", 0).await;
    let other = stage.issue("router", "neighbour.example.net", 0).await;
    let [own, neighbours] = [&holder, &other].map(|holder| v1::GetRequest {
        serial: holder.serial.clone(),
    });
    let der = |answer: Response<v1::GetResponse>| {
        let certificate = answer.into_inner().certificate;
        certificate.expect("a certificate").der
    };
    let own = der(calls(&stage.admin).get(own).await.expect("it is there"));
    let neighbours = der(calls(&stage.admin)
        .get(neighbours)
        .await
        .expect("it is there"));
    let now = stage.now();
    let submit = |key: &Key, method: u8, certificate: &[u8], signed: &[u8]| {
        let id = request_id();
        v1::SubmitRequest {
            holder_proof: proof(key, method, now, &id, &holder.serial, signed),
            request_id: id,
            certificate: certificate.to_vec(),
            ..v1::SubmitRequest::default()
        }
    };
    let mut without = submit(&holder.key, SUBMIT, &own, &own);
    without.holder_proof = None;
    let before = stage.leaves().await;
    for (what, request) in [
        ("no proof", without),
        (
            "signed as a renewal",
            submit(&holder.key, RENEW, &own, &own),
        ),
        (
            "signed by a neighbour",
            submit(&other.key, SUBMIT, &own, &own),
        ),
        (
            "another certificate after signing",
            submit(&holder.key, SUBMIT, &neighbours, &own),
        ),
    ] {
        let refused = refusal(calls(&stage.nobody).submit(request).await, what);
        assert_eq!(refused.code(), Code::Unauthenticated, "{what}: {refused}");
    }
    // A certificate that no CA of the server has signed, by whoever holds its key; and one that is no more what was signed.
    let mut changed = own.clone();
    *changed.last_mut().expect("octets") ^= 1;
    let root = format!("root-offline/{}.pem", first_ca("root"));
    let root = std::fs::read(stage.site.data().join(root));
    let root = ca_verify::Certificate::from_pem_or_der(&root.expect("init wrote it"));
    let root = root.expect("a certificate").der().to_vec();
    for (what, certificate) in [("changed", &changed), ("of a CA", &root)] {
        let request = submit(&holder.key, SUBMIT, certificate, certificate);
        let refused = refusal(calls(&stage.nobody).submit(request).await, what);
        assert_eq!(refused.code(), Code::PolicyRefused, "{what}: {refused}");
    }
    let request = submit(&holder.key, SUBMIT, &own, &own);
    let known = calls(&stage.nobody).submit(request).await.expect("known");
    assert!(!known.into_inner().is_new);
    assert_eq!(stage.leaves().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_certificate_is_renewed_as_long_as_its_profile_says() {
    let stage = Stage::start().await;
    let late = stage.issue("router", "late.example.net", 7).await;
    let too_late = stage.issue("router", "too-late.example.net", 7).await;
    let lost = stage.issue("router", "lost.example.net", 7).await;
    stage.revoke(&lost).await;
    let replaced = stage.issue("router", "replaced.example.net", 7).await;
    let request = rekey(&replaced, &replaced.key, stage.now(), &replaced.name);
    let next = calls(&stage.nobody).rekey(request).await.expect("rekeyed");
    let next = next.into_inner().certificate.expect("a certificate");
    let client = stage.issue("vpn-client", "anna@example.net", 7).await;

    // Revoked is revoked, long before its end and after.
    let refused = calls(&stage.nobody).renew(renew(&lost, stage.now())).await;
    let refused = refusal(refused, "revoked");
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");

    // The last second of the last day.
    let month = i64::try_from(30 * DAY).expect("small");
    stage.advance_to(late.not_after + month);
    let renewed = calls(&stage.nobody).renew(renew(&late, stage.now())).await;
    renewed.expect("the profile allows it");
    for (holder, said) in [
        (&lost, "is revoked"),
        (&client, "is expired"),
        (&late, "has a valid certificate"),
    ] {
        for channel in [&stage.nobody, &stage.admin] {
            let refused = calls(channel).renew(renew(holder, stage.now())).await;
            let refused = refusal(refused, said);
            assert!(refused.to_string().contains(said), "{refused}");
        }
    }

    // Its successor is expired as well, and is the one to renew.
    assert!(next.not_after < stage.now());
    let refused = calls(&stage.nobody)
        .renew(renew(&replaced, stage.now()))
        .await;
    let refused = refusal(refused, "replaced");
    assert!(refused.to_string().contains("has got another"), "{refused}");

    // A second later it is over, for an admin too.
    stage.advance_to(too_late.not_after + month + 1);
    for channel in [&stage.nobody, &stage.admin] {
        let refused = calls(channel).renew(renew(&too_late, stage.now())).await;
        let refused = refusal(refused, "too late");
        assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
        assert!(refused.to_string().contains("at most 30 days"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_certificate_of_a_device_opens_a_session_of_an_actor() {
    let stage = Stage::start().await;
    let folder = stage.site.data();
    let door = Door::new(stage.server.addresses.api, &folder.join("admin/ca.pem"));
    let profiles = ["router", "router-management", "vpn-server", "radius-server"];
    let clients = ["vpn-client", "wifi-client"];
    for profile in profiles.into_iter().chain(clients) {
        let key = Key::new();
        let name = format!("{profile}.example.net");
        let request = key.issue_request(profile, &name);
        let issued = calls(&stage.admin).issue(request).await;
        let issued = issued.expect("it is issued").into_inner();
        let leaf = issued.certificate.expect("a certificate").der;
        let chain: Vec<Vec<u8>> = std::iter::once(leaf).chain(issued.chain).collect();
        for length in 1..=chain.len() {
            let device = Identity::new(chain[..length].to_vec(), key.pkcs8());
            let opened = door.open(Some(&device)).await;
            assert!(opened.is_err(), "{profile}, {length} of the chain");
        }
    }
    // Nor does the certificate of the listener itself.
    let tls = folder.join("tls");
    let listener = Identity::from_files(&tls.join("server.pem"), &tls.join("server.key"));
    assert!(door.open(Some(&listener)).await.is_err(), "the listener");
}
