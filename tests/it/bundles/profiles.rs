//! Profiles of Apple's systems, Android and NetworkManager, and what parses them.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use ca_tests::{Algorithm, Site, openssl, peers, repository, run};
use serde_json::{Value, json};

use super::readers::{check_is_whole, opened_by_openssl};
use super::{ANNA, HOSTILE, PASSPHRASE, add_office, add_vpn, bundle, files_below};

#[test]
fn a_profile_for_apple_is_signed_whole_and_without_its_passphrase() {
    for (algorithm, key_type) in [(Algorithm::Rsa2048, "RSA"), (Algorithm::P256, "ECDSA256")] {
        let (site, _server) = Site::running(algorithm);
        add_office(&site);
        let folder = bundle(&site, ANNA, "ios", "Office");
        let profile = verified(&folder, &format!("{ANNA}.mobileconfig"));
        let payloads = profile["PayloadContent"].as_array().expect("a list");
        let of = |kind: &str| {
            let mut found = payloads
                .iter()
                .filter(|payload| payload["PayloadType"] == kind);
            let payload = found.next().unwrap_or_else(|| panic!("no {kind}"));
            assert!(found.next().is_none(), "two of {kind}");
            payload
        };
        assert_eq!(
            decoded(&of("com.apple.security.root")["PayloadContent"]),
            der_of(&folder, "root.crt")
        );
        let identity = of("com.apple.security.pkcs12");
        assert_eq!(identity.get("Password"), None);
        fs::write(
            folder.join("identity.p12"),
            decoded(&identity["PayloadContent"]),
        )
        .expect("writable");
        let opened = opened_by_openssl(&folder, "identity.p12");
        assert!(
            opened.stderr.contains("pbeWithSHA1And3-KeyTripleDES-CBC"),
            "{opened}"
        );
        check_is_whole(&opened.stdout);
        let vpn = of("com.apple.vpn.managed");
        assert_eq!(vpn["VPNType"], "IKEv2");
        assert_eq!(vpn["DNS"]["ServerAddresses"][0], "10.81.0.53");
        let ikev2 = &vpn["IKEv2"];
        for (key, value) in [
            ("RemoteAddress", "vpn.example.net"),
            ("RemoteIdentifier", "vpn.example.net"),
            ("LocalIdentifier", ANNA),
            ("AuthenticationMethod", "Certificate"),
            ("CertificateType", key_type),
        ] {
            assert_eq!(ikev2[key], value, "{key}");
        }
        assert_eq!(ikev2["PayloadCertificateUUID"], identity["PayloadUUID"]);
        let issuer = site.client_json(&["issuer", "show", &site.issuers()["vpn-server"]]);
        let name = ikev2["ServerCertificateIssuerCommonName"]
            .as_str()
            .expect("a text");
        assert!(
            issuer["subject"].as_str().expect("a text").contains(name),
            "{issuer}"
        );
        check_without_passphrase(&folder);
    }
}

#[test]
fn a_changed_profile_does_not_verify() {
    let (site, _server) = Site::running(Algorithm::P256);
    add_office(&site);
    let folder = bundle(&site, HOSTILE, "macos", "Office");
    let file = format!("{HOSTILE}.mobileconfig");
    let profile = verified(&folder, &file);
    assert_eq!(profile["PayloadDisplayName"], "Office");
    let description = profile["PayloadDescription"].as_str().expect("a text");
    assert!(description.ends_with(HOSTILE), "{description}");
    let mut octets = fs::read(folder.join(&file)).expect("it was made");
    let at = octets
        .windows(15)
        .position(|octets| octets == b"vpn.example.net")
        .expect("it stands there");
    octets[at] = b'w';
    fs::write(folder.join("changed"), octets).expect("writable");
    assert_ne!(cms_verify(&folder, "changed").code, Some(0));
}

#[test]
fn the_profile_for_android_is_one_document_with_everything() {
    let (site, _server) = Site::running(Algorithm::Rsa2048);
    add_office(&site);
    let folder = bundle(&site, HOSTILE, "android", "Office");
    let text = fs::read_to_string(folder.join(format!("{HOSTILE}.sswan"))).expect("it was made");
    let profile: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(profile["type"], "ikev2-cert");
    assert_eq!(profile["remote"]["addr"], "vpn.example.net");
    assert_eq!(profile["remote"]["revocation"]["strict"], false);
    assert_eq!(profile["local"]["id"], HOSTILE);
    assert_eq!(profile["split-tunneling"]["subnets"][0], "10.81.0.0/16");
    assert_eq!(
        decoded(&profile["remote"]["cert"]),
        der_of(&folder, "root.crt")
    );
    let uuid = profile["uuid"].as_str().expect("a text");
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "8"), "{uuid}");
    fs::write(
        folder.join("android.p12"),
        decoded(&profile["local"]["p12"]),
    )
    .expect("writable");
    check_is_whole(&opened_by_openssl(&folder, "android.p12").stdout);
    check_without_passphrase(&folder);
}

#[test]
fn network_manager_reads_its_connection_as_it_was_meant() {
    let (site, _server) = Site::running(Algorithm::P256);
    add_office(&site);
    add_vpn(&site, "Everything 2", "ikev2", "gateway = \"192.0.2.1\"");
    let folder = bundle(&site, HOSTILE, "linux", "Office");
    let read = network_manager(&folder.join("NetworkManager/office.nmconnection"));
    for line in [
        "id=Office",
        "service-type=org.freedesktop.NetworkManager.strongswan",
        "address=vpn.example.net",
        "usercert=/etc/swanctl/x509/office.pem",
        "password-flags=2",
        "remote-identity=fqdn:vpn.example.net",
        "remote-ts=10.81.0.0/16",
        "dns=10.81.0.53;",
        "never-default=true",
        &format!("local-identity=email:{HOSTILE}"),
    ] {
        assert!(
            read.lines().any(|read| read == line),
            "no `{line}` in\n{read}"
        );
    }
    check_without_passphrase(&folder);

    let folder = bundle(&site, ANNA, "linux", "Everything 2");
    let read = network_manager(&folder.join("NetworkManager/everything-2.nmconnection"));
    assert!(read.contains("remote-identity=192.0.2.1\n"), "{read}");
    assert!(!read.contains("never-default"), "{read}");
}

#[test]
fn the_script_for_windows_is_whole_to_a_parser_and_its_values_are_literals() {
    let (site, _server) = Site::running(Algorithm::P256);
    add_office(&site);
    add_vpn(&site, "Round-the-clock", "sstp", "gateway = \"192.0.2.1\"");
    for (vpn, gateway, networks) in [
        ("Office", "vpn.example.net", "'10.81.0.0/16'"),
        ("Round-the-clock", "192.0.2.1", ""),
    ] {
        let folder = bundle(&site, ANNA, "windows", vpn);
        let mut command = Command::new(peers("python"));
        command
            .arg(repository().join("tests/peers/powershell.py"))
            .arg(folder.join(format!("{ANNA}.ps1")));
        let parsed = run(&mut command).ok().json();
        assert_eq!(parsed["wrong"], json!([]));
        let value = |name: &str| &parsed["values"][name];
        for (name, text) in [("$VpnName", vpn), ("$Server", gateway)] {
            assert_eq!(value(name)["whole"], format!("'{text}'"), "{name}");
        }
        for name in ["$VpnName", "$Server", "$Root", "$Identity"] {
            assert_eq!(
                value(name)["literals"],
                json!([value(name)["whole"]]),
                "{name}"
            );
        }
        assert_eq!(value("$Networks")["whole"], format!("@({networks})"));
        let root = value("$Root")["whole"].as_str().expect("a text");
        assert_eq!(
            decoded(&json!(root.trim_matches('\''))),
            der_of(&folder, "root.crt")
        );
    }
}

/// What NetworkManager's own parser makes of a file.
#[track_caller]
fn network_manager(file: &Path) -> String {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "exec nmcli --offline connection modify connection.autoconnect no < \"$0\"",
        ])
        .arg(file)
        .stdin(Stdio::null());
    run(&mut command).ok().stdout
}

/// Verifies the signature of a profile up to the root beside it, and reads it.
#[track_caller]
fn verified(folder: &Path, file: &str) -> Value {
    cms_verify(folder, file).ok();
    run(Command::new("xmllint")
        .args(["--noout", "--nonet", "--nodefdtd", "profile.plist"])
        .current_dir(folder))
    .ok();
    run(Command::new("/usr/bin/python3")
        .arg(repository().join("tests/peers/plist_json.py"))
        .arg(folder.join("profile.plist")))
    .ok()
    .json()
}

#[track_caller]
fn cms_verify(folder: &Path, file: &str) -> ca_tests::Run {
    openssl(
        folder,
        &[
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            file,
            "-CAfile",
            "root.crt",
            "-purpose",
            "any",
            "-out",
            "profile.plist",
        ],
    )
}

#[track_caller]
fn check_without_passphrase(folder: &Path) {
    for file in files_below(folder) {
        let octets = fs::read(&file).expect("it was listed");
        let found = octets
            .windows(PASSPHRASE.len())
            .any(|octets| octets == PASSPHRASE.as_bytes());
        assert!(!found, "{}", file.display());
    }
}

#[track_caller]
fn der_of(folder: &Path, pem: &str) -> Vec<u8> {
    openssl(
        folder,
        &["x509", "-in", pem, "-outform", "DER", "-out", "der"],
    )
    .ok();
    fs::read(folder.join("der")).expect("it was written")
}

#[track_caller]
pub(super) fn decoded(value: &Value) -> Vec<u8> {
    use base64::Engine as _;
    let text = value.as_str().expect("a text");
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64")
}
