//! A client certificate with serverAuth could pose as the gateway.

use spki::ObjectIdentifier;

use crate::lint::purposes::LEGACY_IPSEC;
use crate::lint::purposes::allowed;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "extended-key-usage-of-class",
        source: "RFC 5280 §4.2.1.12",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "purposes of the class of the CA only",
    },
    check: |judged| {
        let Some(class) = judged.class() else {
            return Verdict::Kept;
        };
        // The forbidden ones have rules of their own.
        let is_other = |purpose: &ObjectIdentifier| {
            !allowed(class).contains(purpose)
                && *purpose != oid::ANY_EXTENDED_KEY_USAGE
                && !LEGACY_IPSEC.contains(purpose)
        };
        let odd = judged.purposes().iter().find(|purpose| is_other(purpose));
        Verdict::broken_by(odd.map(|odd| format!("{odd} in a certificate of a {class} CA")))
    },
};
