//! The data directory: where everything lies.

use std::path::{Path, PathBuf};

use ca_types::IssuerId;

/// The directory that holds the whole state of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// Names a directory; it need not exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Returns the directory itself: the store keeps `log/` and `index-<n>/` in it.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the settings file, unless `--config` names another.
    pub fn settings_file(&self) -> PathBuf {
        self.0.join("ca-server.toml")
    }

    /// Returns the directory of the encrypted keys of the issuing CAs.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// Returns the encrypted key of an issuing CA.
    pub fn key_file(&self, issuer: &IssuerId) -> PathBuf {
        self.keys().join(format!("{issuer}.key"))
    }

    /// Returns the encrypted key of the log; no CA can have this name while it is there.
    pub fn log_key(&self) -> PathBuf {
        self.keys().join("log.key")
    }

    /// Returns the statement of the control CA about the key of the log.
    pub fn log_key_statement(&self) -> PathBuf {
        self.0.join("log").join("key")
    }

    /// Returns the newest signed checkpoint of the log.
    pub fn checkpoint(&self) -> PathBuf {
        self.0.join("log").join("checkpoint")
    }

    /// Returns the mark that every backup has in its log, and that a restore leaves out.
    pub fn not_restored(&self) -> PathBuf {
        self.0.join("log").join("not-restored")
    }

    /// Tells whether somebody unpacked a backup here by hand: no restore has applied again what was revoked since.
    pub fn is_unpacked_backup(&self) -> bool {
        self.not_restored().symlink_metadata().is_ok()
    }

    /// Returns the directory in which the keys get another passphrase.
    pub fn new_keys(&self) -> PathBuf {
        self.0.join("keys-new")
    }

    /// Returns the directory of the keys with their former passphrase, for the moment of the change.
    pub fn former_keys(&self) -> PathBuf {
        self.0.join("keys-former")
    }

    /// Returns the directory of the server's own TLS identity.
    pub fn tls(&self) -> PathBuf {
        self.0.join("tls")
    }

    /// Returns the server's TLS certificate in PEM, its issuing CA behind it.
    pub fn tls_certificate(&self) -> PathBuf {
        self.tls().join("server.pem")
    }

    /// Returns the key of the server's TLS certificate, not encrypted.
    pub fn tls_key(&self) -> PathBuf {
        self.tls().join("server.key")
    }

    /// Returns the directory of the admin's profile and credential.
    pub fn admin(&self) -> PathBuf {
        self.0.join("admin")
    }

    /// Returns the directory that must be moved away after `init`; `serve` never reads it.
    pub fn root_offline(&self) -> PathBuf {
        self.0.join("root-offline")
    }

    /// Returns the encrypted key of a root, as long as it has not been moved away.
    pub fn root_key_file(&self, root: &IssuerId) -> PathBuf {
        self.root_offline().join(format!("{root}.key"))
    }

    /// Returns the certificate of a root beside its key: whoever signs with the one looks at the other.
    pub fn root_certificate_file(&self, root: &IssuerId) -> PathBuf {
        self.root_offline().join(format!("{root}.pem"))
    }

    /// Returns the directory of the published CRLs.
    pub fn crls(&self) -> PathBuf {
        self.0.join("crl")
    }

    /// Returns the published CRL of a CA in DER.
    pub fn crl_file(&self, issuer: &IssuerId) -> PathBuf {
        self.crls().join(format!("{issuer}.crl"))
    }

    /// Returns the file that the running server has locked.
    pub fn lock_file(&self) -> PathBuf {
        self.0.join("lock")
    }
}
