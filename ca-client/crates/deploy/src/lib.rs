//! Certificates into routers: the fleet file, the plan, the push, the proof.
#![warn(missing_docs, clippy::missing_errors_doc)]

mod fleet;

pub use fleet::{
    Binding, CertificateWish, Fleet, FleetError, IpsecBinding, NewEntry, PasswordSource, RouterEntry,
    with_pin,
};
