//! Where the server is and who we are: the profile file.

use std::ffi::OsString;
use std::fmt;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ca_types::{Code, Hinted, Passphrase};
use serde::Deserialize;
use toml::Spanned;
use tonic::transport::Uri;

use crate::bundle::Vpn;
use crate::files::{self, FileError};

/// What the profile file says, proved: paths are absolute or relative to the working directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The profile file they come from.
    pub file: PathBuf,
    /// Where the API listens.
    pub server: ServerAddress,
    /// The trust anchors of the API: the CA that issues for it.
    pub ca: PathBuf,
    /// Who we are; without it only the holder of a certificate can renew or rekey it.
    pub credential: Option<CredentialFiles>,
    /// What people dial into.
    pub vpns: Vec<Vpn>,
}

/// The certificate of an actor and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialFiles {
    /// The certificate in PEM.
    pub certificate: PathBuf,
    /// The key in PKCS#8 PEM, not encrypted.
    pub key: PathBuf,
}

/// What the environment says; read once, so that everything else takes it as an argument.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `CA_CLIENT_PROFILE`.
    pub profile_file: Option<OsString>,
    /// `XDG_CONFIG_HOME`.
    pub config_home: Option<OsString>,
    /// `HOME`.
    pub home: Option<OsString>,
    /// Whether somebody sits at the terminal and can answer.
    pub is_attended: bool,
}

/// The host and port of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    host: Box<str>,
    port: u16,
}

/// What is written in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    server: String,
    ca: PathBuf,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    #[serde(default)]
    vpn: Vec<Spanned<Vpn>>,
}

/// Reads a secret from a variable that the fleet file names; an empty one is none.
pub(crate) fn secret_variable(name: &str) -> Option<Passphrase> {
    use std::os::unix::ffi::OsStringExt as _;
    let value = std::env::var_os(name)?;
    let secret = Passphrase::from_file_content(value.into_vec());
    (!secret.is_empty()).then_some(secret)
}

impl Environment {
    /// Reads the variables of the process.
    pub fn read() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            profile_file: variable(VARIABLE),
            config_home: variable("XDG_CONFIG_HOME"),
            home: variable("HOME"),
            is_attended: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        }
    }

    fn standard_places(&self) -> Vec<PathBuf> {
        let homes = [
            self.config_home.as_ref().map(PathBuf::from),
            self.home
                .as_ref()
                .map(|home| Path::new(home).join(".config")),
        ];
        let mut places: Vec<PathBuf> = homes
            .into_iter()
            .flatten()
            .map(|home| home.join("fleet-ca").join("client.toml"))
            .collect();
        places.dedup();
        places
    }
}

impl Settings {
    /// Finds and reads the profile file: the flag, then the variable, then the standard places.
    ///
    /// # Errors
    /// Fails when there is none, it cannot be read, or a key of it is wrong.
    pub fn find(flag: Option<&Path>, environment: &Environment) -> Result<Self, SettingsError> {
        if let Some(file) = flag {
            return Self::read(file);
        }
        if let Some(file) = &environment.profile_file {
            return Self::read(Path::new(file));
        }
        let places = environment.standard_places();
        match places.iter().find(|place| place.exists()) {
            Some(file) => Self::read(file),
            None => Err(SettingsError::NoFile { tried: places }),
        }
    }

    /// Reads one profile file.
    ///
    /// # Errors
    /// Fails when it cannot be read or a key of it is wrong.
    pub fn read(file: &Path) -> Result<Self, SettingsError> {
        Self::parse(file, files::read(file)?)
    }

    /// Reads the content of a profile file, whose place decides what its paths mean.
    fn parse(file: &Path, octets: Vec<u8>) -> Result<Self, SettingsError> {
        let wrong = |line, message| SettingsError::Wrong {
            file: file.to_owned(),
            line,
            message,
        };
        let text = String::from_utf8(octets).map_err(|error| wrong(1, error.to_string()))?;
        let raw: ProfileFile = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            wrong(line_after(before), error.message().to_owned())
        })?;
        let server = raw.server.parse().map_err(|error: ServerAddressError| {
            wrong(line_of(&text, "server"), error.to_string())
        })?;
        let directory = file.parent().unwrap_or_else(|| Path::new(""));
        let credential = match (raw.certificate, raw.key) {
            (Some(certificate), Some(key)) => Some(CredentialFiles {
                certificate: directory.join(certificate),
                key: directory.join(key),
            }),
            (None, None) => None,
            (Some(_), None) => {
                let line = line_of(&text, "certificate");
                return Err(wrong(line, "`certificate` without `key`".to_owned()));
            }
            (None, Some(_)) => {
                let line = line_of(&text, "key");
                return Err(wrong(line, "`key` without `certificate`".to_owned()));
            }
        };
        let vpns = proved_vpns(raw.vpn)
            .map_err(|(before, message)| wrong(line_after(text.get(..before)), message))?;
        Ok(Self {
            file: file.to_owned(),
            server,
            ca: directory.join(raw.ca),
            credential,
            vpns,
        })
    }
}

/// Refuses sections that contradict themselves or each other, with where they begin.
fn proved_vpns(sections: Vec<Spanned<Vpn>>) -> Result<Vec<Vpn>, (usize, String)> {
    let mut vpns: Vec<Vpn> = Vec::with_capacity(sections.len());
    for section in sections {
        let start = section.span().start;
        let vpn = section.into_inner();
        let wrong = |what| (start, format!("vpn `{}`: {what}", vpn.name));
        vpn.check().map_err(|what| wrong(what.to_owned()))?;
        // The names of files and sections are made of it.
        if let Some(other) = vpns.iter().find(|other| other.slug() == vpn.slug()) {
            return Err(wrong(format!("is too like the vpn `{}`", other.name)));
        }
        vpns.push(vpn);
    }
    Ok(vpns)
}

fn line_after(before: Option<&str>) -> usize {
    before.unwrap_or_default().matches('\n').count() + 1
}

fn line_of(text: &str, key: &str) -> usize {
    let is_it = |line: &str| {
        line.trim_start()
            .strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    text.lines().position(is_it).map_or(1, |index| index + 1)
}

impl ServerAddress {
    /// Returns the host: a DNS name or an address without brackets.
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns host and port as they stand in a URL.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}:{}", self.host, self.port)
    }
}

impl FromStr for ServerAddress {
    type Err = ServerAddressError;

    fn from_str(text: &str) -> Result<Self, ServerAddressError> {
        let refuse = || ServerAddressError(text.to_owned());
        let uri: Uri = text.parse().map_err(|_source| refuse())?;
        let (Some("https"), Some(authority), "/", None) =
            (uri.scheme_str(), uri.authority(), uri.path(), uri.query())
        else {
            return Err(refuse());
        };
        let port = authority.port_u16().ok_or_else(refuse)?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(refuse());
        }
        Ok(Self {
            host: authority.host().into(),
            port,
        })
    }
}

/// A text that is no address of the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("server `{}`: wanted https://HOST:PORT", .0.escape_default())]
pub struct ServerAddressError(String);

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No place has a profile file.
    #[error(
        "no profile file found; tried --profile-file and {VARIABLE} (not given){}",
        listed(tried)
    )]
    NoFile {
        /// The standard places that were tried.
        tried: Vec<PathBuf>,
    },
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key is unknown, missing or wrong.
    #[error("{}:{line}: {message}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// What is wrong there.
        message: String,
    },
}

fn listed(places: &[PathBuf]) -> String {
    places
        .iter()
        .map(|place| format!(", {}", place.display()))
        .collect()
}

impl Hinted for SettingsError {
    fn code(&self) -> Code {
        match self {
            Self::NoFile { .. } | Self::File(_) => Code::FailedPrecondition,
            Self::Wrong { .. } => Code::InvalidRequest,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFile { .. } => format!(
                "`ca-server init` writes one into DIR/admin/client.toml: give it with --profile-file or {VARIABLE}"
            ),
            Self::File(error) if !error.is_absent() => return error.hint(),
            Self::File(_) => {
                format!("give an existing profile file with --profile-file or {VARIABLE}")
            }
            Self::Wrong { .. } => {
                "the keys are server = \"https://HOST:PORT\", ca, certificate and key; then [[vpn]] sections, \
                 which docs/clients.md describes"
                    .to_owned()
            }
        })
    }
}

const VARIABLE: &str = "CA_CLIENT_PROFILE";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::files::{Existing, Mode};

    fn written(content: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("client.toml");
        files::write(&file, content.as_bytes(), Mode::Public, Existing::Keep).unwrap();
        (directory, file)
    }

    #[track_caller]
    fn check_wrong(content: &str, expect: &str) {
        let (_directory, file) = written(content);
        let message = Settings::read(&file).unwrap_err().to_string();
        let place = format!("{}:", file.display());
        assert_eq!(message.strip_prefix(&place), Some(expect));
    }

    #[test]
    fn paths_are_relative_to_the_profile_file() {
        let (directory, file) = written(
            "server = \"https://[::1]:8443\"\nca = \"ca.pem\"\ncertificate = \"a.pem\"\nkey = \"/k/a.key\"\n",
        );
        let settings = Settings::read(&file).unwrap();
        assert_eq!(settings.ca, directory.path().join("ca.pem"));
        let credential = settings.credential.unwrap();
        assert_eq!(credential.certificate, directory.path().join("a.pem"));
        assert_eq!(credential.key, Path::new("/k/a.key"));
        assert_eq!(
            (settings.server.host(), settings.server.port()),
            ("::1", 8443)
        );
        assert_eq!(settings.server.to_string(), "https://[::1]:8443");
    }

    #[test]
    fn a_wrong_key_names_its_line() {
        check_wrong(
            "server = \"https://a:1\"\nca = \"c\"\nservr = \"x\"\n",
            "3: unknown field `servr`, expected one of `server`, `ca`, `certificate`, `key`, `vpn`",
        );
        check_wrong("ca = \"c\"\n", "1: missing field `server`");
        check_wrong(
            "# ours\nserver = \"http://a:1\"\nca = \"c\"\n",
            "2: server `http://a:1`: wanted https://HOST:PORT",
        );
        check_wrong(
            "server = \"https://a:1\"\nca = \"c\"\nkey = \"k\"\n",
            "3: `key` without `certificate`",
        );
    }

    #[test]
    fn a_vpn_names_what_is_wrong_and_where() {
        let head = "server = \"https://a:1\"\nca = \"c\"\n";
        let office =
            "[[vpn]]\nname = \"Office\"\ngateway = \"vpn.example.net\"\nprotocol = \"ikev2\"\n";
        let (_directory, file) = written(&format!("{head}{office}networks = [\"10.80.0.0/16\"]\n"));
        let settings = Settings::read(&file).unwrap();
        let vpn = settings.vpns.first().unwrap();
        assert_eq!(vpn.server_id().to_string(), "vpn.example.net");
        assert_eq!(vpn.networks(), ["10.80.0.0/16".parse().unwrap()]);
        for (more, expect) in [
            (
                "port = 4500\n",
                "3: vpn `Office`: `port`: ikev2 is on UDP 500 and 4500 only",
            ),
            (
                "transport = \"tcp\"\n",
                "3: vpn `Office`: `transport` is for openvpn only",
            ),
            (
                "networks = []\n",
                "3: vpn `Office`: `networks` is empty: leave it out to send everything through the tunnel",
            ),
            (
                "[[vpn]]\nname = \"office\"\ngateway = \"a.example\"\nprotocol = \"sstp\"\n",
                "7: vpn `office`: is too like the vpn `Office`",
            ),
            (
                "dns = [\"10.80.0.53\", \"x\"]\n",
                "7: invalid IP address syntax",
            ),
            (
                "networks = [\"10.80.0.1/16\"]\n",
                "7: network `10.80.0.1/16`: wanted a prefix without bits behind it, such as 10.80.0.0/16",
            ),
            (
                "sever-id = \"x\"\n",
                "7: unknown field `sever-id`, expected one of `name`, `gateway`, `protocol`, `server-id`, `port`, `transport`, `networks`, `dns`, `domains`, `profile`, `gateway-class`, `revocation`, `password`",
            ),
        ] {
            check_wrong(&format!("{head}{office}{more}"), expect);
        }
    }

    #[test]
    fn only_host_and_port_make_an_address() {
        for text in [
            "https://a",
            "https://a:1/x",
            "https://u@a:1",
            "a:1",
            "https://a:1?q",
            "",
        ] {
            assert_eq!(
                text.parse::<ServerAddress>(),
                Err(ServerAddressError(text.to_owned()))
            );
        }
    }

    #[test]
    fn the_flag_wins_over_the_variable_and_the_variable_over_the_home() {
        let content = |port: u16| format!("server = \"https://a:{port}\"\nca = \"c\"\n");
        let (_one, flag) = written(&content(1));
        let (_two, variable) = written(&content(2));
        let home = tempfile::tempdir().unwrap();
        let standard = home.path().join(".config/fleet-ca/client.toml");
        let _unless_used = files::create_directory(standard.parent().unwrap()).unwrap();
        files::write(
            &standard,
            content(3).as_bytes(),
            Mode::Public,
            Existing::Keep,
        )
        .unwrap();
        let environment = |variable: Option<&Path>| Environment {
            profile_file: variable.map(OsString::from),
            config_home: Some(home.path().join("absent").into()),
            home: Some(home.path().into()),
            is_attended: false,
        };
        let port = |flag: Option<&Path>, variable: Option<&Path>| {
            Settings::find(flag, &environment(variable))
                .unwrap()
                .server
                .port()
        };
        assert_eq!(port(Some(&flag), Some(&variable)), 1);
        assert_eq!(port(None, Some(&variable)), 2);
        assert_eq!(port(None, None), 3);
    }

    #[test]
    fn without_a_file_the_error_lists_what_was_tried() {
        let environment = Environment {
            profile_file: None,
            config_home: Some("/nowhere/x".into()),
            home: Some("/nowhere".into()),
            is_attended: false,
        };
        let error = Settings::find(None, &environment).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no profile file found; tried --profile-file and CA_CLIENT_PROFILE (not given), \
             /nowhere/x/fleet-ca/client.toml, /nowhere/.config/fleet-ca/client.toml"
        );
    }

    /// A value of a `[[vpn]]` section: a sound one, one that would break out of a script or an XML file, or any.
    fn some_value() -> impl Strategy<Value = String> {
        let plain = prop::sample::select(vec![
            "\"Office\"",
            "\"vpn.example.net\"",
            "\"192.0.2.1\"",
            "\"2001:db8::1\"",
            "\"ikev2\"",
            "\"sstp\"",
            "\"openvpn\"",
            "\"udp\"",
            "\"strict\"",
            "[\"10.80.0.0/16\"]",
            "[]",
            "443",
            "true",
        ]);
        let hostile = prop::sample::select(vec![
            "\"a\\nb\"",
            "\"$(reboot)\"",
            "\"</string><key>\"",
            "'a\"b'",
            "\"a'b\"",
            "\"`id`\"",
            "\"a;b\"",
            "\"../../etc\"",
            "[\"10.80.0.1/16\"]",
            "[\"x\\u0000\"]",
            "0",
            "65536",
            "-1",
            "{}",
        ]);
        prop_oneof![
            4 => plain.prop_map(str::to_owned),
            1 => hostile.prop_map(str::to_owned),
            1 => "[ -~]{0,12}",
        ]
    }

    fn some_section() -> impl Strategy<Value = String> {
        let keys = prop::sample::subsequence(
            vec![
                "server-id",
                "port",
                "transport",
                "networks",
                "dns",
                "domains",
                "profile",
                "gateway-class",
                "revocation",
                "password",
                "else",
            ],
            0..4,
        );
        let more = keys.prop_flat_map(|keys| {
            let values = prop::collection::vec(some_value(), keys.len());
            values.prop_map(move |values| {
                let lines = keys.iter().zip(&values);
                lines
                    .map(|(key, value)| format!("{key} = {value}\n"))
                    .collect::<String>()
            })
        });
        let needed = (some_value(), some_value(), some_value(), more);
        needed.prop_map(|(name, gateway, protocol, more)| {
            format!("[[vpn]]\nname = {name}\ngateway = {gateway}\nprotocol = {protocol}\n{more}")
        })
    }

    proptest! {
        /// Whatever stands there: a wrong file is refused with a line that it has, and what is taken holds nothing that
        /// ends a string in any file that a device gets.
        #[test]
        fn a_vpn_is_refused_with_its_line_or_safe_to_write(
            sections in prop::collection::vec(some_section(), 1..3),
        ) {
            let head = "server = \"https://a:1\"\nca = \"c\"\n";
            let text = head.to_owned() + &sections.concat();
            match Settings::parse(Path::new("client.toml"), text.clone().into_bytes()) {
                Ok(settings) => {
                    for vpn in &settings.vpns {
                        let hosts = [vpn.gateway.to_string(), vpn.server_id().to_string()];
                        let lists = vpn.networks().iter().map(ToString::to_string);
                        let domains = vpn.domains.iter().map(ToString::to_string);
                        let words = hosts.into_iter().chain(lists).chain(domains).chain([vpn.slug()]);
                        for word in words {
                            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:/".contains(c);
                            prop_assert!(word.chars().all(is_plain), "{word:?}");
                        }
                        let is_plain = |c: char| c.is_ascii_alphanumeric() || " ._-".contains(c);
                        let name = vpn.name.as_str();
                        prop_assert!(name.chars().all(is_plain), "{name:?}");
                        prop_assert!(vpn.port() > 0);
                    }
                }
                Err(SettingsError::Wrong { line, message, .. }) => {
                    let lines = text.matches('\n').count() + 1;
                    prop_assert!((1..=lines).contains(&line), "line {line} of {lines}: {message}");
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }

        #[test]
        fn no_octets_stop_the_reader(octets in prop::collection::vec(any::<u8>(), 0..256)) {
            if let Err(error) = Settings::parse(Path::new("client.toml"), octets) {
                prop_assert!(matches!(error, SettingsError::Wrong { .. }), "{error}");
            }
        }
    }
}
