//! `router doctor` and `router clean` on simulated routers: a healthy one is broken in one way at a time, the complaint
//! names it, and what the complaint says mends it.

use std::time::Duration;

use ca_tests::{Router, until};
use serde_json::{Value, json};

use crate::router_ground::Ground;

/// One way in which a router is broken.
struct Fault {
    /// What the doctor is to call it.
    what: &'static str,
    /// The exit code of the doctor: 0 for what only should not stay so.
    code: i32,
    /// How it is broken at the console, with names in angle brackets.
    script: &'static str,
}

const fn error(what: &'static str, script: &'static str) -> Fault {
    Fault {
        what,
        code: 1,
        script,
    }
}

const fn warning(what: &'static str, script: &'static str) -> Fault {
    Fault {
        what,
        code: 0,
        script,
    }
}

/// The certificates that the fleet file does not know: name, common name, how many days from now the router makes
/// them, for how long they are valid, and what for.
const STRANGERS: [(&str, &str, i64, u32, &str); 9] = [
    ("old", "<name>", -10, 1, "tls-server"),
    ("aged", "<name>", -10, 1, "tls-server"),
    ("short", "<name>", -10, 11, "tls-server"),
    ("early", "<name>", 10, 30, "tls-server"),
    ("clients", "<name>", 0, 30, "tls-client"),
    ("keyless", "<name>", 0, 30, "tls-server"),
    ("other", "other.example.net", 0, 30, "tls-server"),
    ("twin-1", "Branch CA", 0, 30, "key-cert-sign,crl-sign"),
    ("twin-2", "Branch CA", 0, 30, "key-cert-sign,crl-sign"),
];

/// Faults of every release, in an order in which each leaves the router healthy for the next.
const FAULTS: [Fault; 22] = [
    error("expired", "/ip service set api-ssl certificate=old"),
    error("not-yet-valid", "/ip service set api-ssl certificate=early"),
    warning("ending", "/ip service set api-ssl certificate=short"),
    error("key-usage", "/ip service set api-ssl certificate=clients"),
    error("no-key", "/ip service set api-ssl certificate=<keyless>"),
    error(
        "wrong-certificate",
        "/ip service set api-ssl certificate=other",
    ),
    error(
        "gone",
        "/ip service set api-ssl certificate=other; /certificate remove other",
    ),
    error(
        "service-without-certificate",
        "/ip service set api-ssl certificate=none",
    ),
    error("service-off", "/ip service set api-ssl disabled=yes"),
    warning("address-list", "/ip service set api-ssl address=10.0.0.0/8"),
    warning(
        "firewall",
        "/ip firewall filter add chain=input action=drop protocol=tcp dst-port=<port>",
    ),
    warning("plain-service", "/ip service enable telnet"),
    // What the fleet file does not bind gets what the push brought, or is switched off.
    warning(
        "service-without-certificate",
        "/ip service set www-ssl disabled=no",
    ),
    error(
        "expired",
        "/ip service set www-ssl disabled=no certificate=old",
    ),
    error(
        "key-usage",
        "/interface sstp-server server set certificate=<issuing> enabled=yes",
    ),
    error(
        "ipsec-identity",
        "/ip ipsec peer add name=far address=192.0.2.1/32 exchange-mode=ike2; \
         /ip ipsec identity add peer=far auth-method=digital-signature",
    ),
    warning(
        "ipsec-identity",
        "/ip ipsec identity disable [find peer=far]",
    ),
    error("twin-cas", TWINS),
    error("untrusted", "/certificate set <root> trusted=no"),
    error("chain", "/certificate remove <issuing>"),
    error(
        "crl",
        "/certificate crl flush; /certificate settings set crl-use=yes",
    ),
    warning("plain-service", "/ip service enable ftp"),
];

const TWINS: &str = "/certificate sign twin-1; /certificate sign twin-2";

/// A router in the care of the doctor.
struct Patient {
    ground: Ground,
    router: Router,
    name: &'static str,
}

impl Patient {
    /// A router that is reached over SSH, so that everything else may break, and shows its certificate at `api-ssl`.
    fn healthy(model: &str, name: &'static str) -> Self {
        let ground = Ground::new();
        let router = ground.bare_over_ssh(model, name, &["removed-bound-certificate=id"]);
        let fleet = ground.fleet().replace("bind = []", "bind = [\"api-ssl\"]");
        ground.write_fleet(&fleet);
        let (_, port) = router.api_ssl().split_once(':').map(owned).expect("a port");
        router.console(&format!("/ip service set api-ssl port={port}"));
        let patient = Self {
            ground,
            router,
            name,
        };
        patient.gets_its_certificate();
        patient
    }

    /// Of a new router it is named what is missing, and what is open to everybody.
    fn gets_its_certificate(&self) {
        let before = self.complaints(1);
        let first = before.first().expect("a new router lacks something");
        assert_eq!(first["what"], "service-without-certificate", "{first}");
        self.ground.client(&["router", "push", "--yes"]).ok();
        for complaint in self.complaints(0) {
            self.mend(&complaint);
        }
        let silent = self.ground.client(&["router", "doctor"]).ok();
        assert_eq!(silent.stdout, "", "a healthy router");
    }

    /// Asks the doctor.
    #[track_caller]
    fn complaints(&self, code: i32) -> Vec<Value> {
        let (run, document) = self.ground.json(&["router", "doctor"]);
        assert_eq!(run.code, Some(code), "{run}");
        document[0]["complaints"]
            .as_array()
            .expect("a list")
            .clone()
    }

    /// Expects one complaint.
    #[track_caller]
    fn complaint(&self, what: &str, code: i32) -> Value {
        let found = self.complaints(code);
        let [complaint] = found.as_slice() else {
            panic!("{what}: {found:#?}");
        };
        assert_eq!(complaint["what"], what, "{complaint}");
        complaint.clone()
    }

    /// Does what a complaint says, at the console or here.
    #[track_caller]
    fn mend(&self, complaint: &Value) {
        let command = text(complaint, "mend");
        if let Some(words) = command.strip_prefix("ca-client ") {
            let words: Vec<&str> = words.split(' ').chain(["--yes"]).collect();
            self.ground.client(&words).ok();
            return;
        }
        // Version 6 knows no slash between the words of a path.
        let path = command.split(['=', '"']).next().unwrap_or_default();
        let slashes = path.matches('/').count();
        assert!(slashes == 1 || self.router.model() != "6.49", "{command}");
        self.router.console(command);
    }

    /// Breaks the router, expects the complaint, and mends it.
    #[track_caller]
    fn check(&self, fault: &Fault) {
        self.router.console(&self.spelled_out(fault.script));
        let complaint = self.complaint(fault.what, fault.code);
        self.mend(&complaint);
        // A download goes on when the command has answered.
        let goal = format!("{} is mended by {}", fault.what, complaint["mend"]);
        until(PATIENCE, &goal, || {
            let left = self.ground.json(&["router", "doctor"]).1;
            left[0]["complaints"].as_array()?.is_empty().then_some(())
        });
    }

    /// Puts the names of this router into a script.
    fn spelled_out(&self, script: &str) -> String {
        let (_, port) = self
            .router
            .api_ssl()
            .split_once(':')
            .map(owned)
            .expect("a port");
        let mut text = script
            .replace("<name>", &format!("{}.example.net", self.name))
            .replace("<port>", &port);
        for (word, beginning) in [
            ("<issuing>", "fleet-ca-router-"),
            ("<root>", "fleet-ca-root-"),
            ("<keyless>", "cert_export_keyless"),
            ("<ours>", &format!("{}.example.net-", self.name)),
        ] {
            if text.contains(word) {
                text = text.replace(word, &self.row(beginning));
            }
        }
        text
    }

    /// Returns the name of the first certificate on the router that begins so.
    fn row(&self, beginning: &str) -> String {
        let printed = self.router.console("/certificate print");
        let names = printed
            .split(' ')
            .filter_map(|field| field.strip_prefix("name="));
        names
            .into_iter()
            .find(|name| name.starts_with(beginning))
            .expect("the certificate")
            .to_owned()
    }

    fn clock(&self, days: i64) {
        let seconds = json!({"offset-seconds": days * 86_400});
        self.router.control("PUT", "/clock", &seconds);
    }

    /// Lets the router make certificates of its own.
    fn meets_strangers(&self) {
        for (name, common_name, day, days, usage) in STRANGERS {
            self.clock(day);
            let common_name = self.spelled_out(common_name);
            self.router.console(&format!(
                "/certificate add name={name} common-name=\"{common_name}\" days-valid={days} key-usage={usage}"
            ));
            if !name.starts_with("twin-") {
                self.router.console(&format!("/certificate sign {name}"));
            }
        }
        self.clock(0);
        self.router.console(
            "/certificate export-certificate keyless; /certificate remove keyless; \
             /certificate import file-name=cert_export_keyless.crt passphrase=\"\"",
        );
    }

    /// What the log says of a fault stands beside it, and nothing else does.
    fn is_explained_by_its_log(&self) {
        self.router
            .console("/ip service set api-ssl certificate=none");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let (host, port) = self
            .router
            .api_ssl()
            .split_once(':')
            .map(owned)
            .expect("a port");
        let port = port.parse().expect("a number");
        let knock = ca_routeros::handshake(&host, port, None, PATIENCE);
        assert!(runtime.block_on(knock).is_err(), "it has no certificate");
        for (topics, message) in [
            ("ipsec,error", "identity not found for responder: far"),
            ("certificate,error", "the list did not come"),
            ("dhcp,error", "no lease"),
        ] {
            let line = json!({"topics": topics, "message": message});
            self.router.control("POST", "/log", &line);
        }
        let complaint = until(PATIENCE, "the refusal is in the log", || {
            let complaint = self.complaint("service-without-certificate", 1);
            complaint["evidence"]
                .to_string()
                .contains("ssl:")
                .then_some(complaint)
        });
        let evidence = complaint["evidence"].to_string();
        assert!(evidence.contains("ssl: no common ciphers"), "{evidence}");
        assert!(evidence.contains("the list did not come"), "{evidence}");
        assert!(!evidence.contains("identity not found"), "{evidence}");
        self.mend(&complaint);
        let script = "/ip ipsec identity disable [find peer=far]";
        self.router.console(script);
        let complaint = self.complaint("ipsec-identity", 0);
        let evidence = complaint["evidence"].to_string();
        assert!(evidence.contains("identity not found"), "{evidence}");
        assert!(!evidence.contains("lease"), "{evidence}");
        self.mend(&complaint);
    }

    /// The clock goes right when its server is asked, and the flag goes when somebody pulls the plug.
    fn clock_and_flag(&self) {
        let ahead = json!({"offset-seconds": 3_600});
        self.router.control("PUT", "/clock", &ahead);
        self.mend(&self.complaint("clock", 1));
        assert_eq!(self.complaints(0), [""; 0]);
        let flagged = json!({"flagged": true});
        self.router.control("PUT", "/device-mode", &flagged);
        let complaint = self.complaint("device-mode", 1);
        // What was set lately is on the flash when the power goes.
        self.router
            .control("POST", "/power", &json!({"do": "reboot"}));
        self.mend(&complaint);
        self.complaint("device-mode", 1);
        self.router
            .control("POST", "/power", &json!({"do": "loss"}));
        assert_eq!(self.complaints(0), [""; 0]);
    }

    /// Of what nothing refers to, ours goes, and what is somebody else's only by name; what is in use stays.
    fn is_cleaned(&self) {
        let former = |digits: &str| format!("{}.example.net-{digits}", self.name);
        let (expired, superseded) = (former("00000001"), former("00000002"));
        self.router.console(&format!(
            "/certificate set old name={expired}; /certificate set short name={superseded}"
        ));
        let (_, document) = self.ground.json(&["router", "doctor"]);
        let listed = json!([
            {"name": expired, "ours": true, "why": "expired"},
            {"name": "aged", "ours": false, "why": "expired"},
            {"name": superseded, "ours": true, "why": "superseded"},
        ]);
        assert_eq!(document[0]["unused"], listed);
        let named = |name: &str| {
            let words = ["router", "clean", "--yes", "--certificate", name];
            self.ground.client(&words)
        };
        for used in ["<root>", "<issuing>", "<ours>", "early"] {
            let refused = named(&self.spelled_out(used));
            refused.refused(1, &["no certificate that nothing refers to"]);
        }
        let removed = |words: &[&str]| {
            let (run, document) = self.ground.json(words);
            assert_eq!(run.code, Some(0), "{run}");
            document[0]["removed"].clone()
        };
        let ours = json!([listed[0], listed[2]]);
        assert_eq!(removed(&["router", "clean", "--yes"]), ours);
        named("aged").ok();
        assert_eq!(removed(&["router", "clean", "--yes"]), json!([]));
        assert_eq!(self.complaints(0), [""; 0]);
    }
}

fn check(model: &str, name: &'static str) {
    let patient = Patient::healthy(model, name);
    patient.meets_strangers();
    assert_eq!(patient.complaints(0), [""; 0]);
    for fault in &FAULTS {
        patient.check(fault);
    }
    patient.is_explained_by_its_log();
    patient.clock_and_flag();
    patient.is_cleaned();
}

#[test]
fn doctor_names_each_fault_of_a_router_of_seven_and_what_mends_it() {
    check("7.24", "berlin-01");
}

#[test]
fn doctor_names_each_fault_of_a_router_of_six_and_what_mends_it() {
    check("6.49", "munich-01");
}

#[test]
fn an_outdated_router_is_mended_by_an_update() {
    let ground = Ground::copied();
    let router = ground.bare("7.20", "bremen-01", &[]);
    ground.client(&["router", "push", "--yes"]).ok();
    let outdated = || {
        let (run, document) = ground.json(&["router", "doctor"]);
        assert_eq!(run.code, Some(0), "{run}");
        let all = document[0]["complaints"].as_array().cloned();
        let mut all = all.expect("a list").into_iter();
        all.find(|one| one["what"] == "outdated")
    };
    let complaint = outdated().expect("7.20.8 is older than the last security releases");
    router.console(text(&complaint, "mend"));
    assert_eq!(outdated(), None);
}

fn text<'a>(complaint: &'a Value, field: &str) -> &'a str {
    complaint[field].as_str().expect("a text")
}

fn owned((host, port): (&str, &str)) -> (String, String) {
    (host.to_owned(), port.to_owned())
}

const PATIENCE: Duration = Duration::from_secs(60);
