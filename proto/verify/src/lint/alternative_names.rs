//! Subject alternative names (RFC 5280 §4.2.1.6).

use std::net::IpAddr;

use ca_types::{GeneralName, IssuerClass};

use super::{Findings, Judged, Rule};
use crate::alternative_name::Written;
use crate::distinguished_name::attributes;
use crate::{AlternativeName, oid};

const PRESENT: Rule = Rule::error("san-present", "CA/B BR 7.1.2.7.12");
const ABSENT_IN_CA: Rule = Rule::error("san-absent-in-ca", "RFC 5280 §4.2.1.6");
const NOT_CRITICAL: Rule = Rule::error("san-not-critical", "RFC 5280 §4.2.1.6");
const READABLE: Rule = Rule::error("san-readable", "RFC 5280 §4.2.1.6");
const FORM: Rule = Rule::error("san-form", "RFC 5280 §4.2.1.6");
const CANONICAL: Rule = Rule::error("san-lower-case", "RFC 4343 §3");
const ONCE: Rule = Rule::error("san-once", "RFC 5280 §4.2.1.6");
const ADDRESS: Rule = Rule::error("san-address-as-dns", "RFC 5280 §4.2.1.6");
const REPEATS_NAME: Rule = Rule::error("common-name-in-san", "CA/B BR 7.1.4.3");

pub(super) fn judge(judged: &Judged<'_>, findings: &mut Findings) {
    let extension = judged.tbs.extensions.find(oid::SUBJECT_ALT_NAME);
    let Some(class) = judged.class() else {
        findings.expect(
            extension.is_none(),
            &ABSENT_IN_CA,
            "wanted no subject alternative names in a CA certificate",
        );
        return;
    };
    let Some(extension) = extension else {
        // The name of an actor need not have the form of a subject alternative name.
        findings.expect(
            class == IssuerClass::Control,
            &PRESENT,
            "wanted subject alternative names",
        );
        return;
    };
    findings.expect(
        !extension.critical,
        &NOT_CRITICAL,
        "wanted subject alternative names that are not critical beside a subject",
    );
    let Some(names) = findings.value(&READABLE, AlternativeName::read_written(extension.value))
    else {
        return;
    };
    for (at, written) in names.iter().enumerate() {
        judge_name(written, &names, class, findings);
        let earlier = names.iter().take(at);
        if earlier.into_iter().any(|other| other.name == written.name) {
            findings.report(&ONCE, format!("{} stands there twice", written.name));
        }
    }
    if class != IssuerClass::Control {
        judge_common_name(judged, &names, findings);
    }
}

fn judge_name(
    written: &Written<'_>,
    names: &[Written<'_>],
    class: IssuerClass,
    findings: &mut Findings,
) {
    match &written.name {
        AlternativeName::Issuable(GeneralName::Ip(_)) => {}
        AlternativeName::Issuable(name) => findings.expect(
            name.value().as_bytes() == written.octets,
            &CANONICAL,
            "wanted DNS names in lower case",
        ),
        AlternativeName::AddressAsDns(address) => {
            let is_gateway = class == IssuerClass::VpnServer && has_address(names, *address);
            findings.expect(
                is_gateway,
                &ADDRESS,
                "wanted addresses in a dNSName only in a VPN server, beside the iPAddress",
            );
        }
        AlternativeName::Foreign(_) => findings.report(
            &FORM,
            format!(
                "{}: wanted a DNS name, an IP address or an e-mail address",
                written.name
            ),
        ),
    }
}

fn has_address(names: &[Written<'_>], address: IpAddr) -> bool {
    names
        .iter()
        .any(|other| other.name == AlternativeName::Issuable(GeneralName::Ip(address)))
}

fn judge_common_name(judged: &Judged<'_>, names: &[Written<'_>], findings: &mut Findings) {
    // A subject that cannot be read is reported by the rules of names.
    let subject = attributes(judged.tbs.subject).unwrap_or_default();
    let common_names = subject
        .iter()
        .filter(|attribute| attribute.oid == oid::COMMON_NAME)
        .map(|attribute| attribute.text());
    for common_name in common_names {
        let is_repeated = names.iter().any(|written| match &written.name {
            AlternativeName::Issuable(name) => name.value() == common_name,
            AlternativeName::AddressAsDns(_) | AlternativeName::Foreign(_) => false,
        });
        findings.expect(
            is_repeated,
            &REPEATS_NAME,
            "wanted the common name among the subject alternative names",
        );
    }
}
