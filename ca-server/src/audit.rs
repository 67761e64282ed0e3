//! Verifies the log of a data directory with nothing but public keys.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ca_store::{IndexInspection, IndexStanding, IndexedLeaf, LeafReader, LogId, StoreError};
use ca_types::{Code, Hinted};
use ca_verify::{
    AuditFinding, Auditor, Certificate, Checkpoint, DigestedLeaf, FindingKind, LogKey,
    LogKeyStatement, NoteError,
};
use serde::Serialize;

use crate::data_dir::DataDir;
use crate::lock::is_held;
use crate::scratch::scratch_dir;

/// What to verify.
#[derive(Debug)]
pub struct AuditOptions {
    /// The data directory.
    pub data: DataDir,
    /// A file with the key of the log, kept elsewhere; without it the directory vouches for itself.
    pub log_key: Option<PathBuf>,
    /// Checkpoints that were kept elsewhere.
    pub checkpoints: Vec<PathBuf>,
    /// Certificates that must have a leaf.
    pub certificates: Vec<PathBuf>,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct AuditReport {
    /// The name of the log.
    pub log: Option<String>,
    /// The key of the log, as verifiers of signed notes take it.
    pub key: Option<String>,
    /// How many leaves there are.
    pub size: u64,
    /// The root hash over them in hexadecimal.
    pub root: String,
    /// The size of the newest checkpoint that holds.
    pub signed_size: Option<u64>,
    /// The time of the last leaf.
    pub last_time: Option<String>,
    /// Whether a server writes to the log.
    pub is_live: bool,
    /// Everything that is wrong.
    pub findings: Vec<Found>,
    /// Whether nothing is.
    pub sound: bool,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// What kind of thing.
    pub kind: &'static str,
    /// The leaf, counted from zero.
    pub leaf: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl From<AuditFinding> for Found {
    fn from(finding: AuditFinding) -> Self {
        Self {
            kind: finding.kind.as_str(),
            leaf: finding.leaf,
            what: finding.what,
        }
    }
}

/// Why nothing was verified.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A file that was named cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that was named holds something else.
    #[error("{}: {source}", path.display())]
    Note {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: NoteError,
    },
    /// A file that was named holds no certificate.
    #[error("{}: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ca_verify::CertificateError,
    },
    /// There is no log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread ended early.
    #[error("a thread of the verification ended early")]
    Interrupted,
}

impl Hinted for AuditError {
    fn code(&self) -> Code {
        match self {
            Self::Unreadable { .. } => Code::Unavailable,
            Self::Note { .. } | Self::Certificate { .. } => Code::InvalidRequest,
            Self::Store(error) => error.code(),
            Self::Interrupted => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => Some("check the path and the rights".to_owned()),
            Self::Note { .. } => Some(
                "`GET /log/key` and `/log/checkpoint` of the server give such files".to_owned(),
            ),
            Self::Store(error) => error.hint(),
            Self::Certificate { .. } | Self::Interrupted => None,
        }
    }
}

/// Reads the log from end to end and compares it with everything that is signed.
///
/// `progress` hears how many leaves were read.
///
/// # Errors
/// Fails when a file that was named cannot be used, or there is no log at all.
pub fn verify(
    options: &AuditOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<AuditReport, AuditError> {
    let data = &options.data;
    let named_key = options.log_key.as_deref().map(read_log_key).transpose()?;
    let kept = options
        .checkpoints
        .iter()
        .map(|path| Ok((path.clone(), read_text(path)?)))
        .collect::<Result<Vec<_>, AuditError>>()?;
    let certificates = read_certificates(data, &options.certificates)?;
    let is_live = is_held(data);
    // Before the log: a running server signs what it has written, so the log has it.
    let newest = std::fs::read_to_string(data.checkpoint());
    let stated = std::fs::read_to_string(data.log_key_statement());
    let crls = read_crls(data);

    let mut auditor = Auditor::new();
    let key = named_key.or_else(|| key_of_directory(stated.as_deref().ok(), &mut auditor));
    let mut signed_size = None;
    let newest = newest.map_err(|error| error.to_string());
    let checkpoints = std::iter::once((data.checkpoint(), newest))
        .chain(kept.into_iter().map(|(path, note)| (path, Ok(note))));
    for (path, note) in checkpoints {
        let checkpoint = note.and_then(|note| match &key {
            Some(key) => Checkpoint::verified(&note, key).map_err(|error| error.to_string()),
            None => Err("there is no key to verify it with".to_owned()),
        });
        match checkpoint {
            Ok(checkpoint) => {
                signed_size = signed_size.max(Some(checkpoint.size));
                auditor.expect_signed(&checkpoint, path.display().to_string());
            }
            Err(error) => {
                let what = format!("{}: {error}", path.display());
                auditor.find(FindingKind::Checkpoint, None, what);
            }
        }
    }
    // Beside a running server a copy can be torn; what it says now it has from leaves.
    let mut index = if is_live {
        None
    } else {
        IndexInspection::begin(data.path(), &scratch_dir())?
    };
    let mut log_id = None;
    match LeafReader::open(data.path()) {
        Ok(reader) => {
            log_id = reader.log_id();
            read_leaves(&reader, &mut auditor, &mut index, is_live, progress);
        }
        Err(error @ (StoreError::Damaged { .. } | StoreError::Format { .. })) => {
            auditor.find(FindingKind::Damaged, None, error.to_string());
        }
        Err(error) => return Err(error.into()),
    }
    judge_index(index, log_id, &mut auditor);
    compare_keys(&mut auditor, key.as_ref(), log_id);
    if !is_live {
        judge_unsigned(&mut auditor);
    }
    let old_before = if is_live {
        signed_size.unwrap_or(0)
    } else {
        u64::MAX
    };
    judge_crls(data, crls, old_before, &mut auditor);
    for (from, certificate) in &certificates {
        auditor.judge_certificate(certificate, from);
    }
    let (size, root) = (auditor.size(), auditor.root());
    let last_time = auditor.last_time().map(|time| time.to_string());
    let findings: Vec<Found> = auditor.finish().into_iter().map(Found::from).collect();
    Ok(AuditReport {
        log: key.as_ref().map(|key| key.name().to_owned()),
        key: key.map(|key| key.to_string()),
        size,
        root: ca_types::Fingerprint::from(root).to_string(),
        signed_size,
        last_time,
        is_live,
        sound: findings.is_empty(),
        findings,
    })
}

/// Takes the key that the directory names; whether a CA of the log vouches for it is seen later.
fn key_of_directory(stated: Option<&str>, auditor: &mut Auditor) -> Option<LogKey> {
    match stated.map(LogKeyStatement::from_note) {
        Some(Ok(statement)) => Some(statement.key),
        Some(Err(error)) => {
            auditor.find(FindingKind::LogKey, None, error.to_string());
            None
        }
        None => {
            auditor.find(
                FindingKind::LogKey,
                None,
                "there is no file with the log key",
            );
            None
        }
    }
}

/// A server that stopped in order has signed every leaf.
fn judge_unsigned(auditor: &mut Auditor) {
    let unsigned = auditor.unsigned();
    if unsigned > 0 {
        let what = format!(
            "{unsigned} leaves stand behind the newest checkpoint: the server did not stop in order, or someone put them there"
        );
        auditor.find(FindingKind::Unsigned, None, what);
    }
}

/// An index that cannot be used is built anew at the next start; one that says other things was written by somebody.
fn judge_index(index: Option<IndexInspection>, log_id: Option<LogId>, auditor: &mut Auditor) {
    if let Some(IndexStanding::Contradicts(path)) = index.map(|index| index.end(log_id)) {
        let what = format!("{}: its rows are not those of the leaves", path.display());
        auditor.find(FindingKind::Index, None, what);
    }
}

/// The key must be the one that a control CA of the log vouches for, and named for this log.
fn compare_keys(auditor: &mut Auditor, key: Option<&LogKey>, log_id: Option<LogId>) {
    let stated = auditor.log_key().map(|statement| statement.key.clone());
    let is_of_another = |key: &LogKey| {
        log_id.is_some_and(|log_id| !key.name().ends_with(&format!("/log/{log_id}")))
    };
    let what = match (&stated, key) {
        (None, _) => "no leaf has a log key that a control CA vouches for",
        (Some(stated), Some(key)) if stated != key => {
            "the log key is not the one that a control CA of the log vouches for"
        }
        (Some(stated), _) if is_of_another(stated) => {
            "the files of the log have another identity than its key is named for"
        }
        (Some(_), _) => return,
    };
    auditor.find(FindingKind::LogKey, None, what);
}

/// How many leaves are read between two reports of the progress.
const SHOWN_EVERY: u64 = 1_024;

/// Reads, digests and judges the leaves, each in threads of their own.
fn read_leaves(
    reader: &LeafReader,
    auditor: &mut Auditor,
    index: &mut Option<IndexInspection>,
    is_live: bool,
    progress: &mut dyn FnMut(u64),
) {
    for start in reader.starts() {
        let by = start.path.display().to_string();
        auditor.expect(start.first_leaf, start.root, by);
    }
    let has_index = index.is_some();
    let digest = |octets: &[u8]| {
        let leaf = DigestedLeaf::new(octets);
        let row = has_index.then(|| IndexedLeaf::new(leaf.hash(), leaf.entry()));
        (leaf, row)
    };
    let read = reader.read(digest, &mut |(leaf, row)| {
        auditor.take(leaf);
        if let Some((index, row)) = index.as_mut().zip(row) {
            index.take(row);
        }
        if auditor.size().is_multiple_of(SHOWN_EVERY) {
            progress(auditor.size());
        }
    });
    match read {
        Ok(None) => {}
        Ok(Some(_)) if is_live => {}
        Ok(Some(torn)) => auditor.find(
            FindingKind::Damaged,
            None,
            format!(
                "{}: torn at octet {}, {} octets lie behind",
                torn.segment.display(),
                torn.offset,
                torn.octets
            ),
        ),
        Err(error) => auditor.find(FindingKind::Damaged, None, error.to_string()),
    }
}

/// Reads the published CRLs.
fn read_crls(data: &DataDir) -> BTreeMap<PathBuf, std::io::Result<Vec<u8>>> {
    let names = std::fs::read_dir(data.crls())
        .into_iter()
        .flatten()
        .flatten();
    names
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "crl"))
        .map(|path| (path.clone(), std::fs::read(path)))
        .collect()
}

/// Compares the published CRLs with the log; every CA that signed one must have it there.
fn judge_crls(
    data: &DataDir,
    crls: BTreeMap<PathBuf, std::io::Result<Vec<u8>>>,
    old_before: u64,
    auditor: &mut Auditor,
) {
    let issuers: Vec<String> = auditor.crl_issuers().map(str::to_owned).collect();
    for issuer in issuers {
        let path = data.crls().join(format!("{issuer}.crl"));
        if !crls.contains_key(&path) {
            let what = format!("{}: the CRL is missing", path.display());
            auditor.find(FindingKind::Crl, None, what);
        }
    }
    for (path, crl) in crls {
        match crl {
            Ok(octets) => auditor.judge_crl(&octets, &path.display().to_string(), old_before),
            Err(error) => {
                let what = format!("{}: {error}", path.display());
                auditor.find(FindingKind::Crl, None, what);
            }
        }
    }
}

/// Reads the certificates of the directory itself, and those that were named.
fn read_certificates(
    data: &DataDir,
    named: &[PathBuf],
) -> Result<Vec<(String, Certificate)>, AuditError> {
    let mut certificates = Vec::new();
    let own = [data.tls_certificate(), data.admin().join("admin.pem")];
    for path in own.iter().filter(|path| path.exists()).chain(named) {
        let chain = Certificate::all_from_pem_or_der(&read(path)?);
        let chain = chain.map_err(|source| AuditError::Certificate {
            path: path.clone(),
            source,
        })?;
        let from = path.display().to_string();
        certificates.extend(
            chain
                .into_iter()
                .map(|certificate| (from.clone(), certificate)),
        );
    }
    Ok(certificates)
}

/// Reads a key: the line `NAME+HASH+KEY`, or the statement that has it.
fn read_log_key(path: &Path) -> Result<LogKey, AuditError> {
    let text = read_text(path)?;
    let key = match LogKeyStatement::from_note(&text) {
        Ok(statement) => Ok(statement.key),
        Err(_no_statement) => text.trim().parse(),
    };
    key.map_err(|source| AuditError::Note {
        path: path.to_owned(),
        source,
    })
}

fn read_text(path: &Path) -> Result<String, AuditError> {
    std::fs::read_to_string(path).map_err(|source| AuditError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, AuditError> {
    std::fs::read(path).map_err(|source| AuditError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

impl AuditReport {
    /// Describes the report for a person.
    pub fn text(&self) -> String {
        let lines = self.findings.iter().map(|found| {
            let place = found.leaf.map(|leaf| format!(" leaf {leaf}:"));
            format!(
                "{}:{} {}\n",
                found.kind,
                place.unwrap_or_default(),
                found.what
            )
        });
        let text: String = lines.collect();
        let signed = self.signed_size.map_or_else(
            || "no checkpoint".to_owned(),
            |size| format!("signed up to {size}"),
        );
        let verdict = if self.sound {
            "sound".to_owned()
        } else {
            format!("{} findings", self.findings.len())
        };
        let key = self.key.as_deref().unwrap_or("no log key");
        text + &format!(
            "{} leaves, root {}, {signed}: {verdict}\nlog key {key}\n",
            self.size, self.root
        )
    }
}
