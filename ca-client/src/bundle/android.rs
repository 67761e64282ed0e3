//! Android: a profile for the strongSwan app (`.sswan`, a JSON document).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::{Bundle, BundleError, Part, RevocationCheck, suite};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Profile<'a> {
    uuid: String,
    name: &'a str,
    r#type: &'static str,
    remote: Remote,
    local: Local,
    ike_proposal: &'static str,
    esp_proposal: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    split_tunneling: Option<SplitTunneling>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dns_servers: Vec<String>,
}

#[derive(Serialize)]
struct Remote {
    addr: String,
    id: String,
    cert: String,
    revocation: Revocation,
}

#[derive(Serialize)]
struct Revocation {
    strict: bool,
}

#[derive(Serialize)]
struct Local {
    id: String,
    p12: String,
}

#[derive(Serialize)]
struct SplitTunneling {
    subnets: Vec<String>,
}

pub(super) fn parts(bundle: &Bundle) -> Result<Vec<Part>, BundleError> {
    let vpn = &bundle.vpn;
    let subnets: Vec<String> = vpn.networks().iter().map(ToString::to_string).collect();
    let profile = Profile {
        uuid: bundle.uuid("android"),
        name: vpn.name.as_str(),
        r#type: "ikev2-cert",
        remote: Remote {
            addr: vpn.gateway.to_string(),
            id: vpn.server_id().to_string(),
            cert: STANDARD.encode(bundle.root().der()),
            revocation: Revocation {
                strict: vpn.revocation == RevocationCheck::Strict,
            },
        },
        local: Local {
            id: bundle.client_id()?.value(),
            p12: STANDARD.encode(bundle.p12()?),
        },
        ike_proposal: suite::IKE,
        esp_proposal: suite::ESP,
        split_tunneling: (!subnets.is_empty()).then_some(SplitTunneling { subnets }),
        dns_servers: vpn.dns.iter().map(ToString::to_string).collect(),
    };
    Ok(vec![Part::private(
        format!("{}.sswan", bundle.name()),
        serde_json::to_vec_pretty(&profile)?,
        "open it with the strongSwan app",
    )])
}
