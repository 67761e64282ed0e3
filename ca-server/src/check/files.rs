//! Keys and the server's own certificate, as files.

use std::path::Path;

use ca_types::{Hinted as _, IssuerClass, Passphrase, UnixTime};
use ca_verify::Certificate;

use super::Findings;
use super::log::Books;
use crate::data_dir::DataDir;
use crate::keystore::{KeyFile, load_keys, read_plain_key};
use crate::passphrase::is_readable_by_others;
use crate::settings::Settings;

/// Looks at the keys of the issuing CAs; with the passphrase it opens them.
pub(super) fn look_at_keys(
    data: &DataDir,
    books: &Books,
    passphrase: Option<&Passphrase>,
    findings: &mut Findings,
) {
    let issuing = books
        .issuers
        .values()
        .filter(|issuer| issuer.class != IssuerClass::Root);
    for issuer in issuing {
        let path = data.key_file(&issuer.id);
        if !path.is_file() {
            findings.error(
                "keys",
                format!("{} is missing", path.display()),
                "restore it from a backup",
            );
            continue;
        }
        look_at_mode(&path, findings);
        let Some(passphrase) = passphrase else {
            findings.ok("keys", format!("{} is there", path.display()));
            continue;
        };
        let public_key = issuer.certificate.public_key().clone();
        let file = KeyFile {
            issuer: issuer.id.clone(),
            path: path.clone(),
            public_key,
        };
        match load_keys(&[file], passphrase) {
            Ok(_) => findings.ok(
                "keys",
                format!("{} opens, and fits its certificate", path.display()),
            ),
            Err(error) => {
                let hint = error
                    .hint()
                    .unwrap_or_else(|| "restore it from a backup".to_owned());
                findings.error("keys", error.to_string(), hint);
            }
        }
    }
    if passphrase.is_none() {
        findings.warn(
            "keys",
            "were not opened",
            "give --passphrase-file to open them",
        );
    }
}

/// Looks at the TLS certificate of the API, which the server renews by itself.
pub(super) fn look_at_server_certificate(
    settings: &Settings,
    now: UnixTime,
    findings: &mut Findings,
) {
    let data = &settings.data;
    let (path, key_path) = (data.tls_certificate(), data.tls_key());
    let renewed = "the next start of the server makes a new one";
    look_at_mode(&key_path, findings);
    let read = std::fs::read(&path)
        .map_err(|error| error.to_string())
        .and_then(|pem| {
            let chain = Certificate::chain_from_pem(&pem).map_err(|error| error.to_string())?;
            chain
                .into_iter()
                .next()
                .ok_or_else(|| "no certificate in it".to_owned())
        });
    let certificate = match read {
        Ok(certificate) => certificate,
        Err(problem) => {
            return findings.warn("tls", format!("{}: {problem}", path.display()), renewed);
        }
    };
    let key = read_plain_key(&key_path).and_then(|key| key.signer());
    match key {
        Ok(signer) if ca_core::Signer::public_key(&signer) == certificate.public_key() => {}
        Ok(_) => findings.warn(
            "tls",
            format!("{} is not its key", key_path.display()),
            renewed,
        ),
        Err(error) => findings.warn("tls", error.to_string(), renewed),
    }
    let end = certificate.validity().not_after();
    if end < now {
        findings.warn("tls", format!("{} ended at {end}", path.display()), renewed);
    } else {
        findings.ok("tls", format!("{} is valid until {end}", path.display()));
    }
}

/// The root key must not stay on this machine.
pub(super) fn look_at_root_key(data: &DataDir, findings: &mut Findings) {
    let folder = data.root_offline();
    if folder.symlink_metadata().is_ok() {
        findings.warn(
            "root key",
            format!("{} is still on this machine", folder.display()),
            "move the folder to two offline places, then remove it here",
        );
    } else {
        findings.ok("root key", "is not on this machine");
    }
}

fn look_at_mode(path: &Path, findings: &mut Findings) {
    if is_readable_by_others(path) {
        findings.error(
            "keys",
            format!("{} can be read by others", path.display()),
            format!("chmod 600 {}", path.display()),
        );
    }
}
