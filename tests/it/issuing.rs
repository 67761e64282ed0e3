//! One name, one certificate: whoever asks, however often, and whatever dies in between.

use std::{collections::BTreeMap, time::Duration};

use ca_proto::{
    ApiError,
    v1::{
        CertificateState, IssueResponse, ListRequest, NameTarget, RekeyRequest, RevokeRequest,
        revoke_request,
    },
};
use ca_tests::{Algorithm, Api, Key, Proxy, Site, request_id, until};
use ca_types::{Code, Hinted as _};

use crate::rows::{list, word};

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_issues_of_one_name_make_one_certificate() {
    let (site, _server) = Site::running(Algorithm::P256);
    let mut tasks = Vec::new();
    for _connection in 0..8 {
        let api = connect(&site).await;
        for _call in 0..8 {
            let mut authority = api.authority();
            let request = Key::new().issue_request("router", "berlin-01.example.net");
            tasks.push(tokio::spawn(async move { authority.issue(request).await }));
        }
    }
    let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
    for task in tasks {
        let outcome = match task.await.expect("no call panics") {
            Ok(_issued) => "issued",
            Err(status) => ApiError::from(status).code().as_str(),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    assert_eq!(
        outcomes,
        BTreeMap::from([("issued", 1), ("name-taken", 63)])
    );
    assert_eq!(list(&site, &["--name", "berlin-01.example.net"]).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_gives_the_same_certificate_again() {
    let (site, server) = Site::running(Algorithm::P256);
    let request = Key::new().issue_request("router", "berlin-01.example.net");
    let mut authority = connect(&site).await.authority();
    let first = authority
        .issue(request.clone())
        .await
        .expect("it is issued");
    let again = authority.issue(request.clone()).await.expect("it is found");
    assert_eq!(der(first.get_ref()), der(again.get_ref()));

    let mut other = request.clone();
    other.name = "berlin-02.example.net".to_owned();
    let refused = authority.issue(other).await.expect_err("the id is used");
    assert_eq!(ApiError::from(refused).code(), Code::RequestIdReused);

    server.kill();
    let _server = site.serve();
    let mut authority = connect(&site).await.authority();
    let later = authority.issue(request).await.expect("it is found");
    assert_eq!(der(first.get_ref()), der(later.get_ref()));
    assert_eq!(list(&site, &["--profile", "router"]).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_name() {
    let (site, _server) = Site::running(Algorithm::P256);
    let mut authority = connect(&site).await.authority();
    let key = Key::new();
    authority
        .issue(key.issue_request("router", "berlin-01.example.net"))
        .await
        .expect("it is issued");
    let refused = authority
        .issue(key.issue_request("router", "berlin-02.example.net"))
        .await
        .expect_err("the key has a name");
    assert_eq!(ApiError::from(refused).code(), Code::KeyTaken);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_killed_after_sending_and_repeated_makes_one_certificate() {
    let (site, _server) = Site::running(Algorithm::P256);
    let proxy = Proxy::start(site.ports().grpc);
    let profile = site.profile_through(proxy.port());
    let words = [
        "issue",
        "--profile",
        "router",
        "--name",
        "berlin-01.example.net",
        "--out",
        "out",
    ];
    // Answers of the server are on the way for a while: long enough to see what they tell, and to kill.
    proxy.delay_answers(Duration::from_secs(1));
    let mut client = site
        .client_command_as(&profile, &words)
        .spawn()
        .expect("the client starts");
    let api = connect(&site).await;
    let serial = tokio::task::block_in_place(|| {
        until(Duration::from_secs(30), "a certificate in the list", || {
            let request = ListRequest {
                profile: "router".to_owned(),
                ..Default::default()
            };
            let mut authority = api.authority();
            let page = tokio::runtime::Handle::current()
                .block_on(authority.list(request))
                .expect("the server answers");
            page.into_inner().certificates.into_iter().next()
        })
    })
    .serial;
    client.kill().expect("the client is ours");
    client.wait().expect("the client is ours");
    assert!(!site.path("out/berlin-01.example.net.pem").exists());

    proxy.delay_answers(Duration::ZERO);
    let mut again = site.client_command_as(&profile, &words);
    let row = ca_tests::run(again.args(["--output", "json"])).ok().json();
    assert_eq!(word(&row, "serial"), serial);
    assert!(site.path("out/berlin-01.example.net.pem").exists());
    assert_eq!(list(&site, &["--profile", "router"]).len(), 1);
}

/// Whoever comes first: either the successor is revoked too, or it is refused because its predecessor is revoked.
#[tokio::test]
async fn nothing_of_a_name_stays_valid_when_a_successor_is_made_while_it_is_revoked() {
    let (site, _server) = Site::running(Algorithm::P256);
    let api = connect(&site).await;
    let mut successors = 0;
    for round in 0..40 {
        let name = format!("router-{round}.example.net");
        let first = api
            .authority()
            .issue(Key::new().issue_request("router", &name))
            .await
            .expect("it is issued")
            .into_inner()
            .certificate
            .expect("a certificate");
        let rekey = RekeyRequest {
            request_id: request_id(),
            serial: first.serial,
            certification_request: Key::new().certification_request(&name),
            ..RekeyRequest::default()
        };
        let revoke = RevokeRequest {
            request_id: request_id(),
            target: Some(revoke_request::Target::Name(NameTarget {
                name: name.clone(),
                profile: String::new(),
                all: true,
            })),
            reason: 0,
        };
        let (mut one, mut other) = (api.authority(), api.authority());
        let (rekeyed, revoked) = tokio::join!(one.rekey(rekey), other.revoke(revoke.clone()));
        revoked.expect("it is revoked");
        successors += u32::from(rekeyed.is_ok());
        let valid = ListRequest {
            name: name.clone(),
            state: CertificateState::Valid.into(),
            ..ListRequest::default()
        };
        let left = api.authority().list(valid).await.expect("a list");
        assert_eq!(left.into_inner().certificates, [], "round {round}");
        // The same request again revokes nothing that came later.
        let later = Key::new().issue_request("router", &name);
        api.authority()
            .issue(later)
            .await
            .expect("the name is free");
        let again = api
            .authority()
            .revoke(revoke)
            .await
            .expect("the same answer");
        let rows = again.into_inner().certificates;
        assert!((1..=2).contains(&rows.len()), "{rows:?}");
    }
    println!("{successors} of 40 successors were made before the revocation");
}

async fn connect(site: &Site) -> Api {
    Api::connect(&site.data().join("admin"), site.ports().grpc)
        .await
        .expect("the admin is let in")
}

fn der(response: &IssueResponse) -> &[u8] {
    &response.certificate.as_ref().expect("a certificate").der
}
