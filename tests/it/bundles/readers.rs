//! PKCS#12 files, and who opens them.

use std::{path::Path, process::Command};

use ca_tests::{Algorithm, Run, Site, certtool, openssl, run};

use super::{ANNA, HOSTILE, PASSPHRASE, add_office, bundle};

#[test]
fn openssl_gnutls_nss_and_java_open_both_seals() {
    for algorithm in [Algorithm::Rsa2048, Algorithm::P256] {
        let (site, _server) = Site::running(algorithm);
        add_office(&site);
        // The modern seal, then the one that Apple's systems and old routers take.
        for (target, cipher) in [
            ("windows", "AES-256-CBC"),
            ("routeros", "pbeWithSHA1And3-KeyTripleDES-CBC"),
        ] {
            let folder = bundle(&site, ANNA, target, "Office");
            let file = format!("{ANNA}.p12");
            let opened = opened_by_openssl(&folder, &file);
            assert!(opened.stderr.contains(cipher), "{opened}");
            check_is_whole(&opened.stdout);
            let read = certtool(
                &folder,
                &[
                    "--p12-info",
                    "--inder",
                    "--infile",
                    &file,
                    "--password",
                    PASSPHRASE,
                ],
            )
            .ok();
            check_is_whole(&read.stdout);
            nss(&folder, &file);
            java(&folder, &file);
        }
    }
}

#[test]
fn a_name_that_means_something_to_programs_is_a_name() {
    let (site, _server) = Site::running(Algorithm::P256);
    add_office(&site);
    let folder = bundle(&site, HOSTILE, "windows", "Office");
    check_is_whole(&opened_by_openssl(&folder, &format!("{HOSTILE}.p12")).stdout);
}

#[track_caller]
pub(super) fn opened_by_openssl(folder: &Path, file: &str) -> Run {
    let passphrase = format!("pass:{PASSPHRASE}");
    let words = [
        "pkcs12",
        "-info",
        "-nodes",
        "-in",
        file,
        "-passin",
        &passphrase,
    ];
    // Without `-legacy`: OpenSSL 3 opens it as it is.
    openssl(folder, &words).ok()
}

/// One key, and the certificate with its issuing CA and root.
#[track_caller]
pub(super) fn check_is_whole(pem: &str) {
    assert_eq!(
        pem.matches("-----BEGIN CERTIFICATE-----").count(),
        3,
        "{pem}"
    );
    let keys = pem
        .lines()
        .filter(|line| line.starts_with("-----BEGIN") && line.ends_with("PRIVATE KEY-----"));
    assert_eq!(keys.count(), 1, "{pem}");
}

#[track_caller]
fn nss(folder: &Path, file: &str) {
    let listed = run(Command::new("pk12util")
        .args(["-l", file, "-W", PASSPHRASE])
        .current_dir(folder))
    .ok();
    assert_eq!(listed.stdout.matches("Certificate:").count(), 2, "{listed}");
    assert_eq!(
        listed
            .stdout
            .matches("Certificate(has private key):")
            .count(),
        1,
        "{listed}"
    );
    assert!(listed.stdout.contains("Key(shrouded):"), "{listed}");
}

#[track_caller]
fn java(folder: &Path, file: &str) {
    let listed = run(Command::new("keytool")
        .args([
            "-list",
            "-v",
            "-storetype",
            "PKCS12",
            "-keystore",
            file,
            "-storepass",
            PASSPHRASE,
        ])
        .current_dir(folder))
    .ok();
    assert!(
        listed.stdout.contains("Entry type: PrivateKeyEntry"),
        "{listed}"
    );
    assert!(
        listed.stdout.contains("Certificate chain length: 3"),
        "{listed}"
    );
}
