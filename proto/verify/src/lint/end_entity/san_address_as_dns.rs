//! Windows wants it of gateways; elsewhere it is no name.

use ca_types::GeneralName;
use ca_types::IssuerClass;

use crate::AlternativeName;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-address-as-dns",
        source: "RFC 5280 §4.2.1.6, Windows IKEv2",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "addresses in a dNSName only in a VPN server, beside the iPAddress",
    },
    check: |judged| {
        let has_address = |address| {
            let beside = AlternativeName::Issuable(GeneralName::Ip(address));
            judged.sans().iter().any(|san| san.name == beside)
        };
        let may_have = judged
            .class()
            .is_none_or(|class| class == IssuerClass::VpnServer);
        let mut sans = judged.sans().iter();
        Verdict::kept_if(sans.all(|san| match &san.name {
            AlternativeName::AddressAsDns(address) => may_have && has_address(*address),
            AlternativeName::Issuable(_) | AlternativeName::Foreign(_) => true,
        }))
    },
};
