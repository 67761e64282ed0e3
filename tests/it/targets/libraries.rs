//! NSS and the JDK, the libraries of other programs that verify clients: they mind the same rules.

use std::process::Command;

use ca_tests::{Run, repository, run};
use ca_verify::target::{Role::Client, Target::OpenVpn};

use super::pki::{CA, LEAF, Pki};

const DIALS: &str = "extendedKeyUsage = clientAuth\n";

/// A rule, a client certificate that breaks it, and the CAs between that and the root.
type Breach = (&'static str, &'static str, &'static [&'static str]);

const GOOD: (&str, &[&str]) = ("good", &["ca"]);

const BREACHES: [Breach; 6] = [
    ("client-auth", "dialled", &["ca"]),
    ("usage-signature", "enciphers", &["ca"]),
    ("critical-extensions", "unknown", &["ca"]),
    ("ca-constraints", "below-plain", &["plain"]),
    ("ca-signs-certificates", "below-mute", &["mute"]),
    ("path-length", "deep", &["second", "short"]),
];

/// Makes a good client and one for each breach, each with `NAME.chain`; our own rules say the same of them.
fn stage() -> Pki {
    let pki = Pki::new();
    pki.ca(
        "plain",
        Some("root"),
        &CA.replace("basicConstraints = critical,CA:TRUE\n", ""),
    );
    pki.ca("mute", Some("root"), &CA.replace("keyCertSign,", ""));
    pki.ca(
        "short",
        Some("root"),
        &CA.replace("CA:TRUE", "CA:TRUE,pathlen:0"),
    );
    pki.ca("second", Some("short"), CA);
    let client = format!("{LEAF}{DIALS}");
    let of = |name: &str| match name {
        "dialled" => format!("{LEAF}extendedKeyUsage = serverAuth\n"),
        "enciphers" => client.replace("digitalSignature", "keyEncipherment"),
        "unknown" => format!("{client}1.2.3.4 = critical,DER:0500\n"),
        _ => client.clone(),
    };
    let breaches = BREACHES.iter().map(|(_rule, name, cas)| (*name, *cas));
    for (name, cas) in breaches.chain([GOOD]) {
        pki.leaf(name, cas[0], &format!("/CN={name}"), &of(name));
        let files: Vec<String> = std::iter::once(&name)
            .chain(cas)
            .map(|name| format!("{name}.pem"))
            .collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        pki.join(&files, &format!("{name}.chain"));
    }
    for (rule, name, _cas) in BREACHES {
        let bad = format!("{name}.chain");
        let (good, bad) = (["good.chain", "root.pem"], [bad.as_str(), "root.pem"]);
        pki.judged(OpenVpn, Client, rule, &good, &bad);
    }
    pki
}

#[test]
fn nss_refuses_what_breaks_the_rules_of_clients() {
    let pki = stage();
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
    certutil(&["-N", "--empty-password"]).ok();
    add("root", "CT,,");
    for name in ["ca", "plain", "mute", "short", "second", "good"] {
        add(name, ",,");
    }
    certutil(&["-V", "-u", "C", "-n", "good"]).ok();
    for (rule, name, _cas) in BREACHES {
        add(name, ",,");
        let verdict = certutil(&["-V", "-u", "C", "-n", name]);
        assert_ne!(verdict.code, Some(0), "{rule}: {verdict}");
        let said = format!("{verdict}");
        let why = match rule {
            "client-auth" => "Certificate type not approved",
            "usage-signature" => "key usage inadequate",
            "critical-extensions" => "unknown critical extension",
            "path-length" => "path length constraint",
            _ => "invalid",
        };
        assert!(said.contains(why), "{rule}: {said}");
    }
}

#[test]
fn the_jdk_refuses_what_breaks_the_rules_of_clients() {
    let pki = stage();
    let mut command = Command::new("java");
    command
        .arg(repository().join("tests/it/targets/Judge.java"))
        .arg("root.pem")
        .arg("good.chain");
    command.args(BREACHES.map(|(_rule, name, _cas)| format!("{name}.chain")));
    let verdicts = run(command.current_dir(pki.folder())).ok().stdout;
    let verdict = |name: &str| {
        let begin = format!("{name}.chain ");
        let mut lines = verdicts.lines();
        lines
            .find_map(|line| line.strip_prefix(&begin))
            .unwrap_or_else(|| panic!("no {name} in {verdicts}"))
    };
    assert_eq!(verdict("good"), "trusted");
    for (rule, name, _cas) in BREACHES {
        let said = verdict(name);
        let why = match rule {
            "client-auth" => "Extended key usage does not permit use for TLS client",
            "usage-signature" => "KeyUsage does not allow digital signatures",
            "critical-extensions" => "unrecognized critical extension",
            "ca-constraints" => "basic constraints check failed",
            "ca-signs-certificates" => "key usage",
            _ => "path",
        };
        assert!(said.starts_with("refused: "), "{rule}: {said}");
        assert!(said.contains(why), "{rule}: {said}");
    }
}
