//! Judges a log from its first leaf to its last: tree, checkpoints, certificates, revocations and CRLs.

mod books;
mod crl;
mod restart;

use std::fmt;

use ca_types::{Fingerprint, SerialNumber, UnixTime};

use crate::tree::Frontier;
use crate::{
    Certificate, CertificateOutline, Change, Checkpoint, Entry, EntryError, LogKeyStatement,
    leaf_hash,
};
use books::Books;
pub use restart::Restart;
use restart::Restarts;

/// Something that is wrong with a log, or with what must agree with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFinding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// The leaf it is about, counted from zero.
    pub leaf: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// The kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// A file of the log is damaged or missing.
    Damaged,
    /// A leaf cannot be read, or contradicts the leaves before it.
    Leaf,
    /// The log ends before what was signed.
    Truncated,
    /// The log has other leaves than were signed.
    Rewritten,
    /// Leaves stand behind everything that was signed.
    Unsigned,
    /// The key of the log is not the one that a CA of the log vouches for.
    LogKey,
    /// A signed checkpoint is missing or does not hold.
    Checkpoint,
    /// Two signed checkpoints contradict.
    Fork,
    /// A CRL contradicts the log.
    Crl,
    /// A certificate of a CA of the log has no leaf.
    Certificate,
    /// The index of a server says other things than the leaves.
    Index,
}

impl FindingKind {
    /// Returns the word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Leaf => "leaf",
            Self::Truncated => "truncated",
            Self::Rewritten => "rewritten",
            Self::Unsigned => "unsigned",
            Self::LogKey => "log-key",
            Self::Checkpoint => "checkpoint",
            Self::Fork => "fork",
            Self::Crl => "crl",
            Self::Certificate => "certificate",
            Self::Index => "index",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A leaf with all the work done that needs nothing but the leaf: many threads can make them.
#[derive(Debug)]
pub struct DigestedLeaf {
    hash: [u8; 32],
    entry: Result<Entry, EntryError>,
    /// The facts of the certificates in the entry, in their order.
    certificates: Vec<Option<CertificateFacts>>,
}

/// What is kept of a certificate.
#[derive(Debug, Clone)]
struct CertificateFacts {
    serial: SerialNumber,
    fingerprint: Fingerprint,
    not_after: UnixTime,
    issuer: Box<[u8]>,
}

impl DigestedLeaf {
    /// Hashes and decodes a leaf.
    pub fn new(octets: &[u8]) -> Self {
        let entry = Entry::from_der(octets);
        let certificates = entry
            .iter()
            .flat_map(|entry| &entry.changes)
            .filter_map(Change::issued)
            .map(|issued| CertificateFacts::read(&issued.certificate))
            .collect();
        Self {
            hash: leaf_hash(octets),
            entry,
            certificates,
        }
    }

    /// Returns the hash of the leaf.
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// Returns its entry; nothing when it cannot be read.
    pub fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref().ok()
    }
}

impl CertificateFacts {
    fn read(der: &[u8]) -> Option<Self> {
        let certificate = CertificateOutline::from_der(der).ok()?;
        Some(Self {
            serial: certificate.serial().ok()?,
            fingerprint: certificate.fingerprint(),
            not_after: certificate.validity().not_after(),
            issuer: certificate.issuer_der().into(),
        })
    }
}

/// A root that the tree must have had.
#[derive(Debug)]
struct Expected {
    size: u64,
    root: [u8; 32],
    /// Who says so.
    by: String,
}

/// Takes the leaves of a log in order and finds what is wrong with them.
#[derive(Debug, Default)]
pub struct Auditor {
    frontier: Frontier,
    books: Books,
    restarts: Restarts,
    /// What the tree must have been, the smallest size last.
    expected: Vec<Expected>,
    /// How many leaves a signature covers.
    signed: u64,
    findings: Vec<AuditFinding>,
}

/// So many findings are told; a rewritten log would have one for every leaf.
const MOST_FINDINGS: usize = 1_000;

impl Auditor {
    /// Starts before the first leaf.
    pub fn new() -> Self {
        Self::default()
    }

    /// Wants the tree to have had a root: that of a checkpoint, or of the header of a file.
    ///
    /// It must be told before the leaf is taken that makes the tree so large.
    pub fn expect(&mut self, size: u64, root: [u8; 32], by: impl Into<String>) {
        let by = by.into();
        self.expected.push(Expected { size, root, by });
        self.expected
            .sort_by_key(|expected| std::cmp::Reverse(expected.size));
        self.compare();
    }

    /// Wants the tree to be the one of a checkpoint whose signature was verified.
    pub fn expect_signed(&mut self, checkpoint: &Checkpoint, by: impl Into<String>) {
        self.signed = self.signed.max(checkpoint.size);
        self.expect(checkpoint.size, checkpoint.root, by);
    }

    /// Compares the log with a tree that was seen before, without wanting it to be the same: [`Auditor::restart`] tells.
    ///
    /// It must be told before the first leaf is taken.
    pub fn compare_with(&mut self, seen: &Frontier) {
        self.restarts.compare_with(seen);
    }

    /// Finds the restore of a backup that explains why the log does not follow the tree of `seen` leaves any more.
    pub fn restart(&self, seen: u64) -> Option<Restart> {
        self.restarts.explain(seen)
    }

    /// Takes the next leaf.
    pub fn take(&mut self, leaf: DigestedLeaf) {
        let DigestedLeaf {
            hash,
            entry,
            certificates,
        } = leaf;
        let index = self.frontier.size();
        match entry {
            Ok(entry) => {
                let restarts = self.restarts.take(&self.frontier, &entry);
                let books = self.books.take(index, &entry, certificates);
                for what in restarts.into_iter().chain(books) {
                    self.find(FindingKind::Leaf, Some(index), what);
                }
            }
            Err(error) => self.find(FindingKind::Leaf, Some(index), error.to_string()),
        }
        self.frontier.push(hash);
        self.restarts.compare(&self.frontier);
        self.compare();
    }

    /// Notes what somebody else found.
    pub fn find(&mut self, kind: FindingKind, leaf: Option<u64>, what: impl Into<String>) {
        if self.findings.len() < MOST_FINDINGS {
            let what = what.into();
            self.findings.push(AuditFinding { kind, leaf, what });
        }
    }

    /// Returns how many leaves were taken.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Returns the root hash over the leaves that were taken.
    pub fn root(&self) -> [u8; 32] {
        self.frontier.root()
    }

    /// Returns the right edge of the tree over the leaves that were taken.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Returns how many leaves stand behind everything that was signed.
    pub fn unsigned(&self) -> u64 {
        self.size().saturating_sub(self.signed)
    }

    /// Returns the time of the last leaf.
    pub fn last_time(&self) -> Option<UnixTime> {
        self.books.last_time()
    }

    /// Returns the statement about the key that signs checkpoints, as the last leaf about it has it, if a control CA of
    /// the log has signed it.
    pub fn log_key(&self) -> Option<&LogKeyStatement> {
        self.books.log_key()
    }

    /// Returns the certificate of a CA, by its id.
    pub fn ca(&self, id: &str) -> Option<&Certificate> {
        self.books.ca(id)
    }

    /// Lists the ids of the CAs that signed a CRL.
    pub fn crl_issuers(&self) -> impl Iterator<Item = &str> {
        self.books.crl_issuers()
    }

    /// Wants a certificate that one of the CAs signed to have a leaf; others are none of our business.
    pub fn judge_certificate(&mut self, certificate: &Certificate, from: &str) {
        if let Some(what) = self.books.without_leaf(certificate) {
            self.find(FindingKind::Certificate, None, format!("{from}: {what}"));
        }
    }

    /// Wants a published CRL to say what the log says. One that was read beside a running server may be older than the
    /// leaves from `old_before` on.
    pub fn judge_crl(&mut self, der: &[u8], from: &str, old_before: u64) {
        for what in self.books.judge_crl(der, old_before) {
            self.find(FindingKind::Crl, None, format!("{from}: {what}"));
        }
    }

    /// Ends; returns the findings. What was expected of a larger tree than there is, is missing.
    pub fn finish(mut self) -> Vec<AuditFinding> {
        let size = self.size();
        for expected in std::mem::take(&mut self.expected) {
            let what = format!(
                "the log ends after {size} leaves, {} is about {}",
                expected.by, expected.size
            );
            self.find(FindingKind::Truncated, None, what);
        }
        self.findings
    }

    /// Compares the tree with what it must be at this size.
    fn compare(&mut self) {
        while let Some(expected) = self
            .expected
            .pop_if(|expected| expected.size <= self.frontier.size())
        {
            if expected.size < self.frontier.size() || expected.root != self.frontier.root() {
                let what = format!(
                    "the first {} leaves are not those of {}",
                    expected.size, expected.by
                );
                self.find(FindingKind::Rewritten, None, what);
            }
        }
    }
}
