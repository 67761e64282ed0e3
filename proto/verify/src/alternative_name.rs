//! Subject alternative names (RFC 5280 §4.2.1.6).

use std::fmt;
use std::net::IpAddr;

use ca_types::{DnsName, EmailAddress, GeneralName};

use crate::der_reader::{DerReader, Element, MalformedDer, tag};

/// One subject alternative name as it stands in a certificate or a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlternativeName {
    /// A name that this CA issues.
    Issuable(GeneralName),
    /// An address in a `dNSName`, as Windows wants it of gateways beside the `iPAddress`.
    AddressAsDns(IpAddr),
    /// Anything else: another form, or a value that is no well-formed name.
    Foreign(String),
}

impl AlternativeName {
    /// Reads `GeneralNames`: at least one.
    pub(crate) fn read_all(value: &[u8]) -> Result<Vec<Self>, MalformedDer> {
        let names = Self::read_written(value)?;
        Ok(names.into_iter().map(|written| written.name).collect())
    }

    /// Reads `GeneralNames` and how each is written.
    pub(crate) fn read_written(value: &[u8]) -> Result<Vec<Written<'_>>, MalformedDer> {
        let mut reader = DerReader::new(value, "subject alternative names");
        let mut list = reader.sequence("subject alternative names")?;
        reader.finish()?;
        if list.is_at_end() {
            return Err(list.error("is an empty list"));
        }
        let mut names = Vec::with_capacity(2);
        while !list.is_at_end() {
            let element = list.element()?;
            names.push(Written {
                name: Self::read(element),
                tag: element.tag,
                octets: element.content,
            });
        }
        Ok(names)
    }

    fn read(name: Element<'_>) -> Self {
        let text = std::str::from_utf8(name.content).ok();
        match (name.tag, text) {
            (EMAIL, Some(text)) => text.parse::<EmailAddress>().map_or_else(
                |_source| Self::Foreign(format!("email:{text}")),
                |address| Self::Issuable(GeneralName::Email(address)),
            ),
            (DNS, Some(text)) => match (text.parse::<DnsName>(), text.parse::<IpAddr>()) {
                (Ok(name), _) => Self::Issuable(GeneralName::Dns(name)),
                (Err(_), Ok(address)) if address.to_string() == text => Self::AddressAsDns(address),
                (Err(_), _) => Self::Foreign(format!("dns:{text}")),
            },
            (ADDRESS, _) => address(name.content).map_or_else(
                || Self::Foreign(format!("ip:{}", hexadecimal(name.content))),
                |address| Self::Issuable(GeneralName::Ip(address)),
            ),
            (URI, Some(text)) => Self::Foreign(format!("uri:{text}")),
            (other, _) => Self::Foreign(format!(
                "form {}:{}",
                other & 0x1f,
                hexadecimal(name.content)
            )),
        }
    }
}

/// A name, and the octets that it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Written<'a> {
    pub(crate) name: AlternativeName,
    /// The tag of its form.
    pub(crate) tag: u8,
    pub(crate) octets: &'a [u8],
}

pub(crate) const EMAIL: u8 = tag::context(1);
pub(crate) const DNS: u8 = tag::context(2);
const URI: u8 = tag::context(6);
pub(crate) const ADDRESS: u8 = tag::context(7);

/// Reads an `iPAddress` of 4 or 16 octets; an IPv4 address in IPv6 clothes is none.
fn address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return Some(IpAddr::from(v4));
    }
    let v6 = std::net::Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?);
    v6.to_ipv4_mapped().is_none().then_some(IpAddr::V6(v6))
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

impl fmt::Display for AlternativeName {
    /// Writes the form and the value, control characters escaped: `dns:vpn.example.net`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuable(name) => name.fmt(f),
            Self::AddressAsDns(address) => write!(f, "dns:{address}"),
            Self::Foreign(text) => write!(f, "{}", text.escape_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tag: u8, content: &[u8], expect: &str) {
        let name = AlternativeName::read(Element {
            tag,
            content,
            octets: content,
        });
        assert_eq!(format!("{name:?}"), expect);
    }

    #[test]
    fn names_that_are_not_issued_keep_their_form() {
        check(
            DNS,
            b"VPN.example.net",
            "Issuable(Dns(DnsName(\"vpn.example.net\")))",
        );
        check(DNS, b"192.0.2.1", "AddressAsDns(192.0.2.1)");
        check(DNS, b"*.example.net", "Foreign(\"dns:*.example.net\")");
        check(DNS, b"a.example\0.net", "Foreign(\"dns:a.example\\0.net\")");
        check(DNS, b"a.example.net.", "Foreign(\"dns:a.example.net.\")");
        check(
            DNS,
            "ex\u{e4}mple.net".as_bytes(),
            "Foreign(\"dns:ex\u{e4}mple.net\")",
        );
        check(DNS, &[0xff], "Foreign(\"form 2:ff\")");
        check(ADDRESS, &[192, 0, 2, 1], "Issuable(Ip(192.0.2.1))");
        check(ADDRESS, &[192, 0, 2], "Foreign(\"ip:c00002\")");
        check(
            ADDRESS,
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4],
            "Foreign(\"ip:00000000000000000000ffff01020304\")",
        );
        check(URI, b"http://x/", "Foreign(\"uri:http://x/\")");
        check(0xa0, &[6, 1, 1], "Foreign(\"form 0:060101\")");
    }
}
