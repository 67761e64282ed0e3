//! The table that `docs/settings.md` is made from.

use super::{DEFAULT_HTTP_LISTEN, DEFAULT_LISTEN, DEFAULT_OPERATIONS_LISTEN};
use ca_core::Profiles;

use super::{limits, profiles};

/// One key of the settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRow {
    /// The key, with its table in front: `limits.connections`.
    pub key: String,
    /// What kind of value it takes.
    pub kind: &'static str,
    /// What holds without it; none for a key that must be there.
    pub default: Option<String>,
    /// What it means.
    pub meaning: String,
}

/// Lists every key of the settings file.
pub fn reference() -> Vec<SettingRow> {
    let mut rows = general();
    rows.extend(limits::ALL.into_iter().map(|bound| SettingRow {
        key: format!("limits.{}", bound.key),
        kind: "number",
        default: Some(bound.default.to_string()),
        meaning: format!(
            "{} From {} to {}.",
            bound.meaning,
            bound.range.start(),
            bound.range.end()
        ),
    }));
    rows.extend(profiles::ALL.iter().map(|row| SettingRow {
        key: format!("profiles.NAME.{}", row.key),
        kind: row.kind,
        default: Some("by profile".to_owned()),
        meaning: row.meaning.to_owned(),
    }));
    rows
}

/// Lists the keys that stand in no table.
fn general() -> Vec<SettingRow> {
    let row = |key: &str, kind, default: Option<&str>, meaning: &str| SettingRow {
        key: key.to_owned(),
        kind,
        default: default.map(str::to_owned),
        meaning: meaning.to_owned(),
    };
    vec![
        row(
            "organization",
            "text",
            None,
            "Whose CA it is; it stands in the names of the CAs.",
        ),
        row(
            "publish_url",
            "URL",
            None,
            "`http://HOST[:PORT]` where routers and clients find CRLs and CA certificates. It is baked into every \
             certificate.",
        ),
        row(
            "domains",
            "list of DNS names",
            Some("[]"),
            "The domains under which DNS names and e-mail domains of certificates must lie. Without one any \
             well-formed name may be issued.",
        ),
        row(
            "server_names",
            "list of DNS names and IP addresses",
            Some("[\"localhost\", \"127.0.0.1\", \"::1\"]"),
            "The names of this server in its own TLS certificate.",
        ),
        row(
            "listen",
            "ADDRESS:PORT",
            Some(DEFAULT_LISTEN),
            "Where the API listens (gRPC over mutual TLS).",
        ),
        row(
            "http_listen",
            "ADDRESS:PORT",
            Some(DEFAULT_HTTP_LISTEN),
            "Where CRLs and CA certificates are published (plain http).",
        ),
        row(
            "operations_listen",
            "ADDRESS:PORT",
            Some(DEFAULT_OPERATIONS_LISTEN),
            "Where health and metrics are shown; keep it on a loopback address.",
        ),
        row(
            "data",
            "path",
            Some("the directory of the file"),
            "The data directory.",
        ),
        row(
            "passphrase_file",
            "path",
            Some("none"),
            "The file with the passphrase of the CA keys; `--passphrase-file` wins over it.",
        ),
    ]
}

/// Lists the ready-made profiles by name, each with what it says: the keys of its section and their values.
pub fn ready_made_profiles() -> Vec<(String, Vec<(&'static str, String)>)> {
    let profiles = Profiles::default();
    let profiles = profiles.iter();
    profiles
        .map(|profile| (profile.name().to_string(), profile.facts()))
        .collect()
}
