//! The certificate authority server of Fleet CA.

pub mod atomic;
pub mod authority;
pub mod authz;
pub mod connections;
pub mod credential;
pub mod crl_publisher;
pub mod data_dir;
pub mod failure;
pub mod grpc;
pub mod http;
pub mod keystore;
pub mod listener_certificate;
pub mod lock;
pub mod passphrase;
pub mod publication;
pub mod serve;
pub mod server_identity;
pub mod settings;
pub mod tasks;
pub mod telemetry;
pub mod tls;
