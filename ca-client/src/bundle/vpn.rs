//! What a person dials into: the `[[vpn]]` sections of the profile file.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::str::FromStr;

use ca_types::{DnsName, NameError, ProfileName};
use serde::{Deserialize, Deserializer};

/// One VPN, as its clients have to know it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Vpn {
    /// What the connection is called on the devices.
    pub name: VpnName,
    /// What the clients dial: a DNS name or an address.
    pub gateway: Host,
    /// The language of the gateway.
    pub protocol: Protocol,
    /// Who the gateway has to be, as in its certificate; none is the gateway's name or address.
    #[serde(default, deserialize_with = "one")]
    pub server_id: Option<Host>,
    /// The port; none is that of the protocol. IKEv2 has only its own.
    pub port: Option<NonZeroU16>,
    /// What OpenVPN runs over; none is UDP.
    pub transport: Option<Transport>,
    /// What goes through the tunnel; none is everything.
    pub networks: Option<Vec<Network>>,
    /// The resolvers behind the gateway; none is what the gateway says.
    #[serde(default, deserialize_with = "many")]
    pub dns: Vec<IpAddr>,
    /// The DNS domains behind the gateway.
    #[serde(default, deserialize_with = "many")]
    pub domains: Vec<DnsName>,
    /// The profile of the clients' certificates; none is `vpn-client`.
    #[serde(default, deserialize_with = "one")]
    pub profile: Option<ProfileName>,
    /// What the CA of the gateway issues for; none is `vpn-server`.
    #[serde(default, deserialize_with = "one")]
    pub gateway_class: Option<ProfileName>,
    /// What a client does when it cannot tell whether the gateway's certificate is revoked.
    #[serde(default)]
    pub revocation: RevocationCheck,
    /// Whether the gateway asks for a user name and a password besides the certificate.
    #[serde(default)]
    pub password: bool,
}

impl Vpn {
    /// Refuses what does not go together.
    ///
    /// # Errors
    /// Says which keys contradict each other.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let is = |protocol| self.protocol == protocol;
        if self.port.is_some() && is(Protocol::Ikev2) {
            return Err("`port`: ikev2 is on UDP 500 and 4500 only");
        }
        if self.transport.is_some() && !is(Protocol::Openvpn) {
            return Err("`transport` is for openvpn only");
        }
        if self.password && is(Protocol::Ikev2) {
            return Err("`password`: these ikev2 clients have certificates only");
        }
        if is(Protocol::Sstp) && self.server_id() != &self.gateway {
            return Err("`server-id`: sstp clients compare the certificate with what they dial");
        }
        if self.networks.as_ref().is_some_and(Vec::is_empty) {
            return Err("`networks` is empty: leave it out to send everything through the tunnel");
        }
        Ok(())
    }

    /// Returns who the gateway has to be.
    pub fn server_id(&self) -> &Host {
        self.server_id.as_ref().unwrap_or(&self.gateway)
    }

    /// Returns the port of SSTP or OpenVPN.
    pub fn port(&self) -> u16 {
        let usual = match self.protocol {
            Protocol::Ikev2 => 500,
            Protocol::Sstp => 443,
            Protocol::Openvpn => 1194,
        };
        self.port.map_or(usual, NonZeroU16::get)
    }

    /// Returns what goes through the tunnel when that is not everything.
    pub fn networks(&self) -> &[Network] {
        self.networks.as_deref().unwrap_or_default()
    }

    /// Returns the name in lower case, with a `-` for everything but letters and digits: for files and sections.
    pub fn slug(&self) -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        self.name.as_str().chars().map(plain).collect()
    }
}

/// The protocol of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// IKEv2 (RFC 7296) with certificates on both sides.
    Ikev2,
    /// SSTP (MS-SSTP).
    Sstp,
    /// OpenVPN.
    Openvpn,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ikev2 => "ikev2",
            Self::Sstp => "sstp",
            Self::Openvpn => "openvpn",
        })
    }
}

/// What OpenVPN runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// UDP, the usual one.
    Udp,
    /// TCP, which RouterOS 6 speaks only.
    Tcp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        })
    }
}

/// What a client does without a CRL of the gateway's CA.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevocationCheck {
    /// It goes on; a CRL that revokes the gateway is obeyed.
    #[default]
    Relaxed,
    /// It refuses: the CRL has to be reachable before the tunnel is up.
    Strict,
}

/// The name of a connection: 1 to 64 letters, digits, spaces, `.`, `-` and `_` of ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VpnName(Box<str>);

impl VpnName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VpnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for VpnName {
    type Err = VpnError;

    fn from_str(text: &str) -> Result<Self, VpnError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || " .-_".contains(c);
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && !text.ends_with(' ') && text.len() <= 64 && text.chars().all(is_plain) {
            Ok(Self(text.into()))
        } else {
            Err(VpnError::Name(text.to_owned()))
        }
    }
}

/// A DNS name or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A DNS name.
    Dns(DnsName),
    /// An address.
    Ip(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => name.fmt(f),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

impl FromStr for Host {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.parse() {
            Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => {
                Err(NameError::MappedAddress {
                    name: text.to_owned(),
                })
            }
            Ok(address) => Ok(Self::Ip(address)),
            Err(_no_address) => text.parse().map(Self::Dns),
        }
    }
}

/// A network in CIDR form, without bits behind its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Returns its first address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// Returns the mask of an IPv4 network: `255.255.0.0`.
    pub fn mask(self) -> Option<std::net::Ipv4Addr> {
        match self.address {
            IpAddr::V4(_) => Some(ones(self.prefix).into()),
            IpAddr::V6(_) => None,
        }
    }
}

/// Returns 32 bits of which the first `prefix` are set.
fn ones(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Network {
    type Err = VpnError;

    fn from_str(text: &str) -> Result<Self, VpnError> {
        let refuse = || VpnError::Network(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(refuse)?;
        let address: IpAddr = address.parse().map_err(|_source| refuse())?;
        if !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refuse());
        }
        let prefix: u8 = prefix.parse().map_err(|_source| refuse())?;
        let is_clean = match address {
            IpAddr::V4(address) => prefix <= 32 && address.to_bits() & !ones(prefix) == 0,
            IpAddr::V6(address) => {
                let mask = u128::MAX
                    .checked_shl(128_u32.saturating_sub(prefix.into()))
                    .unwrap_or(0);
                prefix <= 128 && address.to_bits() & !mask == 0
            }
        };
        if is_clean {
            Ok(Self { address, prefix })
        } else {
            Err(refuse())
        }
    }
}

/// A text that is no part of a `[[vpn]]` section.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VpnError {
    /// No name of a connection.
    #[error(
        "name `{}`: wanted 1 to 64 letters, digits, spaces, `.`, `-` and `_`, with a letter or digit first", .0.escape_default()
    )]
    Name(String),
    /// No network.
    #[error("network `{}`: wanted a prefix without bits behind it, such as 10.80.0.0/16", .0.escape_default())]
    Network(String),
}

/// Reads a value of a type of ours from a text.
fn parsed<'de, D, T>(text: &str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    text.parse().map_err(serde::de::Error::custom)
}

fn one<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    parsed::<D, T>(&text).map(Some)
}

fn many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| parsed::<D, T>(text)).collect()
}

/// A type of ours that is written as a text.
macro_rules! from_text {
    ($($name:ty),+) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                parsed::<D, Self>(&String::deserialize(deserializer)?)
            }
        }
    )+};
}

from_text!(VpnName, Host, Network);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_have_no_bits_behind_their_prefix() {
        for text in [
            "10.80.0.0/16",
            "0.0.0.0/0",
            "192.0.2.1/32",
            "fd00::/8",
            "::/0",
        ] {
            let network: Network = text.parse().unwrap();
            assert_eq!(network.to_string(), text);
        }
        for text in [
            "10.80.0.1/16",
            "10.80.0.0",
            "10.80.0.0/33",
            "10.80.0.0/+8",
            "10.80.0.0/",
            "fd00::1/64",
            "::/129",
            "a/8",
            "",
        ] {
            assert_eq!(
                text.parse::<Network>(),
                Err(VpnError::Network(text.to_owned()))
            );
        }
        let network: Network = "10.80.0.0/12".parse().unwrap();
        assert_eq!(network.mask(), Some([255, 240, 0, 0].into()));
    }

    #[test]
    fn names_are_plain() {
        for text in ["Office", "Example Fleet 2.0_x-y", "7"] {
            assert_eq!(
                text.parse::<VpnName>().map(|name| name.to_string()),
                Ok(text.to_owned())
            );
        }
        let long = "a".repeat(65);
        for text in [
            "", " a", "a ", ".a", "a'b", "a\"b", "a$b", "a`b", "a\nb", "a<b", "a]]>b", "ä", "a/b",
            &long,
        ] {
            assert_eq!(
                text.parse::<VpnName>(),
                Err(VpnError::Name(text.to_owned()))
            );
        }
    }
}
