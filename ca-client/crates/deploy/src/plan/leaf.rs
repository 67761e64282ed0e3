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
            Self::Healthy(found) | Self::Ending(found) => Some(found),
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
            LeafState::Missing | LeafState::Ending(_) => format!("{}-…", self.name),
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
    let found = ours.max_by_key(|(_, _, validity)| (validity.not_after(), validity.not_before()));
    let (issuing, state) = match found {
        None => ((*newest).clone(), LeafState::Missing),
        Some((row, issuing, validity)) => {
            let row = row.clone();
            let found = Found { row, validity };
            if is_ending(validity, now) {
                ((*newest).clone(), LeafState::Ending(found))
            } else {
                (issuing.clone(), LeafState::Healthy(found))
            }
        }
    };
    Ok(Leaf {
        name: wish.name.to_string(),
        issuing,
        state,
    })
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
