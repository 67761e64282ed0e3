//! The gRPC API of Fleet CA: generated messages, their conversions, and errors on the wire.
#![warn(clippy::missing_errors_doc, clippy::wildcard_enum_match_arm)]

mod convert;
mod status;

pub use convert::{
    ConvertError, certificate_state, revocation_reason, role, wire_reason, wire_role, wire_state,
};
pub use status::{ApiError, status_from};

/// The messages and services of package `fleet.ca.v1`.
pub mod v1 {
    #![expect(
        unused_qualifications,
        clippy::all,
        clippy::restriction,
        clippy::pedantic,
        clippy::nursery,
        reason = "generated"
    )]
    tonic::include_proto!("fleet.ca.v1");
}

/// The encoded `FileDescriptorSet` of the API.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
