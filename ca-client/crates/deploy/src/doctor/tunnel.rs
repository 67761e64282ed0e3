//! IPsec identities and CRLs.

use ca_types::UnixTime;

use super::{Complaints, Gravity, complain, push};
use crate::RouterEntry;
use crate::observe::Observed;

pub(super) fn examine(
    observed: &Observed,
    entry: &RouterEntry,
    now: UnixTime,
    complaints: &mut Complaints,
) {
    let by_certificate = observed.identities.iter().filter(|identity| {
        !identity.dynamic && identity.settings.auth_method == "digital-signature"
    });
    for identity in by_certificate {
        let peer = &identity.settings.peer;
        if identity.disabled {
            complain(
                complaints,
                "ipsec-identity",
                Gravity::Warning,
                format!("the identity of {peer} is switched off"),
                Some(format!("/ip/ipsec/identity/enable [find peer={peer}]")),
            );
        } else if identity.settings.certificates.is_empty() {
            complain(
                complaints,
                "ipsec-identity",
                Gravity::Error,
                format!("the identity of {peer} signs with a certificate, and has none"),
                push(entry),
            );
        }
    }
    if entry.crl_use && !observed.crl_settings.crl_use {
        complain(
            complaints,
            "crl",
            Gravity::Warning,
            "revoked peers stay in: the router does not look at CRLs".to_owned(),
            push(entry),
        );
    }
    if observed.crl_settings.crl_use {
        let unfit = observed
            .crls
            .iter()
            .filter(|crl| !crl.is_valid(observed.offset, now));
        for crl in unfit {
            complain(
                complaints,
                "crl",
                Gravity::Error,
                format!(
                    "the router looks at CRLs, and has no valid one from {}: peers are refused",
                    crl.url
                ),
                Some("/certificate/crl/download".to_owned()),
            );
        }
    }
}
