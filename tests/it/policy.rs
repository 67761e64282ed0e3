//! What may be issued: explained without issuing, and changed while the server runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ca_proto::v1;
use ca_proto::v1::audit_client::AuditClient;
use ca_proto::v1::policy_client::PolicyClient;
use ca_tests::{Algorithm, Api, Key, Process, Run, Site, first_ca, openssl, request_id, until};
use ca_verify::{Certificate, Change, Entry, oid};
use serde_json::Value;

use crate::in_process;
use crate::rows::{list, word};

/// Adds lines to the settings that `init` wrote.
fn settings(site: &Site, original: &str, more: &str) {
    let file = site.data().join("ca-server.toml");
    std::fs::write(file, format!("{original}\n{more}")).expect("the settings are ours");
}

fn original(site: &Site) -> String {
    let file = site.data().join("ca-server.toml");
    std::fs::read_to_string(file).expect("init wrote settings")
}

fn leaves(site: &Site) -> usize {
    let entries = site.client_json(&["audit", "show"]);
    entries.as_array().expect("a list is an array").len()
}

/// Makes `request.pem` with a new key.
fn request(site: &Site, subject: &str) {
    let key = Key::new();
    std::fs::write(site.path("request.key"), key.pkcs8()).expect("the site is writable");
    request_with_the_key(site, subject);
}

/// Makes `request.pem` with the key of the last one.
fn request_with_the_key(site: &Site, subject: &str) {
    let words = [
        "req",
        "-new",
        "-key",
        "request.key",
        "-keyform",
        "DER",
        "-subj",
        subject,
        "-out",
        "request.pem",
    ];
    openssl(&site.path(""), &words).ok();
}

fn explain(site: &Site, words: &[&str]) -> (Option<i32>, Value) {
    let mut all = vec![
        "profile",
        "explain",
        "--csr",
        "request.pem",
        "--output",
        "json",
    ];
    all.extend(words);
    let ran: Run = site.client(&all);
    (ran.code, ran.json())
}

#[test]
fn explain_tells_the_rule_for_every_name_and_issues_nothing() {
    let site = Site::new(Algorithm::P256);
    settings(
        &site,
        &original(&site).replace("domains = []", "domains = [\"example.net\"]"),
        "[profiles.gateway]\nclass = \"vpn-server\"\nsan_patterns = [\"*.vpn.example.net\"]\n\
         san_addresses = [\"192.0.2.0/24\"]\nmaximum_days = 90\ndefault_days = 30\n",
    );
    let _server = site.serve();
    request(&site, "/CN=gw.vpn.example.net");
    let before = leaves(&site);

    let (code, yes) = explain(&site, &["--profile", "gateway", "--san", "ip:192.0.2.7"]);
    assert_eq!(code, Some(0), "{yes}");
    assert_eq!(
        yes["names"],
        serde_json::json!([
            {"name": "dns:gw.vpn.example.net", "allowed": true,
             "reason": "san_patterns: *.vpn.example.net; domains: example.net"},
            {"name": "ip:192.0.2.7", "allowed": true, "reason": "san_addresses: 192.0.2.0/24"},
        ])
    );
    assert_eq!(
        yes["certificate"]["extended_key_usage"],
        serde_json::json!(["serverAuth", "ipsecIKE", "iKEIntermediate"])
    );

    // One bad name does not hide the others, and the verdict names the first.
    let (code, no) = explain(
        &site,
        &[
            "--profile",
            "gateway",
            "--san",
            "dns:a.example.com",
            "--san",
            "ip:10.0.0.1",
            "--san",
            "dns:*.x",
            "--san",
            "ip:192.0.2.9",
        ],
    );
    assert_eq!(code, Some(1), "{no}");
    let verdicts: Vec<_> = no["names"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|name| (word(name, "name"), name["allowed"] == true))
        .collect();
    let expect = [
        ("dns:gw.vpn.example.net", true),
        ("dns:a.example.com", false),
        ("ip:10.0.0.1", false),
        ("dns:*.x", false),
        ("ip:192.0.2.9", true),
    ];
    assert_eq!(verdicts, expect.map(|(name, is)| (name.to_owned(), is)));
    assert_eq!(no["refusal"]["code"], "invalid-name");
    let (code, no) = explain(&site, &["--profile", "gateway", "--days", "91"]);
    assert_eq!(
        (code, &no["refusal"]["code"]),
        (Some(1), &"policy-refused".into())
    );

    let text = site
        .client(&[
            "profile",
            "explain",
            "--csr",
            "request.pem",
            "--profile",
            "router",
        ])
        .ok()
        .stdout;
    assert!(text.contains("yes: it would be issued"), "{text}");
    assert!(text.contains("domains: example.net"), "{text}");
    assert_eq!(leaves(&site), before);
    assert!(list(&site, &["--profile", "gateway"]).is_empty());

    it_knows_the_owner_of_a_key_and_the_targets(&site);
    what_it_says_is_what_issuing_does(&site);
}

/// The key of the request is certified for another NAME here, and says the same as issuing.
fn it_knows_the_owner_of_a_key_and_the_targets(site: &Site) {
    let (code, yes) = explain(site, &["--profile", "gateway", "--target", "ios"]);
    assert_eq!(code, Some(0), "{yes}");
    let notices = yes["certificate"]["target_notices"].to_string();
    assert!(notices.contains("server-key-rsa-by-hand"), "{yes}");
    let (code, no) = explain(site, &["--profile", "gateway", "--target", "routeros-6"]);
    assert_eq!(code, Some(1), "{no}");
    assert_eq!(no["refusal"]["code"], "target-refused", "{no}");
    assert!(
        word(&no["refusal"], "message").contains("chain-keys-rsa"),
        "{no}"
    );

    site.client(&[
        "sign",
        "--csr",
        "request.pem",
        "--profile",
        "router",
        "--out",
        "owner",
    ])
    .ok();
    request_with_the_key(site, "/CN=other.vpn.example.net");
    let (code, no) = explain(site, &["--profile", "gateway"]);
    assert_eq!(
        (code, &no["refusal"]["code"]),
        (Some(1), &"key-taken".into())
    );
    assert!(
        word(&no["refusal"], "message").contains("`gw.vpn.example.net`"),
        "{no}"
    );
    request_with_the_key(site, "/CN=gw.vpn.example.net");
    let (code, yes) = explain(site, &["--profile", "gateway"]);
    assert_eq!(
        code,
        Some(0),
        "the owner may have a certificate of another profile: {yes}"
    );
}

fn what_it_says_is_what_issuing_does(site: &Site) {
    let issued = site.issue("gateway", "gw.vpn.example.net", &["--san", "ip:192.0.2.7"]);
    assert_eq!(issued["profile"], "gateway");
    let words = [
        "issue",
        "--profile",
        "gateway",
        "--name",
        "a.example.net",
        "--out",
        "out",
    ];
    site.client(&words).refused(
        1,
        &["`a.example.net` is none of the names of profile gateway"],
    );
    site.client(&["profile", "show", "nothing"])
        .refused(1, &["no profile `nothing`"]);
    let shown = site.client(&["profile", "show", "gateway"]).ok().stdout;
    assert!(shown.contains("*.vpn.example.net"), "{shown}");
}

#[test]
fn a_reload_takes_all_of_the_policy_or_nothing_and_stands_in_the_log() {
    let (site, server) = Site::running(Algorithm::P256);
    let original = original(&site);
    let issue = |name: &str| {
        let out = format!("out-{name}");
        site.client(&[
            "issue",
            "--profile",
            "router",
            "--name",
            name,
            "--out",
            &out,
        ])
    };
    issue("a.example.net").ok();
    let unchanged = site.client_json(&["profile", "reload"]);
    assert_eq!(unchanged["old_settings"], unchanged["new_settings"]);

    let strict = "[profiles.router]\nsan_types = [\"ip\"]\n";
    settings(&site, &original, strict);
    let before = leaves(&site);
    let reloaded = site.client_json(&["profile", "reload"]);
    let line = "profiles.router.san_types: [\"dns\", \"ip\", \"email\"] -> [\"ip\"]";
    assert_eq!(reloaded["changes"], serde_json::json!([line]));
    assert_eq!(reloaded["old_settings"], unchanged["new_settings"]);
    issue("b.example.net").refused(1, &["profile router does not certify `dns:b.example.net`"]);
    assert_eq!(leaves(&site), before + 1);
    let log = site.client(&["audit", "show"]).ok().stdout;
    assert!(
        log.contains(&format!(
            "settings-changed {}",
            word(&reloaded, "old_settings")
        )),
        "{log}"
    );
    assert!(log.contains(line), "{log}");
    assert!(server.log().contains("setting changed"), "{}", server.log());

    let foreign_issuer = format!(
        "[profiles.router]\nissuer = \"{}\"\n",
        first_ca("vpn-client")
    );
    // A wrong file, a key that needs a restart, a CA that is not there: each leaves what is in force.
    for (text, more, expect) in [
        (
            original.clone(),
            "[profiles.router]\nmaximum_days = 9999\n",
            "maximum_days: 9999: wanted 1 to 825",
        ),
        (
            original.replace(
                "server_names = [",
                "server_names = [\"other.example.net\", ",
            ),
            "",
            "not reloadable: server_names",
        ),
        (
            original.clone(),
            "[limits]\nconnections = 7\n",
            "not reloadable: limits",
        ),
        (
            original.clone(),
            "[profiles.router]\nissuer = \"router-1999-1\"\n",
            "there is no issuer `router-1999-1`",
        ),
        (original.clone(), &foreign_issuer, "is a vpn-client CA"),
    ] {
        settings(&site, &text, more);
        site.client(&["profile", "reload"]).refused(1, &[expect]);
        issue("b.example.net").refused(1, &["does not certify"]);
    }
    assert_eq!(leaves(&site), before + 1);

    by_signal(&site, &server, &original, before);
}

fn by_signal(site: &Site, server: &Process, original: &str, before: usize) {
    settings(site, original, "[profiles.router]\nmaximum_days = 9999\n");
    hang_up(server.id());
    until(Duration::from_secs(60), "the refusal in the log", || {
        server.log().contains("settings not reloaded").then_some(())
    });
    settings(site, original, "# as it was\n");
    hang_up(server.id());
    until(Duration::from_secs(60), "the reload", || {
        (leaves(site) == before + 2).then_some(())
    });
    until(Duration::from_secs(60), "the settings in force", || {
        (issue_again(site).code == Some(0)).then_some(())
    });
    let log = site.client(&["audit", "show"]).ok().stdout;
    assert!(log.contains("console"), "{log}");
}

fn issue_again(site: &Site) -> Run {
    let words = [
        "issue",
        "--profile",
        "router",
        "--name",
        "b.example.net",
        "--out",
        "out-b.example.net",
    ];
    site.client(&words)
}

fn hang_up(process: u32) {
    let sent = std::process::Command::new("kill")
        .args(["-HUP", &process.to_string()])
        .status()
        .expect("kill is there");
    assert!(sent.success());
}

#[test]
fn a_profile_serves_the_roles_that_it_names() {
    let site = Site::new(Algorithm::P256);
    settings(
        &site,
        &original(&site),
        "[profiles.router]\nroles = [\"agent\"]\n",
    );
    let _server = site.serve();
    let words = [
        "issue",
        "--profile",
        "router",
        "--name",
        "a.example.net",
        "--out",
        "out",
    ];
    site.client(&words).refused(
        1,
        &["actor `admin` has role admin, which may not ask for profile router"],
    );
    let agent = ["actor", "add", "agent", "--role", "agent", "--out", "agent"];
    site.client(&agent).ok();
    let mut command = site.client_command_as(&site.path("agent/client.toml"), &words);
    ca_tests::run(&mut command).ok();
}

#[test]
fn a_start_with_changed_settings_stands_in_the_log() {
    let site = Site::new(Algorithm::P256);
    let original = original(&site);
    let changes = |site: &Site| {
        let log = site.client(&["audit", "show"]).ok().stdout;
        log.matches("settings-changed").count()
    };
    // The ports of this test came into the file after `init`.
    for (more, expected) in [
        ("# one", 1),
        ("# one", 1),
        ("# two", 2),
        ("# two", 2),
        ("# one", 3),
    ] {
        settings(&site, &original, more);
        let _server = site.serve();
        assert_eq!(changes(&site), expected, "{more}");
    }
}

/// How many certificates the race issues; one costs about 3 ms in a debug build on two cores.
const RACERS: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn every_certificate_of_a_race_fits_the_settings_that_its_leaf_names() {
    let site = Site::new(Algorithm::P256);
    let original = original(&site);
    let versions = [
        "[profiles.router]\ndefault_days = 100\nextended_key_usage = [\"serverAuth\"]\n",
        "[profiles.router]\ndefault_days = 200\nextended_key_usage = [\"clientAuth\"]\n",
    ];
    settings(&site, &original, versions[0]);
    let server = in_process::start(&site).await;
    let api = Api::connect(&site.data().join("admin"), server.addresses.api.port())
        .await
        .expect("the server accepts its admin");
    let done = Arc::new(AtomicBool::new(false));
    let reloads = {
        let (done, channel) = (Arc::clone(&done), api.channel());
        let file = site.data().join("ca-server.toml");
        let texts = versions.map(|version| format!("{original}\n{version}"));
        tokio::spawn(async move {
            let mut client = PolicyClient::new(channel);
            let mut count = 0;
            while !done.load(Ordering::Relaxed) {
                count += 1;
                std::fs::write(&file, &texts[count % 2]).expect("the settings are ours");
                let request = v1::ReloadRequest {
                    request_id: request_id(),
                };
                client
                    .reload(request)
                    .await
                    .expect("the settings are sound");
            }
            count
        })
    };
    let mut racers = tokio::task::JoinSet::new();
    for lane in 0..32 {
        let mut client = api.authority();
        racers.spawn(async move {
            for at in (lane..RACERS).step_by(32) {
                let name = format!("r{at}.example.net");
                let request = Key::new().issue_request("router", &name);
                client.issue(request).await.expect("both versions allow it");
            }
        });
    }
    racers.join_all().await;
    done.store(true, Ordering::Relaxed);
    let reloads = reloads.await.expect("it does not panic");
    judge_the_log(&api, reloads).await;
}

/// Reads the whole log: every certificate has validity and purposes of one version, the one of its leaf.
async fn judge_the_log(api: &Api, reloads: usize) {
    let mut shapes: BTreeMap<String, (u64, bool)> = BTreeMap::new();
    let (mut certificates, mut changes, mut first) = (0, 0, 0);
    let mut in_force = None;
    loop {
        let request = v1::ListEntriesRequest {
            first,
            page_size: 1000,
            ..v1::ListEntriesRequest::default()
        };
        let page = AuditClient::new(api.channel())
            .list_entries(request)
            .await
            .expect("the admin reads the log")
            .into_inner();
        for wire in &page.entries {
            first = wire.leaf + 1;
            let entry = Entry::from_der(&wire.octets).expect("an entry");
            let settings = entry.origin.settings.to_string();
            for change in &entry.changes {
                match change {
                    Change::SettingsChanged(changed) => {
                        assert_eq!(changed.old.to_string(), settings);
                        assert_eq!(*in_force.get_or_insert(changed.old), changed.old);
                        in_force = Some(changed.new);
                        changes += 1;
                    }
                    Change::Issued(issued) if issued.profile.as_str() == "router" => {
                        let certificate =
                            Certificate::from_der(&issued.certificate).expect("a certificate");
                        let days = certificate.validity().seconds() / 86_400;
                        let is_server = match certificate.extended_key_usage() {
                            [purpose] => *purpose == oid::SERVER_AUTH,
                            other => panic!("{other:?}"),
                        };
                        assert_eq!(days, if is_server { 100 } else { 200 });
                        let shape = shapes.entry(settings.clone()).or_insert((days, is_server));
                        assert_eq!(*shape, (days, is_server), "leaf {}", wire.leaf);
                        certificates += 1;
                    }
                    _ => {}
                }
            }
        }
        if first >= page.size {
            break;
        }
    }
    assert_eq!(certificates, RACERS);
    assert_eq!(shapes.len(), 2, "both versions issued");
    // The first reload found the file as it was, or changed it; each one after it changed it.
    assert!(
        changes + 1 >= reloads && changes > 10,
        "{changes} of {reloads}"
    );
}
