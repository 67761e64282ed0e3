//! Questions about certificates, one page at a time.

use ca_types::{
    CertificateState, GeneralName, IssuerId, NamePattern, ProfileName, Scope, UnixTime,
};

/// Which certificates to list; an absent filter does not limit.
#[derive(Debug, Clone)]
pub struct CertificateQuery {
    /// The time that decides between valid and expired.
    pub now: UnixTime,
    /// Only names that match.
    pub name: Option<NamePattern>,
    /// Only certificates with this subject alternative name.
    pub san: Option<GeneralName>,
    /// Only this profile.
    pub profile: Option<ProfileName>,
    /// Only this issuer.
    pub issuer: Option<IssuerId>,
    /// Only this state.
    pub state: Option<CertificateState>,
    /// Only valid certificates that end at this time or before.
    pub expires_by: Option<UnixTime>,
    /// Only what lies within this scope.
    pub scope: Scope,
    /// Where the page before ended.
    pub after: Option<PageToken>,
    /// How many rows at the most.
    pub limit: usize,
}

/// Where a page ended: the place in the order of issue, which never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageToken(pub u64);

/// Some rows, and where to go on.
///
/// There may be fewer than were asked for, even none, before the last page: see `docs/data-model.md`, growth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next: Option<PageToken>,
}
