//! The settings: what the file says, and what was proved of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ca_core::{Organization, Policy};
use ca_store::OpenOptions;
use ca_types::{Code, Hinted, SettingsDigest, SubjectName};
use sha2::{Digest as _, Sha256};
use toml::Spanned;

use crate::data_dir::DataDir;

mod change;
mod limits;
mod profiles;
mod publish_url;
mod raw;
mod reference;

pub use change::{SettingsChange, difference};
pub use limits::Limits;
pub use publish_url::{PublishUrl, PublishUrlError};
pub use reference::{SettingRow, ready_made_profiles, reference};

use raw::RawSettings;

/// What the settings file says, proved.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file.
    pub file: PathBuf,
    /// The SHA-256 of the file, for the log.
    pub digest: SettingsDigest,
    /// Where the state lies.
    pub data: DataDir,
    /// Whose CA it is: it stands in the names of new CAs.
    pub organization: Organization,
    /// Where the published documents are found; it stands in every certificate.
    pub publish_url: PublishUrl,
    /// What may be issued: the domains under which names must lie, and the profiles in effect.
    pub policy: Policy,
    /// The names of this server in its own TLS certificate.
    pub server_names: Vec<SubjectName>,
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where CRLs and CA certificates are published.
    pub http_listen: SocketAddr,
    /// Where health and metrics are shown.
    pub operations_listen: SocketAddr,
    /// Where the passphrase of the CA keys is, unless the command line says.
    pub passphrase_file: Option<PathBuf>,
    /// What peers may take.
    pub limits: Limits,
}

impl Settings {
    /// Reads the settings file of a data directory.
    ///
    /// # Errors
    /// Fails when it cannot be read, or a key is unknown, missing or wrong.
    pub fn of(data: &DataDir) -> Result<Self, SettingsError> {
        Self::read(&data.settings_file())
    }

    /// Reads a settings file; paths in it are relative to its directory.
    ///
    /// # Errors
    /// Fails when it cannot be read, or a key is unknown, missing or wrong.
    pub fn read(file: &Path) -> Result<Self, SettingsError> {
        let octets = std::fs::read(file).map_err(|source| SettingsError::Unreadable {
            file: file.to_owned(),
            source,
        })?;
        Self::parse(file, &octets)
    }

    /// Returns how the store is opened under these settings.
    pub fn store_options(&self) -> OpenOptions {
        OpenOptions {
            reserve_octets: self.limits.reserve_octets,
            ..OpenOptions::system()
        }
    }

    /// Proves the content of a settings file.
    ///
    /// # Errors
    /// Fails when a key is unknown, missing or wrong; the error names the key and its line.
    pub fn parse(file: &Path, octets: &[u8]) -> Result<Self, SettingsError> {
        let wrong = |line, message| SettingsError::Wrong {
            file: file.to_owned(),
            line,
            message,
        };
        let text = std::str::from_utf8(octets).map_err(|error| {
            let sound = octets.get(..error.valid_up_to()).unwrap_or_default();
            wrong(lines_in(sound), "wanted UTF-8".to_owned())
        })?;
        let line_at = |start: usize| lines_in(text.as_bytes().get(..start).unwrap_or_default());
        let raw: RawSettings = toml::from_str(text).map_err(|error| {
            wrong(
                line_at(error.span().map_or(0, |span| span.start)),
                error.message().to_owned(),
            )
        })?;
        let digest: [u8; 32] = Sha256::digest(octets).into();
        let directory = crate::atomic::parent_of(file);
        let proof = Proof {
            line_at: &line_at,
            wrong: &wrong,
        };
        Ok(Self {
            file: file.to_owned(),
            digest: digest.into(),
            data: DataDir::new(
                raw.data
                    .map_or_else(|| directory.to_owned(), |data| directory.join(data)),
            ),
            organization: proof.text("organization", &raw.organization)?,
            publish_url: proof.text("publish_url", &raw.publish_url)?,
            policy: Policy {
                domains: proof.texts("domains", &raw.domains)?,
                profiles: profiles::prove(&raw.profiles, &proof)?,
            },
            server_names: proof.server_names(raw.server_names.as_deref())?,
            listen: proof.address("listen", raw.listen.as_ref(), DEFAULT_LISTEN)?,
            http_listen: proof.address(
                "http_listen",
                raw.http_listen.as_ref(),
                DEFAULT_HTTP_LISTEN,
            )?,
            operations_listen: proof.address(
                "operations_listen",
                raw.operations_listen.as_ref(),
                DEFAULT_OPERATIONS_LISTEN,
            )?,
            passphrase_file: raw.passphrase_file.map(|path| directory.join(path)),
            limits: Limits::prove(&raw.limits, &proof)?,
        })
    }
}

/// Where the API listens unless the settings say.
pub const DEFAULT_LISTEN: &str = "0.0.0.0:8443";
/// Where documents are published unless the settings say.
pub const DEFAULT_HTTP_LISTEN: &str = "0.0.0.0:80";
/// Where health and metrics are shown unless the settings say.
pub const DEFAULT_OPERATIONS_LISTEN: &str = "127.0.0.1:9090";
/// The names of the server unless the settings say.
pub const DEFAULT_SERVER_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Turns written values into proved ones; a wrong one is named with its key and line.
struct Proof<'a> {
    line_at: &'a dyn Fn(usize) -> usize,
    wrong: &'a dyn Fn(usize, String) -> SettingsError,
}

impl Proof<'_> {
    fn refuse<T>(
        &self,
        key: &str,
        value: &Spanned<T>,
        what: impl std::fmt::Display,
    ) -> SettingsError {
        (self.wrong)((self.line_at)(value.span().start), format!("{key}: {what}"))
    }

    fn text<T>(&self, key: &str, value: &Spanned<String>) -> Result<T, SettingsError>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        value
            .get_ref()
            .parse()
            .map_err(|error| self.refuse(key, value, error))
    }

    fn texts<T>(&self, key: &str, values: &[Spanned<String>]) -> Result<Vec<T>, SettingsError>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        values.iter().map(|value| self.text(key, value)).collect()
    }

    fn server_names(
        &self,
        values: Option<&[Spanned<String>]>,
    ) -> Result<Vec<SubjectName>, SettingsError> {
        let key = "server_names";
        let Some(values) = values else {
            let names = DEFAULT_SERVER_NAMES.into_iter().map(str::parse);
            return Ok(names
                .collect::<Result<_, _>>()
                .expect("the default names are names"));
        };
        values
            .iter()
            .map(|value| {
                let name = self.text::<SubjectName>(key, value)?;
                if name.as_str().contains('@') {
                    return Err(self.refuse(key, value, "wanted a DNS name or an IP address"));
                }
                Ok(name)
            })
            .collect()
    }

    fn address(
        &self,
        key: &str,
        value: Option<&Spanned<String>>,
        default: &str,
    ) -> Result<SocketAddr, SettingsError> {
        let Some(value) = value else {
            return Ok(default.parse().expect("the default is an address"));
        };
        value.get_ref().parse().map_err(|_source| {
            let came = value.get_ref().escape_default();
            self.refuse(
                key,
                value,
                format_args!("`{came}`: wanted ADDRESS:PORT, such as {default}"),
            )
        })
    }
}

fn lines_in(before: &[u8]) -> usize {
    before.iter().filter(|octet| **octet == b'\n').count() + 1
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the settings {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A key is unknown, missing or wrong.
    #[error("{}, line {line}: {message}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// What is wrong there.
        message: String,
    },
}

impl Hinted for SettingsError {
    fn code(&self) -> Code {
        match self {
            Self::Unreadable { .. } => Code::FailedPrecondition,
            Self::Wrong { .. } => Code::InvalidRequest,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unreadable { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                "make a data directory with `ca-server init --data DIR …`, or name the file with --config".to_owned()
            }
            Self::Unreadable { .. } => "run it as the user who owns the file".to_owned(),
            Self::Wrong { .. } => "docs/settings.md lists every key with its meaning and default".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str =
        "organization = \"Example Fleet\"\npublish_url = \"http://pki.example.net\"\n";

    fn parse(text: &str) -> Result<Settings, SettingsError> {
        Settings::parse(Path::new("/data/ca-server.toml"), text.as_bytes())
    }

    #[track_caller]
    fn check_wrong(more: &str, expect: &str) {
        let error = parse(&format!("{LEAST}{more}")).unwrap_err();
        let message = error.to_string();
        assert_eq!(
            message.strip_prefix("/data/ca-server.toml, "),
            Some(expect),
            "{more}"
        );
        assert!(error.hint().is_some());
    }

    #[test]
    fn two_keys_are_enough() {
        let settings = parse(LEAST).unwrap();
        assert_eq!(settings.listen, "0.0.0.0:8443".parse().unwrap());
        assert_eq!(settings.http_listen, "0.0.0.0:80".parse().unwrap());
        assert!(settings.operations_listen.ip().is_loopback());
        assert_eq!(settings.data.path(), Path::new("/data"));
        assert_eq!(settings.server_names.len(), 3);
        assert!(settings.policy.domains.is_empty());
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let settings = parse(&format!(
            "{LEAST}data = \"state\"\npassphrase_file = \"/run/p\"\n"
        ))
        .unwrap();
        assert_eq!(settings.data.path(), Path::new("/data/state"));
        assert_eq!(
            settings.passphrase_file.as_deref(),
            Some(Path::new("/run/p"))
        );
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let error = parse(&format!("{LEAST}colour = \"red\"\n"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("/data/ca-server.toml, line 3: unknown field `colour`"),
            "{error}"
        );
        let error = parse(&format!("{LEAST}\n[limits]\nconections = 7\n"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("/data/ca-server.toml, line 5: unknown field `conections`"),
            "{error}"
        );
    }

    #[test]
    fn a_wrong_value_is_named_with_its_line() {
        check_wrong(
            "listen = \"8443\"\n",
            "line 3: listen: `8443`: wanted ADDRESS:PORT, such as 0.0.0.0:8443",
        );
        check_wrong(
            "listen = 7\n",
            "line 3: invalid type: integer `7`, expected a string",
        );
        check_wrong(
            "# one\n# two\ndomains = [\n  \"example.net\",\n  \"*.example.org\"\n]\n",
            "line 7: domains: name `*.example.org` is a wildcard",
        );
        check_wrong(
            "server_names = [\"a@b\"]\n",
            "line 3: server_names: wanted a DNS name or an IP address",
        );
        check_wrong(
            "[limits]\nhandshake_seconds = 0\n",
            "line 4: limits.handshake_seconds: 0: wanted 1 to 300",
        );
        check_wrong(
            "[limits]\nconnections = -1\n",
            "line 4: limits.connections: -1: wanted 1 to 100000",
        );
        check_wrong("organization = \"Twice\"\n", "line 3: duplicate key");
    }

    #[test]
    fn a_missing_key_and_broken_text_are_named() {
        let error = parse("organization = \"Example Fleet\"\n")
            .unwrap_err()
            .to_string();
        assert!(error.contains("missing field `publish_url`"), "{error}");
        let error = Settings::parse(Path::new("f"), b"a = 1\nb = \"\xff\"\n")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "f, line 2: wanted UTF-8");
        let error = parse(&format!("{LEAST}[")).unwrap_err().to_string();
        assert!(
            error.starts_with("/data/ca-server.toml, line 3: "),
            "{error}"
        );
    }

    #[test]
    fn the_digest_is_that_of_the_file() {
        assert_ne!(
            parse(LEAST).unwrap().digest,
            parse(&format!("{LEAST}# changed\n")).unwrap().digest
        );
    }

    /// The sample shows every key of the reference, and holds what holds without it.
    #[test]
    fn the_sample_is_accepted_and_complete() {
        let text = include_str!("../../docs/ca-server.toml");
        let sample = parse(text).unwrap();
        let table: toml::Table = text.parse().unwrap();
        for row in reference() {
            let key = row.key.replace("NAME", "site-gateway");
            let mut path = key.split('.');
            let first = path.next().and_then(|key| table.get(key));
            let value = path.fold(first, |table, key| table.and_then(|table| table.get(key)));
            assert!(value.is_some(), "the sample lacks {}", row.key);
        }
        assert_eq!(sample.limits, parse(LEAST).unwrap().limits);
        assert_eq!(sample.listen, parse(LEAST).unwrap().listen);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,200}") {
            let _any = parse(&text);
            let _more = parse(&format!("{LEAST}{text}"));
        }
    }
}
