//! Pushes to simulated routers of both versions: what is sent, what is left behind, and what a cut link does.

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use ca_tests::{Router, Run, openssl};
use routeros_sim::{assumption::Assumptions, model::Model};
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};
use serde_json::{Value, json};

use crate::router_ground::Ground;
use crate::router_words::are_in_the_tree;

mod exported;

use exported::{exports_what_was_pushed, issued_certificates};

const V7: &str = "7.24";
const V6: &str = "6.49";

/// A command that was executed: its menu, its name, and the names of its arguments.
pub(crate) type Executed = (String, String, Vec<String>);

/// Menus and commands, and which of them is struck, counted from 1.
type Words = &'static [(&'static str, &'static str, u32)];

pub(crate) fn requests(router: &Router) -> Value {
    let answer = router.control("GET", "/requests", &Value::Null);
    serde_json::from_slice(&answer.body).expect("the control port speaks JSON")
}

fn logins(router: &Router) -> u64 {
    requests(router)["logins"].as_u64().expect("a number")
}

pub(crate) fn executed(router: &Router) -> Vec<Executed> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    list(&requests(router)["requests"])
        .iter()
        .map(|one| {
            let arguments = list(&one["arguments"]).iter().map(text).collect();
            (text(&one["menu"]), text(&one["command"]), arguments)
        })
        .collect()
}

/// What was executed that may change something.
fn changes(router: &Router) -> Vec<Executed> {
    let mut all = executed(router);
    all.retain(|(_, command, arguments)| {
        command != "print" && command != "get" || arguments.iter().any(|name| name == "file")
    });
    all
}

pub(crate) fn state(router: &Router) -> Value {
    let answer = router.control("GET", "/state", &Value::Null);
    serde_json::from_slice(&answer.body).expect("the control port speaks JSON")
}

fn strike(router: &Router, fault: &str, (menu, command, after): (&str, &str, u32)) {
    let answer = router.control(
        "POST",
        "/faults",
        &json!({"fault": fault, "menu": menu, "command": command, "after": after}),
    );
    assert_eq!(answer.status, 204);
}

fn certificates(router: &Router) -> Vec<Value> {
    let state = state(router);
    state["certificates"].as_array().expect("a list").clone()
}

/// Finds the one certificate whose name begins so.
#[track_caller]
fn certificate(router: &Router, start: &str) -> Value {
    let mut all = certificates(router);
    all.retain(|row| {
        row["name"]
            .as_str()
            .is_some_and(|name| name.starts_with(start))
    });
    assert_eq!(all.len(), 1, "{start}: {all:?}");
    all.remove(0)
}

/// The certificate that was pushed for a router.
#[track_caller]
pub(crate) fn leaf(router: &Router, name: &str) -> Value {
    let leaf = certificate(router, &format!("{name}.example.net-"));
    assert!(leaf["key"].is_string(), "no key: {leaf}");
    leaf
}

/// No file of ours is on a router.
#[track_caller]
pub(crate) fn left_no_file(router: &Router) {
    let state = state(router);
    let files: Vec<&Value> = state["files"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|file| file["directory"] != json!(true))
        .collect();
    assert!(files.is_empty(), "{} keeps {files:?}", router.model());
}

/// Asks a door as a foreign client does that trusts the root only; returns what was shown, in base64.
#[track_caller]
pub(crate) fn shown(ground: &Ground, router: &Router, name: &str) -> (Run, Vec<String>) {
    let (_, address) = router.own_door();
    let root = ground.site.path("root.pem");
    if !root.exists() {
        let id = &ground.site.issuers()["root"];
        let der = ground.site.get(&format!("/ca/{id}.cer")).body;
        fs::write(ground.site.path("root.cer"), der).expect("the test directory is writable");
        openssl(
            &ground.site.path("."),
            &[
                "x509", "-inform", "der", "-in", "root.cer", "-out", "root.pem",
            ],
        )
        .ok();
    }
    let run = openssl(
        &ground.site.path("."),
        &[
            "s_client",
            "-connect",
            &address,
            "-showcerts",
            "-verify_return_error",
            "-CAfile",
            "root.pem",
            "-verify_hostname",
            &format!("{name}.example.net"),
        ],
    );
    let mut blocks: Vec<String> = Vec::new();
    for block in run.stdout.split("-----BEGIN CERTIFICATE-----").skip(1) {
        let block = block.split("-----END").next().unwrap_or_default();
        blocks.push(block.split_whitespace().collect());
    }
    (run, blocks)
}

/// A foreign client sees exactly the pushed certificate and its issuer, and is content.
#[track_caller]
pub(crate) fn serves_what_was_pushed(ground: &Ground, router: &Router, name: &str) {
    let (run, blocks) = shown(ground, router, name);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains("Verify return code: 0 (ok)"), "{run}");
    let issuing = certificate(router, "fleet-ca-router-");
    let der = |row: &Value| row["der"].as_str().expect("base64").to_owned();
    assert_eq!(blocks, [der(&leaf(router, name)), der(&issuing)]);
}

/// The outcome of the first binding of each router.
fn outcomes(document: &Value) -> BTreeMap<String, String> {
    let rows = document.as_array().expect("a list");
    rows.iter()
        .map(|row| {
            let outcome = &row["certificates"][0]["bindings"][0]["outcome"];
            let text = |value: &Value| value.as_str().unwrap_or("failed").to_owned();
            (text(&row["router"]), text(outcome))
        })
        .collect()
}

#[track_caller]
pub(crate) fn nothing_is_to_do(ground: &Ground, routers: &[&Router]) {
    let before: Vec<usize> = routers.iter().map(|one| changes(one).len()).collect();
    let again = ground.client(&["router", "push", "--yes"]).ok();
    assert!(again.stdout.contains("nothing to do"), "{again}");
    for (router, before) in routers.iter().zip(before) {
        let after = changes(router);
        assert_eq!(after.len(), before, "{:?}", &after[before..]);
    }
}

#[test]
fn a_push_makes_bare_routers_serve_their_chain_and_a_second_one_sends_nothing() {
    let ground = Ground::copied();
    let (seven, six) = (ground.bare(V7, "seven", &[]), ground.bare(V6, "six", &[]));
    let (run, document) = ground.json(&["router", "push", "--yes"]);
    assert_eq!(run.code, Some(0), "{run}");
    for name in ["seven", "six"] {
        assert_eq!(outcomes(&document)[name], "proved", "{run}");
    }
    for (router, name) in [(&seven, "seven"), (&six, "six")] {
        serves_what_was_pushed(&ground, router, name);
        left_no_file(router);
        let printed = router.console("/file print\n");
        assert!(!printed.contains("fleet-ca"), "{printed}");
        let key = format!(
            ":put [/certificate get [find name={}] private-key]\n",
            leaf(router, name)["name"].as_str().expect("a name")
        );
        let flag = router.console(&key);
        assert!(["true", "yes"].contains(&flag.trim()), "{flag}");
        certificate(router, "fleet-ca-root-");
    }
    nothing_is_to_do(&ground, &[&seven, &six]);
    ground.client(&["router", "verify"]).ok();
}

#[test]
fn every_model_takes_a_push_of_words_in_its_tree_and_exports_what_it_got() {
    let ground = Ground::new();
    let mut routers: Vec<(Router, String)> = Model::ALL
        .map(|model| {
            let name = format!("r{}", model.name().replace('.', "-"));
            (ground.bare(model.name(), &name, &[]), name)
        })
        .into();
    // Over SSH the same words are lines of a console.
    routers.extend([V6, V7].map(|model| {
        let name = format!("ssh{}", model.replace('.', "-"));
        (ground.bare_over_ssh(model, &name, &[]), name)
    }));
    for (router, _) in &routers {
        router.console(
            "/ip ipsec profile add name=fleet\n\
             /ip ipsec peer add name=hub address=10.66.0.1/32 exchange-mode=ike2 profile=fleet\n\
             /interface sstp-client add name=to-hq connect-to=192.0.2.1 user=branch\n",
        );
    }
    let wishes = "\n[[router.certificate.ipsec]]\npeer = \"hub\"\n\
                  remote-id = \"fqdn:hub.example.net\"\ngenerate-policy = \"port-strict\"\n";
    let fleet = ground
        .fleet()
        .replace("# crl-use = true", "crl-use = true")
        .replace(
            "bind = [",
            "bind = [\"sstp-server\", \"sstp-client:to-hq\", ",
        )
        .replace("\n# For a tunnel;", &format!("{wishes}\n# For a tunnel;"));
    ground.write_fleet(&fleet);
    ground
        .client(&["router", "push", "--yes", "--accept-unproved"])
        .ok();
    // A certificate that goes, so that `clean` says all it has to say.
    for (router, _) in &routers {
        router.console(
            "/certificate add name=old common-name=old days-valid=1\n/certificate sign old\n",
        );
        router.control("PUT", "/clock", &json!({ "offset-seconds": 172_800 }));
    }
    for look in ["doctor", "plan", "probe", "list"] {
        // What they find is the matter of other stories.
        ground.client(&["router", look]);
    }
    let clean = ["router", "clean", "--yes", "--certificate", "old"];
    ground.client(&clean).ok();
    for (router, _) in &routers {
        let commands = executed(router);
        let removed = commands
            .iter()
            .any(|(menu, command, _)| menu == "/certificate" && command == "remove");
        assert!(removed, "{}: {commands:?}", router.model());
        // What a console was told is not listed: the simulator refused a word of the bootstrap that is not in the tree.
        assert!(commands.len() > 30, "{commands:?}");
        are_in_the_tree(router);
    }
    let issued = issued_certificates(&ground);
    for (router, name) in &routers {
        exports_what_was_pushed(&ground, &issued, router, name);
    }
}

/// The fingerprint of the one valid certificate of a NAME, as the CA knows it.
#[track_caller]
fn issued(ground: &Ground, name: &str) -> String {
    let rows = ground
        .site
        .client_json(&["list", "--name", name, "--state", "valid"]);
    let [row] = rows.as_array().expect("a list").as_slice() else {
        panic!("one certificate of {name}: {rows}");
    };
    row["fingerprint"].as_str().expect("a text").to_owned()
}

const PASSPHRASE: &str = "four-words-are-enough";

#[test]
fn a_link_cut_at_the_bind_ends_with_a_certificate_that_works() {
    let ground = Ground::copied();
    let (seven, six) = (ground.bare(V7, "seven", &[]), ground.bare(V6, "six", &[]));
    let routers = [(&seven, "seven"), (&six, "six")];
    let before: Vec<Vec<String>> = routers
        .iter()
        .map(|(router, name)| shown(&ground, router, name).1)
        .collect();
    for (router, _) in routers {
        strike(router, "cut", ("/ip/service", "set", 1));
    }
    let (run, document) = ground.json(&["router", "push", "--yes"]);
    let outcomes = outcomes(&document);
    for ((router, name), before) in routers.iter().zip(before) {
        if outcomes[*name] == "proved" {
            serves_what_was_pushed(&ground, router, name);
        } else {
            assert_eq!(run.code, Some(1), "{run}");
            assert_eq!(shown(&ground, router, name).1, before, "{run}");
        }
        let verified = ground.client(&["router", "verify", name]);
        let expect = i32::from(outcomes[*name] != "proved");
        assert_eq!(verified.code, Some(expect), "{verified}");
    }
    // The simulator performs what it then does not answer.
    assert_eq!(run.code, Some(0), "{run}");
    nothing_is_to_do(&ground, &[&seven, &six]);
}

#[test]
fn a_push_that_was_cut_while_it_staged_goes_on_when_it_is_repeated() {
    let ground = Ground::copied();
    let cuts: [(&str, &str, &str, Words); 13] = [
        (V7, "seven-import", "cut", &[("/certificate", "import", 1)]),
        (
            V7,
            "seven-imports",
            "cut",
            &[("/certificate", "import", 1); 4],
        ),
        (V7, "seven-file", "cut", &[("/file", "add", 1)]),
        (V7, "seven-remove", "cut", &[("/file", "remove", 1)]),
        (V7, "seven-half", "half", &[("/file", "add", 1)]),
        (V7, "seven-key", "cut", &[("/file", "add", 4)]),
        (V7, "seven-reset", "reset", &[("/certificate", "import", 1)]),
        (V6, "six-import", "cut", &[("/certificate", "import", 1)]),
        (
            V6,
            "six-imports",
            "cut",
            &[("/certificate", "import", 1); 4],
        ),
        (V6, "six-file", "cut", &[("/file", "set", 1)]),
        (V6, "six-name", "cut", &[("/certificate", "set", 1)]),
        (V6, "six-key", "half", &[("/file", "set", 4)]),
        (V6, "six-half", "half", &[("/file", "set", 1)]),
    ];
    let routers: Vec<(Router, &str)> = cuts
        .iter()
        .map(|(model, name, fault, cuts)| {
            let router = ground.bare(model, name, &[]);
            for words in *cuts {
                strike(&router, fault, *words);
            }
            (router, *name)
        })
        .collect();
    let (run, document) = ground.json(&["router", "push", "--yes"]);
    let first = outcomes(&document);
    for (router, name) in &routers {
        left_no_file(router);
        if first[*name] == "proved" {
            serves_what_was_pushed(&ground, router, name);
        } else {
            assert_eq!(run.code, Some(1), "{run}");
            let (_, blocks) = shown(&ground, router, name);
            let bootstrap = certificate(router, "fleet-ca-bootstrap");
            assert_eq!(blocks, [bootstrap["der"].as_str().expect("base64")]);
        }
    }
    ground.client(&["router", "push", "--yes"]).ok();
    for (router, name) in &routers {
        left_no_file(router);
        serves_what_was_pushed(&ground, router, name);
        issued(&ground, &format!("{name}.example.net"));
    }
    // What was issued for a key that never came to its router is valid no more.
    for name in ["seven-key.example.net", "six-key.example.net"] {
        let words = ["list", "--name", name, "--state", "revoked"];
        let revoked = ground.site.client_json(&words);
        assert_eq!(revoked.as_array().map(Vec::len), Some(1), "{name}");
    }
    ground.client(&["router", "verify"]).ok();
}

/// Replaces the pins of all routers in the fleet file, and their ports where one is given.
fn repin(ground: &Ground, pin: &str, port: Option<u16>) {
    let mut text = String::new();
    for line in ground.fleet().lines() {
        match (line.split(' ').next(), port) {
            (Some("pins"), _) => text.push_str(&format!("pins = [\"{pin}\"]")),
            (Some("port"), Some(port)) => text.push_str(&format!("port = {port}")),
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    ground.write_fleet(&text);
}

#[test]
fn a_router_with_another_key_gets_no_login() {
    let ground = Ground::copied();
    let (seven, six) = (ground.bare(V7, "seven", &[]), ground.bare(V6, "six", &[]));
    let before = [logins(&seven), logins(&six)];
    assert!(before.iter().all(|count| *count > 0), "{before:?}");
    repin(&ground, &format!("sha256:{}", "00".repeat(32)), None);
    for words in [&["push", "--yes"][..], &["plan"], &["verify"], &["probe"]] {
        ground
            .client(&[&["router"], words].concat())
            .refused(1, &["seven: ", "six: ", "another one is pinned"]);
    }
    assert_eq!([logins(&seven), logins(&six)], before);
}

/// A TLS server with a key of its own that keeps what clients send after the handshake.
struct Impostor {
    port: u16,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Impostor {
    fn start() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()])
            .and_then(|params| params.self_signed(&key))
            .expect("a certificate");
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .expect("the provider knows them")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .expect("key and certificate belong together");
        let config = Arc::new(config);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&seen);
        // Ends with the process: it holds nothing but sockets.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                stream
                    .set_read_timeout(Some(Duration::from_secs(60)))
                    .expect("a socket takes a timeout");
                let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
                let mut octets = vec![0; 16_384];
                // An alert of the client ends it as an error does: nothing came then.
                let length = StreamOwned::new(session, stream).read(&mut octets);
                octets.truncate(length.unwrap_or_default());
                shared.lock().expect("nobody panicked").push(octets);
            }
        });
        Self { port, seen }
    }

    /// Waits for one more client, and returns what it sent.
    fn next(&self, count: usize) -> Vec<u8> {
        ca_tests::until(Duration::from_secs(60), "a client", || {
            self.seen
                .lock()
                .expect("nobody panicked")
                .get(count)
                .cloned()
        })
    }
}

#[track_caller]
fn check_impostor(model: &str, login: &str) {
    let ground = Ground::copied();
    let router = ground.bare(model, "router", &[]);
    let before = logins(&router);
    let impostor = Impostor::start();
    let pins = ground.fleet();
    let pin = pins.split_once("pins = [\"").expect("it has a pin").1;
    let pin = pin.split('"').next().unwrap_or_default().to_owned();
    repin(&ground, &pin, Some(impostor.port));
    let refused = ground
        .client(&["router", "push", "--yes"])
        .refused(1, &["another one is pinned"]);
    let sent = impostor.next(0);
    assert!(sent.is_empty(), "{}", String::from_utf8_lossy(&sent));
    assert_eq!(logins(&router), before);

    // The same server with its key pinned does get the login: it would have been seen.
    let found = refused
        .stderr
        .split_once("has the key ")
        .expect("it names it")
        .1;
    let found = found.split(',').next().unwrap_or_default();
    repin(&ground, found, None);
    let cheated = ground.client(&["router", "push", "--yes"]);
    assert_eq!(cheated.code, Some(1), "{cheated}");
    let sent = impostor.next(1);
    let sent = String::from_utf8_lossy(&sent).to_lowercase();
    assert!(sent.contains(login), "{sent}");
}

#[test]
fn an_impostor_gets_no_authorization_header() {
    check_impostor(V7, "authorization: basic");
}

#[test]
fn an_impostor_gets_no_login_word() {
    check_impostor(V6, "/login");
}

#[test]
fn a_router_whose_clock_is_off_is_refused_with_the_command_for_ntp() {
    let ground = Ground::copied();
    let (seven, six) = (ground.bare(V7, "seven", &[]), ground.bare(V6, "six", &[]));
    for router in [&seven, &six] {
        router.control("PUT", "/clock", &json!({"offset-seconds": 3_600}));
    }
    ground.client(&["router", "push", "--yes"]).refused(
        1,
        &[
            "more than 5 minutes off",
            "/system/ntp/client/set enabled=yes",
            "/system ntp client set enabled=yes",
        ],
    );
    for router in [&seven, &six] {
        assert_eq!(changes(router), []);
    }
}

#[test]
fn a_user_who_may_not_write_is_told_the_policy() {
    let ground = Ground::copied();
    let (seven, six) = (ground.bare(V7, "seven", &[]), ground.bare(V6, "six", &[]));
    seven.console("/user/group set [find name=fleet-ca] policy=read,api,rest-api\n");
    six.console("/user group set [find name=fleet-ca] policy=read,api\n");
    let before = [&seven, &six].map(certificates);
    let refused = ground
        .client(&["router", "push", "--yes"])
        .refused(1, &["error: seven: ", "error: six: ", "/user group print"]);
    let named = "not enough permissions (9): the user lacks the policy `write`";
    assert_eq!(refused.stderr.matches(named).count(), 2, "{refused}");
    assert_eq!([&seven, &six].map(certificates), before);
    left_no_file(&seven);
    // `print file=` wants no more than `read`: an empty file came, which this user may not remove.
    let files = state(&six)["files"].clone();
    for file in files.as_array().expect("a list") {
        let name = file["name"].as_str().expect("a name");
        if file["directory"] == json!(false) {
            assert_eq!(file["contents"], "", "{name}");
            let said = format!("the file {name} may still be on the router");
            assert!(refused.stderr.contains(&said), "{refused}");
        }
    }
}

#[test]
fn a_push_works_whatever_an_open_question_turns_out_to_be() {
    let ground = Ground::new();
    let questions = [
        (V7, "seven-key", "import-key-attach=second"),
        (V7, "seven-crl", "crl-on-add=manual"),
        (V7, "seven-passphrase", "import-wrong-passphrase=counter"),
        (V7, "seven-removed", "removed-bound-certificate=id"),
        (V7, "seven-built", "build-times=absent"),
        (V7, "seven-reply", "import-rest-reply=object"),
        (V7, "seven-row", "import-in-place=key"),
        (V7, "seven-taken", "import-name-taken=refused"),
        (V7, "seven-prf", "import-key-prf=hmac-sha1"),
        (V7, "seven-tls13", "v7-tls13=offered"),
        (V7, "seven-authority", "imported-authority=with-key"),
        ("7.12", "twelve-hex", "certificate-hex=new"),
        ("7.16", "sixteen-ids", "file-ids=opaque"),
        ("7.16", "sixteen-keys", "import-keys-decrypted=present"),
        (V6, "six-key", "import-key-attach=second"),
        (V6, "six-crl", "crl-on-add=manual"),
        (V6, "six-passphrase", "import-wrong-passphrase=error"),
        (V6, "six-booleans", "v6-booleans=true-false"),
        (V6, "six-name", "v6-import-name=present"),
        (V6, "six-limits", "import-name-constraints=refused"),
        (V7, "seven-limits", "import-critical-extensions=refused"),
    ];
    // `v6-tls` has a story of its own, `router_transports` asks for both key exchanges of strong crypto and both texts of
    // a full storage; the others are about commands that no push gives, and power that stays on.
    let elsewhere = "v6-tls sstp-crypto-binding full-storage-text device-mode-text \
                     backup-texts api-export issued-revoke-text signed-request-name \
                     import-rc2 v6-curves export-pkcs12 request-file-names crl-path \
                     crl-https crl-short-memory strong-crypto-kex unsynced-writes \
                     clock-at-boot edit-without-terminal reset-required sign-progress \
                     enrolment-status renew-of-others online-commands smart-card-text \
                     link-status file-lines host-key-file-names crl-flag";
    let elsewhere: Vec<&str> = elsewhere.split(' ').collect();
    for one in Assumptions::list() {
        let asked = questions
            .iter()
            .any(|(_, _, answer)| answer.split('=').next() == Some(one.key));
        assert_ne!(asked, elsewhere.contains(&one.key), "{}", one.key);
    }
    let routers = questions.map(|(model, name, answer)| {
        let router = ground.bare(model, name, &[answer]);
        (router, name)
    });
    // A service whose certificate was removed is bound, and not the one that we come through.
    let (removed, _) = &routers[3];
    let port = removed.api_ssl();
    let port = port.split_once(':').expect("host and port").1;
    removed.console(&format!(
        "/certificate add name=old common-name=old key-usage=tls-server\n\
         /certificate sign old\n\
         /ip/service set api-ssl certificate=old port={port}\n\
         /certificate remove old\n"
    ));
    let fleet = ground.fleet().replace("# crl-use = true", "crl-use = true");
    ground.write_fleet(&fleet.replace("bind = [\"www-ssl\"]", "bind = [\"api-ssl\", \"www-ssl\"]"));
    for (router, _) in routers.iter().filter(|(router, _)| router.model() != V6) {
        let port = router.api_ssl();
        let port = port.split_once(':').expect("host and port").1;
        router.console(&format!("/ip/service set api-ssl port={port}\n"));
    }
    ground.client(&["router", "push", "--yes"]).ok();
    for (router, name) in &routers {
        serves_what_was_pushed(&ground, router, name);
        left_no_file(router);
    }
    ground.client(&["router", "verify"]).ok();
    let all: Vec<&Router> = routers.iter().map(|(router, _)| router).collect();
    nothing_is_to_do(&ground, &all);
}

#[test]
fn a_push_works_when_every_open_question_turns_out_otherwise() {
    let ground = Ground::new();
    let answers: Vec<String> = Assumptions::list()
        .iter()
        .map(|one| format!("{}={}", one.key, one.values.last().expect("an answer")))
        .collect();
    let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
    let routers = Model::ALL.map(|model| {
        let name = format!("all-{}", model.name().replace('.', "-"));
        // With old suites only SSH is left to come through.
        let router = match model {
            Model::V6_49 => ground.bare_over_ssh(model.name(), &name, &answers),
            _ => ground.bare(model.name(), &name, &answers),
        };
        (router, name)
    });
    let fleet = ground.fleet().replace("# crl-use = true", "crl-use = true");
    ground.write_fleet(&fleet);
    ground.client(&["router", "push", "--yes"]).ok();
    let issued = issued_certificates(&ground);
    for (router, name) in &routers {
        left_no_file(router);
        if router.model() == V6 {
            // Nothing is bound there that our own TLS could prove.
            leaf(router, name);
        } else {
            serves_what_was_pushed(&ground, router, name);
        }
        exports_what_was_pushed(&ground, &issued, router, name);
    }
}

#[test]
fn a_router_with_only_old_suites_is_left_to_ssh() {
    let ground = Ground::copied();
    let six = ground
        .bare(V6, "six", &[])
        .restart_assuming(&["v6-tls=dhe-rsa"]);
    ground.client(&["router", "push", "--yes"]).refused(
        1,
        &[
            "speaks no TLS that this program speaks",
            "use ssh",
            "never plain",
        ],
    );
    assert_eq!((logins(&six), executed(&six)), (0, Vec::new()));
}

#[test]
fn sstp_gets_its_certificate_and_nobody_claims_that_it_works() {
    let ground = Ground::copied();
    let (seven, six) = (ground.bare(V7, "seven", &[]), ground.bare(V6, "six", &[]));
    for router in [&seven, &six] {
        router.console("/interface sstp-client add name=to-hq connect-to=192.0.2.1 user=branch\n");
    }
    let fleet = ground.fleet();
    ground.write_fleet(&fleet.replace(
        "bind = [",
        "bind = [\"sstp-server\", \"sstp-client:to-hq\", ",
    ));
    let refused = ground.client(&["router", "push", "--yes", "seven"]);
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(refused.stdout.contains("unproved"), "{refused}");
    ground
        .client(&["router", "push", "--yes", "--accept-unproved", "six"])
        .ok();
    for (router, name) in [(&seven, "seven"), (&six, "six")] {
        let leaf = leaf(router, name);
        let get = |words: &str| {
            router
                .console(&format!(":put [{words}]\n"))
                .trim()
                .to_owned()
        };
        let server = |field: &str| get(&format!("/interface sstp-server server get {field}"));
        let client = |field: &str| {
            get(&format!(
                "/interface sstp-client get [find name=to-hq] {field}"
            ))
        };
        assert_eq!(json!(server("certificate")), leaf["name"]);
        assert_eq!(json!(client("certificate")), leaf["name"]);
        let yes = |text: &str| ["true", "yes"].contains(&text);
        assert!(yes(&server("verify-client-certificate")));
        assert!(yes(&client("verify-server-certificate")));
    }
    nothing_is_to_do(&ground, &[&seven, &six]);
}
