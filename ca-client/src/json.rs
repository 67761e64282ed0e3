//! The JSON documents of the command line: stable, for programs.

mod policy;

use std::path::Path;

use ca_types::{IssuerState, KeyId, SerialNumber, UnixTime};
use ca_verify::{AuditFinding, Restart};
use serde::{Serialize, Serializer};

use crate::client::{
    ActorRecord, AuditEntry, BlockedKeyRecord, CertificateRecord, IssuerRecord,
    IssuerRequestRecord, Revocation, TargetNotice,
};
use crate::enrollment::Files;

pub(crate) use policy::{ExplanationDocument, ProfileDocument, ReloadDocument};

/// A certificate.
#[derive(Debug, Serialize)]
pub(crate) struct CertificateDocument<'a> {
    #[serde(serialize_with = "shown")]
    serial: SerialNumber,
    profile: &'a str,
    name: &'a str,
    state: &'static str,
    #[serde(serialize_with = "shown")]
    not_before: UnixTime,
    #[serde(serialize_with = "shown")]
    not_after: UnixTime,
    issuer_id: &'a str,
    sans: &'a [String],
    revocation: Option<RevocationDocument>,
    fingerprint: String,
    key_id: String,
    leaf: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<FilesDocument<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notices: &'a [TargetNotice],
}

#[derive(Debug, Serialize)]
struct RevocationDocument {
    #[serde(serialize_with = "shown")]
    time: UnixTime,
    reason: &'static str,
}

#[derive(Debug, Serialize)]
struct FilesDocument<'a> {
    certificate: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a Path>,
    chain: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    p12: Option<&'a Path>,
}

impl<'a> CertificateDocument<'a> {
    pub(crate) fn new(record: &'a CertificateRecord) -> Self {
        Self {
            serial: record.serial,
            profile: record.profile.as_str(),
            name: &record.name,
            state: record.state.as_str(),
            not_before: record.validity.not_before(),
            not_after: record.validity.not_after(),
            issuer_id: record.issuer_id.as_str(),
            sans: &record.sans,
            revocation: record.revocation.map(RevocationDocument::new),
            fingerprint: record.fingerprint.to_string(),
            key_id: record.key_id.to_string(),
            leaf: record.leaf,
            files: None,
            notices: &[],
        }
    }

    pub(crate) fn with_files(record: &'a CertificateRecord, files: &'a Files) -> Self {
        Self {
            files: Some(FilesDocument {
                certificate: &files.certificate,
                key: files.key.as_deref(),
                chain: &files.chain,
                p12: files.p12.as_deref(),
            }),
            ..Self::new(record)
        }
    }

    pub(crate) fn with_notices(self, notices: &'a [TargetNotice]) -> Self {
        Self { notices, ..self }
    }
}

impl RevocationDocument {
    fn new(revocation: Revocation) -> Self {
        Self {
            time: revocation.time,
            reason: revocation.reason.as_str(),
        }
    }
}

/// A certificate authority.
#[derive(Debug, Serialize)]
pub(crate) struct IssuerDocument<'a> {
    issuer_id: &'a str,
    class: &'a str,
    state: &'a str,
    trust_domain: &'a str,
    subject: &'a str,
    key_algorithm: &'a str,
    #[serde(serialize_with = "shown")]
    not_before: UnixTime,
    #[serde(serialize_with = "shown")]
    not_after: UnixTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crl_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crl_number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crl_next_update: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_sha256: Option<&'a str>,
}

impl<'a> IssuerDocument<'a> {
    pub(crate) fn new(record: &'a IssuerRecord) -> Self {
        Self {
            issuer_id: record.issuer_id.as_str(),
            class: &record.class,
            state: &record.state,
            trust_domain: &record.trust_domain,
            subject: &record.subject,
            key_algorithm: &record.key_algorithm,
            not_before: record.validity.not_before(),
            not_after: record.validity.not_after(),
            fingerprint: Some(record.fingerprint.to_string()),
            crl_url: Some(&record.crl_url),
            crl_number: Some(record.crl_number),
            crl_next_update: Some(record.crl_next_update.to_string()),
            request_sha256: None,
        }
    }

    /// A CA that the root has not signed yet has neither certificate nor CRL.
    pub(crate) fn of_request(record: &'a IssuerRequestRecord, state: IssuerState) -> Self {
        Self {
            issuer_id: record.issuer_id.as_str(),
            class: &record.class,
            state: state.as_str(),
            trust_domain: &record.trust_domain,
            subject: &record.subject,
            key_algorithm: &record.key_algorithm,
            not_before: record.validity.not_before(),
            not_after: record.validity.not_after(),
            fingerprint: None,
            crl_url: None,
            crl_number: None,
            crl_next_update: None,
            request_sha256: Some(&record.sha256),
        }
    }
}

/// A request for the offline root in a file.
#[derive(Debug, Serialize)]
pub(crate) struct CeremonyRequestDocument<'a> {
    pub(crate) file: &'a Path,
    pub(crate) sha256: String,
}

/// An actor.
#[derive(Debug, Serialize)]
pub(crate) struct ActorDocument<'a> {
    name: &'a str,
    role: &'static str,
    issuers: Vec<String>,
    profiles: Vec<String>,
    names: Vec<String>,
    key_id: String,
    #[serde(serialize_with = "shown")]
    added: UnixTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateDocument<'a>>,
}

impl<'a> ActorDocument<'a> {
    pub(crate) fn new(record: &'a ActorRecord) -> Self {
        let scope = &record.actor.scope;
        Self {
            name: record.actor.name.as_str(),
            role: record.actor.role.as_str(),
            issuers: scope.issuers.iter().map(ToString::to_string).collect(),
            profiles: scope.profiles.iter().map(ToString::to_string).collect(),
            names: scope.names.iter().map(ToString::to_string).collect(),
            key_id: record.actor.key.to_string(),
            added: record.added,
            certificate: None,
        }
    }

    pub(crate) fn with_certificate(
        record: &'a ActorRecord,
        certificate: CertificateDocument<'a>,
    ) -> Self {
        Self {
            certificate: Some(certificate),
            ..Self::new(record)
        }
    }
}

/// An actor that was removed.
#[derive(Debug, Serialize)]
pub(crate) struct RemovedActorDocument<'a> {
    pub(crate) name: &'a str,
    pub(crate) revoked_serials: Vec<String>,
}

/// A key that is certified no more.
#[derive(Debug, Serialize)]
pub(crate) struct BlockedKeyDocument<'a> {
    #[serde(serialize_with = "shown")]
    key_id: KeyId,
    #[serde(serialize_with = "shown")]
    since: UnixTime,
    comment: &'a str,
}

impl<'a> BlockedKeyDocument<'a> {
    pub(crate) fn new(record: &'a BlockedKeyRecord) -> Self {
        Self {
            key_id: record.key,
            since: record.since,
            comment: &record.comment,
        }
    }
}

/// A key that is not blocked any more.
#[derive(Debug, Serialize)]
pub(crate) struct UnblockedKeyDocument {
    #[serde(serialize_with = "shown")]
    pub(crate) key_id: KeyId,
}

/// A CRL.
#[derive(Debug, Serialize)]
pub(crate) struct CertificateListDocument<'a> {
    pub(crate) issuer_id: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) number: u64,
    #[serde(serialize_with = "shown")]
    pub(crate) this_update: UnixTime,
    #[serde(serialize_with = "shown")]
    pub(crate) next_update: UnixTime,
    pub(crate) entries: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<&'a Path>,
}

/// An entry of the log.
#[derive(Debug, Serialize)]
pub(crate) struct AuditEntryDocument<'a> {
    leaf: u64,
    #[serde(serialize_with = "shown")]
    time: UnixTime,
    actor: &'a str,
    actor_key_id: &'a str,
    address: &'a str,
    request_id: &'a str,
    changes: &'a [String],
}

impl<'a> AuditEntryDocument<'a> {
    pub(crate) fn new(entry: &'a AuditEntry) -> Self {
        Self {
            leaf: entry.leaf,
            time: entry.time,
            actor: &entry.actor,
            actor_key_id: &entry.actor_key_id,
            address: &entry.address,
            request_id: &entry.request_id,
            changes: &entry.changes,
        }
    }
}

/// A certificate or a CRL that was judged.
#[derive(Debug, Serialize)]
pub(crate) struct LintDocument<'a> {
    pub(crate) file: &'a Path,
    pub(crate) object: usize,
    pub(crate) kind: &'static str,
    pub(crate) name: Option<&'a str>,
    pub(crate) findings: Vec<FindingDocument<'a>>,
}

/// A rule that is broken.
#[derive(Debug, Serialize)]
pub(crate) struct FindingDocument<'a> {
    pub(crate) rule: &'a str,
    pub(crate) severity: String,
    pub(crate) message: &'a str,
    pub(crate) source: &'a str,
}

/// What `audit verify` found.
#[derive(Debug, Serialize)]
pub(crate) struct AuditReportDocument<'a> {
    pub(crate) log: &'a str,
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) root: String,
    pub(crate) verified_leaves: u64,
    pub(crate) seen_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) restored: Option<RestartDocument>,
    #[serde(serialize_with = "shown_if_any")]
    pub(crate) last_time: Option<UnixTime>,
    pub(crate) findings: Vec<AuditFindingDocument<'a>>,
    pub(crate) sound: bool,
}

/// The restore after which the log goes on otherwise than this client saw it, and that was accepted.
#[derive(Debug, Serialize)]
pub(crate) struct RestartDocument {
    pub(crate) leaves: u64,
    pub(crate) proved_leaves: u64,
    pub(crate) gone_from: u64,
    pub(crate) gone_to: u64,
}

impl RestartDocument {
    /// Describes a restore to who saw so many leaves before it.
    pub(crate) fn new((restart, seen): (Restart, u64)) -> Self {
        Self {
            leaves: restart.leaves,
            proved_leaves: restart.proved,
            gone_from: restart.leaves,
            gone_to: seen.saturating_sub(1),
        }
    }
}

/// One thing that is wrong with the log.
#[derive(Debug, Serialize)]
pub(crate) struct AuditFindingDocument<'a> {
    pub(crate) kind: &'static str,
    pub(crate) leaf: Option<u64>,
    pub(crate) what: &'a str,
}

impl<'a> AuditFindingDocument<'a> {
    pub(crate) fn new(finding: &'a AuditFinding) -> Self {
        Self {
            kind: finding.kind.as_str(),
            leaf: finding.leaf,
            what: &finding.what,
        }
    }
}

/// The clock of the server.
#[derive(Debug, Serialize)]
pub(crate) struct ClockDocument<'a> {
    #[serde(serialize_with = "shown")]
    pub(crate) clock: UnixTime,
    #[serde(serialize_with = "shown")]
    pub(crate) taken: UnixTime,
    pub(crate) distrust: Option<&'a str>,
}

fn shown_if_any<S: Serializer>(value: &Option<UnixTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

/// A file that was written.
#[derive(Debug, Serialize)]
pub(crate) struct ExportDocument<'a> {
    pub(crate) file: &'a Path,
    pub(crate) format: &'static str,
}

/// What was made for a device.
#[derive(Debug, Serialize)]
pub(crate) struct BundleDocument<'a> {
    pub(crate) target: String,
    pub(crate) vpn: &'a str,
    pub(crate) certificate: CertificateDocument<'a>,
    pub(crate) files: Vec<BundleFileDocument<'a>>,
}

/// A file of a bundle.
#[derive(Debug, Serialize)]
pub(crate) struct BundleFileDocument<'a> {
    pub(crate) file: &'a Path,
    pub(crate) purpose: &'static str,
}

fn shown<S: Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
