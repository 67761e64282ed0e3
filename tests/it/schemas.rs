//! Every JSON document of the command lines fits its published schema.

use std::path::PathBuf;
use std::process::Command;

use ca_tests::{
    Algorithm, InitOptions, Router, RouterOptions, Run, Site, peers, program, repository, run,
};

/// Documents on disk, each with the name of its schema.
struct Documents<'a> {
    site: &'a Site,
    found: Vec<(&'static str, PathBuf)>,
}

impl Documents<'_> {
    fn keep(&mut self, schema: &'static str, ran: &Run) {
        let file = self
            .site
            .path(&format!("{}-{schema}.json", self.found.len()));
        std::fs::write(&file, &ran.stdout).expect("the test directory is writable");
        self.found.push((schema, file));
    }

    fn judge(&self) {
        let mut judge = Command::new(peers("python"));
        judge
            .arg(repository().join("tests/peers/schemas.py"))
            .arg(repository().join("docs/schemas"));
        for (schema, file) in &self.found {
            judge.arg(schema).arg(file);
        }
        run(&mut judge).ok();
    }

    fn client(&mut self, schema: &'static str, words: &[&str]) {
        let ran = run(self.site.client_command(words).args(["--output", "json"]));
        self.keep(schema, &ran);
    }
}

#[test]
fn every_json_document_fits_its_schema() {
    let site = Site::empty();
    let options = InitOptions {
        algorithm: Algorithm::P256,
        publish_url: None,
        more: &["--output", "json"],
    };
    let init = site.run_init(options);
    let server = site.serve();
    let mut documents = Documents {
        site: &site,
        found: Vec::new(),
    };
    documents.keep("init", &init);
    of_certificates(&mut documents);
    of_a_bundle(&mut documents);
    of_the_authority(&mut documents);
    of_a_router(&mut documents);
    documents.keep(
        "check",
        &site.server_command(&["check", "--output", "json"]),
    );
    drop(server);
    of_the_stopped_server(&mut documents);
    documents.judge();
}

fn of_certificates(documents: &mut Documents<'_>) {
    let name = "schema.example.net";
    documents.client(
        "certificate",
        &[
            "issue",
            "--profile",
            "router",
            "--name",
            name,
            "--out",
            "one",
        ],
    );
    let pem = format!("one/{name}.pem");
    documents.client("certificate", &["renew", "--cert", &pem, "--out", "two"]);
    let renewed = format!("two/{name}.pem");
    let key = format!("one/{name}.key");
    documents.client(
        "certificate",
        &["rekey", "--cert", &renewed, "--key", &key, "--out", "three"],
    );
    documents.client("certificate", &["show", &pem]);
    documents.client(
        "target-check",
        &["check", &pem, "--target", "routeros-6", "--target", "ios"],
    );
    documents.client("target-rules", &["check", "--list-targets"]);
    documents.client(
        "export",
        &["export", &pem, "--format", "der", "--out", "der"],
    );
    documents.client("certificates", &["revoke", "--name", name, "--all"]);
    documents.client("certificates", &["list"]);
    documents.client("error", &["show", "00ff"]);
    documents.client("error", &["show", "no-file.pem"]);
}

fn of_a_bundle(documents: &mut Documents<'_>) {
    let file = documents.site.data().join("admin/client.toml");
    let text = std::fs::read_to_string(&file).expect("init wrote it");
    let vpn = "\n[[vpn]]\nname = \"Office\"\ngateway = \"vpn.example.net\"\nprotocol = \"ikev2\"\n";
    std::fs::write(&file, text + vpn).expect("the test directory is writable");
    let name = "schema@example.net";
    documents.client(
        "bundle",
        &[
            "bundle", name, "--target", "linux", "--vpn", "Office", "--out", "bundle",
        ],
    );
}

fn of_the_authority(documents: &mut Documents<'_>) {
    documents.client("issuers", &["issuer", "list"]);
    let issuer = documents.site.issuers()["router"].clone();
    documents.client("issuer", &["issuer", "show", &issuer]);
    documents.client(
        "actor",
        &["actor", "add", "bob", "--role", "auditor", "--out", "bob"],
    );
    documents.client("actors", &["actor", "list"]);
    documents.client("removed-actor", &["actor", "remove", "bob"]);
    let key = "5a".repeat(32);
    documents.client(
        "blocked-key",
        &["blocked-key", "add", &key, "--comment", "stolen"],
    );
    documents.client("blocked-keys", &["blocked-key", "list"]);
    documents.client("unblocked-key", &["blocked-key", "remove", &key]);
    documents.client("lint", &["lint", "bob/bob.pem", "bob/chain.pem"]);
    documents.client("profiles", &["profile", "list"]);
    documents.client("profile", &["profile", "show", "router"]);
    documents.client("reloaded", &["profile", "reload"]);
    let request = ca_tests::Key::new().certification_request("explain.example.net");
    std::fs::write(documents.site.path("explain.csr"), request).expect("the site is writable");
    let explain = [
        "profile",
        "explain",
        "--profile",
        "router",
        "--csr",
        "explain.csr",
    ];
    documents.client("explanation", &explain);
    documents.client(
        "explanation",
        &[&explain[..], &["--san", "dns:*.x"]].concat(),
    );
    documents.client("crl", &["crl", "show", &issuer]);
    documents.client("crls", &["crl", "fetch", "--out", "crls"]);
    documents.client("entries", &["audit", "show"]);
    documents.client("audit", &["audit", "verify"]);
    documents.client("clock", &["clock", "show"]);
    let audited = documents
        .site
        .server_command(&["audit", "verify", "--output", "json"]);
    documents.keep("audit", &audited);
}

fn of_a_router(documents: &mut Documents<'_>) {
    let options = RouterOptions {
        identity: "schema".to_owned(),
        bare: true,
        ..RouterOptions::default()
    };
    let router = Router::start("7.24", &documents.site.path("router"), options);
    let address = router.rest();
    let (host, port) = address.split_once(':').expect("host and port");
    let bootstrap = [
        "router",
        "bootstrap",
        "--print",
        "one",
        "--address",
        host,
        "--password-file",
        "one.password",
    ];
    documents.client("bootstrap", &bootstrap);
    let script = documents.site.client_json(&bootstrap);
    let printed = router.console(script["script"].as_str().expect("a text"));
    let fingerprint = printed.trim().lines().last().expect("it prints one");
    documents.client(
        "added-router",
        &[
            "router",
            "add",
            "one",
            "--address",
            host,
            "--port",
            port,
            "--fingerprint",
            fingerprint,
            "--password-file",
            "one.password",
            "--certificate-name",
            "one.example.net",
        ],
    );
    documents.client("routers", &["router", "list"]);
    documents.client("probes", &["router", "probe"]);
    documents.client(
        "router-reply",
        &["router", "call", "one", "/ip/service/print"],
    );
    let record = documents.site.path("one-record.json");
    let out = record.to_str().expect("UTF-8");
    documents.client(
        "recorded-router",
        &["router", "record", "one", "--out", out, "--yes"],
    );
    documents.found.push(("router-record", record.clone()));
    documents.client("plans", &["router", "plan"]);
    documents.client("reports", &["router", "push", "--yes"]);
    documents.client("reports", &["router", "verify"]);
    documents.client("diagnoses", &["router", "doctor"]);
    documents.client("cleaned", &["router", "clean", "--yes"]);
    drop(router);
    documents.client("diagnoses", &["router", "doctor"]);
    documents.client("probes", &["router", "probe"]);
    documents.client("reports", &["router", "verify"]);
}

fn of_backups(documents: &mut Documents<'_>) {
    let site = documents.site;
    let path = |name: &str| site.path(name).display().to_string();
    let (file, log) = (path("backup.tar"), path("log.jsonl"));
    let create = ["backup", "create", "--out", &file, "--output", "json"];
    documents.keep("backup", &site.server_command(&create));
    let export = ["store", "export", "--out", &log, "--output", "json"];
    documents.keep("transferred-log", &site.server_command(&export));
    let mut verify = Command::new(program("ca-server"));
    verify.args(["backup", "verify", &file, "--output", "json"]);
    documents.keep("verified-backup", &run(&mut verify));
    let mut restore = Command::new(program("ca-server"));
    restore
        .args(["backup", "restore", &file, "--output", "json", "--data"])
        .arg(site.path("restored"))
        .arg("--published-crl")
        .arg(site.data().join("crl"))
        .arg("--passphrase-file")
        .arg(site.passphrase());
    documents.keep("restored-backup", &run(&mut restore));
}

fn of_the_stopped_server(documents: &mut Documents<'_>) {
    let site = documents.site;
    let passphrase = site.passphrase();
    let passphrase = passphrase.to_str().expect("a path in ASCII");
    let words = [
        "admin",
        "recover",
        "--passphrase-file",
        passphrase,
        "--output",
        "json",
    ];
    documents.keep("recover", &site.server_command(&words));
    let mut of_the_store = |schema, words: &[&str]| {
        let words = [&["store"], words, &["--output", "json"]].concat();
        documents.keep(schema, &site.server_command(&words));
    };
    of_the_store("log-verdict", &["verify"]);
    of_the_store("rebuilt-index", &["rebuild"]);
    let saved = site.path("saved");
    let saved = saved.to_str().expect("a path in ASCII");
    of_the_store("salvage", &["salvage", "--out", saved]);
    of_backups(documents);
    let mut serve = Command::new(program("ca-server"));
    serve.args(["serve", "--config", "missing.toml", "--output", "json"]);
    documents.keep("error", &run(&mut serve));
}
