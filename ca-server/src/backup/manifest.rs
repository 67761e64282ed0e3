//! The first member of a backup: what the others are.

use ca_types::UnixTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::BackupError;

/// The version that this build writes, and the newest that it reads.
pub const BACKUP_VERSION: u32 = 2;

/// What a backup holds: of which log, up to which leaf, and the digest of every member behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `fleet-ca-backup`.
    pub format: String,
    /// The version of the format.
    pub version: u32,
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    pub created: i64,
    /// The identity of the log.
    pub log_id: String,
    /// How many leaves of the log are in it.
    pub leaves: u64,
    /// The root hash over them.
    pub root: String,
    /// The members in their order.
    pub members: Vec<Member>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its path in the data directory.
    pub name: String,
    /// Its length.
    pub octets: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Settings,
    Key,
    Crl,
    /// The newest checkpoint of the log, or the statement about its key.
    Note,
    /// What keeps servers off a backup that was unpacked by hand.
    Mark,
    Segment,
}

#[derive(Deserialize)]
struct Beginning {
    format: String,
    version: u32,
}

impl Manifest {
    /// Encodes the manifest: the same content is always the same octets.
    pub(super) fn to_octets(&self) -> Result<Vec<u8>, BackupError> {
        let mut octets = serde_json::to_vec_pretty(self).map_err(BackupError::Encoding)?;
        octets.push(b'\n');
        Ok(octets)
    }

    /// Decodes a manifest; what would be written in another way is refused.
    pub(super) fn from_octets(octets: &[u8]) -> Result<Self, BackupError> {
        let unsound = |what: &str| BackupError::unsound(MANIFEST, what);
        let beginning: Beginning =
            serde_json::from_slice(octets).map_err(|error| unsound(&error.to_string()))?;
        if beginning.format != FORMAT {
            return Err(unsound("it is not the manifest of a Fleet CA backup"));
        }
        if !(1..=BACKUP_VERSION).contains(&beginning.version) {
            return Err(BackupError::Version(beginning.version));
        }
        let manifest: Self =
            serde_json::from_slice(octets).map_err(|error| unsound(&error.to_string()))?;
        if manifest.to_octets()? != octets {
            return Err(unsound("it is not in its one canonical form"));
        }
        manifest.prove()?;
        Ok(manifest)
    }

    /// Returns when the backup was made.
    pub fn created(&self) -> Option<UnixTime> {
        UnixTime::from_seconds(self.created).ok()
    }

    fn prove(&self) -> Result<(), BackupError> {
        let unsound = |what: String| BackupError::unsound(MANIFEST, what);
        if self.created().is_none_or(|time| time < UnixTime::EPOCH) {
            return Err(unsound(format!("{} is no time", self.created)));
        }
        let mut last: Option<(Kind, &str)> = None;
        for member in &self.members {
            let name = member.name.as_str();
            let kind = kind_of(name)
                .ok_or_else(|| unsound(format!("no backup holds `{}`", name.escape_default())))?;
            if member.octets > kind.largest() {
                return Err(unsound(format!(
                    "`{name}` has {} octets, the limit is {}",
                    member.octets,
                    kind.largest()
                )));
            }
            if last.is_some_and(|last| last >= (kind, name)) {
                return Err(unsound(format!("`{name}` stands twice or out of order")));
            }
            last = Some((kind, name));
        }
        let is_marked = self
            .members
            .iter()
            .any(|member| member.name == NOT_RESTORED);
        if is_marked != (self.version >= MARKED_SINCE) {
            let word = if is_marked { "has a" } else { "lacks its" };
            return Err(unsound(format!(
                "version {} {word} member `{NOT_RESTORED}`",
                self.version
            )));
        }
        Ok(())
    }
}

impl Kind {
    fn largest(self) -> u64 {
        match self {
            Self::Settings | Self::Key | Self::Note | Self::Mark => 1 << 20,
            Self::Crl => 256 << 20,
            Self::Segment => 1 << 32,
        }
    }
}

/// Tells what a path in the data directory is; nothing for what no backup holds.
pub(super) fn kind_of(name: &str) -> Option<Kind> {
    let is_slug = |text: &str| text.parse::<ca_types::IssuerId>().is_ok();
    match name {
        SETTINGS => return Some(Kind::Settings),
        CHECKPOINT | LOG_KEY => return Some(Kind::Note),
        NOT_RESTORED => return Some(Kind::Mark),
        _ => {}
    }
    let (directory, file) = name.split_once('/')?;
    let (stem, ending) = file.rsplit_once('.')?;
    match (directory, ending) {
        ("keys", "key") => is_slug(stem).then_some(Kind::Key),
        ("crl", "crl") => is_slug(stem).then_some(Kind::Crl),
        ("log", "log") => {
            let is_segment = stem.len() == 20 && stem.bytes().all(|digit| digit.is_ascii_digit());
            is_segment.then_some(Kind::Segment)
        }
        _ => None,
    }
}

/// Writes a digest in hexadecimal.
pub(super) fn hex(digest: &[u8; 32]) -> String {
    ca_types::Fingerprint::from(*digest).to_string()
}

pub(super) fn sha256(octets: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(octets).into();
    hex(&digest)
}

/// The line that `sha256sum -c` reads.
pub(super) fn checksum_line(manifest: &[u8]) -> Vec<u8> {
    format!("{}  {MANIFEST}\n", sha256(manifest)).into_bytes()
}

pub(super) const FORMAT: &str = "fleet-ca-backup";
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const CHECKSUM: &str = "manifest.json.sha256";
pub(super) const SETTINGS: &str = "ca-server.toml";
pub(super) const CHECKPOINT: &str = "log/checkpoint";
/// The statement about the key of the log.
pub(super) const LOG_KEY: &str = "log/key";
/// It lies in the directory of the log ([`crate::data_dir::DataDir::not_restored`]), so that whoever takes that has it.
pub(super) const NOT_RESTORED: &str = "log/not-restored";
/// The content of the mark; whatever stands in it, the file itself is what refuses.
pub(super) const MARK: &str = "FleetCA.not-restored 1\n\
    This log was taken out of a backup. What was revoked since is not in it, so no server starts on it:\n\
    `ca-server backup restore` puts the backup back.\n";
/// The first version whose backups have the mark.
const MARKED_SINCE: u32 = 2;
/// A manifest of a hundred thousand members has about 15 MB.
pub(super) const LARGEST_MANIFEST: u64 = 32 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(names: &[&str]) -> Manifest {
        Manifest {
            format: FORMAT.to_owned(),
            version: 1,
            created: 1_795_000_000,
            log_id: "0".repeat(32),
            leaves: 1,
            root: "0".repeat(64),
            members: names
                .iter()
                .map(|name| Member {
                    name: (*name).to_owned(),
                    octets: 7,
                    sha256: "0".repeat(64),
                })
                .collect(),
        }
    }

    #[track_caller]
    fn refuse(manifest: &Manifest, part: &str) {
        let octets = manifest.to_octets().unwrap();
        let error = Manifest::from_octets(&octets).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn only_what_a_backup_holds_can_stand_in_a_manifest() {
        let log = "log/00000000000000000000.log";
        let sound = manifest(&[SETTINGS, "keys/a-1.key", "crl/a-1.crl", "log/key", log]);
        let octets = sound.to_octets().unwrap();
        assert_eq!(Manifest::from_octets(&octets).unwrap(), sound);
        for name in [
            "../ca-server.toml",
            "/etc/passwd",
            "keys/../a.key",
            "keys/.key",
            "keys/a/b.key",
            "tls/server.key",
            "admin/admin.key",
            "root-offline/root-2026-1.key",
            "log/lock",
            "log/0.log",
            "crl/A.crl",
            "",
        ] {
            refuse(&manifest(&[name]), "no backup holds");
        }
        refuse(&manifest(&[SETTINGS, SETTINGS]), "twice or out of order");
        refuse(&manifest(&[log, SETTINGS]), "twice or out of order");
        let mut huge = manifest(&[SETTINGS]);
        huge.members[0].octets = u64::MAX;
        refuse(&huge, "the limit is");
    }

    #[test]
    fn every_backup_has_the_mark_since_there_is_one() {
        let mut marked = manifest(&[NOT_RESTORED]);
        refuse(&marked, "version 1 has a member");
        marked.version = 2;
        let octets = marked.to_octets().unwrap();
        assert_eq!(Manifest::from_octets(&octets).unwrap(), marked);
        let mut bare = manifest(&[]);
        bare.version = 2;
        refuse(&bare, "version 2 lacks its member");
    }

    #[test]
    fn a_newer_version_is_named_and_another_form_of_the_same_content_is_refused() {
        let mut other = manifest(&[]);
        other.version = BACKUP_VERSION + 1;
        refuse(&other, "backup version 3, this build knows version 2");
        other.version = 0;
        refuse(&other, "backup version 0");
        let mut octets = manifest(&[]).to_octets().unwrap();
        octets.push(b' ');
        let error = Manifest::from_octets(&octets).unwrap_err().to_string();
        assert!(error.contains("canonical"), "{error}");
    }
}
