//! What both programs check: certificates, requests, CRLs and the log. No signing, no I/O, no clock.
#![warn(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::wildcard_enum_match_arm
)]

mod alternative_name;
mod audit;
mod ceremony;
mod certificate;
mod checkpoint;
mod der_reader;
mod distinguished_name;
mod entry;
mod extension;
mod holder;
mod key_usage;
mod lint;
mod log_key;
pub mod oid;
mod path;
mod pem;
mod public_key;
mod request;
mod revocation_list;
mod signature_algorithm;
mod signed;
mod signed_note;
pub mod target;
mod tbs_cert_list;
mod tbs_certificate;
mod tbs_content;
mod tree;

pub use alternative_name::AlternativeName;
pub use audit::{AuditFinding, Auditor, DigestedLeaf, FindingKind, Restart};
pub use ceremony::{
    Answered, AskedCrl, AskedIssuer, AskedRevocation, CeremonyAnswer, CeremonyBody, CeremonyError,
    CeremonyRequest, Transcript,
};
pub use certificate::{
    Certificate, CertificateError, CertificateOutline, IssuedByError, MAX_CERTIFICATE_OCTETS,
};
pub use checkpoint::Checkpoint;
pub use der_reader::MalformedDer;
pub use distinguished_name::DistinguishedName;
pub use entry::{
    CeremonyRecorded, Change, ClockConfirmed, Console, CrlSigned, Entry, EntryError, ForkClaimed,
    Issued, IssuerAdded, IssuerRequested, IssuerStateChanged, KeyBlocked, LogKeyAdded,
    MAX_ENTRY_OCTETS, Origin, Reapplied, Request, Restored, RestoredList, Revoked, SettingsChanged,
};
pub use extension::BasicConstraints;
pub use holder::{HolderError, HolderMethod, HolderRequest};
pub use key_usage::KeyUsage;
pub use lint::{
    Applies, Finding, Inspected, InspectedObject, LintContext, LintError, LintRule, Linted,
    LintedList, ObjectKind, Purpose, Severity, inspect_certificate, inspect_file, inspect_list,
    lint_certificate, lint_list, lint_rules,
};
pub use log_key::{LogKey, LogKeyStatement};
pub use path::{PathError, check_revocation, verify_chain};
pub use public_key::{KeyAlgorithm, KeyError, PublicKey, SignatureError};
pub use request::{CertificationRequest, MAX_REQUEST_OCTETS, RequestError, RequestedExtensions};
pub use revocation_list::{CertificateList, CertificateListError};
pub use signature_algorithm::SignatureAlgorithm;
pub use signed_note::{NoteError, NoteSignature, SignedNote};
pub use tbs_cert_list::RevokedCertificate;
pub use tbs_content::TbsContent;
pub use tree::{
    Frontier, ProofError, Subtree, TILE_LEVEL, consistency_proof, inclusion_proof, leaf_hash,
    node_hash, root_of, verify_consistency, verify_inclusion,
};
