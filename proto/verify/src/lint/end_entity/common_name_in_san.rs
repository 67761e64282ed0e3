//! Programs that look at the common name see what the others see.

use ca_types::IssuerClass;

use crate::AlternativeName;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "common-name-in-san",
        source: "CA/B BR 7.1.4.3",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "the common name among the subject alternative names",
    },
    check: |judged| {
        let is_asked = judged
            .class()
            .is_some_and(|class| class != IssuerClass::Control);
        if !is_asked || judged.sans().is_empty() {
            return Verdict::Kept;
        }
        let is_repeated = |text: &str| {
            judged.sans().iter().any(|san| match &san.name {
                AlternativeName::Issuable(name) => name.value() == text,
                AlternativeName::AddressAsDns(_) | AlternativeName::Foreign(_) => false,
            })
        };
        let mut names = judged.common_names();
        Verdict::kept_if(names.all(|name| is_repeated(&name.text())))
    },
};
