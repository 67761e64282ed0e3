//! What happens to CAs: requested, signed at a ceremony, activated, retired.

use ca_types::{IssuerClass, IssuerId, IssuerState, TrustDomain};

/// A CA that begins or ceases to issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerStateChanged {
    /// The CA.
    pub issuer: IssuerId,
    /// What it is from now on.
    pub state: IssuerState,
}

/// What was signed at a ceremony and taken in, as digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CeremonyRecorded {
    /// The root that signed.
    pub root: IssuerId,
    /// The SHA-256 of the answer.
    pub answer: [u8; 32],
    /// The SHA-256 of the transcript in it.
    pub transcript: [u8; 32],
}

/// A CA to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerRequested {
    /// Its identifier, never used before.
    pub id: IssuerId,
    /// What it will issue for.
    pub class: IssuerClass,
    /// The trust domain it will belong to.
    pub trust_domain: TrustDomain,
    /// The request for the ceremony in DER.
    pub request: Vec<u8>,
}
