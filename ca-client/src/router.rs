//! What the `router` commands stand on: the fleet file on disk, the CA as the source of certificates, the look from
//! outside.

mod credentials;
mod crl_urls;
mod enroller;
mod fleet_file;
mod hierarchy;
mod outside;
mod records;

pub(crate) use credentials::log_in;
pub(crate) use crl_urls::crl_warnings;
pub(crate) use enroller::FleetEnroller;
pub(crate) use fleet_file::{FleetFile, append};
pub(crate) use hierarchy::hierarchy;
pub(crate) use outside::FromHere;
