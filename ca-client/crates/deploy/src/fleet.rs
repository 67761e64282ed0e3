//! The fleet file: which routers there are, how they are reached, and which certificates they shall have.

mod edit;
mod raw;

use std::fmt;
use std::path::PathBuf;

use ca_routeros::Door;
use ca_types::{Code, Days, GeneralName, Hinted, KeyId, ProfileName, SubjectName};

pub use edit::{NewEntry, with_pin};
use raw::RawFleet;

/// What the fleet file says, proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fleet {
    /// The routers, in the order of the file; names are unique.
    pub routers: Vec<RouterEntry>,
}

/// One router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterEntry {
    /// What it is called on the command line.
    pub name: String,
    /// Its host: a DNS name or an address, without brackets.
    pub address: String,
    /// How it is reached.
    pub door: Door,
    /// The port there.
    pub port: u16,
    /// Who logs in.
    pub user: String,
    /// Where the password is.
    pub password: PasswordSource,
    /// The keys that it may show in TLS; none for a plain door.
    pub pins: Vec<KeyId>,
    /// The certificates that it shall have.
    pub certificates: Vec<CertificateWish>,
    /// Whether it shall check the revocation of its peers.
    pub crl_use: bool,
    /// The classes of the CAs that issue for its peers: `router`, `vpn-server`, `vpn-client`.
    pub peer_issuers: Vec<String>,
}

/// Where a password is: never on the command line, never in the fleet file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// In a file; a relative path begins at the fleet file.
    File(PathBuf),
    /// In a variable of the environment.
    Environment(String),
}

/// A certificate that a router shall have, and where it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateWish {
    /// The profile.
    pub profile: ProfileName,
    /// The NAME.
    pub name: SubjectName,
    /// Further names.
    pub sans: Vec<GeneralName>,
    /// The validity; none takes that of the profile.
    pub days: Option<Days>,
    /// The kind of key; none takes the default under the CA.
    pub key_algorithm: Option<String>,
    /// What it is bound to.
    pub bindings: Vec<Binding>,
}

/// What uses a certificate on a router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// The service `www-ssl`.
    WwwSsl,
    /// The service `api-ssl`.
    ApiSsl,
    /// An identity of an IPsec peer.
    Ipsec(IpsecBinding),
    /// The SSTP server.
    SstpServer,
    /// An SSTP client interface.
    SstpClient {
        /// The name of the interface.
        interface: String,
    },
}

/// An identity of an IPsec peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpsecBinding {
    /// The name of the peer, which exists already.
    pub peer: String,
    /// Who we are: `fqdn:NAME` or `user-fqdn:NAME`.
    pub my_id: String,
    /// Who the peer is: `fqdn:NAME` or `user-fqdn:NAME`.
    pub remote_id: String,
    /// `generate-policy` of the identity; none leaves it as found.
    pub generate_policy: Option<String>,
    /// `mode-config` of the identity; none leaves it as found.
    pub mode_config: Option<String>,
    /// `policy-template-group` of the identity; none leaves it as found.
    pub policy_template_group: Option<String>,
}

impl Fleet {
    /// Reads the text of a fleet file.
    ///
    /// # Errors
    /// Fails when a key is unknown, missing or wrong; the error names the line.
    pub fn parse(text: &str) -> Result<Self, FleetError> {
        RawFleet::parse(text)?.prove(text)
    }

    /// Finds a router by its name.
    pub fn router(&self, name: &str) -> Option<&RouterEntry> {
        self.routers.iter().find(|router| router.name == name)
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WwwSsl => f.write_str("www-ssl"),
            Self::ApiSsl => f.write_str("api-ssl"),
            Self::Ipsec(ipsec) => write!(f, "ipsec {} {}", ipsec.peer, ipsec.remote_id),
            Self::SstpServer => f.write_str("sstp-server"),
            Self::SstpClient { interface } => write!(f, "sstp-client {interface}"),
        }
    }
}

/// What is wrong with a fleet file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct FleetError {
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl Hinted for FleetError {
    fn code(&self) -> Code {
        Code::InvalidRequest
    }

    fn hint(&self) -> Option<String> {
        Some(
            "docs/routers.md describes every key; `ca-client router add` writes an entry"
                .to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
[defaults]
user = "fleet-ca"
password-file = "router.password"

[[router]]
name = "berlin-01"
address = "192.0.2.1"
door = "rest"
pins = ["sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"]
crl-use = true

[[router.certificate]]
profile = "router"
name = "berlin-01.example.net"
san = ["ip:192.0.2.1"]
bind = ["www-ssl", "sstp-client:to-hq"]

[[router.certificate.ipsec]]
peer = "hamburg"
remote-id = "fqdn:hamburg-01.example.net"

[[router]]
name = "hamburg-01"
address = "hamburg-01.example.net"
door = "api-ssl"
port = 18729
user = "other"
password-env = "HAMBURG"
"#;

    #[test]
    fn a_fleet_file_is_read_with_its_defaults() {
        let fleet = Fleet::parse(WHOLE).unwrap();
        let berlin = fleet.router("berlin-01").unwrap();
        assert_eq!((berlin.door, berlin.port), (Door::Rest, 443));
        assert_eq!(
            berlin.password,
            PasswordSource::File("router.password".into())
        );
        assert_eq!(berlin.pins.len(), 1);
        assert!(berlin.crl_use);
        assert_eq!(berlin.peer_issuers, ["router", "vpn-server"]);
        let [certificate] = berlin.certificates.as_slice() else {
            panic!("one certificate")
        };
        let bindings: Vec<String> = certificate
            .bindings
            .iter()
            .map(ToString::to_string)
            .collect();
        let expect = [
            "www-ssl",
            "sstp-client to-hq",
            "ipsec hamburg fqdn:hamburg-01.example.net",
        ];
        assert_eq!(bindings, expect);
        let Some(Binding::Ipsec(ipsec)) = certificate.bindings.last() else {
            panic!("an identity")
        };
        assert_eq!(ipsec.my_id, "fqdn:berlin-01.example.net");
        let hamburg = fleet.router("hamburg-01").unwrap();
        assert_eq!(
            (hamburg.user.as_str(), hamburg.port, hamburg.door),
            ("other", 18729, Door::ApiSsl)
        );
        assert_eq!(
            hamburg.password,
            PasswordSource::Environment("HAMBURG".to_owned())
        );
    }

    #[track_caller]
    fn check(from: &str, to: &str, expect: &str) {
        let text = WHOLE.replacen(from, to, 1);
        assert_ne!(text, WHOLE, "`{from}` stands in the file");
        assert_eq!(Fleet::parse(&text).unwrap_err().to_string(), expect);
    }

    #[test]
    fn one_certificate_is_wanted_by_one_router_and_one_place_wants_one_certificate() {
        let more = |name: &str| {
            format!(
                "{WHOLE}\n[[router.certificate]]\nprofile = \"router\"\nname = \"{name}\"\nbind = [\"api-ssl\"]\n"
            )
        };
        let error = Fleet::parse(&more("berlin-01.example.net")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 33: name: `berlin-01.example.net` is the NAME of another certificate already"
        );
        let twice = more("hamburg-01.example.net")
            + "\n[[router.certificate]]\nprofile = \"router\"\nname = \"other.example.net\"\nbind = [\"api-ssl\"]\n";
        let error = Fleet::parse(&twice).unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 38: bind: api-ssl is bound to another certificate already"
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        check(
            "door = \"rest\"",
            "door = \"http\"",
            "line 9: door: wanted rest, api-ssl, ssh, rest-plain or api-plain, `http` came",
        );
        check(
            "crl-use = true",
            "crl-usage = true",
            "line 11: unknown field `crl-usage`, expected one of `name`, `address`, `door`, `port`, `user`, \
             `password-file`, `password-env`, `pins`, `crl-use`, `peer-issuers`, `certificate`",
        );
        check(
            "\"sha256:00",
            "\"sha256:",
            "line 10: pins: a SHA-256 digest has 32 octets, this has 31",
        );
        check(
            "name = \"hamburg-01\"",
            "name = \"berlin-01\"",
            "line 24: name: `berlin-01` is there twice",
        );
        check(
            "\"www-ssl\",",
            "\"winbox\",",
            "line 17: bind: wanted www-ssl, api-ssl, sstp-server or sstp-client:NAME, `winbox` came",
        );
        check(
            "fqdn:hamburg-01.example.net",
            "hamburg-01.example.net",
            "line 21: remote-id: wanted fqdn:NAME or user-fqdn:NAME, `hamburg-01.example.net` came",
        );
        check(
            "password-env = \"HAMBURG\"",
            "password-env = \"HAMBURG\"\npassword-file = \"x\"",
            "line 24: password-file and password-env: one of them is wanted",
        );
        check(
            "peer = \"hamburg\"",
            "peer = \"ham\\nburg\"",
            "line 20: peer: wanted a text without control characters, of at most 128 characters",
        );
        check(
            "name = \"berlin-01.example.net\"",
            "name = \"-x\"",
            "line 15: name: name `-x` is empty, begins with `.` or `-`, or holds `/` or a control character",
        );
    }

    #[test]
    fn a_router_without_a_user_or_a_password_is_refused() {
        let text = "[[router]]\nname = \"a\"\naddress = \"a.example\"\ndoor = \"rest\"\n";
        assert_eq!(
            Fleet::parse(text).unwrap_err().to_string(),
            "line 2: user: is missing here and in [defaults]"
        );
        let text = format!("[defaults]\nuser = \"u\"\n{text}");
        assert_eq!(
            Fleet::parse(&text).unwrap_err().to_string(),
            "line 4: password-file or password-env: is missing here and in [defaults]"
        );
    }
}
