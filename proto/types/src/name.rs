//! Names of subjects: DNS names, addresses, e-mail addresses (RFC 5280 §4.2.1.6).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A host name of one or more labels, in lower case, without a trailing dot or wildcard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(Box<str>);

impl DnsName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether this name equals `suffix` or lies below it.
    pub fn is_below(&self, suffix: &Self) -> bool {
        self.0
            .strip_suffix(&*suffix.0)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
    }
}

impl FromStr for DnsName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refuse = |what| NameError::NotADnsName {
            name: text.to_owned(),
            what,
        };
        if text.is_empty() {
            return Err(refuse("is empty"));
        }
        if text.len() > 253 {
            return Err(refuse("has more than 253 characters"));
        }
        if text.ends_with('.') {
            return Err(refuse("ends with a dot"));
        }
        if text.contains('*') {
            return Err(refuse("is a wildcard"));
        }
        if !text.is_ascii() {
            return Err(refuse(
                "is not ASCII: write international names in their xn-- form",
            ));
        }
        for label in text.split('.') {
            if label.is_empty() || label.len() > 63 {
                return Err(refuse(
                    "has a label that is empty or longer than 63 characters",
                ));
            }
            if label.starts_with('-') || label.ends_with('-') {
                return Err(refuse("has a label that begins or ends with a dash"));
            }
            if !label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            {
                return Err(refuse(
                    "has a character other than letters, digits, dashes and underscores",
                ));
            }
        }
        let last = text.rsplit('.').next().unwrap_or(text);
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refuse("ends with a number like an address"));
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An e-mail address (`rfc822Name`): a dot-atom, `@`, and a DNS name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(Box<str>);

impl EmailAddress {
    /// Returns the address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit('@').next().unwrap_or_default()
    }
}

impl FromStr for EmailAddress {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refuse = |what| NameError::NotAnEmailAddress {
            name: text.to_owned(),
            what,
        };
        let Some((local, domain)) = text.split_once('@') else {
            return Err(refuse("has no `@`"));
        };
        if local.is_empty() || local.len() > 64 {
            return Err(refuse(
                "has nothing, or more than 64 characters, before the `@`",
            ));
        }
        if local.split('.').any(str::is_empty) || !local.bytes().all(is_atom) {
            return Err(refuse("has something other than a dot-atom before the `@`"));
        }
        let domain: DnsName = domain.parse()?;
        Ok(Self(format!("{local}@{domain}").into()))
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 5322 `atext` without `/`, which no NAME may hold.
fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-=?^_`{|}~.".contains(&byte)
}

/// One `subjectAltName`, of the three forms that this CA issues.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GeneralName {
    /// `dNSName`.
    Dns(DnsName),
    /// `iPAddress`.
    Ip(IpAddr),
    /// `rfc822Name`.
    Email(EmailAddress),
}

impl GeneralName {
    /// Returns the name without its form: `vpn.example.net`.
    pub fn value(&self) -> String {
        match self {
            Self::Dns(name) => name.to_string(),
            Self::Ip(address) => address.to_string(),
            Self::Email(address) => address.to_string(),
        }
    }
}

impl fmt::Display for GeneralName {
    /// Writes the form and the value: `dns:vpn.example.net`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Ip(address) => write!(f, "ip:{address}"),
            Self::Email(address) => write!(f, "email:{address}"),
        }
    }
}

impl FromStr for GeneralName {
    type Err = NameError;

    /// Reads `dns:…`, `ip:…` or `email:…`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once(':') {
            Some(("dns", name)) => name.parse().map(Self::Dns),
            Some(("email", address)) => address.parse().map(Self::Email),
            Some(("ip", address)) => address_from(address).map(Self::Ip),
            Some(_) | None => Err(NameError::UnknownForm(text.to_owned())),
        }
    }
}

fn address_from(text: &str) -> Result<IpAddr, NameError> {
    let address: IpAddr = text.parse().map_err(|_source| NameError::NotAnAddress {
        name: text.to_owned(),
    })?;
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => Err(NameError::MappedAddress {
            name: text.to_owned(),
        }),
        IpAddr::V6(_) | IpAddr::V4(_) => Ok(address),
    }
}

/// The NAME of an end entity: its only common name and its first `subjectAltName`.
///
/// A DNS name, an IP address or an e-mail address of at most 64 characters (`ub-common-name`,
/// RFC 5280 appendix A).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectName(Box<str>);

impl SubjectName {
    /// Returns the name as text, as it stands in the common name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first `subjectAltName`, by the form of the name.
    pub fn general_name(&self) -> GeneralName {
        match (
            self.0.parse::<IpAddr>(),
            self.0.parse::<EmailAddress>(),
            self.0.parse::<DnsName>(),
        ) {
            (Ok(address), _, _) => GeneralName::Ip(address),
            (Err(_), Ok(address), _) => GeneralName::Email(address),
            (Err(_), Err(_), Ok(name)) => GeneralName::Dns(name),
            (Err(_), Err(_), Err(_)) => {
                unreachable!("a subject name was one of the three when it was made")
            }
        }
    }
}

impl FromStr for SubjectName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.chars().count() > 64 {
            return Err(NameError::TooLong {
                name: text.to_owned(),
            });
        }
        if text.starts_with(['.', '-']) || text.contains('/') || text.chars().any(char::is_control)
        {
            return Err(NameError::Forbidden {
                name: text.to_owned(),
            });
        }
        let value = if text.contains('@') {
            text.parse::<EmailAddress>()?.to_string()
        } else if text.parse::<IpAddr>().is_ok() {
            address_from(text)?.to_string()
        } else {
            text.parse::<DnsName>()?.to_string()
        };
        Ok(Self(value.into()))
    }
}

impl fmt::Display for SubjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A pattern over names: `*` stands for any run of characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamePattern(Box<str>);

impl NamePattern {
    /// Returns the pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether `name` matches, letter case aside.
    pub fn matches(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        for part in parts {
            let Some((_, behind)) = rest.split_once(part) else {
                return false;
            };
            rest = behind;
        }
        rest.ends_with(last)
    }
}

impl FromStr for NamePattern {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() || text.len() > 255 || text.chars().any(char::is_control) {
            return Err(NameError::Forbidden {
                name: text.to_owned(),
            });
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no name that this CA issues for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a DNS name.
    #[error("name `{}` {what}", name.escape_default())]
    NotADnsName {
        /// What came.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Not an e-mail address.
    #[error("e-mail address `{}` {what}", name.escape_default())]
    NotAnEmailAddress {
        /// What came.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Not an IPv4 or IPv6 address.
    #[error("`{}` is not an IP address", name.escape_default())]
    NotAnAddress {
        /// What came.
        name: String,
    },
    /// An IPv4 address in IPv6 clothes.
    #[error("`{}` is an IPv4 address written as IPv6: write the IPv4 address", name.escape_default())]
    MappedAddress {
        /// What came.
        name: String,
    },
    /// Longer than a common name may be.
    #[error("name `{}` has more than 64 characters", name.escape_default())]
    TooLong {
        /// What came.
        name: String,
    },
    /// A character or beginning that no name may have.
    #[error("name `{}` is empty, begins with `.` or `-`, or holds `/` or a control character", name.escape_default())]
    Forbidden {
        /// What came.
        name: String,
    },
    /// A subject alternative name without a known form in front.
    #[error("subject alternative name `{}`: wanted dns:…, ip:… or email:…", .0.escape_default())]
    UnknownForm(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expect: Result<&str, &str>) {
        let general = name
            .parse::<SubjectName>()
            .map(|name| name.general_name().to_string());
        assert_eq!(
            general.map_err(|e| e.to_string()),
            expect.map(str::to_owned).map_err(str::to_owned)
        );
    }

    #[test]
    fn the_form_of_a_name_decides_its_first_san() {
        check("Berlin-01.Example.NET", Ok("dns:berlin-01.example.net"));
        check("berlin", Ok("dns:berlin"));
        check("192.0.2.7", Ok("ip:192.0.2.7"));
        check("2001:DB8::1", Ok("ip:2001:db8::1"));
        check("anna.b@Example.net", Ok("email:anna.b@example.net"));
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_reason() {
        check("", Err("name `` is empty"));
        check(
            "a..b",
            Err("name `a..b` has a label that is empty or longer than 63 characters"),
        );
        check("*.example.net", Err("name `*.example.net` is a wildcard"));
        check("example.net.", Err("name `example.net.` ends with a dot"));
        check(
            "10.0.0.300",
            Err("name `10.0.0.300` ends with a number like an address"),
        );
        check(
            "::ffff:192.0.2.1",
            Err("`::ffff:192.0.2.1` is an IPv4 address written as IPv6: write the IPv4 address"),
        );
        check(
            "b\u{fc}ro",
            Err("name `b\\u{fc}ro` is not ASCII: write international names in their xn-- form"),
        );
        check(
            "a@b@c",
            Err("name `b@c` has a character other than letters, digits, dashes and underscores"),
        );
        for name in ["../up", "-a", ".a", "a\0b", "a\nb"] {
            assert!(
                matches!(
                    name.parse::<SubjectName>(),
                    Err(NameError::Forbidden { .. })
                ),
                "{name:?}"
            );
        }
        assert!(matches!(
            "a".repeat(65).parse::<SubjectName>(),
            Err(NameError::TooLong { .. })
        ));
    }

    #[test]
    fn a_suffix_matches_at_a_dot_only() {
        let suffix: DnsName = "example.net".parse().unwrap();
        for (name, expect) in [
            ("example.net", true),
            ("a.example.net", true),
            ("badexample.net", false),
        ] {
            assert_eq!(
                name.parse::<DnsName>().unwrap().is_below(&suffix),
                expect,
                "{name}"
            );
        }
    }

    #[test]
    fn patterns_match_runs_of_characters() {
        for (pattern, name, expect) in [
            ("*", "anything", true),
            ("berlin-*", "berlin-01", true),
            ("berlin-*", "munich", false),
            ("*.example.net", "a.example.net", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*bc", "abc-bd", false),
            ("exact", "exact", true),
            ("exact", "exactly", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(
                pattern.parse::<NamePattern>().unwrap().matches(name),
                expect,
                "{pattern} {name}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parsers_panic(text in ".{0,80}") {
            if let Ok(name) = text.parse::<SubjectName>() {
                proptest::prop_assert_eq!(name.general_name().value(), name.as_str());
                proptest::prop_assert_eq!(name.as_str().parse::<SubjectName>(), Ok(name));
            }
            let _any = (text.parse::<GeneralName>(), text.parse::<NamePattern>().map(|p| p.matches(&text)));
        }
    }
}
