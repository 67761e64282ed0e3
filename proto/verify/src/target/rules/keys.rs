//! Keys, signatures and lifetimes.

use crate::target::Target::{
    Android, FreeRadius, Ios, MacOs, OpenVpn, RouterOs6, RouterOs7, RouterOsSstp, StrongSwan,
    WindowsIkev2, WindowsSstp,
};
use crate::target::check::Check;
use crate::target::key::KeyKind::{P256, P384, P521, Rsa};
use crate::target::key::SignatureKind::{Edwards, OldHash, RsaPss};
use crate::target::rule::{Applies, Role, TargetRule};
use crate::target::rules::seen::{
    GNUTLS_SSTP, HOSTAPD_STARTS, OPENSSL_SSTP, OPENVPN, RADIUS_STARTS,
};

const ROUTEROS_CERTIFICATES: &str = "MikroTik documentation, Certificates";
const STRONGSWAN_WINDOWS: &str = "strongSwan documentation, Windows clients";
const STRONGSWAN_APPLE: &str = "strongSwan documentation, Apple clients";
const APPLE_TLS: &str = "Apple, Requirements for trusted certificates in iOS 13 and macOS 10.15";

pub(crate) const RULES: &[TargetRule] = &[
    TargetRule {
        id: "chain-keys-rsa",
        applies: &[Applies::error(RouterOs6)],
        role: None,
        want: "RSA keys in the whole chain",
        symptom: "RouterOS 6 imports the certificate without its key, or its services and peers find no common cipher",
        source: ROUTEROS_CERTIFICATES,
        check: Check::ChainKeys(&[Rsa]),
    },
    TargetRule {
        id: "sstp-key-rsa",
        applies: &[Applies::error(RouterOsSstp).by(&[GNUTLS_SSTP, OPENSSL_SSTP])],
        role: Some(Role::Server),
        want: "an RSA key",
        symptom: "the TLS handshake fails with `no shared cipher`: the suites of SSTP on RouterOS are for RSA alone",
        source: "MikroTik documentation, SSTP",
        check: Check::LeafKey(&[Rsa]),
    },
    TargetRule {
        id: "sstp-chain-keys",
        applies: &[Applies::notice(RouterOsSstp)],
        role: None,
        want: "RSA keys in the whole chain",
        symptom: "an old router on the other side cannot verify the chain",
        source: ROUTEROS_CERTIFICATES,
        check: Check::ChainKeys(&[Rsa]),
    },
    TargetRule {
        id: "chain-keys-routeros",
        applies: &[Applies::error(RouterOs7)],
        role: None,
        want: "keys that are RSA, P-256, P-384 or P-521 in the whole chain",
        symptom: "the import counts no certificate, or the peer's certificate is not verified",
        source: ROUTEROS_CERTIFICATES,
        check: Check::ChainKeys(&[Rsa, P256, P384, P521]),
    },
    TargetRule {
        id: "chain-keys-windows",
        applies: &[Applies::error(WindowsIkev2), Applies::error(WindowsSstp)],
        role: None,
        want: "keys that are RSA, P-256 or P-384 in the whole chain",
        symptom: "error 13801 (IKE authentication credentials are unacceptable), or the certificate is not offered",
        source: STRONGSWAN_WINDOWS,
        check: Check::ChainKeys(&[Rsa, P256, P384]),
    },
    TargetRule {
        id: "chain-keys-apple",
        applies: &[Applies::error(Ios), Applies::error(MacOs)],
        role: None,
        want: "keys that are RSA, P-256, P-384 or P-521 in the whole chain",
        symptom: "the profile is refused, or `User Authentication failed`",
        source: STRONGSWAN_APPLE,
        check: Check::ChainKeys(&[Rsa, P256, P384, P521]),
    },
    TargetRule {
        id: "server-key-rsa-by-hand",
        applies: &[Applies::notice(Ios)],
        role: Some(Role::Server),
        want: "an RSA key, since a VPN that was set up by hand takes no other",
        symptom: "a VPN that was set up by hand says `The VPN server did not respond`; a profile with CertificateType \
                  ECDSA256 works",
        source: STRONGSWAN_APPLE,
        check: Check::LeafKey(&[Rsa]),
    },
    TargetRule {
        id: "chain-keys-android",
        applies: &[Applies::error(Android)],
        role: None,
        want: "keys that are RSA, P-256, P-384 or P-521 in the whole chain",
        symptom: "the certificate is not offered for the VPN, or the gateway's is not trusted",
        source: "Android documentation, Ikev2VpnProfile",
        check: Check::ChainKeys(&[Rsa, P256, P384, P521]),
    },
    TargetRule {
        id: "chain-keys-edwards",
        applies: &[
            Applies::notice(StrongSwan),
            Applies::notice(OpenVpn),
            Applies::notice(FreeRadius),
        ],
        role: None,
        want: "keys that are RSA, P-256, P-384 or P-521 in the whole chain",
        symptom: "works with some versions and libraries and not with others: OpenSSL takes Ed25519, Windows and phones \
                  do not",
        source: "RFC 8420; RFC 8410",
        check: Check::ChainKeys(&[Rsa, P256, P384, P521]),
    },
    TargetRule {
        id: "rsa-2048",
        applies: &[
            Applies::error(Ios),
            Applies::error(MacOs),
            Applies::error(WindowsIkev2),
            Applies::error(WindowsSstp),
            Applies::error(Android),
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
            Applies::notice(StrongSwan),
            Applies::notice(OpenVpn),
            Applies::error(FreeRadius).by(&[HOSTAPD_STARTS, RADIUS_STARTS]),
        ],
        role: None,
        want: "RSA keys of 2048 bits or more in the whole chain",
        symptom: "`ee key too small`, `ca key too small`, or a certificate that is not trusted",
        source: APPLE_TLS,
        check: Check::RsaFrom(2048),
    },
    TargetRule {
        id: "rsa-8192",
        applies: &[Applies::error(RouterOs6), Applies::error(RouterOs7)],
        role: None,
        want: "RSA keys of 8192 bits or fewer in the whole chain",
        symptom: "the import counts no certificate",
        source: ROUTEROS_CERTIFICATES,
        check: Check::RsaTo(8192),
    },
    TargetRule {
        id: "rsa-4096",
        applies: &[
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
            Applies::notice(RouterOsSstp),
        ],
        role: None,
        want: "RSA keys of 4096 bits or fewer in the whole chain",
        symptom: "a handshake takes seconds on a small board, and dead-peer detection gives up",
        source: ROUTEROS_CERTIFICATES,
        check: Check::RsaTo(4096),
    },
    TargetRule {
        id: "no-sha1",
        applies: &[
            Applies::error(Ios),
            Applies::error(MacOs),
            Applies::error(WindowsIkev2),
            Applies::error(WindowsSstp),
            Applies::error(Android),
            Applies::notice(StrongSwan),
            Applies::error(OpenVpn).by(&[OPENVPN]),
            Applies::error(FreeRadius).by(&[HOSTAPD_STARTS, RADIUS_STARTS]),
        ],
        role: None,
        want: "signatures with SHA-2 in the whole chain",
        symptom: "`CA signature digest algorithm too weak`, `ca md too weak`, or a certificate that is not trusted",
        source: APPLE_TLS,
        check: Check::NoSignatures(&[OldHash]),
    },
    TargetRule {
        id: "no-pss",
        applies: &[
            Applies::error(Ios),
            Applies::error(MacOs),
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
            Applies::notice(RouterOsSstp),
            Applies::notice(Android),
        ],
        role: None,
        want: "no signature with RSASSA-PSS in the chain",
        symptom: "the peer's certificate is not trusted",
        source: "strongSwan discussion 1408",
        check: Check::NoSignatures(&[RsaPss]),
    },
    TargetRule {
        id: "no-edwards-signature",
        applies: &[
            Applies::error(RouterOs6),
            Applies::error(RouterOs7),
            Applies::error(RouterOsSstp),
            Applies::error(WindowsIkev2),
            Applies::error(WindowsSstp),
            Applies::error(Ios),
            Applies::error(MacOs),
            Applies::error(Android),
        ],
        role: None,
        want: "no signature with Ed25519 or Ed448 in the chain",
        symptom: "the chain is not verified, even when the certificate itself has an RSA key",
        source: "strongSwan documentation, Windows clients; MikroTik documentation, IPsec",
        check: Check::NoSignatures(&[Edwards]),
    },
    TargetRule {
        id: "days-825",
        applies: &[Applies::error(Ios), Applies::error(MacOs)],
        role: Some(Role::Server),
        want: "a validity of 825 days or less",
        symptom: "`the certificate for this server is invalid`, though the root is trusted",
        source: APPLE_TLS,
        check: Check::LongestDays(825),
    },
];
