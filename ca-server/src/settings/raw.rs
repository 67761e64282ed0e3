//! What is written in the settings file.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSettings {
    pub(super) organization: Spanned<String>,
    pub(super) publish_url: Spanned<String>,
    #[serde(default)]
    pub(super) domains: Vec<Spanned<String>>,
    pub(super) server_names: Option<Vec<Spanned<String>>>,
    pub(super) listen: Option<Spanned<String>>,
    pub(super) http_listen: Option<Spanned<String>>,
    pub(super) operations_listen: Option<Spanned<String>>,
    pub(super) data: Option<PathBuf>,
    pub(super) passphrase_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) limits: RawLimits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) connections: Option<Spanned<i64>>,
    pub(super) connections_per_peer: Option<Spanned<i64>>,
    pub(super) streams_per_connection: Option<Spanned<i64>>,
    pub(super) message_octets: Option<Spanned<i64>>,
    pub(super) handshake_seconds: Option<Spanned<i64>>,
    pub(super) http_connections: Option<Spanned<i64>>,
    pub(super) http_connections_per_peer: Option<Spanned<i64>>,
    pub(super) http_stall_seconds: Option<Spanned<i64>>,
}
