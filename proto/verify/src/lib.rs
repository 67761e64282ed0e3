//! What both programs check: certificates, requests, CRLs and the log. No signing, no I/O, no clock.
#![warn(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::wildcard_enum_match_arm
)]

mod entry;

pub use entry::{
    Change, Console, CrlSigned, Entry, EntryError, Issued, IssuerAdded, MAX_ENTRY_OCTETS, Origin,
    Request, Revoked,
};
