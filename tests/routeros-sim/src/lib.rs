//! A RouterOS simulator: one console core behind REST, the binary API, SSH and a control port.
//!
//! Menus, commands and arguments come from the command trees in `data/`; what no public source
//! settles is an [`assumption`].

pub mod api;
pub mod assumption;
pub mod console;
pub mod control;
pub mod crl;
pub mod date;
pub mod door;
pub mod download;
pub mod export;
pub mod factory;
pub mod fault;
mod flash;
pub mod import;
mod listing;
pub mod model;
mod openssl;
pub mod openvpn;
pub mod paste;
mod pem;
pub mod query;
pub mod replay;
pub mod rest;
pub mod router;
pub mod row;
pub mod script;
pub mod shell;
pub mod signing;
pub mod ssh;
pub mod sstp;
pub mod state;
pub mod strongswan;
pub mod tls;
pub mod trap;
pub mod tree;
pub mod view;
mod wire;
pub mod x509;
