//! One suite for all transports of the client: every door of every model, hostile values, each refusal by its type.

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ca_routeros::{
    Call, Command, Door, Pin, Reply, RouterError, RouterTransport, Target, Trust, Version, connect,
    file, handshake, host_key, system,
};
use ca_tests::{Router, RouterOptions};
use ca_types::{KeyId, Passphrase};
use routeros_sim::assumption::Assumptions;
use serde_json::{Value, json};
use tempfile::tempdir;
use zeroize::Zeroizing;

/// Values that are something else to a console, a sentence, a URL or JSON that is put together carelessly.
const HOSTILE: [&str; 14] = [
    "quotes \" and ' and `",
    "$(reboot) $name ${x}",
    "[/system reboot]",
    "a; /system reset-configuration",
    "back\\slash \\\" \\n",
    "two\nlines\r\nand\ttabs",
    "=password=x",
    "?.tag=1",
    "true",
    "00012",
    "a/b?c=d&e#f%20g+h",
    "*1",
    "ünïcödé 路由器 🛰",
    "x;name=other;.id=*9;comment=y",
];

type Way = Box<dyn RouterTransport>;

/// A router and one of its doors.
#[derive(Clone, Copy)]
struct Entrance<'a> {
    router: &'a Router,
    door: Door,
}

impl<'a> Entrance<'a> {
    fn all(router: &'a Router) -> Vec<Self> {
        let rest = [Door::Rest, Door::RestPlain];
        let others = [Door::ApiSsl, Door::ApiPlain, Door::Ssh];
        let has_rest = !router.model().starts_with("6.");
        let doors = rest.into_iter().filter(|_| has_rest).chain(others);
        doors.map(|door| Self { router, door }).collect()
    }

    fn port(self) -> u16 {
        let address = match self.door {
            Door::Rest => self.router.rest(),
            Door::RestPlain => self.router.rest_http(),
            Door::ApiSsl => self.router.api_ssl(),
            Door::ApiPlain => self.router.api(),
            Door::Ssh => self.router.ssh(),
        };
        let (_, port) = address.rsplit_once(':').expect("host and port");
        port.parse().expect("a port")
    }

    /// The key that it shows to whoever asks first.
    async fn key(self) -> Option<KeyId> {
        match self.door {
            Door::Rest | Door::ApiSsl => {
                let chain = handshake(HOST, self.port(), None, PATIENCE).await;
                let chain = chain.expect("a certificate is bound").certificates;
                Pin::of_certificate(&chain[0]).map(Pin::key)
            }
            Door::Ssh => {
                let key = host_key(HOST, self.port(), PATIENCE).await;
                Some(key.expect("a host key").key())
            }
            Door::RestPlain | Door::ApiPlain => None,
        }
    }

    fn target(self, user: &str, password: &str, pins: Vec<KeyId>) -> Target {
        Target {
            address: HOST.to_owned(),
            port: self.port(),
            door: self.door,
            user: user.to_owned(),
            password: Passphrase::from_file_content(password.into()),
            trust: Trust::Pins(pins),
        }
    }

    async fn enter_as(self, user: &str, password: &str) -> Result<Way, RouterError> {
        let pins = self.key().await.into_iter().collect();
        connect(self.target(user, password, pins)).await
    }

    async fn enter(self) -> Way {
        let entered = self.enter_as(Router::USER, Router::PASSWORD).await;
        entered.unwrap_or_else(|error| panic!("{self}: {error}"))
    }

    #[track_caller]
    fn control(self, method: &str, path: &str, body: &Value) {
        let answer = self.router.control(method, path, body);
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 204, "{self} {path}: {text}");
    }

    fn version(self) -> Version {
        self.router.model().parse().expect("a release")
    }
}

impl std::fmt::Display for Entrance<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.router.model(), self.door)
    }
}

/// The name of the error, or `Ok`.
fn verdict<T>(outcome: Result<T, RouterError>) -> String {
    let Err(error) = outcome else {
        return "Ok".to_owned();
    };
    let shown = format!("{error:?}");
    let end = shown.find(' ').unwrap_or(shown.len());
    shown[..end].to_owned()
}

fn print(menu: &str) -> Call<'_> {
    Call::new(menu, Command::Print)
}

fn pool(command: Command<'static>) -> Call<'static> {
    Call::new("/ip/pool", command)
}

fn named(name: &str) -> Call<'static> {
    pool(Command::Add)
        .with("name", name)
        .with("ranges", "192.0.2.7-192.0.2.9")
}

async fn done(way: &mut Way, call: Call<'_>) -> Reply {
    let outcome = way.call(&call).await;
    outcome.unwrap_or_else(|error| panic!("{}: {error}", way.door()))
}

async fn rows_are_listed_added_changed_and_removed(at: Entrance<'_>) {
    let mut way = at.enter().await;
    let listed = done(&mut way, print("/ip/service").matching("name", "telnet")).await;
    assert_eq!(listed.rows.len(), 1, "{at}: {listed:?}");
    assert_eq!(listed.rows[0].text("port"), "23", "{at}");
    let identity = done(&mut way, print("/system/identity")).await.rows;
    assert_eq!(identity.len(), 1, "{at}");
    let id = done(&mut way, named("one")).await.added;
    let id = id.unwrap_or_else(|| panic!("{at}: no id"));
    for item in [id.as_str(), "one"] {
        let comment = format!("by {item}");
        let set = pool(Command::Set)
            .item(item)
            .with("comment", comment.as_str());
        done(&mut way, set).await;
        for own in [id.as_str(), "one"] {
            let row = done(&mut way, print("/ip/pool").item(own)).await.rows;
            assert_eq!(row.len(), 1, "{at}");
            assert_eq!(row[0].text("comment"), comment, "{at}");
        }
    }
    let some = print("/ip/pool").with(".proplist", "name");
    let some = done(&mut way, some).await.rows;
    assert_eq!(some[0].get("ranges"), None, "{at}");
    assert_eq!(verdict(way.call(&named("one")).await), "Refused", "{at}");
    let remove = pool(Command::Remove).item(id.as_str());
    done(&mut way, remove).await;
    for gone in [
        pool(Command::Remove),
        pool(Command::Set).with("comment", "x"),
    ] {
        let gone = gone.item(id.as_str());
        assert_eq!(verdict(way.call(&gone).await), "NoSuchItem", "{at}: {gone}");
    }
    assert_eq!(done(&mut way, print("/ip/pool")).await.rows, [], "{at}");
}

async fn a_hostile_value_comes_back_or_is_refused(at: Entrance<'_>) {
    let mut way = at.enter().await;
    let mut refused = BTreeSet::new();
    for value in HOSTILE {
        let id = done(&mut way, named(value).with("comment", value))
            .await
            .added;
        let id = id.expect("an id");
        for call in [
            print("/ip/pool").item(id.as_str()),
            print("/ip/pool").matching("comment", value),
            print("/ip/pool").matching("name", value),
        ] {
            match way.call(&call).await {
                Ok(reply) => {
                    assert_eq!(reply.rows.len(), 1, "{at}: {call}: {reply:?}");
                    assert_eq!(reply.rows[0].text("comment"), value, "{at}: {call}");
                    assert_eq!(reply.rows[0].text("name"), value, "{at}: {call}");
                }
                Err(error) => {
                    refused.insert((value, verdict(Err::<(), _>(error))));
                }
            }
        }
        done(&mut way, pool(Command::Remove).item(id)).await;
    }
    // Before 7.13 the console has no JSON, and nothing says where such a value ends.
    let unclear = at.door == Door::Ssh && !at.version().writes_json();
    let expect: &[(&str, String)] = &[(HOSTILE[13], "Answer".to_owned())];
    let expect = if unclear { expect } else { &[] };
    assert_eq!(Vec::from_iter(refused), expect, "{at}");
    for call in [
        named("a\0b"),
        named("a").with("comment", "\0"),
        print("/ip/pool").item("a\0"),
        print("/ip/pool").matching("name", "\0a"),
    ] {
        assert_eq!(verdict(way.call(&call).await), "Nul", "{at}");
    }
    assert_eq!(done(&mut way, print("/ip/pool")).await.rows, [], "{at}");
}

/// No door shows it: the router is asked from within.
async fn a_hostile_password_arrives_as_it_was(at: Entrance<'_>) {
    if matches!(at.door, Door::RestPlain | Door::ApiPlain) {
        return;
    }
    let mut way = at.enter().await;
    let secret = |command| Call::new("/ppp/secret", command);
    let named = |password: &str| {
        let password = Zeroizing::new(password.to_owned());
        secret(Command::Add)
            .with("name", "eve")
            .with_secret("password", password)
    };
    for value in HOSTILE {
        let id = done(&mut way, named(value)).await.added.expect("an id");
        let state = at.router.control("GET", "/state", &Value::Null).body;
        let state: Value = serde_json::from_slice(&state).expect("JSON");
        let rows = &state["tables"]["/ppp/secret"]["items"];
        assert_eq!(rows[0]["fields"]["password"], value, "{at}");
        done(&mut way, secret(Command::Remove).item(id)).await;
    }
    assert_eq!(verdict(way.call(&named("a\0b")).await), "Nul", "{at}");
}

/// The content of a file on the router.
fn content(at: Entrance<'_>, name: &str) -> Option<Vec<u8>> {
    let state = at.router.control("GET", "/state", &Value::Null).body;
    let state: Value = serde_json::from_slice(&state).expect("JSON");
    let mut files = state["files"].as_array().expect("a list").iter();
    let file = files.find(|file| file["name"] == name)?;
    let octets = file["contents"].as_str().expect("base64");
    Some(BASE64_STANDARD.decode(octets).expect("base64"))
}

async fn files_are_uploaded_up_to_the_limit_of_the_way(at: Entrance<'_>) {
    let mut way = at.enter().await;
    let most = match (at.door, at.version().adds_files()) {
        (Door::Ssh, _) => 300_000,
        (_, true) => 60_000,
        (_, false) => 4_000,
    };
    for size in [0, 1, most] {
        let text: String = (0..size)
            .map(|place| char::from(b' ' + (place % 90) as u8))
            .collect();
        let text = Zeroizing::new(text);
        let uploaded = file::upload(&mut *way, at.version(), "f.pem", &text).await;
        let name = uploaded.unwrap_or_else(|error| panic!("{at}: {error}"));
        let found = content(at, &name).unwrap_or_else(|| panic!("{at}: {name} is there"));
        assert!(found == text.as_bytes(), "{at}: {size} octets");
        let names = file::names(&mut *way).await.expect("a list");
        assert!(names.contains(&name), "{at}: {names:?}");
        // The second time it is gone already, as after an import.
        for _ in 0..2 {
            file::delete(&mut *way, &name).await.expect("it is ours");
        }
        assert_eq!(content(at, &name), None, "{at}");
    }
    let text = Zeroizing::new("x".repeat(most + 1));
    let more = file::upload(&mut *way, at.version(), "g.pem", &text).await;
    let expect = if at.door == Door::Ssh {
        "Ok"
    } else {
        "TooLarge"
    };
    assert_eq!(verdict(more), expect, "{at}");
    file::delete(&mut *way, "g.pem").await.expect("it is ours");
    at.control("PUT", "/storage", &json!({"free": 100}));
    let text = Zeroizing::new("x".repeat(2_000));
    let full = file::upload(&mut *way, at.version(), "g", &text).await;
    assert_eq!(verdict(full), "StorageFull", "{at}");
    at.control("PUT", "/storage", &json!({"free": 90_000_000}));
    for name in ["g", "g.txt"] {
        file::delete(&mut *way, name).await.expect("it is ours");
    }
}

async fn commands_are_run_and_their_counters_read(at: Entrance<'_>) {
    let mut way = at.enter().await;
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec!["run.example".to_owned()]);
    let made = params.and_then(|params| params.self_signed(&key));
    let pem = Zeroizing::new(made.expect("a certificate").pem());
    let name = file::upload(&mut *way, at.version(), "run.pem", &pem).await;
    let name = name.expect("there is room");
    let import = Call::new("/certificate", Command::Other("import"))
        .with("file-name", name.as_str())
        .with("passphrase", "");
    let counted = done(&mut way, import).await.rows;
    assert_eq!(counted.len(), 1, "{at}: {counted:?}");
    assert_eq!(counted[0].text("certificates-imported"), "1", "{at}");
    let rows = done(&mut way, print("/certificate")).await.rows;
    let row = rows.iter().find(|row| row.text("name").starts_with("run."));
    let row = row.unwrap_or_else(|| panic!("{at}: {rows:?}"));
    let remove = Call::new("/certificate", Command::Remove).item(row.id());
    done(&mut way, remove).await;
    file::delete(&mut *way, &name).await.expect("it is ours");
    let version = system::resource(&mut *way)
        .await
        .expect("it says so")
        .version;
    assert!(version.to_string().starts_with(at.router.model()), "{at}");
}

async fn each_refusal_has_its_type(at: Entrance<'_>) {
    let mut way = at.enter().await;
    let pool = |name, value| named("one").with(name, value);
    for (call, expect) in [
        (print("/ip/nothing"), "UnknownCommand"),
        (
            Call::new("/ip/pool", Command::Other("frob")),
            "UnknownCommand",
        ),
        (pool("colour", "red"), "UnknownArgument"),
        (pool("next-pool", "absent"), "Refused"),
    ] {
        assert_eq!(verdict(way.call(&call).await), expect, "{at}: {call}");
    }
    let proposal = Call::new("/ip/ipsec/proposal", Command::Add).with("name", "x");
    for (mode, forbids) in [("flagged", true), ("ipsec", false)] {
        at.control("PUT", "/device-mode", &json!({mode: forbids}));
        assert_eq!(verdict(way.call(&proposal).await), "DeviceMode", "{at}");
        at.control("PUT", "/device-mode", &json!({mode: !forbids}));
    }
    let secret = named("a").with_secret("comment", Zeroizing::new("hush".to_owned()));
    let expect = match at.door.is_encrypted() {
        true => "Ok",
        false => "SecretInTheClear",
    };
    assert_eq!(verdict(way.call(&secret).await), expect, "{at}");
    if at.door.is_encrypted() {
        done(&mut way, Call::new("/ip/pool", Command::Remove).item("a")).await;
    }

    let eye = at.enter_as("eye", "looks on").await;
    let mut eye = eye.unwrap_or_else(|error| panic!("{at}: {error}"));
    assert_eq!(verdict(eye.call(&print("/ip/pool")).await), "Ok", "{at}");
    assert_eq!(verdict(eye.call(&named("x")).await), "Permission", "{at}");
    // Without `write` there is nothing to upload, and without `ftp` no SFTP.
    let text = Zeroizing::new("x".to_owned());
    let refused = file::upload(&mut *eye, at.version(), "x", &text).await;
    assert_eq!(verdict(refused), "Permission", "{at}");
    for (user, password) in [
        (Router::USER, "guess"),
        ("nobody", Router::PASSWORD),
        ("blind", "sees nothing"),
    ] {
        let refused = at.enter_as(user, password).await;
        assert_eq!(verdict(refused), "Login", "{at}: {user}");
    }
    // An older release makes an empty file for whoever may print.
    file::delete(&mut *way, "x.txt").await.expect("it is ours");
}

async fn what_ends_in_the_middle_may_have_been_done(at: Entrance<'_>) {
    let mut way = at.enter().await;
    let comment = |name: &'static str| pool(Command::Set).item(name).with("comment", name);
    done(&mut way, named("cut")).await;
    done(&mut way, named("reset")).await;
    for fault in ["cut", "reset"] {
        let fault_at = json!({"fault": fault, "menu": "/ip/pool", "command": "set"});
        at.control("POST", "/faults", &fault_at);
        let call = comment(fault);
        assert_eq!(verdict(way.call(&call).await), "Closed", "{at}: {fault}");
        way.reconnect()
            .await
            .unwrap_or_else(|error| panic!("{at}: {error}"));
        let row = done(&mut way, print("/ip/pool").item(fault)).await.rows;
        let expect = if fault == "cut" { "cut" } else { "" };
        assert_eq!(row[0].text("comment"), expect, "{at}");
    }
    let late = json!({"fault": "late", "menu": "/ip/pool", "command": "remove", "seconds": 60});
    at.control("POST", "/faults", &late);
    let expect = match at.door {
        Door::Rest | Door::RestPlain => "Timeout",
        Door::ApiSsl | Door::ApiPlain | Door::Ssh => "Ok",
    };
    let remove = |name: &str| pool(Command::Remove).item(name);
    assert_eq!(verdict(way.call(&remove("cut")).await), expect, "{at}");
    done(&mut way, remove("reset")).await;
    assert_eq!(done(&mut way, print("/ip/pool")).await.rows, [], "{at}");
    // The router drops whoever comes through a service that changes.
    let service = at.door.service();
    let set = |port: &'static str| {
        let set = Call::new("/ip/service", Command::Set).item(service);
        set.with("port", port)
    };
    assert_eq!(verdict(way.call(&set("4711")).await), "Closed", "{at}");
    way.reconnect()
        .await
        .unwrap_or_else(|error| panic!("{at}: {error}"));
    let rows = print("/ip/service").matching("name", service);
    let rows = done(&mut way, rows).await.rows;
    assert_eq!(rows[0].text("port"), "4711", "{at}");
    let pins = at.key().await.into_iter().collect();
    at.control("PUT", "/lockout", &json!({"on": true}));
    let shut = connect(at.target(Router::USER, Router::PASSWORD, pins)).await;
    let error = shut.err().unwrap_or_else(|| panic!("{at}: it is shut"));
    assert!(!error.is_refusal(), "{at}: {error}");
    at.control("PUT", "/lockout", &json!({"on": false}));
}

async fn a_foreign_key_gets_no_login(at: Entrance<'_>) {
    let Some(key) = at.key().await else { return };
    let foreign = KeyId::from([7; 32]);
    let target = at.target(Router::USER, Router::PASSWORD, vec![foreign]);
    match connect(target).await {
        Err(RouterError::WrongPin { found, .. }) => {
            assert_eq!(found, Pin::from(key).to_string(), "{at}");
        }
        other => panic!("{at}: {:?}", other.err()),
    }
    if at.door == Door::Ssh {
        return;
    }
    let service = at.door.service();
    let bound = format!(":put [/ip service get {service} certificate]\n");
    let bound = at.router.console(&bound);
    at.router
        .console(&format!("/ip service set {service} certificate=none\n"));
    let target = at.target(Router::USER, Router::PASSWORD, vec![key]);
    assert_eq!(verdict(connect(target).await), "NoCommonTls", "{at}");
    at.router.console(&format!(
        "/ip service set {service} certificate={}\n",
        bound.trim()
    ));
}

/// Starts one router of a model, and holds every door of it to the suite.
async fn check(model: &str, assumptions: &[&str]) {
    let folder = tempdir().expect("the directory for temporary files is writable");
    let options = RouterOptions {
        assumptions: assumptions.iter().map(ToString::to_string).collect(),
        ..RouterOptions::default()
    };
    let router = Router::start(model, &folder.path().join("router"), options);
    let rest = if model.starts_with("6.") {
        ""
    } else {
        ",rest-api"
    };
    router.console(&format!(
        "/user group add name=look policy=read,api,ssh{rest}\n\
         /user add name=eye group=look password=\"looks on\"\n\
         /user group add name=blind policy=read,write,ftp\n\
         /user add name=blind group=blind password=\"sees nothing\"\n"
    ));
    for at in Entrance::all(&router) {
        rows_are_listed_added_changed_and_removed(at).await;
        a_hostile_value_comes_back_or_is_refused(at).await;
        a_hostile_password_arrives_as_it_was(at).await;
        files_are_uploaded_up_to_the_limit_of_the_way(at).await;
        commands_are_run_and_their_counters_read(at).await;
        each_refusal_has_its_type(at).await;
        what_ends_in_the_middle_may_have_been_done(at).await;
        a_foreign_key_gets_no_login(at).await;
    }
}

#[tokio::test]
async fn the_doors_of_6_49_conform() {
    check("6.49", &[]).await;
}

#[tokio::test]
async fn the_doors_of_7_9_conform() {
    check("7.9", &OTHERWISE).await;
}

#[tokio::test]
async fn the_doors_of_7_12_conform() {
    check("7.12", &[]).await;
}

#[tokio::test]
async fn the_doors_of_7_16_conform() {
    check("7.16", &OTHERWISE).await;
}

#[tokio::test]
async fn the_doors_of_7_20_conform() {
    check("7.20", &[]).await;
}

#[tokio::test]
async fn the_doors_of_7_24_conform() {
    check("7.24", &OTHERWISE).await;
}

/// Texts that no source has, in their other words.
const OTHERWISE: [&str; 2] = [
    "device-mode-text=feature-disabled",
    "full-storage-text=no-space-left",
];

#[tokio::test]
async fn a_router_with_strong_crypto_is_entered_over_ssh_whatever_it_offers_then() {
    let mut all = Assumptions::list().iter();
    let question = all.find(|one| one.key == "strong-crypto-kex");
    for answer in question.expect("it is open").values {
        let folder = tempdir().expect("the directory for temporary files is writable");
        let options = RouterOptions {
            assumptions: vec![format!("strong-crypto-kex={answer}")],
            ..RouterOptions::default()
        };
        let router = Router::start("7.24", &folder.path().join("router"), options);
        router.console("/ip/ssh/set strong-crypto=yes\n");
        let at = Entrance {
            router: &router,
            door: Door::Ssh,
        };
        rows_are_listed_added_changed_and_removed(at).await;
    }
}

const HOST: &str = "127.0.0.1";
const PATIENCE: Duration = Duration::from_secs(30);
