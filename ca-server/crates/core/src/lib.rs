//! The kernel of the certificate authority: profiles, policy, issuance, CRLs.
//!
//! Pure functions: octets and time in, octets out. No I/O, no clock, no randomness of its own, no async.
#![warn(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::wildcard_enum_match_arm
)]

mod a_label;
mod crl;
mod extensions;
mod final_rules;
mod hierarchy;
mod issuance;
mod issuer;
mod name_rules;
mod policy;
mod policy_error;
mod profile;
mod request_rules;
mod signer;
mod tbs;

pub use crl::{CrlIssue, Revoked, RevokedCertificates, prepare_crl, sign_crl};
pub use hierarchy::{
    Generation, IssuingCa, Organization, OrganizationError, issue_issuing_ca, issue_root,
    issuing_validity, prepare_issuing_ca, request_issuing_ca,
};
pub use issuance::{IssuanceError, prepare, sign};
pub use issuer::{Issuer, IssuerUrls};
pub use name_rules::{NameRule, NameRules, SanForm};
pub use policy::{Decision, Lifetime, MAX_NAMES, MAX_SANS, Policy, Wanted, decide};
pub use policy_error::PolicyError;
pub use profile::{
    DEFAULT_BACKDATING_SECONDS, KEYS, NameForm, PURPOSES, Profile, ProfileError, ProfileParts,
    Profiles, USAGES, purpose_word, usage_words,
};
pub use signer::{SignError, Signer};
