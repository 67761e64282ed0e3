//! The ends of tunnels that the fleet file binds a certificate to: SSTP and IPsec.

use super::{Complaints, Gravity, Look, Use, complain, mend, push, store};
use crate::Binding;

/// Complains of an end that shows another NAME than the fleet file wants, and of an SSTP end that shows none.
pub(super) fn examine(look: &Look<'_>, complaints: &mut Complaints) {
    for wish in &look.entry.certificates {
        let bindings = wish.bindings.iter();
        for binding in bindings.filter(|one| !matches!(one, Binding::WwwSsl | Binding::ApiSsl)) {
            one(look, binding, wish.name.as_str(), complaints);
        }
    }
}

fn one(look: &Look<'_>, binding: &Binding, name: &str, complaints: &mut Complaints) {
    let uses = look.uses.iter();
    let here: Vec<&Use> = uses
        .filter(|used| used.enabled && !used.is_of_others() && mend::is_at(used, binding))
        .collect();
    let is_ipsec = matches!(binding, Binding::Ipsec(_));
    let empty = here.iter().find(|used| used.certificate.is_empty());
    if let Some(used) = empty.filter(|_| !is_ipsec) {
        complain(
            complaints,
            "service-without-certificate",
            Gravity::Error,
            format!(
                "{} shall show {name}, and has no certificate",
                store::place(used)
            ),
            push(look.entry),
        );
    }
    let shown = here.iter().filter_map(|used| {
        let row = store::find(look.observed, &used.certificate)?;
        (!row.is_ca()).then_some((used, row))
    });
    let shown: Vec<_> = shown.collect();
    // A peer may have identities of others beside the one of the fleet file.
    let is_there = shown.iter().any(|(_, row)| row.common_name == name);
    if let Some((used, row)) = shown.first().filter(|_| !is_there) {
        complain(
            complaints,
            "wrong-certificate",
            Gravity::Error,
            format!(
                "{} shows {} ({}), and shall show {name}",
                store::place(used),
                row.name,
                row.common_name
            ),
            push(look.entry),
        );
    }
}
