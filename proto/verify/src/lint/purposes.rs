//! What certificates of a class are for (RFC 5280 §4.2.1.12).

use ca_types::IssuerClass;
use spki::ObjectIdentifier;

use crate::oid;

/// Returns the purposes that certificates of a class may have; never `anyExtendedKeyUsage`.
pub(super) fn allowed(class: IssuerClass) -> &'static [ObjectIdentifier] {
    match class {
        IssuerClass::Router => &[oid::SERVER_AUTH, oid::CLIENT_AUTH, oid::IPSEC_IKE],
        IssuerClass::VpnServer => &[oid::SERVER_AUTH, oid::IPSEC_IKE, oid::IKE_INTERMEDIATE],
        IssuerClass::VpnClient => &[oid::CLIENT_AUTH, oid::IPSEC_IKE],
        IssuerClass::Control => &[oid::SERVER_AUTH, oid::CLIENT_AUTH],
        IssuerClass::Root => &[],
    }
}

/// Tells whether the purposes are those that a class needs.
pub(super) fn are_complete(class: IssuerClass, purposes: &[ObjectIdentifier]) -> bool {
    let has = |purpose| purposes.contains(&purpose);
    match class {
        IssuerClass::Router => has(oid::SERVER_AUTH) || has(oid::CLIENT_AUTH),
        IssuerClass::VpnServer => has(oid::SERVER_AUTH),
        IssuerClass::VpnClient => has(oid::CLIENT_AUTH),
        IssuerClass::Control => has(oid::SERVER_AUTH) != has(oid::CLIENT_AUTH),
        IssuerClass::Root => false,
    }
}

/// `ipsecEndSystem`, `ipsecTunnel` and `ipsecUser`, which RFC 4945 §5.1.3.12 forbids.
pub(super) const LEGACY_IPSEC: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.5"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.6"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.7"),
];
