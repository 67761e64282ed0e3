//! What the bindings of an entry need.

use ca_routeros::ipsec::IdentitySettings;

use super::{BindStep, CaStep, Leaf, PlanError, ca_row_name};
use crate::observe::Observed;
use crate::spot::{SIGNATURE, Setting, Spot};
use crate::{Binding, IpsecBinding, RouterEntry};

/// Lists all bindings in the order in which they are made: services last, the one that we come through at the very end.
pub(super) fn steps(
    entry: &RouterEntry,
    leaves: &[Leaf],
    cas: &[CaStep],
    observed: &Observed,
) -> Result<Vec<BindStep>, PlanError> {
    let mut steps = Vec::new();
    for (wish, (certificate, leaf)) in entry.certificates.iter().zip(leaves).enumerate() {
        let issuing = ca_row_name(cas, &leaf.issuing);
        for (place, binding) in certificate.bindings.iter().enumerate() {
            let spot = Spot::of(binding);
            let former = found(binding, &spot, observed)?;
            let wanted = wanted(binding, &leaf.shown_row_name(), &issuing);
            let kept = !leaf.state.is_new() && former.satisfies(&wanted);
            steps.push(BindStep {
                wish,
                place,
                binding: binding.clone(),
                spot,
                former,
                kept,
            });
        }
    }
    let own = observed.door.service();
    steps.sort_by_key(|step| match &step.spot {
        Spot::Identity { .. } | Spot::SstpServer | Spot::SstpClient(_) => 0,
        Spot::Service(name) if *name == own => 2,
        Spot::Service(_) => 1,
    });
    Ok(steps)
}

/// Returns what is wanted at the spot of a binding.
pub(crate) fn wanted(binding: &Binding, leaf: &str, issuing: &str) -> Setting {
    match binding {
        Binding::WwwSsl | Binding::ApiSsl => Setting::Service {
            certificate: Some(leaf.to_owned()),
            disabled: false,
        },
        Binding::Ipsec(ipsec) => Setting::Identity(Some(IdentitySettings {
            peer: ipsec.peer.clone(),
            auth_method: SIGNATURE.to_owned(),
            certificates: vec![leaf.to_owned(), issuing.to_owned()],
            my_id: ipsec.my_id.clone(),
            remote_id: ipsec.remote_id.clone(),
            match_by: "remote-id".to_owned(),
            generate_policy: ipsec.generate_policy.clone(),
            mode_config: ipsec.mode_config.clone(),
            policy_template_group: ipsec.policy_template_group.clone(),
        })),
        Binding::SstpServer | Binding::SstpClient { .. } => Setting::Sstp {
            certificate: Some(leaf.to_owned()),
            verify: true,
        },
    }
}

/// Returns what is set at the spot of a binding, or says what is missing there.
fn found(binding: &Binding, spot: &Spot, observed: &Observed) -> Result<Setting, PlanError> {
    match binding {
        Binding::WwwSsl => service("www-ssl", observed),
        Binding::ApiSsl => service("api-ssl", observed),
        Binding::Ipsec(ipsec) => identity(ipsec, spot, observed),
        Binding::SstpServer => {
            let server = observed.sstp_server.as_ref().map(Setting::from);
            server.ok_or_else(|| PlanError::NotThere {
                menu: "/interface/sstp-server",
                name: "server".to_owned(),
                command: "/system package print".to_owned(),
            })
        }
        Binding::SstpClient { interface } => {
            let mut rows = observed.sstp_clients.iter();
            let row = rows.find(|row| row.name == *interface);
            row.map(Setting::from).ok_or_else(|| PlanError::NotThere {
                menu: "/interface/sstp-client",
                name: interface.clone(),
                command: format!("/interface sstp-client add name={interface} connect-to=… user=…"),
            })
        }
    }
}

fn service(name: &str, observed: &Observed) -> Result<Setting, PlanError> {
    let row = observed.services.iter().find(|row| row.name == name);
    row.map(Setting::from).ok_or_else(|| PlanError::NotThere {
        menu: "/ip/service",
        name: name.to_owned(),
        command: "/ip service print".to_owned(),
    })
}

fn identity(ipsec: &IpsecBinding, spot: &Spot, observed: &Observed) -> Result<Setting, PlanError> {
    let peer = observed.peers.iter().find(|row| row.name == ipsec.peer);
    let peer = peer.ok_or_else(|| PlanError::NotThere {
        menu: "/ip/ipsec/peer",
        name: ipsec.peer.clone(),
        command: format!(
            "/ip ipsec peer add name={} address=… exchange-mode=ike2",
            ipsec.peer
        ),
    })?;
    if peer.exchange_mode != "ike2" {
        return Err(PlanError::NotIke2 {
            peer: ipsec.peer.clone(),
            found: peer.exchange_mode.clone(),
        });
    }
    if let Some(row) = spot.foreign(&observed.identities) {
        return Err(PlanError::ForeignIdentity {
            peer: ipsec.peer.clone(),
            remote_id: ipsec.remote_id.clone(),
            id: row.id.clone(),
        });
    }
    let ours = spot.ours(&observed.identities);
    Ok(Setting::Identity(ours.map(|row| row.settings.clone())))
}
