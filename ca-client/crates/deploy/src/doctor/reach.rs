//! The firewall: rules that shut a service for everybody.

use ca_routeros::{RouterTransport, Row};

use super::{Complaints, Gravity, complain, mend};
use crate::DeployError;
use crate::observe::{Observed, rows};

pub(super) async fn examine(
    router: &mut dyn RouterTransport,
    observed: &Observed,
    complaints: &mut Complaints,
) -> Result<(), DeployError> {
    let rules = rows(router, MENU).await?;
    let tls = observed
        .services
        .iter()
        .filter(|service| !service.disabled && service.certificate.is_some())
        .map(|service| (service.name.as_str(), "tcp", service.port));
    let ike = observed
        .identities
        .iter()
        .any(|identity| !identity.disabled);
    let doors = tls.chain(ike.then_some(("ike", "udp", 500)));
    for (name, protocol, port) in doors {
        let shut = rules
            .iter()
            .find_map(|rule| match judge(rule, protocol, port) {
                Verdict::Passes => None,
                Verdict::Open => Some(None),
                Verdict::Shut => Some(Some(rule)),
            });
        if let Some(Some(rule)) = shut {
            complain(
                complaints,
                "firewall",
                Gravity::Warning,
                format!(
                    "the firewall shuts {name} ({protocol} {port}) for everybody: rule {} {}",
                    rule.id(),
                    rule.text("comment")
                )
                .trim_end()
                .to_owned(),
                Some(mend::command(MENU, format_args!("disable {}", rule.id()))),
            );
        }
    }
    Ok(())
}

/// What a rule does with what comes to a port, whoever sends it.
enum Verdict {
    /// It is not about that.
    Passes,
    /// It lets somebody in, perhaps not everybody.
    Open,
    /// It keeps everybody out.
    Shut,
}

fn judge(rule: &Row, protocol: &str, port: u16) -> Verdict {
    if rule.text("chain") != "input" || rule.is("disabled") {
        return Verdict::Passes;
    }
    let of_protocol =
        matches!(rule.text("protocol"), "" | "all") || rule.text("protocol") == protocol;
    if !of_protocol || !has_port(rule.text("dst-port"), port) {
        return Verdict::Passes;
    }
    let is_narrow = rule
        .fields()
        .any(|(field, value)| !value.is_empty() && !BROAD.contains(&field));
    match (rule.text_or("action", "accept").as_str(), is_narrow) {
        // Those that answers come through say nothing of who may begin.
        ("accept", _) if rule.text("connection-state").contains("established") => Verdict::Passes,
        ("accept", _) => Verdict::Open,
        ("drop" | "reject" | "tarpit", false) => Verdict::Shut,
        _ => Verdict::Passes,
    }
}

/// Tells whether a list of ports, `443,8000-8100`, has a port; none has all.
fn has_port(list: &str, port: u16) -> bool {
    list.is_empty()
        || list.split(',').any(|part| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            matches!((from.parse::<u16>(), to.parse::<u16>()), (Ok(from), Ok(to)) if (from..=to).contains(&port))
        })
}

/// Fields that do not limit whom a rule is for.
const BROAD: [&str; 16] = [
    ".id",
    "chain",
    "action",
    "protocol",
    "dst-port",
    "comment",
    "disabled",
    "invalid",
    "dynamic",
    "bytes",
    "packets",
    "log",
    "log-prefix",
    ".about",
    ".nextid",
    "reject-with",
];

const MENU: &str = "/ip/firewall/filter";
