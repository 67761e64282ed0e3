//! Makes a CA: everything is proved first, built aside, and put in place at the end.

use std::path::PathBuf;

use ca_core::{IssuanceError, OrganizationError};
use ca_store::StoreError;
use ca_types::{Code, Hinted, IssuerClass, IssuerId, NameError, UnixTime};
use serde::Serialize;

use crate::atomic::AtomicWriteError;
use crate::checkpoint::CheckpointError;
use crate::credential::CredentialError;
use crate::data_dir::DataDir;
use crate::keystore::{KeyKindError, KeyStoreError};
use crate::lock::LockError;
use crate::passphrase::PassphraseError;
use crate::settings::{PublishUrlError, SettingsError};

mod build;
mod farewell;
mod founding;
mod plan;
mod settings_file;

pub use build::Founding;
pub use farewell::farewell;
pub(crate) use founding::ROOT_CRL_SECONDS;
pub use plan::{InitOptions, InitPlan};

/// What was made.
#[derive(Debug, Clone, Serialize)]
pub struct InitReport {
    /// The data directory.
    pub data: PathBuf,
    /// The CAs, the root first.
    pub issuers: Vec<MadeIssuer>,
    /// The profile file of the admin.
    pub admin_profile: PathBuf,
    /// The folder that must be moved away.
    pub root_offline: PathBuf,
    /// What the admin should know.
    pub warnings: Vec<String>,
}

/// A CA that was made.
#[derive(Debug, Clone, Serialize)]
pub struct MadeIssuer {
    /// Its identifier.
    #[serde(serialize_with = "as_text")]
    pub issuer_id: IssuerId,
    /// What it issues for.
    #[serde(serialize_with = "as_text")]
    pub class: IssuerClass,
    /// The last second of its certificate.
    #[serde(serialize_with = "as_text")]
    pub not_after: UnixTime,
    /// The SHA-256 of its certificate.
    pub fingerprint: String,
}

fn as_text<T: std::fmt::Display, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Why no CA was made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Something is there.
    #[error("{} is not empty: wanted a directory that is absent or empty", data.display())]
    NotEmpty {
        /// The directory.
        data: PathBuf,
    },
    /// The place is no directory, or cannot be looked at.
    #[error("cannot make a data directory at {}: {source}", data.display())]
    Place {
        /// The directory.
        data: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The name of the organization.
    #[error("--organization: {0}")]
    Organization(#[from] OrganizationError),
    /// The publish URL.
    #[error("--publish-url: {0}")]
    PublishUrl(#[from] PublishUrlError),
    /// A domain or server name.
    #[error("{option}: {source}")]
    Name {
        /// The option.
        option: &'static str,
        /// What is wrong with it.
        source: NameError,
    },
    /// A server name of a form that no server has.
    #[error("--server-name: `{name}` is an e-mail address: wanted a DNS name or an IP address")]
    ServerName {
        /// What came.
        name: String,
    },
    /// A listener address.
    #[error("{option}: `{}`: wanted ADDRESS:PORT, such as {example}", came.escape_default())]
    Address {
        /// The option.
        option: &'static str,
        /// What came.
        came: String,
        /// What would do.
        example: &'static str,
    },
    /// Two listeners at one address.
    #[error("{first} and {second} are both {address}: wanted an address for each")]
    SameAddress {
        /// An option.
        first: &'static str,
        /// Another option.
        second: &'static str,
        /// The address.
        address: std::net::SocketAddr,
    },
    /// The key algorithm.
    #[error("--key-algorithm: {0}")]
    KeyKind(#[from] KeyKindError),
    /// A passphrase.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// The settings that were written are not accepted.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyStoreError),
    /// A thread that made a key ended early.
    #[error("a key was not made: its thread ended early")]
    Lost,
    /// A certificate or CRL.
    #[error(transparent)]
    Issuance(#[from] IssuanceError),
    /// A certificate for the server or the admin.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key of the log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A file.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
    /// Another process is filling the directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The clock stands where nothing can be valid.
    #[error("the clock says {0}: wanted a time at which a CA can begin")]
    Clock(UnixTime),
}

impl InitError {
    fn place(data: &DataDir, source: std::io::Error) -> Self {
        Self::Place {
            data: data.path().to_owned(),
            source,
        }
    }
}

impl Hinted for InitError {
    fn code(&self) -> Code {
        match self {
            Self::NotEmpty { .. }
            | Self::PublishUrl(_)
            | Self::Address { .. }
            | Self::SameAddress { .. }
            | Self::KeyKind(_) => Code::InvalidRequest,
            Self::Organization(_) | Self::Name { .. } | Self::ServerName { .. } => {
                Code::InvalidName
            }
            Self::Place { .. } | Self::Clock(_) => Code::FailedPrecondition,
            Self::Lost => Code::Internal,
            Self::Passphrase(error) => error.code(),
            Self::Settings(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Issuance(error) => error.code(),
            Self::Credential(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            Self::Write(error) => error.code(),
            Self::Lock(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotEmpty { .. } => Some("name another directory; nothing is ever overwritten".to_owned()),
            Self::Place { data, source } => Some(match source.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("make {} first", crate::atomic::parent_of(data).display())
                }
                _ => "name a directory that is absent or empty, below one that you may write to".to_owned(),
            }),
            Self::Organization(_) => {
                Some("the name stands in front of words such as `VPN Server CA 2026-1`, 64 characters in all".to_owned())
            }
            Self::PublishUrl(error) => error.hint(),
            Self::Name { option: DOMAIN, .. } => Some("a domain is written as example.net".to_owned()),
            Self::Name { .. } | Self::ServerName { .. } => {
                Some("name the server as clients call it: ca.example.net, localhost or 192.0.2.1".to_owned())
            }
            Self::Address { .. } => Some("0.0.0.0 means every address of this machine".to_owned()),
            Self::SameAddress { .. } => Some("choose another port for one of them".to_owned()),
            Self::KeyKind(_) => Some("rsa3072 is what every device of a fleet reads".to_owned()),
            Self::Clock(_) => Some("set the clock of this machine first".to_owned()),
            Self::Lost => None,
            Self::Passphrase(error) => error.hint(),
            Self::Settings(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::Issuance(error) => error.hint(),
            Self::Credential(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Checkpoint(error) => error.hint(),
            Self::Write(error) => error.hint(),
            Self::Lock(error) => error.hint(),
        }
    }
}

const DOMAIN: &str = "--domain";

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use ca_store::read_log;
    use ca_types::SystemEntropy;
    use ca_verify::{Certificate, CertificateList, Change, verify_chain};

    use super::*;
    use crate::atomic::write_new;
    use crate::keystore::read_key;
    use crate::passphrase::read_passphrase;
    use crate::settings::Settings;

    pub(crate) const NOW: &str = "2026-11-23T10:00:00Z";

    pub(crate) fn options(home: &std::path::Path) -> InitOptions {
        let passphrase_file = home.join("passphrase");
        if !passphrase_file.exists() {
            write_new(&passphrase_file, b"correct horse battery staple\n", 0o600).unwrap();
        }
        InitOptions {
            data: home.join("data"),
            organization: "Example Fleet".to_owned(),
            publish_url: "http://pki.example.net".to_owned(),
            passphrase_file,
            root_passphrase_file: None,
            domains: vec!["example.net".to_owned()],
            server_names: vec!["ca.example.net".to_owned(), "192.0.2.1".to_owned()],
            listen: "127.0.0.1:8443".to_owned(),
            http_listen: "127.0.0.1:8080".to_owned(),
            operations_listen: "127.0.0.1:9090".to_owned(),
            key_algorithm: "p256".to_owned(),
            host_name: None,
        }
    }

    /// Makes a CA in `home/data`.
    pub(crate) async fn make(options: &InitOptions) -> Settings {
        let plan = InitPlan::prove(options).unwrap();
        let founding = plan
            .found(NOW.parse().unwrap(), &mut SystemEntropy, &|| {})
            .unwrap();
        plan.build(founding, &mut SystemEntropy).await.unwrap();
        Settings::of(&DataDir::new(&options.data)).unwrap()
    }

    #[track_caller]
    fn check_refused(change: impl FnOnce(&mut InitOptions), expect: &str) {
        let home = tempfile::tempdir().unwrap();
        let mut options = options(home.path());
        change(&mut options);
        let error = InitPlan::prove(&options).unwrap_err();
        assert!(error.to_string().contains(expect), "{error}");
        assert!(error.hint().is_some(), "{error}");
        let left: Vec<_> = std::fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["passphrase"], "{error}");
    }

    #[test]
    fn what_cannot_be_is_refused_before_anything_is_written() {
        check_refused(|o| o.organization = "x".repeat(42), "--organization");
        check_refused(|o| o.organization = " x".to_owned(), "--organization");
        check_refused(|o| o.publish_url = "https://x".to_owned(), "--publish-url");
        check_refused(
            |o| o.domains = vec!["a..b".to_owned()],
            "--domain: name `a..b`",
        );
        check_refused(
            |o| o.server_names = vec!["a@b".to_owned()],
            "--server-name: `a@b`",
        );
        check_refused(|o| o.listen = "8443".to_owned(), "--listen: `8443`");
        check_refused(
            |o| o.http_listen = o.listen.clone(),
            "--listen and --http-listen",
        );
        check_refused(
            |o| o.key_algorithm = "ed25519".to_owned(),
            "--key-algorithm",
        );
        check_refused(|o| o.passphrase_file = "/nowhere".into(), "/nowhere");
        check_refused(
            |o| o.root_passphrase_file = Some("/dev/null".into()),
            "/dev/null is empty",
        );
        check_refused(
            |o| o.data = o.passphrase_file.clone(),
            "cannot make a data directory",
        );
        check_refused(
            |o| o.data = o.data.join("deep"),
            "cannot make a data directory",
        );
        check_refused(
            |o| o.data = o.data.parent().unwrap().to_owned(),
            "is not empty",
        );
    }

    #[test]
    fn what_is_allowed_and_unwise_is_warned_about() {
        let home = tempfile::tempdir().unwrap();
        let mut options = options(home.path());
        options.key_algorithm = "rsa3072".to_owned();
        assert_eq!(InitPlan::prove(&options).unwrap().warnings(), [""; 0]);
        options.key_algorithm = "p256".to_owned();
        options.domains.clear();
        options.publish_url = "http://127.0.0.1:8080".to_owned();
        options.passphrase_file = home.path().join("short");
        write_new(&options.passphrase_file, b"short\n", 0o644).unwrap();
        options.root_passphrase_file = Some(options.passphrase_file.clone());
        let warnings = InitPlan::prove(&options).unwrap().warnings().join("\n");
        for part in [
            "not reachable from the Internet",
            "not on port 80",
            "no --domain",
            "RouterOS 6",
            "can be read by others",
            "fewer than 16",
            "who steals one has both",
        ] {
            assert!(warnings.contains(part), "no `{part}` in {warnings}");
        }
    }

    #[tokio::test]
    async fn a_new_ca_has_its_files_with_their_modes_and_nothing_beside_them() {
        let home = tempfile::tempdir().unwrap();
        let settings = make(&options(home.path())).await;
        let data = &settings.data;
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(data.path()), 0o700);
        for (path, expect) in [
            (data.settings_file(), 0o644),
            (data.tls_certificate(), 0o644),
            (data.tls_key(), 0o600),
            (data.admin().join("client.toml"), 0o644),
            (data.admin().join("admin.pem"), 0o644),
            (data.admin().join("ca.pem"), 0o644),
            (data.admin().join("admin.key"), 0o600),
            (data.root_offline().join("passphrase"), 0o600),
            (data.root_offline().join("root-2026-1.key"), 0o600),
            (data.keys().join("router-2026-1.key"), 0o600),
            (data.keys(), 0o700),
            (data.root_offline(), 0o700),
        ] {
            assert_eq!(mode(&path), expect, "{}", path.display());
        }
        assert_eq!(
            std::fs::read_dir(data.keys()).unwrap().count(),
            5,
            "four issuing CAs and the log; no root key among them"
        );
        assert_eq!(
            std::fs::read_dir(home.path()).unwrap().count(),
            2,
            "the data and the passphrase"
        );
        let root_passphrase = read_passphrase(&data.root_offline().join("passphrase")).unwrap();
        read_key(
            &data.root_offline().join("root-2026-1.key"),
            &root_passphrase,
        )
        .unwrap();
    }

    #[tokio::test]
    async fn the_log_tells_of_everything_that_was_made() {
        let home = tempfile::tempdir().unwrap();
        let settings = make(&options(home.path())).await;
        let mut changes = Vec::new();
        read_log(settings.data.path(), &mut |_leaf, entry| {
            assert_eq!(entry.origin.settings, settings.digest);
            changes.extend(entry.changes);
            Ok(())
        })
        .unwrap();
        let certificates: Vec<Certificate> = changes
            .iter()
            .filter_map(|change| match change {
                Change::IssuerAdded(added) => {
                    Some(Certificate::from_der(&added.certificate).unwrap())
                }
                _ => None,
            })
            .collect();
        let [root, router, .., control] = certificates.as_slice() else {
            panic!("{}", certificates.len())
        };
        let now = NOW.parse().unwrap();
        verify_chain(router, &[], root, now).unwrap();
        assert_eq!(
            router.crl_urls(),
            ["http://pki.example.net/crl/root-2026-1.crl"]
        );

        let octets =
            std::fs::read(settings.data.crl_file(&"root-2026-1".parse().unwrap())).unwrap();
        let crl = CertificateList::from_der(&octets).unwrap();
        crl.verify_signed_by(root).unwrap();
        assert_eq!(
            (crl.number(), crl.next_update().since(now)),
            (1, 365 * 86_400)
        );

        let anchor = std::fs::read(settings.data.admin().join("ca.pem")).unwrap();
        assert_eq!(
            Certificate::from_pem_or_der(&anchor).unwrap().der(),
            control.der()
        );
        for file in [
            settings.data.admin().join("admin.pem"),
            settings.data.tls_certificate(),
        ] {
            let chain = Certificate::chain_from_pem(&std::fs::read(&file).unwrap()).unwrap();
            verify_chain(&chain[0], &[], control, now).unwrap();
            let is_logged = changes.iter().any(
                |change| matches!(change, Change::Issued(issued) if issued.certificate == chain[0].der()),
            );
            assert!(is_logged, "{}", file.display());
        }
        assert!(changes.iter().any(
            |change| matches!(change, Change::ActorAdded(actor) if actor.name.as_str() == "admin")
        ));
    }
}
