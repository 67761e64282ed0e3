//! Programs pick the first or the last.

use spki::ObjectIdentifier;

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "attribute-once",
        source: "CA/B BR 7.1.4.1",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "each kind of attribute once in the subject",
    },
    check: |judged| {
        let subject = judged.subject();
        let is_once = subject.iter().enumerate().all(|(at, attribute)| {
            let is_repeatable = [oid::COMMON_NAME, oid::ORGANIZATIONAL_UNIT, DOMAIN_COMPONENT]
                .contains(&attribute.oid);
            is_repeatable
                || !subject
                    .iter()
                    .take(at)
                    .any(|other| other.oid == attribute.oid)
        });
        Verdict::kept_if(is_once)
    },
};

/// `domainComponent` (RFC 4519 §2.4), which stands there once for each label.
const DOMAIN_COMPONENT: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25");
