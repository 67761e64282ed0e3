//! iOS and macOS refuse longer server certificates.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "validity-at-most-825-days",
        source: "Apple HT210176",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "at most 825 days",
    },
    check: |judged| {
        // The validity is inclusive, so a full 825 days end one second before the same time of day.
        let seconds = judged
            .tbs
            .not_after
            .value
            .since(judged.tbs.not_before.value);
        Verdict::kept_if(seconds < DAYS_825_SECONDS)
    },
};

const DAYS_825_SECONDS: u64 = 825 * 86_400;
