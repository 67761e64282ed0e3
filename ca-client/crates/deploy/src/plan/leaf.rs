//! The end-entity certificate of a wish, as it is on the router.

use ca_routeros::certificate::CertificateRow;
use ca_types::{UnixTime, Validity};

use super::PlanError;
use crate::CertificateWish;
use crate::hierarchy::{Authority, Hierarchy};
use crate::observe::{Observed, is_ending};

/// The end-entity certificate of a wish.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    /// Its NAME.
    pub(crate) name: String,
    /// The CA that issued it or will.
    pub(crate) issuing: Authority,
    pub(crate) state: LeafState,
}

/// Whether there is one, and whether it stays.
#[derive(Debug, Clone)]
pub(crate) enum LeafState {
    /// None of ours is there.
    Missing,
    /// It is there, and stays.
    Healthy(Found),
    /// It is there, and less than a third of its life is left.
    Ending(Found),
    /// It is there, and the fleet file wants another one.
    Unlike(Found, Difference),
}

/// What the fleet file wants otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// The names: no successor has others than its predecessor.
    Names,
    /// The kind of key.
    Key,
    /// A shorter life.
    Days,
}

/// A certificate of ours on the router.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) row: CertificateRow,
    pub(crate) validity: Validity,
}

impl LeafState {
    /// Returns the certificate that is there.
    pub(crate) fn found(&self) -> Option<&Found> {
        match self {
            Self::Healthy(found) | Self::Ending(found) | Self::Unlike(found, _) => Some(found),
            Self::Missing => None,
        }
    }

    /// Tells whether a new certificate is needed.
    pub(crate) fn is_new(&self) -> bool {
        !matches!(self, Self::Healthy(_))
    }
}

impl Leaf {
    /// Returns the name of its row, or what it will begin with.
    pub(crate) fn shown_row_name(&self) -> String {
        match &self.state {
            LeafState::Healthy(found) => found.row.name.clone(),
            LeafState::Missing | LeafState::Ending(_) | LeafState::Unlike(..) => {
                format!("{}-…", self.name)
            }
        }
    }
}

/// Finds the newest certificate of ours for a wish.
pub(super) fn leaf(
    wish: &CertificateWish,
    hierarchy: &Hierarchy,
    observed: &Observed,
    now: UnixTime,
) -> Result<Leaf, PlanError> {
    let issuers = hierarchy.of_class(wish.profile.as_str(), now);
    let newest = issuers.last().ok_or_else(|| PlanError::NoIssuer {
        profile: wish.profile.to_string(),
    })?;
    let ours = observed.certificates.iter().filter_map(|row| {
        let issuer = issuers.iter().find(|ca| is_by(row, ca))?;
        let validity = observed.validity(row)?;
        let usable =
            row.private_key && !row.expired && validity.contains(now) && !hierarchy.is_revoked(row);
        (usable && row.common_name == wish.name.as_str()).then_some((row, *issuer, validity))
    });
    let difference = |row: &CertificateRow, validity: Validity| match row {
        row if hierarchy.is_renamed(row) => Some(Difference::Names),
        row if !has_wished_key(row, wish) => Some(Difference::Key),
        _ if lives_too_long(validity, wish) => Some(Difference::Days),
        _ => None,
    };
    let found = ours.max_by_key(|(row, _, validity)| {
        let is_like = difference(row, *validity).is_none();
        (is_like, validity.not_after(), validity.not_before())
    });
    let (issuing, state) = match found {
        None => ((*newest).clone(), LeafState::Missing),
        Some((row, issuing, validity)) => {
            let difference = difference(row, validity);
            let row = row.clone();
            let found = Found { row, validity };
            match difference {
                Some(difference) => ((*newest).clone(), LeafState::Unlike(found, difference)),
                None if is_ending(validity, now) => ((*newest).clone(), LeafState::Ending(found)),
                None => (issuing.clone(), LeafState::Healthy(found)),
            }
        }
    };
    Ok(Leaf {
        name: wish.name.to_string(),
        issuing,
        state,
    })
}

/// Tells whether the key is of the kind that the fleet file names; a row that does not say has it.
fn has_wished_key(row: &CertificateRow, wish: &CertificateWish) -> bool {
    let Some(word) = &wish.key_algorithm else {
        return true;
    };
    row.key_type.is_empty()
        || match word.strip_prefix("rsa") {
            Some(bits) => row.key_type == "rsa" && row.key_size == bits,
            None => row.key_type == "ec",
        }
}

/// Tells whether a certificate is valid for longer than the fleet file says; one with a shorter life ends before that.
///
/// What a router shows of its times may be an hour off, where summer time begins or ends between them.
fn lives_too_long(validity: Validity, wish: &CertificateWish) -> bool {
    wish.days
        .is_some_and(|days| validity.seconds() > days.seconds() + DAY)
}

/// Tells whether a row names this CA as its issuer; every CA has a name of its own.
fn is_by(row: &CertificateRow, ca: &Authority) -> bool {
    let key = ca.certificate.subject_key_identifier().map(hex);
    let other_key = key.is_some_and(|key| {
        !row.authority_key_identifier.is_empty() && row.authority_key_identifier != key
    });
    let Some(common_name) = ca.certificate.subject().common_name() else {
        return false;
    };
    let attribute = format!("CN={common_name}");
    let mut places = row.issuer.match_indices(&attribute);
    let named = places.any(|(start, found)| {
        let (before, rest) = row.issuer.split_at(start);
        let after = rest.strip_prefix(found).unwrap_or_default();
        let begins = before.trim_end();
        (begins.is_empty() || begins.ends_with(',')) && (after.is_empty() || after.starts_with(','))
    });
    named && !other_key
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

const DAY: u64 = 86_400;
