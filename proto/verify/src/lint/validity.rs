//! Validity (RFC 5280 §4.1.2.5).

use ca_types::Validity;

use super::{Findings, Judged, Rule};
use crate::der_reader::{Time, TimeForm};

const ORDER: Rule = Rule::error("validity-order", "RFC 5280 §4.1.2.5");
pub(super) const FORM: Rule = Rule::error("time-form", "RFC 5280 §4.1.2.5");
const INSIDE: Rule = Rule::error("validity-inside-issuer", "RFC 5280 §6.1.3");
const LENGTH: Rule = Rule::error("validity-at-most-825-days", "Apple HT210176");

const DAYS_825_SECONDS: u64 = 825 * 86_400;

pub(super) fn judge(judged: &Judged<'_>, findings: &mut Findings) {
    let (start, end) = (judged.tbs.not_before, judged.tbs.not_after);
    for time in [start, end] {
        findings.expect(
            has_right_form(time),
            &FORM,
            "wanted UTCTime through 2049 and GeneralizedTime from 2050",
        );
    }
    let Some(validity) = findings.value(&ORDER, Validity::new(start.value, end.value)) else {
        return;
    };
    // The validity is inclusive, so a full 825 days end one second before the same time of day.
    findings.expect(
        judged.class().is_none() || validity.seconds() <= DAYS_825_SECONDS,
        &LENGTH,
        "wanted at most 825 days",
    );
    let Some(issuer) = judged.context.issuer else {
        return;
    };
    let outer = issuer.validity();
    findings.expect(
        outer.contains(validity.not_before()) && outer.contains(validity.not_after()),
        &INSIDE,
        "wanted a validity that lies inside the one of the CA",
    );
}

pub(super) fn has_right_form(time: Time) -> bool {
    let wanted = if time.value.seconds() < YEAR_2050_SECONDS {
        TimeForm::Utc
    } else {
        TimeForm::Generalized
    };
    time.form == wanted
}

/// 2050-01-01T00:00:00Z.
const YEAR_2050_SECONDS: i64 = 2_524_608_000;
