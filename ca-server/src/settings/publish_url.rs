//! The URL below which CRLs and CA certificates are found; it is baked into every certificate.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ca_types::{Code, DnsName, Hinted};

/// `http://HOST[:PORT]`, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishUrl {
    host: Host,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Name(DnsName),
    Address(IpAddr),
}

impl PublishUrl {
    /// Lists what will not work for some of those who read the certificates.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let unreachable = match &self.host {
            Host::Name(name) => {
                name.as_str() == "localhost" || name.as_str().ends_with(".localhost")
            }
            Host::Address(address) => is_not_public(*address),
        };
        if unreachable {
            warnings.push(format!(
                "publish URL {self} is not reachable from the Internet: it is baked into every certificate, and \
                 Windows SSTP clients and others refuse what they cannot check"
            ));
        }
        if self.port != 80 {
            warnings.push(format!(
                "publish URL {self} is not on port 80: firewalls between routers and this server must let {} through",
                self.port
            ));
        }
        warnings
    }
}

impl fmt::Display for PublishUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "http://{name}")?,
            Host::Address(IpAddr::V6(address)) => write!(f, "http://[{address}]")?,
            Host::Address(IpAddr::V4(address)) => write!(f, "http://{address}")?,
        }
        if self.port == 80 {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

impl FromStr for PublishUrl {
    type Err = PublishUrlError;

    fn from_str(text: &str) -> Result<Self, PublishUrlError> {
        let refuse = |what| PublishUrlError {
            url: text.to_owned(),
            what,
        };
        let Some(authority) = text.strip_prefix("http://") else {
            return Err(refuse(
                "does not begin with http:// (RouterOS fetches CRLs over plain http only)",
            ));
        };
        if authority.contains(['/', '?', '#', '@', '\\', ' ']) {
            return Err(refuse("has something other than a host and a port"));
        }
        if !authority.starts_with('[') && authority.matches(':').count() > 1 {
            return Err(refuse("has an IPv6 address without brackets"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| refuse("has an impossible port"))?;
        let host = match host
            .strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'))
        {
            Some(inner) => Host::Address(IpAddr::V6(
                inner
                    .parse()
                    .map_err(|_source| refuse("has an impossible IPv6 address"))?,
            )),
            None => match host.parse::<IpAddr>() {
                Ok(address) => Host::Address(address),
                Err(_) => Host::Name(
                    host.parse()
                        .map_err(|_source| refuse("has an impossible host name"))?,
                ),
            },
        };
        Ok(Self { host, port })
    }
}

/// Splits `host:port`; without a port it is 80.
fn split_port(authority: &str) -> Option<(&str, u16)> {
    let host_end = authority.rfind(']').map_or(0, |end| end + 1);
    let Some(colon) = authority.get(host_end..)?.find(':').map(|at| at + host_end) else {
        return Some((authority, 80));
    };
    let (host, port) = (authority.get(..colon)?, authority.get(colon + 1..)?);
    // `parse` alone would take `+80` too.
    let digits = Some(port).filter(|port| port.bytes().all(|octet| octet.is_ascii_digit()))?;
    Some((host, digits.parse().ok().filter(|port| *port != 0)?))
}

fn is_not_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_unspecified()
        }
    }
}

/// A text that is no publish URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("publish URL `{}` {what}: wanted http://HOST[:PORT]", url.escape_default())]
pub struct PublishUrlError {
    url: String,
    what: &'static str,
}

impl Hinted for PublishUrlError {
    fn code(&self) -> Code {
        Code::InvalidRequest
    }

    fn hint(&self) -> Option<String> {
        Some("choose a name that stays for years, such as http://pki.example.net: it cannot be changed later".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<(&str, usize), &str>) {
        let got = text
            .parse::<PublishUrl>()
            .map(|url| (url.to_string(), url.warnings().len()))
            .map_err(|error| error.what);
        assert_eq!(
            got,
            expect.map(|(url, warnings)| (url.to_owned(), warnings)),
            "{text}"
        );
    }

    #[test]
    fn only_host_and_port_make_a_publish_url() {
        check("http://PKI.example.net", Ok(("http://pki.example.net", 0)));
        check(
            "http://pki.example.net:80",
            Ok(("http://pki.example.net", 0)),
        );
        check(
            "http://[2001:db8::1]:8080",
            Ok(("http://[2001:db8::1]:8080", 1)),
        );
        for text in ["https://pki.example.net", "pki.example.net", "HTTP://x", ""] {
            check(
                text,
                Err("does not begin with http:// (RouterOS fetches CRLs over plain http only)"),
            );
        }
        for text in [
            "http://a/",
            "http://a/x",
            "http://u@a",
            "http://a?q",
            "http://a#f",
            "http://a b",
        ] {
            check(text, Err("has something other than a host and a port"));
        }
        for text in [
            "http://a:0",
            "http://a:",
            "http://a:+80",
            "http://a:65536",
            "http://[::1]:x",
        ] {
            check(text, Err("has an impossible port"));
        }
        for text in [
            "http://",
            "http://:80",
            "http://-a",
            "http://1.2.3.400",
            "http://a..b",
        ] {
            check(text, Err("has an impossible host name"));
        }
        check(
            "http://2001:db8::1",
            Err("has an IPv6 address without brackets"),
        );
        check("http://[::g]", Err("has an impossible IPv6 address"));
    }

    #[test]
    fn addresses_that_clients_cannot_reach_and_other_ports_are_warned_about() {
        check("http://localhost:8080", Ok(("http://localhost:8080", 2)));
        for text in [
            "http://127.0.0.1",
            "http://10.0.0.1",
            "http://192.168.88.1",
            "http://[fd00::1]",
        ] {
            check(text, Ok((text, 1)));
        }
    }
}
