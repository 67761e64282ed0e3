//! The services: bound to nothing, bound to the wrong certificate, in the clear.

use super::{Complaints, Gravity, complain, mend, push, store};
use crate::observe::Observed;
use crate::{Binding, RouterEntry};

pub(super) fn examine(observed: &Observed, entry: &RouterEntry, complaints: &mut Complaints) {
    for service in observed.services.iter().filter(|service| !service.disabled) {
        let name = service.name.as_str();
        match (name, &service.certificate) {
            ("www-ssl" | "api-ssl", None) => {
                let is_wanted = wishes(entry).any(|(wanted, _)| wanted == name);
                complain(
                    complaints,
                    "service-without-certificate",
                    if is_wanted {
                        Gravity::Error
                    } else {
                        Gravity::Warning
                    },
                    format!(
                        "{name} is on and has no certificate: ordinary TLS clients are refused"
                    ),
                    match is_wanted {
                        true => push(entry),
                        false => Some(mend::command(MENU, format_args!("disable {name}"))),
                    },
                );
            }
            ("www" | "api" | "telnet" | "ftp", _) => complain(
                complaints,
                "plain-service",
                Gravity::Warning,
                format!("{name} is on: passwords go through it in the clear"),
                Some(mend::command(MENU, format_args!("disable {name}"))),
            ),
            _ => {}
        }
        let open = |network: &String| matches!(network.as_str(), "0.0.0.0/0" | "::/0");
        if matches!(name, "www-ssl" | "api-ssl")
            && !service.available_from.is_empty()
            && !service.available_from.iter().any(open)
        {
            complain(
                complaints,
                "address-list",
                Gravity::Warning,
                format!(
                    "{name} is reached only from {}",
                    service.available_from.join(", ")
                ),
                Some(mend::command(MENU, format_args!("set {name} address=\"\""))),
            );
        }
    }
    for (wanted, name) in wishes(entry) {
        wrong_certificate(observed, entry, wanted, name, complaints);
    }
}

/// Lists the services that the fleet file binds, each with its NAME.
fn wishes(entry: &RouterEntry) -> impl Iterator<Item = (&'static str, &str)> {
    entry.certificates.iter().flat_map(|wish| {
        let services = wish.bindings.iter().filter_map(|binding| match binding {
            Binding::WwwSsl => Some("www-ssl"),
            Binding::ApiSsl => Some("api-ssl"),
            Binding::Ipsec(_) | Binding::SstpServer | Binding::SstpClient { .. } => None,
        });
        services.map(|service| (service, wish.name.as_str()))
    })
}

/// Complains of a service that shows another NAME than the fleet file wants.
fn wrong_certificate(
    observed: &Observed,
    entry: &RouterEntry,
    wanted: &str,
    name: &str,
    complaints: &mut Complaints,
) {
    let mut services = observed.services.iter();
    let Some(service) = services.find(|service| service.name == wanted) else {
        return;
    };
    if service.disabled {
        complain(
            complaints,
            "service-off",
            Gravity::Error,
            format!("{wanted} shall show {name}, and is switched off"),
            Some(mend::command(MENU, format_args!("enable {wanted}"))),
        );
    }
    let bound = service.certificate.as_deref();
    let Some(row) = bound.and_then(|bound| store::find(observed, bound)) else {
        return;
    };
    if row.common_name != name {
        complain(
            complaints,
            "wrong-certificate",
            Gravity::Error,
            format!(
                "{wanted} shows {} ({}), and shall show {name}",
                row.name, row.common_name
            ),
            push(entry),
        );
    }
}

const MENU: &str = "/ip/service";
