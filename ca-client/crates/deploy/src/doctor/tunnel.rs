//! IPsec identities and CRLs.

use super::{Complaints, Gravity, Look, Use, complain, mend, push};

pub(super) fn examine(look: &Look<'_>, complaints: &mut Complaints) {
    identities(look, complaints);
    crls(look, complaints);
}

fn identities(look: &Look<'_>, complaints: &mut Complaints) {
    let by_certificate = look.observed.identities.iter().filter(|identity| {
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
                Some(mend::command(
                    IDENTITIES,
                    format_args!("enable {}", identity.id),
                )),
            );
        } else if identity.settings.certificates.is_empty() {
            let empty = Use {
                menu: IDENTITIES,
                row: peer.clone(),
                id: identity.id.clone(),
                field: "certificate",
                certificate: String::new(),
                usage: "",
                enabled: true,
            };
            complain(
                complaints,
                "ipsec-identity",
                Gravity::Error,
                format!("the identity of {peer} signs with a certificate, and has none"),
                mend::replacement(look, &empty),
            );
        }
    }
}

fn crls(look: &Look<'_>, complaints: &mut Complaints) {
    let (observed, entry) = (look.observed, look.entry);
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
            .filter(|crl| !crl.is_valid(observed.offset, look.now));
        let urls: Vec<&str> = unfit.map(|crl| crl.url.as_str()).collect();
        if !urls.is_empty() {
            complain(
                complaints,
                "crl",
                Gravity::Error,
                format!(
                    "the router looks at CRLs, and has no valid one from {}: peers are refused",
                    urls.join(", ")
                ),
                Some(mend::command("/certificate/crl", "download")),
            );
        }
    }
}

const IDENTITIES: &str = "/ip/ipsec/identity";
