//! What goes wrong with a router, as curl sees it: each fault of the control port, and what is left afterwards.

use std::{fs, process::Command, time::Duration};

use ca_tests::{
    Process, Router, RouterOptions, free_port, http_with_body, peers, program, repository,
    run_within, until,
};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

/// What curl ends with when the other side ends the connection without an answer.
const EMPTY_REPLY: i32 = 52;
/// What it ends with when nobody listens.
const REFUSED: i32 = 7;
/// What it ends with when the connection is reset.
const RESET: i32 = 56;

/// A router without TLS, and curl.
struct Bench {
    router: Router,
    _folder: TempDir,
}

/// What curl says: its exit code, the status and the body.
#[derive(Debug, PartialEq)]
struct Said(Option<i32>, u16, Value);

impl Bench {
    fn start(model: &str, assumptions: &[&str]) -> Self {
        let folder = tempdir().expect("the directory for temporary files is writable");
        let options = RouterOptions {
            bare: true,
            assumptions: assumptions.iter().map(ToString::to_string).collect(),
            ..RouterOptions::default()
        };
        let router = Router::start(model, &folder.path().join("router"), options);
        Self {
            router,
            _folder: folder,
        }
    }

    fn curl(&self, method: &str, path: &str, body: &Value) -> Said {
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--noproxy", "*", "--request", method])
            .args(["--user", &format!("{}:{}", Router::USER, Router::PASSWORD)])
            .args(["--write-out", "\n%{http_code}"])
            .arg(format!("http://{}/rest{path}", self.router.rest_http()));
        if !body.is_null() {
            command.args(["--data", &body.to_string()]);
        }
        let run = run_within(&mut command, Duration::from_secs(60));
        let (body, status) = run.stdout.rsplit_once('\n').expect("it is written out");
        let status = status.trim().parse().expect("a status");
        Said(
            run.code,
            status,
            serde_json::from_str(body).unwrap_or_default(),
        )
    }

    /// Reads a field of the one row of a menu, or of its settings.
    #[track_caller]
    fn field(&self, path: &str, field: &str) -> Value {
        let said = self.curl("GET", path, &Value::Null);
        assert_eq!((said.0, said.1), (Some(0), 200), "{path}: {said:?}");
        said.2[field].clone()
    }

    #[track_caller]
    fn add(&self, name: &str) {
        let said = self.curl("PUT", "/ip/pool", &pool(name));
        assert_eq!(said.1, 201, "{said:?}");
    }

    #[track_caller]
    fn pools(&self) -> Vec<Value> {
        let said = self.curl("GET", "/ip/pool", &Value::Null);
        let rows = said.2.as_array().expect("a list");
        rows.iter().map(|row| row["name"].clone()).collect()
    }

    #[track_caller]
    fn control(&self, method: &str, path: &str, body: &Value) {
        let answer = self.router.control(method, path, body);
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 204, "{path}: {text}");
    }
}

fn pool(name: &str) -> Value {
    json!({"name": name, "ranges": "192.0.2.1-192.0.2.9"})
}

#[test]
fn a_connection_ends_before_after_or_in_the_middle_of_a_command() {
    let bench = Bench::start("7.16", &[]);
    let strike = |fault: &str| {
        let body = json!({"fault": fault, "menu": "/ip/pool", "command": "set", "after": 2});
        bench.control("POST", "/faults", &body);
    };
    for (fault, code, ranges, comment) in [
        ("cut", EMPTY_REPLY, "10.0.0.1", json!("c")),
        ("reset", RESET, "192.0.2.1-192.0.2.9", json!("first")),
        ("half", EMPTY_REPLY, "192.0.2.1-192.0.2.9", json!("c")),
    ] {
        bench.add(fault);
        strike(fault);
        let path = format!("/ip/pool/{fault}");
        let first = bench.curl("PATCH", &path, &json!({"comment": "first"}));
        assert_eq!((first.0, first.1), (Some(0), 200), "{first:?}");
        // JSON is read in the order of the names: by half only the comment is set.
        let both = json!({"comment": "c", "ranges": "10.0.0.1"});
        let said = bench.curl("PATCH", &path, &both);
        assert_eq!(said.0, Some(code), "{fault}: {said:?}");
        assert_eq!(bench.field(&path, "ranges"), ranges, "{fault}");
        assert_eq!(bench.field(&path, "comment"), comment, "{fault}");
    }
}

#[test]
fn a_late_answer_is_a_closed_session_and_the_command_is_done() {
    let bench = Bench::start("7.24", &[]);
    bench.add("late");
    let late = |seconds: i64| {
        bench.control(
            "POST",
            "/faults",
            &json!({"fault": "late", "command": "set", "seconds": seconds}),
        );
        bench.curl("PATCH", "/ip/pool/late", &json!({"comment": seconds}))
    };
    assert_eq!(late(59).1, 200);
    let Said(code, status, body) = late(60);
    assert_eq!((code, status), (Some(0), 400));
    assert_eq!(body["detail"], "Session closed");
    assert_eq!(bench.field("/ip/pool/late", "comment"), "60");
    // A slow machine makes a key for longer than REST waits, and has it afterwards.
    bench.control("PUT", "/cpu", &json!({"seconds-per-key": 90}));
    let template = json!({"name": "own", "common-name": "own"});
    assert_eq!(bench.curl("PUT", "/certificate", &template).1, 201);
    let signed = bench.curl("POST", "/certificate/sign", &json!({"number": "own"}));
    assert_eq!(
        (signed.1, &signed.2["detail"]),
        (400, &json!("Session closed"))
    );
    assert_eq!(bench.field("/certificate/own", "private-key"), "true");
}

#[test]
fn power_and_clock_do_what_they_do_to_a_board() {
    let bench = Bench::start("7.12", &[]);
    bench.control("POST", "/time", &json!({"seconds": 3_600}));
    bench.add("old");
    bench.control("POST", "/time", &json!({"seconds": 40}));
    bench.add("new");
    bench.control("POST", "/power", &json!({"do": "loss"}));
    assert_eq!(bench.pools(), ["old"]);
    bench.add("kept");
    bench.control("POST", "/power", &json!({"do": "reboot"}));
    bench.control("POST", "/power", &json!({"do": "loss"}));
    assert_eq!(bench.pools(), ["old", "kept"]);
    let date = || bench.field("/system/clock", "date");
    let today = date();
    bench.control("PUT", "/battery", &json!({"on": false}));
    bench.control("POST", "/power", &json!({"do": "reboot"}));
    assert_eq!(date(), "1970-01-02");
    bench.control("PUT", "/clock", &json!({"offset-seconds": 0}));
    assert_ne!(date(), "1970-01-02");
    bench.control("PUT", "/clock", &json!({"offset-seconds": -86_400 * 400}));
    assert_ne!(date(), today);
    let kept = Bench::start("7.12", &["unsynced-writes=kept", "clock-at-boot=kept"]);
    kept.add("new");
    kept.control("PUT", "/battery", &json!({"on": false}));
    kept.control("POST", "/power", &json!({"do": "loss"}));
    assert_eq!(kept.pools(), ["new"]);
    assert_ne!(kept.field("/system/clock", "date"), "1970-01-02");
}

#[test]
fn an_upgrade_keeps_what_was_set_and_a_lockout_lets_nobody_in() {
    let bench = Bench::start("7.9", &[]);
    bench.add("kept");
    let list = json!({"numbers": "telnet", "address": "192.0.2.0/24"});
    assert_eq!(bench.curl("POST", "/ip/service/set", &list).1, 200);
    let port = json!({"port": "4711", "enabled": "yes"});
    let server = "/interface/ovpn-server/server";
    assert_eq!(bench.curl("POST", &format!("{server}/set"), &port).1, 200);
    for (model, date) in [("7.12", 10), ("7.20", 10), ("7.24", 10)] {
        bench.control("POST", "/upgrade", &json!({"model": model}));
        let version = bench.field("/system/resource", "version");
        let version = version.as_str().expect("a text");
        assert!(version.starts_with(model), "{version}");
        let printed = bench.field("/system/clock", "date");
        assert_eq!(printed.as_str().map(str::len), Some(date), "{printed}");
        assert_eq!(bench.pools(), ["kept"]);
    }
    assert_eq!(
        bench.field("/ip/service/telnet", "available-from"),
        "192.0.2.0/24"
    );
    let servers = bench.curl("GET", server, &Value::Null).2;
    assert_eq!(
        (&servers[0]["port"], &servers[0]["disabled"]),
        (&json!("4711"), &json!("false")),
        "{servers}"
    );
    bench.control("PUT", "/lockout", &json!({"on": true}));
    let shut = bench.curl("GET", "/ip/pool", &Value::Null);
    assert!(matches!(shut.0, Some(EMPTY_REPLY | RESET)), "{shut:?}");
    bench.control("PUT", "/lockout", &json!({"on": false}));
    assert_eq!(bench.pools(), ["kept"]);
    bench.control("PUT", "/storage", &json!({"free": 10}));
    let full = json!({"name": "f", "contents": "more than there is room for"});
    let said = bench.curl("PUT", "/file", &full);
    assert_eq!(said.1, 400, "{said:?}");
    bench.control("PUT", "/device-mode", &json!({"fetch": false}));
    let url = json!({"url": "http://127.0.0.1:9/x"});
    let said = bench.curl("POST", "/tool/fetch", &url).2;
    assert_eq!(said["detail"], "failure: not allowed by device-mode");
}

#[test]
fn chance_strikes_the_same_commands_for_the_same_seed() {
    let bench = Bench::start("7.20", &[]);
    bench.add("p");
    let struck = |seed: u64| -> Vec<Option<i32>> {
        bench.control("PUT", "/chance", &json!({"seed": seed, "one-in": 3}));
        let codes = (0..12).map(|number| {
            let comment = json!({"comment": number.to_string()});
            bench.curl("PATCH", "/ip/pool/p", &comment).0
        });
        let codes = codes.collect();
        bench.control("PUT", "/chance", &json!({"seed": 0, "one-in": 0}));
        codes
    };
    let first = struck(1);
    assert!(first.iter().any(|code| *code != Some(0)), "{first:?}");
    assert_eq!(struck(1), first);
    assert_ne!(struck(2), first);
}

#[test]
fn public_clients_raise_what_a_device_makes_them_raise() {
    for model in ["6.49", "7.24"] {
        let bench = Bench::start(model, &[]);
        let mut command = Command::new(peers("python"));
        command
            .arg(repository().join("tests/peers/faulty_router.py"))
            .args([model, Router::USER])
            .arg(bench.router.password_file())
            .args([bench.router.api(), bench.router.control_port()]);
        if model != "6.49" {
            command.arg(bench.router.rest_http());
        }
        let said = run_within(&mut command, Duration::from_secs(120)).ok();
        let clients: &[&str] = match model {
            "6.49" => &["librouteros"],
            _ => &["librouteros", "rosrestpy"],
        };
        let expected: String = clients
            .iter()
            .map(|client| format!("{client} {model} cut reset half late reboot lockout storage\n"))
            .collect();
        assert_eq!(said.stdout, expected, "{said}");
    }
}

#[test]
fn an_upgrade_from_six_opens_rest_and_nothing_was_there_before() {
    let folder = tempdir().expect("the directory for temporary files is writable");
    let password = folder.path().join("password");
    fs::write(&password, format!("{}\n", Router::PASSWORD)).expect("the directory is writable");
    let (rest, control) = (free_port(), free_port());
    let mut command = Command::new(program("routeros-sim"));
    command
        .args(["--model", "6.49", "--user", Router::USER])
        .args(["--rest-http", &format!("127.0.0.1:{rest}")])
        .args(["--control", &format!("127.0.0.1:{control}")])
        .arg("--password-file")
        .arg(&password)
        .arg("--state")
        .arg(folder.path().join("router"));
    let log = folder.path().join("router.log");
    let _router = Process::start(command, &log).unwrap_or_else(|log| panic!("it ended: {log}"));
    let curl = || {
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--noproxy", "*"])
            .args(["--user", &format!("{}:{}", Router::USER, Router::PASSWORD)])
            .arg(format!("http://127.0.0.1:{rest}/rest/ip/pool"));
        run_within(&mut command, Duration::from_secs(60))
    };
    let post = |path: &str, kind: &str, body: &str| {
        http_with_body(control, "POST", path, kind, body.as_bytes()).status
    };
    let script = "/ip pool add name=kept ranges=192.0.2.1";
    assert_eq!(post("/console", "text/plain", script), 200);
    assert_eq!(curl().code, Some(REFUSED));
    let upgrade = json!({"model": "7.24"}).to_string();
    assert_eq!(post("/upgrade", "application/json", &upgrade), 204);
    // The service is there a moment after the router is.
    let pools = until(Duration::from_secs(60), "REST answers", || {
        let run = curl();
        (run.code == Some(0)).then(|| run.json())
    });
    assert_eq!(pools[0]["name"], "kept", "{pools}");
}
