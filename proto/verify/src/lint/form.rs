//! The form as a whole: version, algorithm, key, extensions, length (RFC 5280 §4.1 and §4.2).

use super::{Findings, Judged, Rule};
use crate::{KeyAlgorithm, SignatureAlgorithm, oid};

pub(super) const DER: Rule = Rule::error("der", "RFC 5280 §4.1");
pub(super) const KEY: Rule = Rule::error("key-acceptable", "CA/B BR 6.1.6");
const VERSION: Rule = Rule::error("version-3", "RFC 5280 §4.1.2.1");
const UNIQUE_IDS: Rule = Rule::error("no-unique-ids", "RFC 5280 §4.1.2.8");
const ALGORITHM: Rule = Rule::error("algorithms-equal", "RFC 5280 §4.1.1.2");
pub(super) const ALGORITHM_FITS: Rule = Rule::error("algorithm-fits-key", "RFC 5280 §4.1.1.2");
pub(super) const ONCE: Rule = Rule::error("extension-once", "RFC 5280 §4.2");
const CRITICAL: Rule = Rule::error("critical-extension-known", "RFC 5280 §4.2");
const KNOWN: Rule = Rule::notice("extension-known", "RFC 5280 §4.2");
pub(super) const READABLE: Rule = Rule::error("extension-readable", "RFC 5280 §4.2");
const LENGTH: Rule = Rule::error("length", "RFC 9162 leaf of at most 65 535 octets");
const ROUTER_LENGTH: Rule = Rule::notice("length-routeros", "RouterOS 6: files of 4 096 octets");

/// Leaves room for the signature and the rest of a log entry, names included twice.
const MAX_OCTETS: usize = 48_000;
/// With an RSA-4096 signature and in PEM, about 4 000 octets.
const ROUTER_OCTETS: usize = 2_300;

pub(super) fn judge(judged: &Judged<'_>, findings: &mut Findings) {
    let tbs = judged.tbs;
    findings.expect(tbs.version == 2, &VERSION, "wanted version 3");
    findings.expect(
        !tbs.has_unique_ids,
        &UNIQUE_IDS,
        "wanted no unique identifiers",
    );
    let algorithm = judged.context.algorithm;
    findings.expect(
        tbs.signature_algorithm == algorithm.identifier_der(),
        &ALGORITHM,
        "the signature algorithm inside is not the one that will stand outside",
    );
    if let Some(signer) = judged.signer() {
        findings.expect(
            fits(signer.algorithm(), algorithm),
            &ALGORITHM_FITS,
            "the key of the CA does not sign with this algorithm",
        );
    }
    if let Some(twice) = tbs.extensions.duplicate() {
        findings.report(&ONCE, format!("extension {twice} stands there twice"));
    }
    for extension in &tbs.extensions.0 {
        if !KNOWN_EXTENSIONS.contains(&extension.oid) {
            let rule = if extension.critical {
                &CRITICAL
            } else {
                &KNOWN
            };
            findings.report(rule, format!("extension {} is unknown", extension.oid));
        }
    }
    let length = judged.octets.len();
    if length > MAX_OCTETS {
        findings.report(
            &LENGTH,
            format!("{length} octets: wanted at most {MAX_OCTETS}"),
        );
    } else if length > ROUTER_OCTETS {
        findings.report(
            &ROUTER_LENGTH,
            format!("{length} octets: RouterOS 6 takes files of up to 4 096 octets in PEM"),
        );
    }
}

/// Tells whether a key signs with an algorithm.
pub(super) fn fits(key: KeyAlgorithm, algorithm: SignatureAlgorithm) -> bool {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1Sha256
        | SignatureAlgorithm::RsaPkcs1Sha384
        | SignatureAlgorithm::RsaPkcs1Sha512 => matches!(key, KeyAlgorithm::Rsa { .. }),
        SignatureAlgorithm::EcdsaSha256 => key == KeyAlgorithm::P256,
        SignatureAlgorithm::EcdsaSha384 => key == KeyAlgorithm::P384,
    }
}

const KNOWN_EXTENSIONS: [spki::ObjectIdentifier; 8] = [
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::KEY_USAGE,
    oid::EXTENDED_KEY_USAGE,
    oid::BASIC_CONSTRAINTS,
    oid::SUBJECT_ALT_NAME,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::AUTHORITY_INFO_ACCESS,
];
