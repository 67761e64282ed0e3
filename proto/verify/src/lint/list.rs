//! CRLs (RFC 5280 §5).

use super::form::{ALGORITHM_FITS, ONCE, fits};
use super::validity::{FORM, has_right_form};
use super::{Findings, Rule};
use crate::der_reader::Time;
use crate::tbs_cert_list::{Entries, TbsCertList};
use crate::{Certificate, KeyUsage, SignatureAlgorithm, oid};

const DER: Rule = Rule::error("der", "RFC 5280 §5.1");
const VERSION: Rule = Rule::error("crl-version-2", "RFC 5280 §5.1.2.1");
const ALGORITHM: Rule = Rule::error("algorithms-equal", "RFC 5280 §5.1.1.2");
const ISSUER: Rule = Rule::error("issuer-is-subject-of-ca", "RFC 5280 §5.1.2.3");
const MAY_SIGN: Rule = Rule::error("ca-signs-crls", "RFC 5280 §4.2.1.3");
const TIMES: Rule = Rule::error("crl-times", "RFC 5280 §5.1.2.5");
const LENGTH: Rule = Rule::error("crl-length", "CA/B BR 7.2");
const AUTHORITY: Rule = Rule::error("crl-authority-key-identifier", "RFC 5280 §5.2.1");
const NUMBER: Rule = Rule::error("crl-number", "RFC 5280 §5.2.3");
// RouterOS reads full and direct CRLs only.
const FULL: Rule = Rule::error("crl-full-and-direct", "RFC 5280 §5.2.4 and §5.2.5");
const EMPTY: Rule = Rule::error("crl-empty-list-absent", "RFC 5280 §5.1.2.6");
const ORDER: Rule = Rule::error("crl-entries-once", "RFC 5280 §5.1.2.6");

/// 10 days for the CRL of an issuing CA; 366 for the one of a root, which is signed at a ceremony.
const ISSUING_SECONDS: u64 = 10 * 86_400;
const ROOT_SECONDS: u64 = 366 * 86_400;

pub(super) fn judge(
    octets: &[u8],
    issuer: &Certificate,
    algorithm: SignatureAlgorithm,
) -> Findings {
    let mut findings = Findings::default();
    if let Some(tbs) = findings.value(&DER, TbsCertList::read(octets)) {
        judge_fields(&tbs, issuer, algorithm, &mut findings);
        judge_times(&tbs, issuer, &mut findings);
        judge_extensions(&tbs, issuer, &mut findings);
        judge_entries(&tbs, &mut findings);
    }
    findings
}

fn judge_fields(
    tbs: &TbsCertList<'_>,
    issuer: &Certificate,
    algorithm: SignatureAlgorithm,
    findings: &mut Findings,
) {
    findings.expect(tbs.version == 1, &VERSION, "wanted version 2");
    findings.expect(
        tbs.signature_algorithm == algorithm.identifier_der(),
        &ALGORITHM,
        "the signature algorithm inside is not the one that will stand outside",
    );
    findings.expect(
        fits(issuer.public_key().algorithm(), algorithm),
        &ALGORITHM_FITS,
        "the key of the CA does not sign with this algorithm",
    );
    findings.expect(
        tbs.issuer == issuer.subject().der(),
        &ISSUER,
        "wanted an issuer that is, octet by octet, the subject of the CA",
    );
    let may_sign = issuer
        .key_usage()
        .is_some_and(|usage| usage.has(KeyUsage::CRL_SIGN));
    findings.expect(
        issuer.is_ca() && may_sign,
        &MAY_SIGN,
        "wanted a CA with cRLSign",
    );
}

fn judge_times(tbs: &TbsCertList<'_>, issuer: &Certificate, findings: &mut Findings) {
    let Some(next_update) = tbs.next_update else {
        findings.report(&TIMES, "wanted a nextUpdate");
        return;
    };
    findings.expect(
        [tbs.this_update, next_update]
            .into_iter()
            .all(has_right_form),
        &FORM,
        "wanted UTCTime through 2049 and GeneralizedTime from 2050",
    );
    findings.expect(
        tbs.this_update.value < next_update.value,
        &TIMES,
        "wanted a nextUpdate after thisUpdate",
    );
    let is_root = issuer.issuer().der() == issuer.subject().der();
    let limit = if is_root {
        ROOT_SECONDS
    } else {
        ISSUING_SECONDS
    };
    findings.expect(
        next_update.value.since(tbs.this_update.value) <= limit,
        &LENGTH,
        "wanted a nextUpdate after at most 10 days, or 366 in a root",
    );
}

fn judge_extensions(tbs: &TbsCertList<'_>, issuer: &Certificate, findings: &mut Findings) {
    if let Some(twice) = tbs.extensions.duplicate() {
        findings.report(&ONCE, format!("extension {twice} stands there twice"));
    }
    for extension in &tbs.extensions.0 {
        let is_known = [oid::CRL_NUMBER, oid::AUTHORITY_KEY_IDENTIFIER].contains(&extension.oid);
        if !is_known || extension.critical {
            findings.report(
                &FULL,
                format!(
                    "extension {}: wanted a CRL number and an authority key identifier, not critical",
                    extension.oid
                ),
            );
        }
    }
    let authority = findings.value(&AUTHORITY, tbs.authority_key_identifier());
    findings.expect(
        authority.flatten().is_some() && authority.flatten() == issuer.subject_key_identifier(),
        &AUTHORITY,
        "wanted the subject key identifier of the CA",
    );
    let number = findings.value(&NUMBER, tbs.number());
    findings.expect(number.flatten().is_some(), &NUMBER, "wanted a CRL number");
}

fn judge_entries(tbs: &TbsCertList<'_>, findings: &mut Findings) {
    findings.expect(
        !tbs.has_empty_list,
        &EMPTY,
        "wanted no list of revoked certificates when there are none",
    );
    let mut entries = Entries::new(tbs.entries);
    let mut last: &[u8] = &[];
    loop {
        let entry = match entries.read() {
            Ok(Some(entry)) => entry,
            Ok(None) => return,
            Err(error) => {
                findings.report(&DER, error.to_string());
                return;
            }
        };
        // Ascending order, which this CA keeps, shows that no serial number stands there twice.
        if (last.len(), last) >= (entry.serial.len(), entry.serial) {
            findings.report(&ORDER, "wanted each serial number once, in ascending order");
            return;
        }
        last = entry.serial;
        let time = Time {
            value: entry.time,
            form: entry.form,
        };
        if !has_right_form(time) {
            findings.report(
                &FORM,
                "wanted UTCTime through 2049 and GeneralizedTime from 2050",
            );
            return;
        }
    }
}
