//! OpenSSL, the library that OpenVPN and EAP-TLS servers verify with.

use ca_tests::{Run, openssl};
use ca_verify::target::{Role::Client, Target::OpenVpn};

use super::pki::{CA, LEAF, Pki};

const DIALS: &str = "extendedKeyUsage = clientAuth\n";

#[test]
fn openssl_wants_a_client_that_may_sign() {
    let pki = Pki::new();
    leaf(&pki, "good", "ca");
    let wrong = LEAF.replace("digitalSignature", "keyEncipherment") + DIALS;
    pki.leaf("bad", "ca", "/CN=anna", &wrong);
    verify(&pki, "good.pem", "ca.pem").ok();
    refuses(
        &verify(&pki, "bad.pem", "ca.pem"),
        "unsuitable certificate purpose",
    );
    let (good, bad) = (["good.pem", "ca.pem"], ["bad.pem", "ca.pem"]);
    pki.judged(OpenVpn, Client, "usage-signature", &good, &bad);
}

#[test]
fn openssl_wants_cas_that_say_what_they_are() {
    let pki = Pki::new();
    leaf(&pki, "good", "ca");
    verify(&pki, "good.pem", "ca.pem").ok();
    let good = ["good.pem", "ca.pem", "root.pem"];
    for (rule, extensions) in [
        ("ca-signs-certificates", CA.replace("keyCertSign,", "")),
        (
            "ca-constraints",
            CA.replace("basicConstraints = critical,CA:TRUE\n", ""),
        ),
    ] {
        pki.ca("odd", Some("root"), &extensions);
        leaf(&pki, "below", "odd");
        refuses(
            &verify(&pki, "below.pem", "odd.pem"),
            "invalid CA certificate",
        );
        let bad = ["below.pem", "odd.pem", "root.pem"];
        pki.judged(OpenVpn, Client, rule, &good, &bad);
    }

    pki.ca(
        "short",
        Some("root"),
        &CA.replace("CA:TRUE", "CA:TRUE,pathlen:0"),
    );
    pki.ca("second", Some("short"), CA);
    leaf(&pki, "deep", "second");
    leaf(&pki, "flat", "short");
    pki.join(&["second.pem", "short.pem"], "two.pem");
    verify(&pki, "flat.pem", "short.pem").ok();
    refuses(
        &verify(&pki, "deep.pem", "two.pem"),
        "path length constraint exceeded",
    );
    let flat = ["flat.pem", "short.pem", "root.pem"];
    let deep = ["deep.pem", "two.pem", "root.pem"];
    pki.judged(OpenVpn, Client, "path-length", &flat, &deep);
}

#[test]
fn openssl_takes_crls_of_cas_that_may_sign_them() {
    let pki = Pki::new();
    leaf(&pki, "good", "ca");
    pki.ca("odd", Some("root"), &CA.replace(",cRLSign", ""));
    leaf(&pki, "below", "odd");
    for ca in ["root", "ca", "odd"] {
        pki.crl(ca);
    }
    let checked = |leaf: &str, ca: &str| {
        pki.join(&["root.crl", &format!("{ca}.crl")], "crls.pem");
        let words = [
            "verify",
            "-crl_check_all",
            "-CRLfile",
            "crls.pem",
            "-CAfile",
            "root.pem",
            "-untrusted",
        ];
        let files = [format!("{ca}.pem"), format!("{leaf}.pem")];
        openssl(
            pki.folder(),
            &[&words[..], &[&files[0], &files[1]]].concat(),
        )
    };
    checked("good", "ca").ok();
    refuses(
        &checked("below", "odd"),
        "key usage does not include CRL signing",
    );
    let (good, bad) = (["good.pem", "ca.pem"], ["below.pem", "odd.pem"]);
    pki.judged(OpenVpn, Client, "ca-signs-crls", &good, &bad);
}

#[test]
fn openssl_wants_the_ca_that_signed_and_knows_what_is_critical() {
    let pki = Pki::new();
    leaf(&pki, "good", "ca");
    verify(&pki, "good.pem", "ca.pem").ok();
    // A CA of the same name with another key.
    pki.make(super::pki::Wish {
        name: "twin",
        issuer: Some("root"),
        subject: "/CN=ca",
        key: super::pki::P256,
        digest: "-sha256",
        extensions: CA,
    });
    refuses(
        &verify(&pki, "good.pem", "twin.pem"),
        "unable to get local issuer certificate",
    );
    let (good, bad) = (["good.pem", "ca.pem"], ["good.pem", "twin.pem"]);
    pki.judged(OpenVpn, Client, "chain-in-order", &good, &bad);

    let unknown = format!("{LEAF}{DIALS}1.2.3.4 = critical,DER:0500\n");
    pki.leaf("unknown", "ca", "/CN=anna", &unknown);
    refuses(
        &verify(&pki, "unknown.pem", "ca.pem"),
        "unhandled critical extension",
    );
    let bad = ["unknown.pem", "ca.pem"];
    pki.judged(OpenVpn, Client, "critical-extensions", &good, &bad);
}

fn leaf(pki: &Pki, name: &str, issuer: &str) {
    pki.leaf(name, issuer, "/CN=anna", &format!("{LEAF}{DIALS}"));
}

fn verify(pki: &Pki, leaf: &str, cas: &str) -> Run {
    let words = [
        "verify",
        "-purpose",
        "sslclient",
        "-CAfile",
        "root.pem",
        "-untrusted",
        cas,
        leaf,
    ];
    openssl(pki.folder(), &words)
}

#[track_caller]
fn refuses(run: &Run, why: &str) {
    assert_ne!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains(why), "{run}");
}
