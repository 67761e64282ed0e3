//! Pushes: what is sent, in which order, and how they end when something breaks.

use ca_deploy::{Binding, DeployError, Revocation};
use ca_routeros::{Command, Door};

use crate::fleet::{NAME, Story, outcomes, tunnel};
use crate::router::Tls;

const NEW: &str = "7.24.4 (stable)";
const OLD: &str = "6.49.23 (long-term)";

#[tokio::test(start_paused = true)]
async fn a_second_push_sends_nothing() {
    for (version, door) in [(NEW, Door::Rest), (NEW, Door::ApiSsl), (OLD, Door::ApiSsl)] {
        let bindings = vec![
            Binding::WwwSsl,
            Binding::ApiSsl,
            tunnel(),
            Binding::SstpServer,
            Binding::SstpClient {
                interface: "to-hq".to_owned(),
            },
        ];
        let mut story = Story::new(version, door, bindings);
        story.entry.crl_use = true;
        let report = story.push().await.unwrap();
        assert_eq!(
            outcomes(&report),
            [
                "www-ssl: proved",
                "api-ssl: proved",
                "ipsec hamburg fqdn:hamburg.example.net: proved",
                "sstp-server: unproved: the server is switched off",
                "sstp-client to-hq: unproved: which certificate the connection of to-hq was made with cannot be seen",
            ]
        );
        assert_eq!(report.revocation, Revocation::InForce);
        assert_eq!(report.new_pins.len(), 1);
        assert_eq!(story.router.state().trusted, report.new_pins);
        assert!(!report.is_good(false) && report.is_good(true));
        assert!(story.router.state().files.is_empty());
        assert_eq!(story.router.rows("/certificate"), 3);
        story.router.take_changes();
        let again = story.push().await.unwrap();
        assert!(!again.changed);
        assert_eq!(again.certificates[0].row, report.certificates[0].row);
        assert_eq!(story.router.take_changes(), Vec::<String>::new());
        assert_eq!(*story.enroller.count.lock().unwrap(), 1);
        let verified = story.verify().await.unwrap();
        assert_eq!(outcomes(&verified), outcomes(&report));
    }
}

#[tokio::test(start_paused = true)]
async fn an_identity_is_sent_whole_and_its_neighbour_stays() {
    let mut story = Story::new(NEW, Door::ApiSsl, vec![tunnel()]);
    story.router.state().add(
        "/ip/ipsec/identity",
        &[
            ("peer", "other"),
            ("auth-method", "pre-shared-key"),
            ("secret", "hush"),
        ],
    );
    let report = story.push().await.unwrap();
    let changes = story.router.take_changes();
    let identity: Vec<&String> = changes
        .iter()
        .filter(|call| call.starts_with("/ip/ipsec/identity"))
        .collect();
    let expect = format!(
        "/ip/ipsec/identity add peer=hamburg auth-method=digital-signature certificate={},{} my-id=fqdn:{NAME} \
         remote-id=fqdn:hamburg.example.net match-by=remote-id comment=fleet-ca",
        report.certificates[0].row,
        story.router.field("/certificate", &ca_row(&story), "name"),
    );
    assert_eq!(identity, [&expect]);
    assert!(report.new_pins.is_empty());
}

fn ca_row(story: &Story) -> String {
    let digits = story.hierarchy.issuing[0]
        .certificate
        .fingerprint()
        .to_string();
    format!("fleet-ca-router-2026-1-{}", digits.get(..8).unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_service_that_we_come_through_is_bound_last() {
    let bindings = vec![Binding::ApiSsl, Binding::WwwSsl, tunnel()];
    let mut story = Story::new(NEW, Door::ApiSsl, bindings);
    story.push().await.unwrap();
    let changes = story.router.take_changes();
    let last = changes.last().unwrap();
    let id = story.router.field("/ip/service", "api-ssl", ".id");
    assert!(
        last.starts_with(&format!("/ip/service set {id} certificate=")),
        "{last}"
    );
}

#[tokio::test(start_paused = true)]
async fn keys_are_secret_and_files_are_deleted() {
    for version in [NEW, OLD] {
        let mut story = Story::new(version, Door::ApiSsl, vec![Binding::WwwSsl]);
        // The router refuses a key that is not marked as secret.
        story.push().await.unwrap();
        let changes = story.router.take_changes();
        let removed = changes
            .iter()
            .filter(|call| call.starts_with("/file remove"));
        assert_eq!(removed.count(), 4);
        assert!(changes.iter().any(|call| call.contains("contents=…")));
        assert!(changes.iter().all(|call| !call.contains("PRIVATE KEY")));
        assert!(story.router.state().files.is_empty());
        let imports = changes
            .iter()
            .filter(|call| call.starts_with("/certificate import"));
        for import in imports {
            assert!(import.contains("passphrase="), "{import}");
            assert_eq!(import.contains("trusted=yes"), version == NEW, "{import}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_does_not_attach_is_imported_once_more() {
    let mut story = Story::new(NEW, Door::ApiSsl, vec![Binding::WwwSsl]);
    story.router.state().lost_keys = 1;
    assert!(story.push().await.unwrap().is_good(false));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_never_attaches_leaves_nothing_behind() {
    let mut story = Story::new(NEW, Door::ApiSsl, vec![Binding::WwwSsl]);
    story.router.state().lost_keys = 2;
    let error = story.push().await.unwrap_err();
    assert!(matches!(error, DeployError::Import { .. }), "{error}");
    assert_eq!(story.router.rows("/certificate"), 0);
    assert!(story.router.state().files.is_empty());
    assert_eq!(
        story.router.field("/ip/service", "www-ssl", "certificate"),
        "none"
    );
    assert_eq!(story.valid(), Vec::<String>::new());
    let report = story.push().await.unwrap();
    assert_eq!(story.valid(), [report.certificates[0].serial.clone()]);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_could_not_be_discarded_is_named_with_what_went_wrong() {
    let mut story = Story::new(NEW, Door::ApiSsl, vec![Binding::WwwSsl]);
    story.router.state().lost_keys = 2;
    story.enroller.is_agent = true;
    let error = story.push().await.unwrap_err().to_string();
    let [serial] = story.valid().try_into().unwrap();
    let expect =
        format!("; and the certificate {serial}, whose key is gone, stays valid: an agent may not");
    assert!(
        error.starts_with("the router did not take the key"),
        "{error}"
    );
    assert!(error.ends_with(&expect), "{error}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_issued_for_a_router_that_is_reached_in_the_clear() {
    let mut story = Story::new(NEW, Door::ApiPlain, vec![Binding::WwwSsl]);
    let error = story.push().await.unwrap_err().to_string();
    assert!(error.ends_with("api-plain is not encrypted"), "{error}");
    assert_eq!(*story.enroller.count.lock().unwrap(), 0);
    assert_eq!(story.router.take_changes(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_deleted_is_named_with_what_went_wrong() {
    let mut story = Story::new(NEW, Door::ApiSsl, vec![Binding::WwwSsl]);
    story.router.state().denied = Some(("/file", Command::Remove));
    let error = story.push().await.unwrap_err().to_string();
    let expect = "and the file r4nd0m1.pem may still be on the router, perhaps with a key in it";
    assert!(error.ends_with(expect), "{error}");
    assert_eq!(story.router.rows("/certificate"), 0);
}

#[tokio::test(start_paused = true)]
async fn files_of_a_killed_push_are_deleted_and_others_stay() {
    let mut story = Story::new(OLD, Door::ApiSsl, vec![Binding::WwwSsl]);
    for name in [
        "fleet-ca-0123456789abcdef",
        "fleet-ca-0123456789abcdef.txt",
        "fleet-ca-notes.txt",
    ] {
        let text = "-----BEGIN PRIVATE KEY-----".to_owned();
        story.router.state().files.insert(name.to_owned(), text);
    }
    assert!(story.push().await.unwrap().is_good(false));
    let state = story.router.state();
    assert_eq!(
        state.files.keys().collect::<Vec<_>>(),
        ["fleet-ca-notes.txt"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_is_pinned_when_it_is_on_the_router_and_before_it_is_bound() {
    let mut story = Story::new(NEW, Door::ApiSsl, vec![Binding::ApiSsl]);
    story.router.state().lost_keys = 6;
    for _ in 0..3 {
        story.push().await.unwrap_err();
    }
    // Else the key in use would have been driven out of the fleet file by now.
    assert!(story.enroller.pins.lock().unwrap().is_empty());
    let report = story.push().await.unwrap();
    assert!(report.is_good(false));
    assert_eq!(*story.enroller.pins.lock().unwrap(), report.new_pins);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_was_there_is_pinned_before_our_own_service_gets_it() {
    let mut story = Story::new(NEW, Door::ApiSsl, vec![Binding::WwwSsl]);
    let first = story.push().await.unwrap();
    assert!(first.new_pins.is_empty());
    story.entry.certificates[0].bindings = vec![Binding::WwwSsl, Binding::ApiSsl];
    let second = story.push().await.unwrap();
    assert_eq!(outcomes(&second), ["www-ssl: kept", "api-ssl: proved"]);
    assert_eq!(*story.enroller.count.lock().unwrap(), 1);
    assert_eq!(second.new_pins.len(), 1);
    assert_eq!(*story.enroller.pins.lock().unwrap(), second.new_pins);
    assert_eq!(story.router.state().trusted, second.new_pins);
}

#[tokio::test(start_paused = true)]
async fn a_cut_at_the_bind_ends_in_a_binding_that_works() {
    for binding in [Binding::ApiSsl, Binding::WwwSsl, tunnel()] {
        let place = match &binding {
            Binding::Ipsec(_) => ("/ip/ipsec/identity", Command::Add),
            _ => ("/ip/service", Command::Set),
        };
        for is_done in [false, true] {
            let mut story = Story::new(NEW, Door::ApiSsl, vec![binding.clone()]);
            story.router.state().cut = Some((place.0, place.1, is_done));
            let report = story.push().await.unwrap();
            assert_eq!(outcomes(&report), [format!("{binding}: proved")]);
            assert_eq!(
                story.router.rows("/ip/ipsec/identity"),
                usize::from(place.1 == Command::Add)
            );
            assert!(story.plan().await.unwrap().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_while_staging_leaves_nothing_behind_or_goes_on() {
    for (menu, command) in [
        ("/file", Command::Add),
        ("/file", Command::Remove),
        ("/certificate", Command::Other("import")),
    ] {
        for is_done in [false, true] {
            let mut story = Story::new(NEW, Door::ApiSsl, vec![Binding::WwwSsl]);
            story.router.state().cut = Some((menu, command, is_done));
            let result = story.push().await;
            assert!(story.router.state().files.is_empty(), "{menu} {command:?}");
            if result.is_err() {
                assert_eq!(story.router.rows("/certificate"), 0);
            }
            assert!(story.push().await.unwrap().is_good(false));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_proof_puts_the_former_binding_back() {
    for (binding, service, former) in [
        (Binding::ApiSsl, "api-ssl", "bootstrap"),
        (Binding::WwwSsl, "www-ssl", "none"),
    ] {
        let mut story = Story::new(NEW, Door::ApiSsl, vec![binding]);
        story.router.state().tls = Tls::Broken;
        let report = story.push().await.unwrap();
        let expect = format!("{service}: rolled-back: handshake failure");
        assert_eq!(outcomes(&report), [expect]);
        assert!(!report.is_good(true));
        let field = |name| story.router.field("/ip/service", service, name);
        assert_eq!(field("certificate"), former);
        assert_eq!(field("disabled"), (service == "www-ssl").to_string());
        // The certificate is there, and the next push needs no new one.
        story.router.state().tls = Tls::Right;
        assert!(story.push().await.unwrap().is_good(false));
        assert_eq!(*story.enroller.count.lock().unwrap(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tunnel_that_nobody_dials_is_unproved() {
    let mut story = Story::new(NEW, Door::ApiSsl, vec![tunnel()]);
    story.router.state().peer_dials = false;
    let report = story.push().await.unwrap();
    assert!(!report.is_good(false) && report.is_good(true));
    let expect = "ipsec hamburg fqdn:hamburg.example.net: unproved: no tunnel with fqdn:hamburg.example.net is up";
    assert_eq!(outcomes(&report), [expect]);
}

#[tokio::test(start_paused = true)]
async fn revocation_is_enforced_only_after_every_crl_was_seen_valid() {
    let mut story = Story::new(NEW, Door::ApiSsl, vec![tunnel()]);
    story.entry.crl_use = true;
    story.router.state().crls_answer = false;
    let report = story.push().await.unwrap();
    assert!(matches!(report.revocation, Revocation::NotSeenValid(_)));
    let changes = story.router.take_changes();
    let settings = |call: &String| call.starts_with("/certificate/settings");
    assert!(!changes.iter().any(settings));
    story.router.state().crls_answer = true;
    let report = story.push().await.unwrap();
    assert_eq!(report.revocation, Revocation::InForce);
    let changes = story.router.take_changes();
    let expect = [
        "/certificate/crl download",
        "/certificate/settings set crl-use=yes crl-download=yes",
    ];
    assert_eq!(changes, expect);
    // A CRL that is new later is fetched at once, too.
    story.router.state().clear("/certificate/crl");
    let report = story.push().await.unwrap();
    assert_eq!(report.revocation, Revocation::InForce);
    let changes = story.router.take_changes();
    assert_eq!(changes.last().unwrap(), "/certificate/crl download");
    assert!(story.plan().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_missing_policy_is_named() {
    for (menu, command, expect) in [
        ("/certificate", Command::Print, "read"),
        ("/file", Command::Add, "write"),
        ("/certificate", Command::Other("import"), "write"),
    ] {
        let mut story = Story::new(NEW, Door::ApiSsl, vec![Binding::WwwSsl]);
        story.router.state().denied = Some((menu, command));
        let error = story.push().await.unwrap_err();
        assert!(
            matches!(&error, DeployError::Policy { policy, .. } if *policy == expect),
            "{error}"
        );
        assert!(story.router.state().files.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_bind_leaves_the_former_one_and_goes_on_with_the_others() {
    let mut story = Story::new(NEW, Door::ApiSsl, vec![tunnel(), Binding::WwwSsl]);
    story.router.state().denied = Some(("/ip/ipsec/identity", Command::Add));
    let report = story.push().await.unwrap();
    let outcomes = outcomes(&report);
    let [tunnel, service] = outcomes.as_slice() else {
        panic!("two bindings");
    };
    assert!(
        tunnel.contains("rolled-back: `/ip/ipsec/identity add"),
        "{tunnel}"
    );
    let expect = "not enough permissions (9): the user lacks the policy `write`";
    assert!(tunnel.ends_with(expect), "{tunnel}");
    assert_eq!(service, "www-ssl: proved");
    assert_eq!(story.router.rows("/ip/ipsec/identity"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_report_survives_a_refusal_after_the_binds() {
    let mut story = Story::new(NEW, Door::ApiSsl, vec![tunnel()]);
    story.entry.crl_use = true;
    story.router.state().denied = Some(("/certificate/settings", Command::Set));
    let report = story.push().await.unwrap();
    assert!(matches!(report.revocation, Revocation::NotSeenValid(_)));
    assert!(outcomes(&report)[0].ends_with(": proved"));
    assert!(!report.is_good(true));
}

#[tokio::test(start_paused = true)]
async fn a_proof_wants_the_bound_certificate_and_its_whole_chain() {
    for (tls, expect) in [
        (
            Tls::Other,
            "www-ssl: rolled-back: another certificate was shown: ",
        ),
        (
            Tls::Alone,
            "www-ssl: rolled-back: certificate `CN=berlin.example.net` does not chain: ",
        ),
    ] {
        let mut story = Story::new(NEW, Door::ApiSsl, vec![Binding::WwwSsl]);
        story.router.state().tls = tls;
        let report = story.push().await.unwrap();
        let [outcome] = outcomes(&report).try_into().unwrap();
        assert!(outcome.starts_with(expect), "{outcome}");
        story.router.state().tls = Tls::Right;
        story.push().await.unwrap();
        story.router.state().tls = tls;
        let verified = story.verify().await.unwrap();
        let [outcome] = outcomes(&verified).try_into().unwrap();
        assert!(
            outcome.starts_with(&expect.replace("rolled-back", "failed")),
            "{outcome}"
        );
        assert_eq!(
            story.router.field("/ip/service", "www-ssl", "disabled"),
            "false"
        );
    }
}
