//! An extension that nobody reads costs octets.

use spki::ObjectIdentifier;

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "extension-known",
        source: "RFC 5280 §4.2",
        severity: Severity::Notice,
        applies: Applies::Certificates,
        asks: "no extension beside those that VPN programs and RouterOS read",
    },
    check: |judged| {
        let mut extensions = judged.tbs.extensions.0.iter();
        let unknown = extensions.find(|extension| !extension.critical && !is_known(extension.oid));
        Verdict::broken_by(unknown.map(|unknown| format!("extension {} is unknown", unknown.oid)))
    },
};

/// Tells whether an extension is one that is read here.
pub(in crate::lint) fn is_known(extension: ObjectIdentifier) -> bool {
    [
        oid::SUBJECT_KEY_IDENTIFIER,
        oid::AUTHORITY_KEY_IDENTIFIER,
        oid::KEY_USAGE,
        oid::EXTENDED_KEY_USAGE,
        oid::BASIC_CONSTRAINTS,
        oid::SUBJECT_ALT_NAME,
        oid::NAME_CONSTRAINTS,
        oid::CRL_DISTRIBUTION_POINTS,
        oid::AUTHORITY_INFO_ACCESS,
    ]
    .contains(&extension)
}
