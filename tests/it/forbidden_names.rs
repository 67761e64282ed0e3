//! A name that the policy forbids, by every way in: as NAME, as a further name, in the request, and in a successor.

use ca_proto::v1;
use ca_proto::v1::audit_client::AuditClient;
use ca_proto::v1::policy_client::PolicyClient;
use ca_tests::{Algorithm, Api, Key, Site, request_id};
use rcgen::SanType;
use tonic::Status;

use crate::in_process;

/// What the settings forbid later: one name of each form.
struct Forbidden {
    name: &'static str,
    san: &'static str,
    in_request: SanType,
}

fn all_forbidden() -> [Forbidden; 3] {
    let ia5 = |text: &str| text.try_into().expect("ASCII");
    [
        Forbidden {
            name: "gw.example.com",
            san: "dns:gw.example.com",
            in_request: SanType::DnsName(ia5("gw.example.com")),
        },
        Forbidden {
            name: "198.51.100.7",
            san: "ip:198.51.100.7",
            in_request: SanType::IpAddress([198, 51, 100, 7].into()),
        },
        Forbidden {
            name: "mallory@example.com",
            san: "email:mallory@example.com",
            in_request: SanType::Rfc822Name(ia5("mallory@example.com")),
        },
    ]
}

/// A certificate that was issued while everything was allowed.
struct Issued {
    name: String,
    key: Key,
    serial: String,
}

async fn issue(api: &Api, name: &str, sans: &[&str]) -> Issued {
    let key = Key::new();
    let mut request = key.issue_request("router", name);
    request.sans = sans.iter().map(|&san| san.to_owned()).collect();
    let issued = api.authority().issue(request).await.expect("it is issued");
    Issued {
        name: name.to_owned(),
        key,
        serial: issued
            .into_inner()
            .certificate
            .expect("a certificate")
            .serial,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forbidden_name_is_refused_by_every_way_in() {
    let site = Site::new(Algorithm::P256);
    let server = in_process::start(&site).await;
    let api = Api::connect(&site.data().join("admin"), server.addresses.api.port())
        .await
        .expect("the admin is let in");
    let clean = issue(&api, "clean.example.net", &[]).await;
    let mut former = Vec::new();
    for (at, forbidden) in all_forbidden().iter().enumerate() {
        let host = format!("host-{at}.example.net");
        former.push((
            issue(&api, forbidden.name, &[]).await,
            issue(&api, &host, &[forbidden.san]).await,
        ));
    }
    forbid(&site, &api).await;

    let before = leaves(&api).await;
    for (forbidden, (by_name, by_san)) in all_forbidden().iter().zip(&former) {
        let mut refused = ways_to_issue(&api, forbidden).await;
        refused.extend(ways_to_succeed(&api, forbidden, &clean, [by_name, by_san]).await);
        assert_eq!(refused.len(), 12);
        for (way, status) in refused {
            let status = status.expect_err(way);
            assert!(
                status.message().contains(forbidden.name),
                "{way}: {status:?}"
            );
        }
    }
    assert_eq!(leaves(&api).await, before, "nothing was issued");
    // It is the name alone: the clean one goes on.
    let request = renewal(&clean, clean.key.certification_request(&clean.name));
    api.authority().renew(request).await.expect("it is renewed");
}

/// Puts limits in force that the forbidden names lie outside of.
async fn forbid(site: &Site, api: &Api) {
    let file = site.data().join("ca-server.toml");
    let settings = std::fs::read_to_string(&file).expect("init wrote settings");
    let narrow = settings.replace("domains = []", "domains = [\"example.net\"]");
    assert_ne!(narrow, settings);
    let ranges = "[profiles.router]\nsan_addresses = [\"192.0.2.0/24\"]\n";
    std::fs::write(&file, format!("{narrow}\n{ranges}")).expect("the settings are ours");
    let request = v1::ReloadRequest {
        request_id: request_id(),
    };
    let reloaded = PolicyClient::new(api.channel()).reload(request).await;
    reloaded.expect("the settings are sound");
}

async fn leaves(api: &Api) -> u64 {
    let mut audit = AuditClient::new(api.channel());
    let head = audit.get_tree_head(v1::GetTreeHeadRequest {}).await;
    head.expect("the admin may ask").into_inner().size
}

type Outcomes = Vec<(&'static str, Result<(), Status>)>;

async fn ways_to_issue(api: &Api, forbidden: &Forbidden) -> Outcomes {
    let key = Key::new();
    let innocent = key.issue_request("router", "innocent.example.net");
    let mut as_san = innocent.clone();
    as_san.sans = vec![forbidden.san.to_owned()];
    let mut in_subject = innocent.clone();
    in_subject.request_id = request_id();
    in_subject.certification_request = key.certification_request(forbidden.name);
    let mut in_extension = innocent;
    in_extension.request_id = request_id();
    in_extension.certification_request =
        key.certification_request_with("innocent.example.net", vec![forbidden.in_request.clone()]);
    let mut outcomes = Outcomes::new();
    for (way, request) in [
        ("NAME", key.issue_request("router", forbidden.name)),
        ("further name", as_san),
        ("common name of the request", in_subject),
        ("alternative name of the request", in_extension),
    ] {
        let outcome = api.authority().issue(request).await;
        outcomes.push((way, outcome.map(drop)));
    }
    outcomes
}

/// The forbidden name stands in the predecessor, or in the request for the successor of a clean one.
async fn ways_to_succeed(
    api: &Api,
    forbidden: &Forbidden,
    clean: &Issued,
    [by_name, by_san]: [&Issued; 2],
) -> Outcomes {
    let with_san = |key: &Key, name: &str| {
        key.certification_request_with(name, vec![forbidden.in_request.clone()])
    };
    let mut outcomes = Outcomes::new();
    for (way, holder, renew, rekey) in [
        (
            "NAME of the predecessor",
            by_name,
            by_name.key.certification_request(&by_name.name),
            Key::new().certification_request(&by_name.name),
        ),
        (
            "further name of the predecessor",
            by_san,
            by_san.key.certification_request(&by_san.name),
            Key::new().certification_request(&by_san.name),
        ),
        (
            "common name of the request for a successor",
            clean,
            clean.key.certification_request(forbidden.name),
            Key::new().certification_request(forbidden.name),
        ),
        (
            "alternative name of the request for a successor",
            clean,
            with_san(&clean.key, &clean.name),
            with_san(&Key::new(), &clean.name),
        ),
    ] {
        let renewed = api.authority().renew(renewal(holder, renew)).await;
        outcomes.push((way, renewed.map(drop)));
        let request = v1::RekeyRequest {
            request_id: request_id(),
            serial: holder.serial.clone(),
            certification_request: rekey,
            ..v1::RekeyRequest::default()
        };
        let rekeyed = api.authority().rekey(request).await;
        outcomes.push((way, rekeyed.map(drop)));
    }
    outcomes
}

fn renewal(holder: &Issued, certification_request: Vec<u8>) -> v1::RenewRequest {
    v1::RenewRequest {
        request_id: request_id(),
        serial: holder.serial.clone(),
        certification_request,
        ..v1::RenewRequest::default()
    }
}
