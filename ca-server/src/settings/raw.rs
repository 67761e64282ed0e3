//! What is written in the settings file.

use std::collections::BTreeMap;
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
    #[serde(default)]
    pub(super) profiles: RawProfiles,
}

/// The profiles by their names.
pub(super) type RawProfiles = BTreeMap<Spanned<String>, RawProfile>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProfile {
    pub(super) class: Option<Spanned<String>>,
    pub(super) issuer: Option<Spanned<String>>,
    pub(super) default_days: Option<Spanned<i64>>,
    pub(super) maximum_days: Option<Spanned<i64>>,
    pub(super) backdating_seconds: Option<Spanned<i64>>,
    pub(super) keys: Option<Vec<Spanned<String>>>,
    pub(super) key_usage: Option<Vec<Spanned<String>>>,
    pub(super) extended_key_usage: Option<Vec<Spanned<String>>>,
    pub(super) san_types: Option<Vec<Spanned<String>>>,
    pub(super) san_patterns: Option<Vec<Spanned<String>>>,
    pub(super) san_addresses: Option<Vec<Spanned<String>>>,
    pub(super) san_maximum: Option<Spanned<i64>>,
    pub(super) san_required: Option<Vec<Spanned<String>>>,
    pub(super) targets: Option<Vec<Spanned<String>>>,
    pub(super) roles: Option<Vec<Spanned<String>>>,
    pub(super) renewal_after_expiry_days: Option<Spanned<i64>>,
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
    pub(super) reserve_mebibytes: Option<Spanned<i64>>,
}
