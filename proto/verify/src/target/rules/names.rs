//! Names.

use crate::target::Target::{
    Android, FreeRadius, Ios, MacOs, OpenVpn, RouterOs6, RouterOs7, RouterOsSstp, StrongSwan,
    WindowsIkev2, WindowsSstp,
};
use crate::target::check::Check;
use crate::target::rule::{Applies, Role, TargetRule};
use crate::target::rules::seen::{CHARON_NAMES, OPENVPN};

const ROUTEROS_IPSEC: &str = "MikroTik documentation, IPsec";
const STRONGSWAN_WINDOWS: &str = "strongSwan documentation, Windows clients";
const STRONGSWAN_APPLE: &str = "strongSwan documentation, Apple clients";

pub(crate) const RULES: &[TargetRule] = &[
    TargetRule {
        id: "server-name",
        applies: &[
            Applies::error(Ios),
            Applies::error(MacOs),
            Applies::error(WindowsIkev2),
            Applies::error(WindowsSstp),
            Applies::error(Android),
            Applies::error(StrongSwan).by(&[CHARON_NAMES]),
            Applies::error(RouterOs7),
        ],
        role: Some(Role::Server),
        want: "a subject alternative name",
        symptom: "the identity is not confirmed by the certificate: error 13801, `no trusted public key found`, or \
                  `peer's ID does not match certificate`",
        source: "RFC 4945 §3.1; strongSwan documentation, Apple clients",
        check: Check::AnyName,
    },
    TargetRule {
        id: "common-name-among-names",
        applies: &[
            Applies::error(StrongSwan).by(&[CHARON_NAMES]),
            Applies::error(WindowsIkev2),
            Applies::error(Ios),
            Applies::error(MacOs),
            Applies::error(Android),
            Applies::error(RouterOs6),
            Applies::error(RouterOs7),
        ],
        role: None,
        want: "a common name that is one of the subject alternative names",
        symptom: "a device that sends its common name as its identity is refused: error 13806, AUTH_FAILED, or `peer's ID \
                  does not match certificate`",
        source: STRONGSWAN_WINDOWS,
        check: Check::CommonNameAmongNames,
    },
    TargetRule {
        id: "address-as-dns-name",
        applies: &[Applies::error(WindowsIkev2), Applies::notice(WindowsSstp)],
        role: Some(Role::Server),
        want: "every address in a dNSName beside the iPAddress",
        symptom: "error 13801 when the address is dialled",
        source: STRONGSWAN_WINDOWS,
        check: Check::AddressesAsDnsNames,
    },
    TargetRule {
        id: "dns-name-as-address",
        applies: &[
            Applies::error(StrongSwan).by(&[CHARON_NAMES]),
            Applies::error(Android),
            Applies::error(Ios),
            Applies::error(MacOs),
            Applies::error(RouterOs6),
            Applies::error(RouterOs7),
            Applies::error(OpenVpn),
        ],
        role: Some(Role::Server),
        want: "every address that stands in a dNSName in an iPAddress too",
        symptom: "a peer that knows the gateway by its address does not find it in the certificate",
        source: "RFC 4945 §3.1.1; RFC 6125 §1.7.2",
        check: Check::DnsNamesAsAddresses,
    },
    TargetRule {
        id: "server-dns-name",
        applies: &[
            Applies::notice(WindowsSstp),
            Applies::notice(FreeRadius),
            Applies::notice(Ios),
        ],
        role: Some(Role::Server),
        want: "a subject alternative name that is a DNS name",
        symptom: "Windows and Android ask for the name of the server, and can be told no other form",
        source: "Android documentation, WifiEnterpriseConfig.setDomainSuffixMatch",
        check: Check::DnsName,
    },
    TargetRule {
        id: "client-name-form",
        applies: &[Applies::error(Ios), Applies::error(MacOs)],
        role: Some(Role::Client),
        want: "a subject alternative name that is a DNS name or an e-mail address",
        symptom: "the device sends a distinguished name as a host name, and the gateway finds no such identity",
        source: STRONGSWAN_APPLE,
        check: Check::DnsNameOrEmail,
    },
    TargetRule {
        id: "common-name",
        applies: &[
            Applies::error(OpenVpn).by(&[OPENVPN]),
            Applies::error(WindowsIkev2),
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
            Applies::notice(RouterOsSstp),
            Applies::notice(FreeRadius),
        ],
        role: None,
        want: "one common name",
        symptom: "`could not extract CN from X509 subject string`, or a row without a name",
        source: "OpenVPN manual, --x509-username-field",
        check: Check::CommonName,
    },
    TargetRule {
        id: "no-wildcard",
        applies: &[
            Applies::error(StrongSwan).by(&[CHARON_NAMES]),
            Applies::error(Android),
            Applies::notice(WindowsIkev2),
            Applies::notice(Ios),
            Applies::notice(MacOs),
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
            Applies::notice(RouterOsSstp),
        ],
        role: None,
        want: "no wildcard in a subject alternative name",
        symptom: "IKE compares identities as they stand: the name is never found",
        source: ROUTEROS_IPSEC,
        check: Check::NoWildcards,
    },
];
