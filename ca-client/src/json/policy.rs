//! Documents about what may be issued.

use ca_types::{SettingsDigest, UnixTime};
use serde::Serialize;

use super::shown;
use crate::client::{
    ExplainParameters, ExplanationRecord, NameVerdict, ProfileRecord, ReloadRecord, TargetNotice,
};

/// A profile.
#[derive(Debug, Serialize)]
pub(crate) struct ProfileDocument<'a> {
    name: &'a str,
    origin: &'static str,
    class: &'a str,
    issuer_id: Option<&'a str>,
    default_days: u32,
    maximum_days: u32,
    backdating_seconds: u32,
    keys: &'a [String],
    key_usage: &'a [String],
    extended_key_usage: &'a [String],
    san_types: &'a [String],
    san_patterns: &'a [String],
    san_addresses: &'a [String],
    san_maximum: u32,
    san_required: &'a [String],
    targets: &'a [String],
    roles: &'a [String],
    renewal_after_expiry_days: u32,
    differences: &'a [String],
}

impl<'a> ProfileDocument<'a> {
    pub(crate) fn new(record: &'a ProfileRecord) -> Self {
        Self {
            name: record.name.as_str(),
            origin: record.origin,
            class: &record.class,
            issuer_id: record.issuer_id.as_ref().map(|id| id.as_str()),
            default_days: record.default_days.0,
            maximum_days: record.maximum_days.0,
            backdating_seconds: record.backdating_seconds,
            keys: &record.keys,
            key_usage: &record.key_usage,
            extended_key_usage: &record.extended_key_usage,
            san_types: &record.san_types,
            san_patterns: &record.san_patterns,
            san_addresses: &record.san_addresses,
            san_maximum: record.san_maximum,
            san_required: &record.san_required,
            targets: &record.targets,
            roles: &record.roles,
            renewal_after_expiry_days: record.renewal_after_expiry_days.0,
            differences: &record.differences,
        }
    }
}

/// What issuing would say.
#[derive(Debug, Serialize)]
pub(crate) struct ExplanationDocument<'a> {
    allowed: bool,
    profile: &'a str,
    names: Vec<NameDocument<'a>>,
    certificate: Option<WouldIssueDocument<'a>>,
    refusal: Option<RefusalDocument<'a>>,
    #[serde(serialize_with = "shown")]
    settings: SettingsDigest,
}

#[derive(Debug, Serialize)]
struct NameDocument<'a> {
    name: &'a str,
    allowed: bool,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct WouldIssueDocument<'a> {
    issuer_id: &'a str,
    #[serde(serialize_with = "shown")]
    not_before: UnixTime,
    #[serde(serialize_with = "shown")]
    not_after: UnixTime,
    key_algorithm: &'a str,
    key_usage: &'a [String],
    extended_key_usage: &'a [String],
    notices: &'a [String],
    target_notices: &'a [TargetNotice],
}

#[derive(Debug, Serialize)]
struct RefusalDocument<'a> {
    code: &'a str,
    message: &'a str,
    hint: &'a str,
}

impl<'a> ExplanationDocument<'a> {
    pub(crate) fn new(parameters: &'a ExplainParameters, record: &'a ExplanationRecord) -> Self {
        let verdict = record.verdict.as_ref();
        Self {
            allowed: verdict.is_ok(),
            profile: parameters.profile.as_str(),
            names: record.names.iter().map(NameDocument::new).collect(),
            certificate: verdict.ok().map(|would| WouldIssueDocument {
                issuer_id: would.issuer_id.as_str(),
                not_before: would.not_before,
                not_after: would.not_after,
                key_algorithm: &would.key_algorithm,
                key_usage: &would.key_usage,
                extended_key_usage: &would.extended_key_usage,
                notices: &would.notices,
                target_notices: &would.target_notices,
            }),
            refusal: verdict.err().map(|refusal| RefusalDocument {
                code: &refusal.code,
                message: &refusal.message,
                hint: &refusal.hint,
            }),
            settings: record.settings,
        }
    }
}

impl<'a> NameDocument<'a> {
    fn new(verdict: &'a NameVerdict) -> Self {
        Self {
            name: &verdict.name,
            allowed: verdict.allowed,
            reason: &verdict.reason,
        }
    }
}

/// What reloading the settings did.
#[derive(Debug, Serialize)]
pub(crate) struct ReloadDocument<'a> {
    #[serde(serialize_with = "shown")]
    old_settings: SettingsDigest,
    #[serde(serialize_with = "shown")]
    new_settings: SettingsDigest,
    changes: &'a [String],
}

impl<'a> ReloadDocument<'a> {
    pub(crate) fn new(record: &'a ReloadRecord) -> Self {
        Self {
            old_settings: record.old,
            new_settings: record.new,
            changes: &record.changes,
        }
    }
}
