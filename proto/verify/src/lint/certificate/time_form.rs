//! Times have one form.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::lint::time_form::has_right_form;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "time-form",
        source: "RFC 5280 §4.1.2.5",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "UTCTime through 2049 and GeneralizedTime from 2050",
    },
    check: |judged| {
        Verdict::kept_if(
            [judged.tbs.not_before, judged.tbs.not_after]
                .into_iter()
                .all(has_right_form),
        )
    },
};
