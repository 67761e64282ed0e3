//! RouterOS as a client sees it: a call, the transports that carry it, and typed commands on top.
#![warn(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::wildcard_enum_match_arm
)]

mod bootstrap;
mod call;
pub mod crl;
mod error;
pub mod ipsec;
mod row;
pub mod service;
pub mod sstp;
pub mod system;
mod transport;
mod version;

pub use bootstrap::Bootstrap;
pub use call::{Call, Command, Secrecy};
pub use error::RouterError;
pub use row::Row;
pub use transport::{Door, Reply, RouterTransport};
pub use version::{Version, VersionError};
