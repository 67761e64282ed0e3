//! A clock that jumps: issuing stops, revoking goes on, and an admin can vouch for it.

use ca_proto::v1::clock_client::ClockClient;
use ca_proto::v1::{
    ConfirmClockRequest, GetClockRequest, ListRequest, RevokeRequest, revoke_request,
};
use ca_tests::{Algorithm, Api, Key, Site, http, request_id};
use ca_types::Clock as _;
use ca_verify::CertificateList;
use std::time::{Duration, Instant};
use tonic::Code;

use crate::in_process;

const YEAR: u64 = 365 * 86_400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_stops_issuing_and_nothing_else() {
    let site = Site::new(Algorithm::P256);
    let server = in_process::start(&site).await;
    let admin = site.data().join("admin");
    let api = Api::connect(&admin, server.addresses.api.port())
        .await
        .expect("it connects");
    let issue = async |name: &str| {
        let request = Key::new().issue_request("router", name);
        api.authority().issue(request).await
    };
    let one = issue("one.example.net").await.expect("it is issued");
    let certificate = one.into_inner().certificate.expect("a certificate");
    let now = server.clock.now();
    server
        .clock
        .set(now.plus(10 * YEAR).expect("before the year 10000"));

    let refused = issue("two.example.net")
        .await
        .expect_err("the clock jumped");
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    assert!(refused.message().contains("clock"), "{refused:?}");
    let revoke = revocation(&certificate.serial);
    api.authority().revoke(revoke).await.expect("it is revoked");
    // The CRL has it, with dates that devices take.
    let crl = listed_are(&server, &certificate.issuer_id, 1).await;
    assert!(crl.this_update().since(now) < 3600, "{}", crl.this_update());

    let mut clock = ClockClient::new(api.channel());
    let shown = clock.get_clock(GetClockRequest {}).await.expect("shown");
    assert!(!shown.into_inner().distrust.is_empty());
    // Ten minutes at the most lie between the clocks of admin and server.
    let confirm = |time: i64| ConfirmClockRequest {
        request_id: request_id(),
        time,
    };
    let differ = clock.confirm_clock(confirm(now.seconds())).await;
    assert_eq!(
        differ.expect_err("the clocks differ").code(),
        Code::FailedPrecondition
    );
    // It is set right: everything goes on by itself.
    server.clock.set(now.plus(60).expect("a minute later"));
    let two = issue("two.example.net").await.expect("it is issued");
    let two = two.into_inner().certificate.expect("a certificate");
    // Two days ahead, and an admin says that this is the time.
    let ahead = now.plus(2 * 86_400).expect("two days later");
    server.clock.set(ahead);
    issue("three.example.net")
        .await
        .expect_err("the clock jumped");
    let confirmed = clock.confirm_clock(confirm(ahead.seconds())).await;
    assert_eq!(
        confirmed.expect("confirmed").into_inner().time,
        ahead.seconds()
    );
    issue("three.example.net").await.expect("it is issued");
    let listed = api.authority().list(ListRequest::default()).await;
    assert!(listed.expect("listed").into_inner().certificates.len() >= 3);
    // Before the log: nothing is issued until it is right again.
    server.clock.set(ahead.minus(3600));
    let refused = issue("four.example.net").await.expect_err("before the log");
    assert!(refused.message().contains("leaf"), "{refused:?}");
    let revoke = revocation(&two.serial);
    api.authority().revoke(revoke).await.expect("it is revoked");
    listed_are(&server, &two.issuer_id, 2).await;
    // The clock is right now, and was wrong when the last leaves were written: an admin says so.
    server.clock.set(now.plus(60).expect("a minute later"));
    issue("four.example.net").await.expect_err("before the log");
    let shown = site.client(&["clock", "confirm"]).ok().stdout;
    assert!(shown.contains("yes"), "{shown}");
    issue("four.example.net").await.expect("it is issued");
}

/// Waits until a CRL has so many certificates.
async fn listed_are(server: &in_process::InProcess, issuer: &str, count: usize) -> CertificateList {
    let path = format!("/crl/{issuer}.crl");
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let http_port = server.addresses.http.port();
        let crl = CertificateList::from_der(&http(http_port, "GET", &path, &[]).body);
        let crl = crl.expect("a CRL");
        if crl.len() == count {
            return crl;
        }
        assert!(Instant::now() < end, "not on the CRL");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn revocation(serial: &str) -> RevokeRequest {
    RevokeRequest {
        request_id: request_id(),
        target: Some(revoke_request::Target::Serial(serial.to_owned())),
        reason: 0,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_off_for_a_week_starts_as_ever() {
    let site = Site::new(Algorithm::P256);
    let admin = site.data().join("admin");
    for days in [0, 8] {
        let server = in_process::start_after(&site, days * 86_400).await;
        let api = Api::connect(&admin, server.addresses.api.port())
            .await
            .expect("it connects");
        let request = Key::new().issue_request("router", &format!("day-{days}.example.net"));
        api.authority().issue(request).await.expect("it is issued");
        server.stop().await;
    }
}
