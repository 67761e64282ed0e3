//! Programs keep 20 octets.

use crate::der_reader::DerReader;
use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-number-form",
        source: "RFC 5280 §5.2.3",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "a CRL number of at most 20 octets, not negative",
    },
    check: |judged| {
        let Some(extension) = judged.tbs.extensions.find(oid::CRL_NUMBER) else {
            return Verdict::Kept;
        };
        let mut reader = DerReader::new(extension.value, "CRL number");
        let number = reader
            .integer()
            .and_then(|number| reader.finish().map(|()| number));
        match number {
            Ok(number) => {
                let is_negative = number.first().is_some_and(|first| *first >= 0x80);
                Verdict::kept_if(!is_negative && number.len() <= 20)
            }
            Err(error) => Verdict::BrokenBy(error.to_string()),
        }
    },
};
