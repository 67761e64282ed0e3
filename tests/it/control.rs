//! The credentials of the API itself are looked after, not revoked by mistake.

use std::io::Read as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ca_proto::v1;
use ca_tests::{Algorithm, Api, Key, Site, request_id, run, until};

use crate::in_process;
use crate::rows::word;

#[test]
fn the_credentials_of_the_api_are_removed_and_not_revoked() {
    let (site, _server) = Site::running(Algorithm::P256);
    site.client(&["actor", "add", "eve", "--role", "operator", "--out", "eve"])
        .ok();
    let eve = site.path("eve/client.toml");
    let admin = site.client_json(&["show", "data/admin/admin.pem"]);
    let as_eve = |words: &[&str]| run(&mut site.client_command_as(&eve, words));
    as_eve(&["revoke", "--name", "admin", "--all"])
        .refused(1, &["credential of the API", "actor remove"]);
    as_eve(&["revoke", "--serial", &word(&admin, "serial")]).refused(1, &["credential of the API"]);
    site.client(&["revoke", "--name", "127.0.0.1"])
        .refused(1, &["credential of the API", "restart"]);
    site.client(&["actor", "remove", "eve"]).ok();
    as_eve(&["list"]).refused(1, &["no actor has the key"]);
    site.client(&["list"]).ok();
}

#[tokio::test]
async fn nobody_draws_a_successor_of_a_credential_of_the_api() {
    let (site, _server) = Site::running(Algorithm::P256);
    let admin = Api::connect(&site.data().join("admin"), site.ports().grpc)
        .await
        .expect("the admin is let in");
    let mut authority = admin.authority();
    let rows = authority
        .list(v1::ListRequest::default())
        .await
        .expect("a list")
        .into_inner()
        .certificates;
    assert_eq!(rows.len(), 2, "the listener and the admin");
    for row in rows {
        let request = v1::RekeyRequest {
            request_id: request_id(),
            serial: row.serial.clone(),
            certification_request: Key::new().certification_request(&row.name),
            ..v1::RekeyRequest::default()
        };
        let refused = authority
            .rekey(request)
            .await
            .expect_err("nobody rekeys it");
        assert_eq!(
            refused.code(),
            tonic::Code::FailedPrecondition,
            "{} {refused:?}",
            row.profile
        );
        let request = v1::RenewRequest {
            request_id: request_id(),
            serial: row.serial,
            certification_request: Key::new().certification_request(&row.name),
            ..v1::RenewRequest::default()
        };
        authority
            .renew(request)
            .await
            .expect_err("not with another key");
    }
}

#[test]
fn an_agent_does_not_revoke_by_replacing() {
    let (site, _server) = Site::running(Algorithm::P256);
    site.issue("router", "berlin-01.example.net", &[]);
    site.client(&["actor", "add", "robot", "--role", "agent", "--out", "robot"])
        .ok();
    let words = [
        "issue",
        "--profile",
        "router",
        "--name",
        "berlin-01.example.net",
        "--out",
        "new",
        "--replace",
    ];
    run(&mut site.client_command_as(&site.path("robot/client.toml"), &words))
        .refused(1, &["role agent"]);
    site.client(&words).ok();
}

#[test]
fn a_holder_gets_no_longer_life_than_it_has() {
    let (site, _server) = Site::running(Algorithm::P256);
    site.issue("vpn-client", "guest@example.net", &["--days", "7"]);
    let renew = [
        "renew",
        "--cert",
        "guest@example.net/guest@example.net.pem",
        "--out",
        "next",
    ];
    let longer = [&renew[..], &["--days", "180"]].concat();
    site.client(&longer).refused(1, &["180 days", "7 days"]);
    let row = site.client_json(&renew);
    let days = |key: &str| {
        word(&row, key)
            .parse::<ca_types::UnixTime>()
            .expect("a time")
    };
    assert_eq!(days("not_after").since(days("not_before")) + 1, 7 * 86_400);
}

#[test]
fn starts_that_cannot_keep_their_certificate_cost_none() {
    let site = Site::new(Algorithm::P256);
    let tls = site.data().join("tls");
    std::fs::remove_dir_all(&tls).expect("init made it");
    std::fs::write(&tls, "in the way").expect("the data directory is writable");
    for _ in 0..3 {
        site.try_serve().expect_err("it has no certificate");
    }
    std::fs::remove_file(&tls).expect("it is ours");
    std::fs::create_dir(&tls).expect("the data directory is writable");
    let _server = site.serve();
    let rows = site.client_json(&["list", "--profile", "control-server"]);
    let states: Vec<String> = rows
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| word(row, "state"))
        .collect();
    assert_eq!(states, ["revoked", "valid"]);
}

#[test]
fn a_crl_that_cannot_be_kept_is_published_all_the_same() {
    let (site, _server) = Site::running(Algorithm::P256);
    let row = site.issue("router", "berlin-01.example.net", &[]);
    let crls = site.data().join("crl");
    std::fs::rename(&crls, site.path("crl-away")).expect("the data directory is writable");
    std::fs::write(&crls, "in the way").expect("the data directory is writable");
    let before =
        ca_verify::CertificateList::from_der(&site.crl(&word(&row, "issuer_id"))).expect("a CRL");
    site.client(&["revoke", "--serial", &word(&row, "serial")])
        .ok();
    until(Duration::from_secs(60), "the revocation", || {
        let now = ca_verify::CertificateList::from_der(&site.crl(&word(&row, "issuer_id")))
            .expect("a CRL");
        (now.len() > before.len()).then_some(now)
    });
}

#[test]
fn a_scope_of_what_is_not_there_is_refused() {
    let (site, _server) = Site::running(Algorithm::P256);
    let add = ["actor", "add", "eve", "--role", "operator", "--out", "eve"];
    for (scope, said) in [
        (["--issuer", "nope-1"], "issuer `nope-1`"),
        (["--profile", "nope"], "profile `nope`"),
    ] {
        site.client(&[&add[..], &scope[..]].concat())
            .refused(1, &[said]);
    }
    site.client(&["list", "--profile", "nope"])
        .refused(1, &["profile `nope`"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crl_is_published_again_every_day() {
    let site = Site::new(Algorithm::P256);
    let server = in_process::start(&site).await;
    let port = server.addresses.http.port();
    let path = "/crl/".to_owned() + &router_ca(&site) + ".crl";
    let fetch =
        || ca_verify::CertificateList::from_der(&ca_tests::http(port, "GET", &path, &[]).body);
    let first = fetch().expect("a CRL");
    server.clock.advance(86_400);
    // The server looks at the clock every ten seconds.
    let end = Instant::now() + Duration::from_secs(60);
    let second = loop {
        let now = fetch().expect("a CRL");
        if now.number() > first.number() {
            break now;
        }
        assert!(Instant::now() < end, "not published again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(second.this_update().since(first.this_update()), 86_400);
    assert_eq!(second.next_update().since(second.this_update()), 7 * 86_400);
}

/// Finds the id of the router CA by its key file.
fn router_ca(site: &Site) -> String {
    let keys = std::fs::read_dir(site.data().join("keys")).expect("the keys are there");
    let names = keys.map(|entry| {
        entry
            .expect("readable")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let key = names
        .into_iter()
        .find(|name| name.starts_with("router-"))
        .expect("a key of the router CA");
    key.trim_end_matches(".key").to_owned()
}

#[test]
fn a_peer_that_says_nothing_loses_its_place() {
    let site = Site::new(Algorithm::P256);
    let settings = site.data().join("ca-server.toml");
    let mut text = std::fs::read_to_string(&settings).expect("init wrote it");
    text.push_str("\n[limits]\nhandshake_seconds = 5\nconnections_per_peer = 2\n");
    std::fs::write(&settings, text).expect("the data directory is writable");
    let _server = site.serve();
    let connect = || TcpStream::connect(("127.0.0.1", site.ports().grpc)).expect("it listens");
    let mut silent = [connect(), connect()];
    // A third connection of the same peer is closed at once, not after a handshake.
    let mut third = connect();
    third
        .set_read_timeout(Some(Duration::from_secs(4)))
        .expect("a socket");
    assert_eq!(third.read(&mut [0; 1]).expect("closed"), 0);
    for one in &mut silent {
        one.set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a socket");
        assert_eq!(one.read(&mut [0; 1]).expect("closed after the deadline"), 0);
    }
    site.client(&["issuer", "list"]).ok();
}

#[test]
fn wrong_words_of_the_server_are_errors_with_a_hint() {
    let site = Site::empty();
    for words in [
        &["bogus"][..],
        &["init"],
        &["serve", "--data", "x", "--config", "y", "--nope"],
    ] {
        let mut command = std::process::Command::new(ca_tests::program("ca-server"));
        run(command.args(words).current_dir(site.path(""))).refused(2, &[]);
        let mut command = std::process::Command::new(ca_tests::program("ca-server"));
        let ran = run(command
            .args(words)
            .args(["--output", "json"])
            .current_dir(site.path("")));
        assert_eq!(ran.code, Some(2), "{ran}");
        assert_eq!(ran.json()["error"]["code"], "invalid-request");
    }
}
