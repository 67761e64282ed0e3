//! The certificates in the store, and whether each can do what it is used for.

use super::use_of::Use;
use super::{Complaints, Gravity, Look, UnusedCertificate, complain, mend, push};
use crate::RouterEntry;
use crate::observe::{Observed, is_ending};
use ca_routeros::certificate::CertificateRow;

pub(super) fn examine(look: &Look<'_>, complaints: &mut Complaints) {
    let mut seen: Vec<(&str, bool)> = Vec::new();
    let named = |used: &&Use| used.enabled && !used.certificate.is_empty();
    for used in look.uses.iter().filter(named) {
        let place = place(used);
        let name = used.certificate.as_str();
        let Some(row) = find(look.observed, name) else {
            complain(
                complaints,
                "gone",
                Gravity::Error,
                format!("{place} uses the certificate {name}, which is gone"),
                mend::replacement(look, used),
            );
            continue;
        };
        if !used.usage.is_empty() && !row.is_for(used.usage) {
            complain(
                complaints,
                "key-usage",
                Gravity::Error,
                format!(
                    "{place} needs a certificate for {}, and {name} is for {}",
                    used.usage,
                    row.key_usage.join(", ")
                ),
                mend::replacement(look, used),
            );
        }
        let once = (name, used.is_of_others());
        if !seen.contains(&once) {
            seen.push(once);
            one(look, row, used, complaints);
        }
    }
    twins(look.observed, complaints);
}

/// Says where a certificate is used.
pub(super) fn place(used: &Use) -> String {
    let place = format!("{} {}", used.menu, used.row);
    place.trim_end().to_owned()
}

/// Judges a certificate that is in use.
fn one(look: &Look<'_>, row: &CertificateRow, used: &Use, complaints: &mut Complaints) {
    let (name, place, now) = (&row.name, place(used), look.now);
    let mend = mend::replacement(look, used);
    let mut say =
        |what, gravity, message| complain(complaints, what, gravity, message, mend.clone());
    if !row.private_key && !row.is_ca() && !used.is_of_others() {
        say(
            "no-key",
            Gravity::Error,
            format!("{place} uses {name}, whose private key is not on the router"),
        );
    }
    match look.observed.validity(row) {
        Some(validity) if validity.not_after() < now => say(
            "expired",
            Gravity::Error,
            format!("{place} uses {name}, which ended {}", validity.not_after()),
        ),
        Some(validity) if now < validity.not_before() => say(
            "not-yet-valid",
            Gravity::Error,
            format!(
                "{place} uses {name}, which is valid only from {}",
                validity.not_before()
            ),
        ),
        Some(validity) if is_ending(validity, now) => {
            say(
                "ending",
                Gravity::Warning,
                format!("{place} uses {name}, which ends {}", validity.not_after()),
            );
        }
        Some(_) => {}
        None if row.expired => say(
            "expired",
            Gravity::Error,
            format!("{place} uses {name}, which is expired"),
        ),
        None => {}
    }
    if used.is_of_others() {
        return;
    }
    // What is above a certificate of ours comes with a push, wherever that is used.
    let mend = match is_ours(row, look.entry) {
        true => push(look.entry),
        false => mend,
    };
    chain(look.observed, row, mend.as_deref(), complaints);
}

/// Goes up from a certificate: everything above it must be in the store, and trusted.
fn chain(
    observed: &Observed,
    leaf: &CertificateRow,
    by: Option<&str>,
    complaints: &mut Complaints,
) {
    let mut row = leaf;
    for _ in 0..LONGEST_CHAIN {
        if row.authority_key_identifier.is_empty()
            || row.authority_key_identifier == row.key_identifier
        {
            break;
        }
        let mut rows = observed.certificates.iter();
        let Some(above) = rows.find(|above| above.key_identifier == row.authority_key_identifier)
        else {
            complain(
                complaints,
                "chain",
                Gravity::Error,
                format!(
                    "the CA above {} ({}) is not in the store: clients get an incomplete chain",
                    row.name, row.issuer
                ),
                by.map(str::to_owned),
            );
            return;
        };
        if !above.trusted {
            complain(
                complaints,
                "untrusted",
                Gravity::Error,
                format!("the CA {} is in the store and not trusted", above.name),
                Some(mend::command(
                    MENU,
                    format_args!("set {} trusted=yes", mend::value(&above.name)),
                )),
            );
        }
        row = above;
    }
}

const LONGEST_CHAIN: usize = 5;

/// Two CAs of one name: RouterOS finds issuers by name, and takes the wrong one.
fn twins(observed: &Observed, complaints: &mut Complaints) {
    let cas: Vec<&CertificateRow> = observed
        .certificates
        .iter()
        .filter(|row| row.is_ca())
        .collect();
    for (at, row) in cas.iter().enumerate() {
        let same = |other: &&&CertificateRow| {
            other.common_name == row.common_name
                && other.issuer == row.issuer
                && other.key_identifier != row.key_identifier
        };
        if let Some(other) = cas.iter().take(at).find(same) {
            // The one that no certificate here needs goes, or else the elder.
            let idle = [other, row].into_iter().find(|ca| !is_above(observed, ca));
            complain(
                complaints,
                "twin-cas",
                Gravity::Error,
                format!(
                    "the CAs {} and {} have one name: the router confuses them",
                    other.name, row.name
                ),
                Some(mend::command(
                    MENU,
                    format_args!("remove {}", mend::value(&idle.unwrap_or(other).name)),
                )),
            );
        }
    }
}

/// Tells whether another certificate here names this one as its issuer.
fn is_above(observed: &Observed, row: &CertificateRow) -> bool {
    observed.certificates.iter().any(|below| {
        below.id != row.id
            && !row.key_identifier.is_empty()
            && below.authority_key_identifier == row.key_identifier
    })
}

/// Lists certificates that nothing refers to: expired ones, and former ones of ours.
pub(super) fn unused(look: &Look<'_>) -> Vec<UnusedCertificate> {
    let Look {
        observed,
        uses,
        entry,
        now,
    } = *look;
    let is_used = |row: &CertificateRow| {
        uses.iter().any(|used| used.certificate == row.name) || is_above(observed, row)
    };
    let free = observed.certificates.iter().filter(|row| !is_used(row));
    free.filter_map(|row| {
        let ended = observed
            .validity(row)
            .is_some_and(|validity| validity.not_after() < now);
        let ours = is_ours(row, entry);
        let why = match (ended || row.expired, ours && is_former(observed, uses, row)) {
            (true, _) => "expired",
            (false, true) => "superseded",
            (false, false) => return None,
        };
        Some(UnusedCertificate {
            id: row.id.clone(),
            name: row.name.clone(),
            ours,
            why,
        })
    })
    .collect()
}

/// Tells whether a push brought it: our rows are `fleet-ca-…`, or the NAME of a wish and eight digits.
pub(super) fn is_ours(row: &CertificateRow, entry: &RouterEntry) -> bool {
    let of_wish = entry.certificates.iter().any(|wish| {
        let rest = row.name.strip_prefix(wish.name.as_str());
        let digits = rest.and_then(|rest| rest.strip_prefix('-'));
        digits.is_some_and(|digits| {
            digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        })
    });
    of_wish || row.name.starts_with("fleet-ca-")
}

const DIGITS: usize = 8;

/// Tells whether a younger certificate of the same name is in use.
fn is_former(observed: &Observed, uses: &[Use], row: &CertificateRow) -> bool {
    let begin = |row: &CertificateRow| observed.validity(row).map(|validity| validity.not_before());
    observed.certificates.iter().any(|other| {
        !row.is_ca()
            && other.id != row.id
            && other.common_name == row.common_name
            && begin(row) < begin(other)
            && uses.iter().any(|used| used.certificate == other.name)
    })
}

pub(super) fn find<'a>(observed: &'a Observed, name: &str) -> Option<&'a CertificateRow> {
    observed.certificates.iter().find(|row| row.name == name)
}

const MENU: &str = "/certificate";
