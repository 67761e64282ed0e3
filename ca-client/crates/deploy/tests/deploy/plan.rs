//! What a plan says, and what it refuses.

use ca_deploy::{Binding, DeployError, PlanError};
use ca_routeros::Door;
use ca_types::{Clock as _, Days, Hinted as _};

use crate::fleet::{NAME, Story, tunnel};

fn bare(bindings: Vec<Binding>) -> Story {
    Story::new("7.24.4 (stable)", Door::ApiSsl, bindings)
}

#[tokio::test]
async fn a_bare_router_gets_the_chain_a_key_and_its_bindings() {
    let mut story = bare(vec![Binding::ApiSsl, Binding::WwwSsl, tunnel()]);
    story.entry.crl_use = true;
    let plan = story.plan().await.unwrap();
    let lines: Vec<String> = plan
        .lines()
        .iter()
        .map(|line| format!("{} {}", line.sign.as_str(), line.menu))
        .collect();
    let expect = [
        "+ /certificate",
        "+ /certificate",
        "+ /certificate",
        "+ /certificate/crl",
        "+ /certificate/crl",
        "+ /ip/ipsec/identity",
        "~ /ip/service",
        "~ /ip/service",
        "~ /certificate/settings",
    ];
    assert_eq!(lines, expect);
    let text = plan.to_string();
    for line in [
        "~ /ip/service www-ssl  certificate: none -> berlin.example.net-…  disabled: yes -> no\n",
        "~ /ip/service api-ssl  certificate: bootstrap -> berlin.example.net-…\n",
        "~ /certificate/settings  crl-use: no -> yes  crl-download: no -> yes  (once every CRL is seen valid)\n",
        "! /ip/ipsec/profile default offers weak algorithms: 3des, sha1, modp1024\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn a_router_that_does_not_look_at_crls_is_warned_about() {
    let story = bare(vec![tunnel()]);
    let warnings = story.plan().await.unwrap().warnings;
    assert!(
        warnings
            .iter()
            .any(|warning| warning.starts_with("revoked peers stay in"))
    );
}

#[tokio::test]
async fn a_loopback_crl_is_warned_about() {
    let mut story = bare(vec![tunnel()]);
    story.entry.crl_use = true;
    story.hierarchy.root.crl_url = "http://127.0.0.1:8080/crl/root.crl".to_owned();
    let warnings = story.plan().await.unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.contains("127.0.0.1")));
}

#[tokio::test]
async fn a_foreign_identity_is_refused_and_a_pre_shared_key_is_nobodys_business() {
    let story = bare(vec![tunnel()]);
    let identity = |method, comment| {
        [
            ("peer", "hamburg"),
            ("remote-id", "fqdn:hamburg.example.net"),
            ("auth-method", method),
            ("comment", comment),
        ]
    };
    let add = |fields: [(&str, &str); 4]| story.router.state().add("/ip/ipsec/identity", &fields);
    add(identity("pre-shared-key", ""));
    story.plan().await.unwrap();
    add(identity("digital-signature", "by hand"));
    let error = story.plan().await.unwrap_err();
    assert!(matches!(error, PlanError::ForeignIdentity { .. }));
    assert!(error.hint().unwrap().contains("comment=fleet-ca"));
}

#[tokio::test]
async fn a_missing_peer_and_one_of_ikev1_are_refused_with_the_command() {
    let story = bare(vec![tunnel()]);
    story.router.state().clear("/ip/ipsec/peer");
    let error = story.plan().await.unwrap_err();
    assert!(
        error
            .hint()
            .unwrap()
            .contains("/ip ipsec peer add name=hamburg")
    );
    let fields = [("name", "hamburg"), ("exchange-mode", "main")];
    story.router.state().add("/ip/ipsec/peer", &fields);
    let error = story.plan().await.unwrap_err();
    assert!(matches!(error, PlanError::NotIke2 { .. }));
    assert!(error.hint().unwrap().contains("exchange-mode=ike2"));
}

#[tokio::test(start_paused = true)]
async fn the_only_open_door_is_not_rebound_unless_that_is_accepted() {
    let mut story = bare(vec![Binding::ApiSsl]);
    let mut router = story.router.clone();
    let call = ca_routeros::Call::new("/ip/service", ca_routeros::Command::Print);
    let rows = ca_routeros::RouterTransport::call(&mut router, &call).await;
    let rows = rows.unwrap().rows;
    let ssh = rows.iter().find(|row| row.text("name") == "ssh").unwrap();
    ca_routeros::service::set(&mut router, ssh.id(), None, true)
        .await
        .unwrap();
    story.router.take_changes();
    let error = story.push().await.unwrap_err();
    assert!(matches!(error, DeployError::Lockout { .. }), "{error}");
    assert_eq!(story.router.take_changes(), Vec::<String>::new());
    story.options.accept_lockout = true;
    assert!(story.push().await.unwrap().is_good(false));
}

#[tokio::test]
async fn a_wrong_clock_is_refused_with_the_command_of_the_release() {
    for (version, command) in [
        ("7.24.4 (stable)", "servers=pool.ntp.org"),
        ("6.49.23 (long-term)", "server-dns-names=pool.ntp.org"),
    ] {
        let mut story = Story::new(version, Door::ApiSsl, vec![Binding::WwwSsl]);
        story.router.state().seconds_slow = 301;
        let error = story.push().await.unwrap_err();
        assert!(matches!(error, DeployError::Clock { .. }), "{error}");
        assert!(error.hint().unwrap().contains(command));
        story.router.state().seconds_slow = 299;
        story.plan().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn other_names_another_kind_of_key_or_fewer_days_in_the_fleet_file_are_a_new_certificate() {
    for note in [
        "has other names, and is revoked in the same step",
        "has another kind of key",
        "is valid for more days than wanted",
    ] {
        let mut story = Story::new("7.24.4 (stable)", Door::Rest, vec![Binding::ApiSsl]);
        let first = story.push().await.unwrap().certificates.remove(0);
        let wish = &mut story.entry.certificates[0];
        wish.key_algorithm = Some("p256".to_owned());
        // One that ends earlier than it may ends early enough.
        wish.days = Some(Days(500));
        assert!(story.plan().await.unwrap().is_empty());
        let wish = &mut story.entry.certificates[0];
        let is_renamed = note.contains("names");
        if is_renamed {
            let renamed = &mut story.hierarchy.renamed;
            renamed.insert(first.fingerprint.parse().unwrap());
        } else if note.contains("key") {
            wish.key_algorithm = Some("rsa2048".to_owned());
        } else {
            wish.days = Some(Days(395));
            assert!(story.plan().await.unwrap().is_empty(), "a day is no matter");
            story.entry.certificates[0].days = Some(Days(394));
        }
        let plan = story.plan().await.unwrap().to_string();
        assert!(plan.contains(&format!("; {} {note}", first.row)), "{plan}");
        let second = story.push().await.unwrap().certificates.remove(0);
        assert_ne!(second.row, first.row);
        assert_eq!(second.former.map(|former| former.row), Some(first.row));
        let left = [first.serial, second.serial]
            .into_iter()
            .skip(usize::from(is_renamed));
        let mut left: Vec<String> = left.collect();
        left.sort();
        assert_eq!(story.valid(), left);
        // Of two, the one that is as wanted stays in use, whichever ends later.
        story.entry.certificates[0].key_algorithm = None;
        assert!(story.plan().await.unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn less_than_a_third_of_its_life_makes_a_certificate_end() {
    let mut story = bare(vec![Binding::WwwSsl]);
    story.push().await.unwrap();
    story.clock.advance(263 * 86_400);
    assert!(story.plan().await.unwrap().is_empty());
    story.clock.advance(2 * 86_400);
    let plan = story.plan().await.unwrap();
    assert!(!plan.is_empty());
    assert!(
        plan.to_string()
            .contains("new key, issued by router-2026-1; ")
    );
    let report = story.push().await.unwrap();
    let certificate = &report.certificates[0];
    let former = certificate.former.as_ref().unwrap();
    assert_ne!(former.row, certificate.row);
    assert!(former.not_after > story.clock.now());
    assert!(certificate.row.starts_with(NAME));
    assert!(report.is_good(false));
    assert!(story.plan().await.unwrap().is_empty());
}
