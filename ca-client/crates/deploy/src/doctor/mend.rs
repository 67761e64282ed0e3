//! Commands that mend, as one types them at the console of any release.

use std::fmt::Display;

use ca_routeros::certificate::CertificateRow;
use ca_routeros::quoted;

use super::use_of::Use;
use super::{Look, store};
use crate::Binding;

/// Writes a command: version 6 knows no slash between the words of a path.
pub(super) fn command(menu: &str, rest: impl Display) -> String {
    let path = menu.trim_start_matches('/').replace('/', " ");
    format!("/{path} {rest}")
}

/// Writes a value, with quotes when something in it would be more than a value.
pub(super) fn value(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Returns the command that puts a good certificate in the place of a bad one: a push where the fleet file binds one
/// there or no better one is on the router, else one with the good certificate that a push brought for something else.
/// No command of ours brings what belongs to somebody else.
pub(super) fn replacement(look: &Look<'_>, used: &Use) -> Option<String> {
    if used.is_of_others() {
        return None;
    }
    if is_bound(look, used) {
        return super::push(look.entry);
    }
    let Some(good) = good_certificate(look, used) else {
        return super::push(look.entry);
    };
    let item = match (used.id.as_str(), used.menu) {
        ("", _) => String::new(),
        // The word that people know a service by is its name.
        (_, "/ip/service") => format!("{} ", value(&used.row)),
        (id, _) => format!("{} ", value(id)),
    };
    let name = value(&good.name);
    Some(command(
        used.menu,
        format_args!("set {item}{}={name}", used.field),
    ))
}

/// Tells whether the fleet file wants a certificate in this place.
fn is_bound(look: &Look<'_>, used: &Use) -> bool {
    let wishes = look.entry.certificates.iter();
    let mut bindings = wishes.flat_map(|wish| &wish.bindings);
    bindings.any(|binding| is_at(used, binding))
}

/// Tells whether a binding of the fleet file is about this place.
pub(super) fn is_at(used: &Use, binding: &Binding) -> bool {
    match binding {
        Binding::WwwSsl => used.menu == "/ip/service" && used.row == "www-ssl",
        Binding::ApiSsl => used.menu == "/ip/service" && used.row == "api-ssl",
        Binding::Ipsec(ipsec) => used.menu == "/ip/ipsec/identity" && used.row == ipsec.peer,
        Binding::SstpServer => used.menu == "/interface/sstp-server/server",
        Binding::SstpClient { interface } => {
            used.menu == "/interface/sstp-client" && used.row == *interface
        }
    }
}

/// Finds another certificate of ours that can do this, and of several the one that lasts longest.
fn good_certificate<'a>(look: &Look<'a>, used: &Use) -> Option<&'a CertificateRow> {
    let rows = look.observed.certificates.iter().filter_map(|row| {
        let validity = look.observed.validity(row)?;
        let good = store::is_ours(row, look.entry)
            && row.private_key
            && !row.is_ca()
            && !row.expired
            && validity.contains(look.now)
            && row.name != used.certificate
            && (used.usage.is_empty() || row.is_for(used.usage));
        good.then_some((validity.not_after(), row))
    });
    rows.max_by_key(|(end, _)| *end).map(|(_, row)| row)
}
