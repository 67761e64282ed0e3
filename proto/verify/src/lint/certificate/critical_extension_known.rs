//! Whoever does not know a critical extension refuses the certificate.

use crate::lint::certificate::extension_known::is_known;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "critical-extension-known",
        source: "RFC 5280 §4.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "no critical extension that programs must refuse since they do not know it",
    },
    check: |judged| {
        let mut extensions = judged.tbs.extensions.0.iter();
        let unknown = extensions.find(|extension| extension.critical && !is_known(extension.oid));
        Verdict::broken_by(unknown.map(|unknown| format!("extension {} is unknown", unknown.oid)))
    },
};
