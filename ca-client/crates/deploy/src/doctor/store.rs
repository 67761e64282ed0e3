//! The certificates in the store, and whether each can do what it is used for.

use ca_routeros::certificate::CertificateRow;
use ca_types::UnixTime;

use super::{Complaints, Gravity, UnusedCertificate, Use, complain, push};
use crate::RouterEntry;
use crate::observe::{Observed, is_ending};

pub(super) fn examine(
    observed: &Observed,
    uses: &[Use],
    entry: &RouterEntry,
    now: UnixTime,
    complaints: &mut Complaints,
) {
    let mut seen: Vec<&str> = Vec::new();
    for used in uses.iter().filter(|used| used.enabled) {
        let place = format!("{} {}", used.menu, used.row);
        let place = place.trim_end();
        let name = used.certificate.as_str();
        let Some(row) = find(observed, name) else {
            complain(
                complaints,
                "gone",
                Gravity::Error,
                format!("{place} uses the certificate {name}, which is gone"),
                push(entry),
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
                push(entry),
            );
        }
        if !seen.contains(&name) {
            seen.push(name);
            one(observed, row, place, entry, now, complaints);
        }
    }
    twins(observed, complaints);
}

/// Judges a certificate that is in use.
fn one(
    observed: &Observed,
    row: &CertificateRow,
    place: &str,
    entry: &RouterEntry,
    now: UnixTime,
    complaints: &mut Complaints,
) {
    let name = &row.name;
    let mut say =
        |what, gravity, message| complain(complaints, what, gravity, message, push(entry));
    if !row.private_key && !row.is_ca() {
        say(
            "no-key",
            Gravity::Error,
            format!("{place} uses {name}, whose private key is not on the router"),
        );
    }
    match observed.validity(row) {
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
    chain(observed, row, entry, complaints);
}

/// Goes up from a certificate: everything above it must be in the store, and trusted.
fn chain(
    observed: &Observed,
    leaf: &CertificateRow,
    entry: &RouterEntry,
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
                push(entry),
            );
            return;
        };
        if !above.trusted {
            complain(
                complaints,
                "untrusted",
                Gravity::Error,
                format!("the CA {} is in the store and not trusted", above.name),
                Some(format!("/certificate/set {} trusted=yes", above.name)),
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
            complain(
                complaints,
                "twin-cas",
                Gravity::Error,
                format!(
                    "the CAs {} and {} have one name: the router confuses them",
                    other.name, row.name
                ),
                Some(format!("/certificate/remove {}", other.name)),
            );
        }
    }
}

/// Lists certificates that nothing refers to: expired ones, and former ones of ours.
pub(super) fn unused(
    observed: &Observed,
    uses: &[Use],
    entry: &RouterEntry,
    now: UnixTime,
) -> Vec<UnusedCertificate> {
    let is_used = |row: &CertificateRow| {
        uses.iter().any(|used| used.certificate == row.name)
            || observed.certificates.iter().any(|below| {
                below.id != row.id
                    && !row.key_identifier.is_empty()
                    && below.authority_key_identifier == row.key_identifier
            })
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
fn is_ours(row: &CertificateRow, entry: &RouterEntry) -> bool {
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
