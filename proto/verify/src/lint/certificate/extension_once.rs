//! Programs disagree on which of two counts.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "extension-once",
        source: "RFC 5280 §4.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "each extension once",
    },
    check: |judged| {
        let twice = judged.tbs.extensions.duplicate();
        Verdict::broken_by(twice.map(|twice| format!("extension {twice} stands there twice")))
    },
};
