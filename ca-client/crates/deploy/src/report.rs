//! What a push or a verification found.

use std::fmt;

use ca_types::{KeyId, SubjectName, UnixTime};

use crate::CertificateWish;
use crate::plan::{Found, Leaf};
use crate::push::padded;

/// What a push or a verification found on one router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The router, as the fleet file calls it.
    pub router: String,
    /// Its certificates, in the order of the fleet file.
    pub certificates: Vec<CertificateReport>,
    /// Whether revoked peers are kept out.
    pub revocation: Revocation,
    /// Keys that the router shows from now on through the door that the fleet file names.
    pub new_pins: Vec<KeyId>,
    /// What the reader should know.
    pub warnings: Vec<String>,
    /// Whether anything was changed on the router.
    pub changed: bool,
}

/// What became of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateReport {
    /// Its NAME.
    pub name: SubjectName,
    /// Its row on the router; empty when it has none.
    pub row: String,
    /// Its serial number, as the router or the certificate writes it.
    pub serial: String,
    /// Its SHA-256.
    pub fingerprint: String,
    /// When it ends.
    pub not_after: Option<UnixTime>,
    /// The certificate before it, which is still valid.
    pub former: Option<FormerCertificate>,
    /// What uses it, in the order of the fleet file.
    pub bindings: Vec<BindingReport>,
}

/// A certificate that was succeeded and is still valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerCertificate {
    /// Its row on the router.
    pub row: String,
    /// Its serial number.
    pub serial: String,
    /// When it ends.
    pub not_after: UnixTime,
}

/// What became of one binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingReport {
    /// The binding: `www-ssl`, `ipsec hamburg fqdn:hamburg.example.net`.
    pub binding: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of one binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Seen working from outside.
    Proved,
    /// In place, and nobody has used it yet.
    Unproved(String),
    /// In place before; nothing was sent.
    Kept,
    /// It did not work: what was there before is in place again.
    RolledBack(String),
    /// It is not in place, or it does not work and the former one could not be put back.
    Failed(String),
}

/// Whether revoked peers are kept out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// The router does not look: revoked peers stay in.
    Off,
    /// The router looks every certificate up in a CRL.
    InForce,
    /// It was wanted, and a CRL was not seen valid.
    NotSeenValid(String),
}

impl CertificateReport {
    /// Describes a certificate that was found on the router, or that it has none.
    pub(crate) fn of(wish: &CertificateWish, leaf: &Leaf, bindings: Vec<BindingReport>) -> Self {
        let found = leaf.state.found();
        let text = |of: fn(&Found) -> String| found.map(of).unwrap_or_default();
        Self {
            name: wish.name.clone(),
            row: text(|found| found.row.name.clone()),
            serial: text(|found| padded(&found.row.serial)),
            fingerprint: text(|found| found.row.fingerprint.clone()),
            not_after: found.map(|found| found.validity.not_after()),
            former: None,
            bindings,
        }
    }
}

impl Outcome {
    /// Returns the word of the output.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Unproved(_) => "unproved",
            Self::Kept => "kept",
            Self::RolledBack(_) => "rolled-back",
            Self::Failed(_) => "failed",
        }
    }

    /// Returns why, where there is something to say.
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Unproved(cause) | Self::RolledBack(cause) | Self::Failed(cause) => Some(cause),
            Self::Proved | Self::Kept => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause() {
            Some(cause) => write!(f, "{}: {cause}", self.as_str()),
            None => f.write_str(self.as_str()),
        }
    }
}

impl Report {
    /// Tells whether all is as it should be; what nobody has used yet counts only when that is accepted.
    pub fn is_good(&self, accept_unproved: bool) -> bool {
        let bindings = self
            .certificates
            .iter()
            .flat_map(|certificate| &certificate.bindings);
        let good = |outcome: &Outcome| match outcome {
            Outcome::Proved | Outcome::Kept => true,
            Outcome::Unproved(_) => accept_unproved,
            Outcome::RolledBack(_) | Outcome::Failed(_) => false,
        };
        !matches!(self.revocation, Revocation::NotSeenValid(_))
            && bindings.into_iter().all(|binding| good(&binding.outcome))
    }
}
