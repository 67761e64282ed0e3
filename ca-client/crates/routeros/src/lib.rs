//! RouterOS as a client sees it: a call, the transports that carry it, and typed commands on top.
#![warn(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::wildcard_enum_match_arm
)]

pub mod api;
mod bootstrap;
mod call;
pub mod certificate;
mod connect;
pub mod crl;
mod error;
#[cfg(test)]
mod fake;
pub mod file;
pub mod ipsec;
mod pin;
mod quoted;
mod rest;
mod row;
pub mod service;
mod ssh;
pub mod sstp;
pub mod system;
mod tls;
mod transport;
mod version;
mod written;

pub use bootstrap::Bootstrap;
pub use call::{Call, Command, Secrecy};
pub use connect::{Target, connect};
pub use error::RouterError;
pub use pin::{Pin, PinError, certificate_fingerprint};
pub use quoted::quoted;
pub use row::Row;
pub use ssh::{host_key, printed, run_script};
pub use tls::{PeerChain, Trust, handshake};
pub use transport::{Door, Reply, RouterTransport};
pub use version::{Version, VersionError};
pub use written::{WrittenCall, WrittenCallError};
