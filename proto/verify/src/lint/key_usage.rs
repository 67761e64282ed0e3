//! Key usage and extended key usage (RFC 5280 §4.2.1.3 and §4.2.1.12).

use ca_types::IssuerClass;
use spki::ObjectIdentifier;

use super::{Findings, Judged, Rule, form};
use crate::extension::extended_key_usage;
use crate::{KeyAlgorithm, KeyUsage, oid};

const PRESENT: Rule = Rule::error("key-usage-critical", "RFC 5280 §4.2.1.3");
const OF_CA: Rule = Rule::error("key-usage-of-ca", "RFC 5280 §4.2.1.3");
// The template of RouterOS gives CA usages to clients.
const OF_END_ENTITY: Rule = Rule::error("key-usage-of-end-entity", "RFC 5280 §4.2.1.3");
const SIGNATURE: Rule = Rule::error("key-usage-digital-signature", "RFC 4945 §5.1.3.2");
const ENCIPHERMENT: Rule = Rule::error("key-encipherment-needs-rsa", "RFC 8813 §3");
const EXTENDED_PRESENT: Rule = Rule::error("extended-key-usage-present", "CA/B BR 7.1.2.7.10");
const EXTENDED_CRITICAL: Rule =
    Rule::error("extended-key-usage-not-critical", "RFC 5280 §4.2.1.12");
const EXTENDED_OF_CA: Rule = Rule::error("extended-key-usage-absent-in-ca", "RFC 4945 §5.1.3.12");
// A client certificate with serverAuth could pose as the gateway.
const EXTENDED_OF_CLASS: Rule = Rule::error("extended-key-usage-of-class", "RFC 5280 §4.2.1.12");

pub(super) fn judge(judged: &Judged<'_>, findings: &mut Findings) {
    judge_key_usage(judged, findings);
    judge_extended(judged, findings);
}

fn judge_key_usage(judged: &Judged<'_>, findings: &mut Findings) {
    let extension = judged.tbs.extensions.find(oid::KEY_USAGE);
    findings.expect(
        extension.is_some_and(|extension| extension.critical),
        &PRESENT,
        "wanted a key usage, critical",
    );
    let usage = extension
        .and_then(|extension| findings.value(&form::READABLE, KeyUsage::read(extension.value)));
    let Some(usage) = usage else { return };
    let of_ca = KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN);
    if judged.class().is_none() {
        findings.expect(
            usage == of_ca,
            &OF_CA,
            "wanted keyCertSign and cRLSign and nothing else in a CA certificate",
        );
        return;
    }
    let of_end_entity = KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::KEY_ENCIPHERMENT);
    if !of_end_entity.has(usage) {
        findings.report(
            &OF_END_ENTITY,
            format!("{usage}: wanted nothing but digitalSignature and keyEncipherment"),
        );
    }
    findings.expect(
        usage.has(KeyUsage::DIGITAL_SIGNATURE),
        &SIGNATURE,
        "wanted digitalSignature",
    );
    let is_rsa = judged
        .key
        .is_some_and(|key| matches!(key.algorithm(), KeyAlgorithm::Rsa { .. }));
    findings.expect(
        is_rsa || !usage.has(KeyUsage::KEY_ENCIPHERMENT),
        &ENCIPHERMENT,
        "wanted keyEncipherment with RSA keys only",
    );
}

fn judge_extended(judged: &Judged<'_>, findings: &mut Findings) {
    let extension = judged.tbs.extensions.find(oid::EXTENDED_KEY_USAGE);
    let Some(class) = judged.class() else {
        findings.expect(
            extension.is_none(),
            &EXTENDED_OF_CA,
            "wanted no extended key usage in a CA certificate",
        );
        return;
    };
    let Some(extension) = extension else {
        findings.report(&EXTENDED_PRESENT, "wanted an extended key usage");
        return;
    };
    findings.expect(
        !extension.critical,
        &EXTENDED_CRITICAL,
        "wanted an extended key usage that is not critical",
    );
    let Some(purposes) = findings.value(&form::READABLE, extended_key_usage(extension.value))
    else {
        return;
    };
    let allowed = allowed(class);
    for purpose in &purposes {
        if !allowed.contains(purpose) {
            findings.report(
                &EXTENDED_OF_CLASS,
                format!("{purpose} is not for certificates of a {class} CA"),
            );
        }
    }
    let has = |purpose| purposes.contains(&purpose);
    let is_right = match class {
        IssuerClass::Router => has(oid::SERVER_AUTH) || has(oid::CLIENT_AUTH),
        IssuerClass::VpnServer => has(oid::SERVER_AUTH),
        IssuerClass::VpnClient => has(oid::CLIENT_AUTH),
        IssuerClass::Control => has(oid::SERVER_AUTH) != has(oid::CLIENT_AUTH),
        IssuerClass::Root => false,
    };
    findings.expect(
        is_right,
        &EXTENDED_OF_CLASS,
        "wanted the purposes of the class of the CA",
    );
}

/// Returns the purposes that certificates of a class may have; never `anyExtendedKeyUsage`.
fn allowed(class: IssuerClass) -> &'static [ObjectIdentifier] {
    match class {
        IssuerClass::Router => &[oid::SERVER_AUTH, oid::CLIENT_AUTH, oid::IPSEC_IKE],
        IssuerClass::VpnServer => &[oid::SERVER_AUTH, oid::IPSEC_IKE, oid::IKE_INTERMEDIATE],
        IssuerClass::VpnClient => &[oid::CLIENT_AUTH, oid::IPSEC_IKE],
        IssuerClass::Control => &[oid::SERVER_AUTH, oid::CLIENT_AUTH],
        IssuerClass::Root => &[],
    }
}
