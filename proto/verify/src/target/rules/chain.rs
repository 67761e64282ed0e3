//! The chain as a whole.

use spki::ObjectIdentifier;

use crate::oid;
use crate::target::Target::{
    Android, FreeRadius, Ios, MacOs, OpenVpn, RouterOs6, RouterOs7, RouterOsSstp, StrongSwan,
    WindowsIkev2, WindowsSstp,
};
use crate::target::check::Check;
use crate::target::rule::{Applies, TargetRule};
use crate::target::rules::seen::{JDK, NSS_CLIENTS, OPENSSL_CHAIN, PKI_PATHS, RADIUS_CLIENTS};

const STRONGSWAN_2267: &str = "strongSwan discussion 2267";

/// `id-ce-nameConstraints` (RFC 5280 §4.2.1.10).
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");

/// The extensions that every verifier knows.
const KNOWN: &[ObjectIdentifier] = &[
    oid::KEY_USAGE,
    oid::BASIC_CONSTRAINTS,
    oid::EXTENDED_KEY_USAGE,
    oid::SUBJECT_ALT_NAME,
    NAME_CONSTRAINTS,
];

pub(crate) const RULES: &[TargetRule] = &[
    TargetRule {
        id: "chain-in-order",
        applies: &[
            Applies::error(RouterOs6),
            Applies::error(RouterOs7),
            Applies::error(RouterOsSstp),
            Applies::error(WindowsIkev2),
            Applies::error(WindowsSstp),
            Applies::error(Ios),
            Applies::error(MacOs),
            Applies::error(Android),
            Applies::error(StrongSwan).by(&[PKI_PATHS]),
            Applies::error(OpenVpn).by(&[OPENSSL_CHAIN, JDK]),
            Applies::error(FreeRadius).by(&[RADIUS_CLIENTS]),
        ],
        role: None,
        want: "behind every certificate the CA that is named in it, up to the root",
        symptom: "`unable to get local issuer certificate`, or `can't verify peer's certificate from store`",
        source: "RFC 5280 §6.1",
        check: Check::Linked,
    },
    TargetRule {
        id: "chain-whole",
        applies: &[
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
            Applies::notice(RouterOsSstp),
            Applies::notice(WindowsIkev2),
            Applies::notice(WindowsSstp),
            Applies::notice(Ios),
            Applies::notice(MacOs),
            Applies::notice(Android),
            Applies::notice(StrongSwan),
            Applies::notice(OpenVpn),
            Applies::notice(FreeRadius),
        ],
        role: None,
        want: "the whole chain, the root too",
        symptom: "what is missing here was not judged; on a router every CA of the chain must be imported",
        source: "MikroTik documentation, Certificates",
        check: Check::Whole,
    },
    TargetRule {
        id: "distinct-cas",
        applies: &[
            Applies::error(RouterOs6),
            Applies::error(RouterOs7),
            Applies::error(RouterOsSstp),
        ],
        role: None,
        want: "a subject of its own for every CA",
        symptom: "`certificate signature failure(7)`: RouterOS picks the issuer by its name, and may pick the other one",
        source: "hwdsl2/setup-ipsec-vpn issues 1326 and 1646",
        check: Check::DistinctCas,
    },
    TargetRule {
        id: "chain-octets",
        applies: &[
            Applies::notice(WindowsIkev2),
            Applies::notice(Ios),
            Applies::notice(MacOs),
            Applies::notice(Android),
            Applies::notice(StrongSwan),
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
        ],
        role: None,
        want: "4000 octets or fewer in all certificates but the root",
        symptom: "IKE over UDP stalls where fragments are dropped: the tunnel hangs at the authentication",
        source: "RFC 7383 §1",
        check: Check::SentOctets(4000),
    },
    TargetRule {
        id: "octets-of-a-file",
        applies: &[Applies::notice(RouterOs6)],
        role: None,
        want: "3000 octets or fewer in each certificate, 4 KiB in PEM",
        symptom: "the certificate cannot be written over the API, only over SFTP",
        source: "MikroTik documentation, Fetch",
        check: Check::EachOctets(3000),
    },
    TargetRule {
        id: "authority-key-identifier",
        applies: &[
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
            Applies::notice(WindowsIkev2),
            Applies::notice(WindowsSstp),
            Applies::notice(Ios),
            Applies::notice(MacOs),
            Applies::notice(StrongSwan),
        ],
        role: None,
        want: "an authority key identifier in every certificate",
        symptom: "after a CA has changed its key the wrong issuer is chosen",
        source: "RFC 5280 §4.2.1.1",
        check: Check::AuthorityKeyIdentifiers,
    },
    TargetRule {
        id: "root-authority-key-identifier",
        applies: &[
            Applies::notice(WindowsIkev2),
            Applies::notice(WindowsSstp),
            Applies::notice(MacOs),
            Applies::notice(Ios),
        ],
        role: None,
        want: "an authority key identifier in the root too",
        symptom: "the root is taken for an intermediate, and is not trusted",
        source: STRONGSWAN_2267,
        check: Check::RootAuthorityKeyIdentifier,
    },
    TargetRule {
        id: "no-name-constraints",
        applies: &[
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
            Applies::notice(RouterOsSstp),
            Applies::notice(Android),
        ],
        role: None,
        want: "no name constraints in a CA",
        symptom: "nothing is written about what the device makes of them",
        source: "RFC 5280 §4.2.1.10",
        check: Check::NoExtension(NAME_CONSTRAINTS),
    },
    TargetRule {
        id: "critical-extensions",
        applies: &[
            Applies::error(RouterOs6),
            Applies::error(RouterOs7),
            Applies::error(RouterOsSstp),
            Applies::error(WindowsIkev2),
            Applies::error(WindowsSstp),
            Applies::error(Ios),
            Applies::error(MacOs),
            Applies::error(Android),
            Applies::error(StrongSwan).by(&[PKI_PATHS]),
            Applies::error(OpenVpn).by(&[OPENSSL_CHAIN, NSS_CLIENTS, JDK]),
            Applies::error(FreeRadius).by(&[RADIUS_CLIENTS]),
        ],
        role: None,
        want: "no critical extension but key usage, basic constraints, extended key usage, names and name constraints",
        symptom: "`unhandled critical extension`",
        source: "RFC 5280 §4.2",
        check: Check::CriticalAmong(KNOWN),
    },
];
