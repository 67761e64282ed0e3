//! NSS and the JDK, the libraries of other programs that verify both sides: they mind the same rules.

use std::process::Command;

use ca_tests::{Run, repository, run};
use ca_verify::target::{
    Role::{self, Client, Server},
    Target::OpenVpn,
};

use super::pki::{LEAF, Pki};

const DIALS: &str = "extendedKeyUsage = clientAuth\n";
const DIALLED: &str = "extendedKeyUsage = serverAuth\nsubjectAltName = DNS:gw.example.net\n";

/// A rule, the side that it is about, a certificate that breaks it, and the CAs that are sent with it.
type Breach = (&'static str, Role, &'static str, &'static [&'static str]);

const GOOD: [(&str, &[&str]); 2] = [("good", &["ca"]), ("gateway", &["ca"])];

const BREACHES: [Breach; 9] = [
    ("client-auth", Client, "dialled", &["ca"]),
    ("usage-signature", Client, "enciphers", &["ca"]),
    ("critical-extensions", Client, "unknown", &["ca"]),
    ("ca-constraints", Client, "below-plain", &["plain"]),
    ("ca-signs-certificates", Client, "below-mute", &["mute"]),
    ("path-length", Client, "deep", &["second", "short"]),
    ("chain-in-order", Client, "orphan", &["twin"]),
    ("server-auth", Server, "dials", &["ca"]),
    (
        "usage-signature-server",
        Server,
        "enciphering-gateway",
        &["ca"],
    ),
];

/// Makes a good certificate for each side and one for each breach, each with `NAME.chain`; our own rules say the same
/// of them.
fn stage() -> Pki {
    let pki = Pki::new();
    pki.odd_cas();
    let (client, server) = (format!("{LEAF}{DIALS}"), format!("{LEAF}{DIALLED}"));
    let of = |name: &str| match name {
        "dialled" | "gateway" => server.clone(),
        "enciphers" => client.replace("digitalSignature", "keyEncipherment"),
        "enciphering-gateway" => server.replace("digitalSignature", "keyEncipherment"),
        "unknown" => format!("{client}1.2.3.4 = critical,DER:0500\n"),
        _ => client.clone(),
    };
    let breaches = BREACHES
        .iter()
        .map(|(_rule, _side, name, cas)| (*name, *cas));
    for (name, cas) in breaches.chain(GOOD) {
        let issuer = if name == "orphan" { "ca" } else { cas[0] };
        pki.leaf(name, issuer, &format!("/CN={name}"), &of(name));
        let files: Vec<String> = std::iter::once(&name)
            .chain(cas)
            .map(|name| format!("{name}.pem"))
            .collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        pki.join(&files, &format!("{name}.chain"));
    }
    for (rule, side, name, _cas) in BREACHES {
        let (good, bad) = (format!("{}.chain", good(side)), format!("{name}.chain"));
        let (good, bad) = ([good.as_str(), "root.pem"], [bad.as_str(), "root.pem"]);
        pki.judged(OpenVpn, side, rule, &good, &bad);
    }
    pki
}

fn good(side: Role) -> &'static str {
    match side {
        Client => "good",
        Server => "gateway",
    }
}

#[test]
fn nss_refuses_what_breaks_the_rules_of_clients() {
    // Of the rules of both sides `critical-extensions`, `ca-constraints`, `ca-signs-certificates` and `path-length`.
    let pki = stage();
    nss(&pki, Client);
}

#[test]
fn nss_refuses_what_breaks_the_rules_of_servers() {
    let pki = stage();
    nss(&pki, Server);
}

/// Lets NSS judge one side. Of two CAs with one name it picks the right one, so that the one that is sent is no matter.
#[track_caller]
fn nss(pki: &Pki, side: Role) {
    let certutil = |words: &[&str]| -> Run {
        let mut command = Command::new("certutil");
        run(command
            .args(words)
            .args(["-d", "sql:."])
            .current_dir(pki.folder()))
    };
    let add = |name: &str, trust: &str| {
        let file = format!("{name}.pem");
        certutil(&["-A", "-n", name, "-t", trust, "-a", "-i", &file]).ok();
    };
    let usage = match side {
        Client => "C",
        Server => "V",
    };
    certutil(&["-N", "--empty-password"]).ok();
    add("root", "CT,,");
    for name in ["ca", "plain", "mute", "short", "second", good(side)] {
        add(name, ",,");
    }
    certutil(&["-V", "-u", usage, "-n", good(side)]).ok();
    let breaches = BREACHES
        .iter()
        .filter(|(rule, of, ..)| *of == side && *rule != "chain-in-order");
    for (rule, _side, name, _cas) in breaches {
        add(name, ",,");
        let verdict = certutil(&["-V", "-u", usage, "-n", name]);
        assert_ne!(verdict.code, Some(0), "{rule}: {verdict}");
        let said = format!("{verdict}");
        let why = match *rule {
            "client-auth" | "server-auth" => "Certificate type not approved",
            "usage-signature" | "usage-signature-server" => "key usage inadequate",
            "critical-extensions" => "unknown critical extension",
            "path-length" => "path length constraint",
            _ => "invalid",
        };
        assert!(said.contains(why), "{rule}: {said}");
    }
}

#[test]
fn the_jdk_refuses_what_breaks_the_rules_of_both_sides() {
    let pki = stage();
    let word = |side: Role, name: &str| format!("{side}:{name}.chain");
    let mut command = Command::new("java");
    command
        .arg(repository().join("tests/it/targets/Judge.java"))
        .arg("root.pem")
        .args([Client, Server].map(|side| word(side, good(side))))
        .args(BREACHES.map(|(_rule, side, name, _cas)| word(side, name)));
    let verdicts = run(command.current_dir(pki.folder())).ok().stdout;
    let verdict = |side: Role, name: &str| {
        let begin = format!("{} ", word(side, name));
        let mut lines = verdicts.lines();
        lines
            .find_map(|line| line.strip_prefix(&begin))
            .unwrap_or_else(|| panic!("no {name} in {verdicts}"))
    };
    for side in [Client, Server] {
        assert_eq!(verdict(side, good(side)), "trusted");
    }
    for (rule, side, name, _cas) in BREACHES {
        let said = verdict(side, name);
        let why = match rule {
            "client-auth" => "Extended key usage does not permit use for TLS client",
            "server-auth" => "Extended key usage does not permit use for TLS server",
            "usage-signature" | "usage-signature-server" => {
                "KeyUsage does not allow digital signatures"
            }
            "critical-extensions" => "unrecognized critical extension",
            "ca-constraints" => "basic constraints check failed",
            "ca-signs-certificates" => "key usage",
            _ => "path",
        };
        assert!(said.starts_with("refused: "), "{rule}: {said}");
        assert!(said.contains(why), "{rule}: {said}");
    }
}
