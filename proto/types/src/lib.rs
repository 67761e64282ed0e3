//! Newtypes, codes, clock and secrets that every part of Fleet CA shares.
//!
//! Floor 0: no I/O but the two readers [`SystemClock`] and [`SystemEntropy`], no async.
#![warn(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::wildcard_enum_match_arm
)]

mod actor;
mod address_range;
mod clock;
mod code;
mod digest;
mod entropy;
mod issuer;
mod name;
mod profile_name;
mod reason;
mod request_id;
mod secret;
mod serial;
mod time;
mod validity;

pub use actor::{Actor, ActorName, ActorNameError, Role, Scope};
pub use address_range::{AddressRange, AddressRangeError};
#[cfg(feature = "fake")]
pub use clock::FakeClock;
pub use clock::{Clock, SystemClock};
pub use code::{Code, Hinted};
pub use digest::{DigestError, Fingerprint, KeyId, RequestDigest, SettingsDigest};
pub use entropy::SystemEntropy;
pub use issuer::{
    IssuerClass, IssuerId, IssuerIdError, IssuerState, IssuerStateError, TrustDomain,
};
pub use name::{DnsName, EmailAddress, GeneralName, NameError, NamePattern, SubjectName};
pub use profile_name::{ProfileName, ProfileNameError};
pub use reason::{RevocationReason, UnknownReason};
pub use request_id::{RequestId, RequestIdError};
pub use secret::Passphrase;
pub use serial::{SerialError, SerialNumber};
pub use time::{TimeError, UnixTime};
pub use validity::{CertificateState, Days, Validity, ValidityError};
