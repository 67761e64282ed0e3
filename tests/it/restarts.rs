//! A backup that was put back, as an auditor sees it who saw more: accepted once, and no other second history with it.

use std::path::{Path, PathBuf};
use std::process::Command;

use ca_tests::{Algorithm, InitOptions, Run, Site, copy, program, run};
use serde_json::Value;

/// An auditor with the profile, and what it saw, elsewhere.
struct Auditor<'a> {
    site: &'a Site,
    profile: PathBuf,
}

impl Auditor<'_> {
    fn run(&self, words: &[&str]) -> Run {
        let mut command = self.site.client_command_as(&self.profile, words);
        run(command.args(["--output", "json"]))
    }

    fn issue(&self, name: &str) {
        let profile = ["issue", "--profile", "router"];
        let words = [&profile[..], &["--name", name, "--out", name]].concat();
        self.run(&words).ok();
    }

    #[track_caller]
    fn finds_sound(&self, more: &[&str]) -> Value {
        let report = self.run(&[&["audit", "verify"], more].concat()).ok().json();
        assert_eq!(report["sound"], true, "{report}");
        report
    }

    #[track_caller]
    fn finds_a_fork(&self, more: &[&str]) -> Run {
        let ran = self.run(&[&["audit", "verify"], more].concat());
        assert_eq!(ran.code, Some(1), "{ran}");
        assert_eq!(ran.json()["findings"][0]["kind"], "fork", "{ran}");
        ran
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the test directory is text")
}

fn server(site: &Site, words: &[&str]) {
    let mut command = Command::new(program("ca-server"));
    command.args(words);
    if words.contains(&"restore") {
        command.arg("--passphrase-file").arg(site.passphrase());
    }
    run(command.arg("--data").arg(site.data())).ok();
}

#[test]
fn an_auditor_accepts_a_restore_that_the_log_tells_of_and_no_other_fork() {
    let site = Site::init(InitOptions {
        algorithm: Algorithm::P256,
        publish_url: None,
        more: &[],
    });
    let process = site.serve();
    let auditor = Auditor {
        site: &site,
        profile: site.path("auditor/client.toml"),
    };
    copy(&site.data().join("admin"), &site.path("auditor"));
    auditor.issue("one.example.net");
    let backup = site.path("backup.tar");
    server(&site, &["backup", "create", "--out", text(&backup)]);
    auditor.issue("two.example.net");
    auditor.issue("three.example.net");
    let seen = auditor.finds_sound(&["--accept-restored"]);
    assert_eq!(seen["restored"], Value::Null, "{seen}");
    process.terminate();

    std::fs::rename(site.data(), site.path("lost")).expect("the test directory is writable");
    let crls = site.path("lost/crl");
    let words = ["backup", "restore", text(&backup), "--published-crl"];
    server(&site, &[&words[..], &[text(&crls)]].concat());
    let process = site.serve();
    let fork = auditor.finds_a_fork(&[]);
    assert!(fork.stderr.contains("--accept-restored"), "{fork}");
    let accepted = auditor.finds_sound(&["--accept-restored"]);
    let restored = &accepted["restored"];
    let number = |key: &str| {
        restored[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{accepted}"))
    };
    assert_eq!(restored["gone_from"], restored["leaves"]);
    assert_eq!(
        Some(number("gone_to") + 1),
        seen["size"].as_u64(),
        "{accepted}"
    );
    assert!(number("proved_leaves") > 0, "{accepted}");
    assert!(number("proved_leaves") <= number("leaves"), "{accepted}");
    auditor.finds_sound(&[]);

    // An old copy of the restored directory, put back: its log tells of the restore too, and that explains nothing.
    process.terminate();
    let old = site.path("old");
    copy(&site.data(), &old);
    let process = site.serve();
    auditor.issue("four.example.net");
    auditor.finds_sound(&[]);
    process.terminate();
    std::fs::remove_dir_all(site.data()).expect("it is ours");
    copy(&old, &site.data());
    let _process = site.serve();
    auditor.finds_a_fork(&["--accept-restored"]);
    for name in ["five.example.net", "six.example.net"] {
        auditor.issue(name);
    }
    auditor.finds_a_fork(&["--accept-restored"]);
}
