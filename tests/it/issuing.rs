//! One name, one certificate: whoever asks, however often, and whatever dies in between.

use std::{collections::BTreeMap, time::Duration};

use ca_proto::{ApiError, v1::IssueResponse};
use ca_tests::{Algorithm, Api, Key, Proxy, Site, until};
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
    proxy.delay_answers(Duration::from_millis(400));
    let mut client = site
        .client_command_as(&profile, &words)
        .spawn()
        .expect("the client starts");
    let api = connect(&site).await;
    let serial = tokio::task::block_in_place(|| {
        until(Duration::from_secs(30), "a certificate in the list", || {
            let request = ca_proto::v1::ListRequest {
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

async fn connect(site: &Site) -> Api {
    Api::connect(&site.data().join("admin"), site.ports().grpc)
        .await
        .expect("the admin is let in")
}

fn der(response: &IssueResponse) -> &[u8] {
    &response.certificate.as_ref().expect("a certificate").der
}
