//! Which names a profile certifies, and the rule that allows each.

use std::fmt;
use std::net::IpAddr;

use ca_types::{AddressRange, DnsName, GeneralName, NamePattern, ProfileName};

use crate::{PolicyError, a_label};

/// The form of a subject alternative name (RFC 5280 §4.2.1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SanForm {
    /// `dNSName`.
    Dns,
    /// `iPAddress`.
    Ip,
    /// `rfc822Name`.
    Email,
}

impl SanForm {
    /// All forms.
    pub const ALL: [Self; 3] = [Self::Dns, Self::Ip, Self::Email];

    /// Returns the form of a name.
    pub fn of(name: &GeneralName) -> Self {
        match name {
            GeneralName::Dns(_) => Self::Dns,
            GeneralName::Ip(_) => Self::Ip,
            GeneralName::Email(_) => Self::Email,
        }
    }

    /// Returns the form of the names that a pattern is for: one with `@` is for e-mail addresses, and for nothing else.
    pub fn of_pattern(pattern: &NamePattern) -> Self {
        if pattern.as_str().contains('@') {
            Self::Email
        } else {
            Self::Dns
        }
    }

    /// Returns the word used on the command line and in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Ip => "ip",
            Self::Email => "email",
        }
    }
}

impl fmt::Display for SanForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which names a profile certifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRules {
    /// The forms that names may have.
    pub forms: Vec<SanForm>,
    /// DNS names and e-mail addresses must match one of these; none limits nothing.
    pub patterns: Vec<NamePattern>,
    /// Addresses must lie in one of these; none limits nothing.
    pub ranges: Vec<AddressRange>,
    /// How many names there may be in all, the NAME included.
    pub maximum: usize,
    /// Of each of these forms there must be a name.
    pub required: Vec<SanForm>,
}

/// The rule that allows a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameRule {
    /// Nothing limits names of its form.
    Unlimited,
    /// It lies below one of the domains of the CA.
    Domain(DnsName),
    /// It matches a pattern of the profile, and lies below a domain when there are any.
    Pattern {
        /// The pattern.
        pattern: NamePattern,
        /// The domain.
        domain: Option<DnsName>,
    },
    /// It lies in a range of the profile.
    Range(AddressRange),
    /// It is the name of the actor.
    Actor,
    /// It is a name of this server.
    Server,
}

impl fmt::Display for NameRule {
    /// Writes the key of the settings and what allows the name there: `domains: example.net`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("nothing limits names of this form"),
            Self::Domain(domain) => write!(f, "domains: {domain}"),
            Self::Pattern {
                pattern,
                domain: None,
            } => write!(f, "san_patterns: {pattern}"),
            Self::Pattern {
                pattern,
                domain: Some(domain),
            } => write!(f, "san_patterns: {pattern}; domains: {domain}"),
            Self::Range(range) => write!(f, "san_addresses: {range}"),
            Self::Actor => f.write_str("the name of the actor"),
            Self::Server => f.write_str("a name of this server"),
        }
    }
}

impl NameRules {
    /// Finds the rule that allows a name.
    pub(crate) fn judge(
        &self,
        name: &GeneralName,
        profile: &ProfileName,
        domains: &[DnsName],
    ) -> Result<NameRule, PolicyError> {
        let form = SanForm::of(name);
        if !self.forms.contains(&form) {
            return Err(PolicyError::NameNotOfProfile {
                profile: profile.clone(),
                name: name.to_string(),
            });
        }
        let address = match name {
            GeneralName::Dns(_) | GeneralName::Email(_) => None,
            GeneralName::Ip(address) => Some(*address),
        };
        match address {
            Some(address) => self.judge_address(address, profile),
            None => self.judge_text(name, form, profile, domains),
        }
    }

    fn judge_address(
        &self,
        address: IpAddr,
        profile: &ProfileName,
    ) -> Result<NameRule, PolicyError> {
        let is_broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
        if address.is_unspecified() || address.is_multicast() || is_broadcast {
            return Err(PolicyError::AddressOfNobody(address));
        }
        if self.ranges.is_empty() {
            return Ok(NameRule::Unlimited);
        }
        let range = self.ranges.iter().find(|range| range.contains(address));
        range
            .map(|range| NameRule::Range(*range))
            .ok_or_else(|| PolicyError::OutsideProfile {
                name: address.to_string(),
                profile: profile.clone(),
                allowed: self.ranges.iter().map(ToString::to_string).collect(),
            })
    }

    fn judge_text(
        &self,
        name: &GeneralName,
        form: SanForm,
        profile: &ProfileName,
        domains: &[DnsName],
    ) -> Result<NameRule, PolicyError> {
        a_label::judge(&host(name)).map_err(|what| PolicyError::InternationalName {
            name: name.value(),
            what,
        })?;
        let domain = below(name, domains)?;
        if self.patterns.is_empty() {
            return Ok(domain.map_or(NameRule::Unlimited, NameRule::Domain));
        }
        let value = name.value();
        let mut patterns = self.patterns.iter();
        let pattern = patterns
            .find(|pattern| SanForm::of_pattern(pattern) == form && pattern.matches(&value))
            .cloned();
        match pattern {
            Some(pattern) => Ok(NameRule::Pattern { pattern, domain }),
            None => Err(PolicyError::OutsideProfile {
                name: value,
                profile: profile.clone(),
                allowed: self.patterns.iter().map(ToString::to_string).collect(),
            }),
        }
    }
}

/// Returns a DNS name, or the one in an e-mail address.
fn host(name: &GeneralName) -> String {
    match name {
        GeneralName::Dns(name) => name.to_string(),
        GeneralName::Email(address) => address.domain().to_owned(),
        GeneralName::Ip(_) => String::new(),
    }
}

/// Finds the domain that a DNS name, or the domain of an e-mail address, lies below; none when there are no domains.
fn below(name: &GeneralName, domains: &[DnsName]) -> Result<Option<DnsName>, PolicyError> {
    if domains.is_empty() {
        return Ok(None);
    }
    let host: Option<DnsName> = host(name).parse().ok();
    let is_below = |suffix: &&DnsName| host.as_ref().is_some_and(|host| host.is_below(suffix));
    match domains.iter().find(is_below) {
        Some(domain) => Ok(Some(domain.clone())),
        None => Err(PolicyError::OutsideDomains {
            name: name.value(),
            domains: domains.to_vec(),
        }),
    }
}
