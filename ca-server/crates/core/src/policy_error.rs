//! Why the policy refuses.

use std::net::IpAddr;

use ca_types::{
    ActorNameError, Code, Days, DnsName, Hinted, IssuerClass, IssuerId, NameError, ProfileName,
    UnixTime, Validity,
};

use ca_verify::KeyAlgorithm;

use crate::{MAX_SANS, SanForm};

/// Why the policy refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The NAME or a further name is not well-formed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The NAME of an actor is not well-formed.
    #[error(transparent)]
    ActorName(#[from] ActorNameError),
    /// The profile belongs to CAs of another class.
    #[error("profile {profile} is issued by a {wanted} CA, `{issuer}` is a {class} CA")]
    WrongIssuer {
        /// The profile.
        profile: ProfileName,
        /// The class that it needs.
        wanted: IssuerClass,
        /// The CA.
        issuer: IssuerId,
        /// Its class.
        class: IssuerClass,
    },
    /// Too many names.
    #[error("{count} subject alternative names: wanted at most {MAX_SANS}")]
    TooManySans {
        /// How many came.
        count: usize,
    },
    /// A name outside the domains of this CA.
    #[error(
        "`{name}` lies below none of the domains of this CA: {}",
        joined(domains)
    )]
    OutsideDomains {
        /// The name.
        name: String,
        /// The domains.
        domains: Vec<DnsName>,
    },
    /// More names than the profile allows.
    #[error("{count} names: profile {profile} certifies at most {limit}")]
    TooManyNames {
        /// The profile.
        profile: ProfileName,
        /// How many there are, the NAME included.
        count: usize,
        /// Its limit.
        limit: usize,
    },
    /// A form of name that the profile requires is missing.
    #[error("profile {profile} requires a name of the form {form}, and there is none")]
    FormMissing {
        /// The profile.
        profile: ProfileName,
        /// The form.
        form: SanForm,
    },
    /// A name that no pattern or range of the profile allows.
    #[error("`{name}` is none of the names of profile {profile}: {}", allowed.join(", "))]
    OutsideProfile {
        /// The name.
        name: String,
        /// The profile.
        profile: ProfileName,
        /// Its patterns or ranges.
        allowed: Vec<String>,
    },
    /// A name with a label that is no proper international one.
    #[error("name `{name}` {what}")]
    InternationalName {
        /// The name.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An address that no single device has.
    #[error("`{0}` is the address of no device: it is unspecified, multicast or broadcast")]
    AddressOfNobody(IpAddr),
    /// A kind of key that the profile does not certify.
    #[error("profile {profile} certifies no {key} key: wanted {}", joined(wanted))]
    KeyNotOfProfile {
        /// The profile.
        profile: ProfileName,
        /// The kind of the key.
        key: KeyAlgorithm,
        /// The kinds that it certifies.
        wanted: Vec<KeyAlgorithm>,
    },
    /// A name that the profile does not certify.
    #[error("profile {profile} does not certify `{name}`")]
    NameNotOfProfile {
        /// The profile.
        profile: ProfileName,
        /// The name.
        name: String,
    },
    /// A common name that stands only in the request.
    #[error("common name `{}` stands in the certification request, and was not asked for", name.escape_default())]
    CommonNameOnlyInRequest {
        /// The name.
        name: String,
    },
    /// A subject alternative name that stands only in the request.
    #[error("name `{name}` stands in the certification request, and was not asked for")]
    SanOnlyInRequest {
        /// The name.
        name: String,
    },
    /// The request asks to become a CA.
    #[error("certification request asks for a CA certificate")]
    AsksForCa,
    /// The request asks for a key usage that the profile does not give.
    #[error("certification request asks for key usage {asked}; profile {profile} gives {given}")]
    KeyUsage {
        /// What the request asks for.
        asked: String,
        /// The profile.
        profile: ProfileName,
        /// What it gives.
        given: String,
    },
    /// The request asks for an extended key usage that the profile does not give.
    #[error(
        "certification request asks for extended key usage {asked}, which profile {profile} does not give"
    )]
    ExtendedKeyUsage {
        /// What the request asks for.
        asked: String,
        /// The profile.
        profile: ProfileName,
    },
    /// The request asks for another extension or attribute.
    #[error("certification request asks for {oid}, which is never issued")]
    Extension {
        /// Its object identifier.
        oid: String,
    },
    /// The key is the one of the CA.
    #[error("the public key is the key of the CA itself")]
    KeyOfTheCa,
    /// No time at all.
    #[error("the validity would end at {not_after}, now is {now}")]
    EndsInThePast {
        /// The end.
        not_after: UnixTime,
        /// Now.
        now: UnixTime,
    },
    /// More than the profile allows.
    #[error(
        "profile {profile} is valid for at most {limit}: until {latest}, {asked} was asked for"
    )]
    TooLong {
        /// The profile.
        profile: ProfileName,
        /// Its limit.
        limit: Days,
        /// The latest end.
        latest: UnixTime,
        /// The end that was asked for.
        asked: UnixTime,
    },
    /// Past the end of the CA.
    #[error("the CA `{issuer}` ends at {latest}: {asked} was asked for")]
    PastIssuer {
        /// The CA.
        issuer: IssuerId,
        /// Its end.
        latest: UnixTime,
        /// The end that was asked for.
        asked: UnixTime,
    },
    /// The CA is not valid yet, or no longer.
    #[error("the CA `{issuer}` is valid from {} to {}, now is {now}", validity.not_before(), validity.not_after())]
    IssuerNotValid {
        /// The CA.
        issuer: IssuerId,
        /// Its validity.
        validity: Validity,
        /// Now.
        now: UnixTime,
    },
}

impl Hinted for PolicyError {
    fn code(&self) -> Code {
        match self {
            Self::Name(_) | Self::ActorName(_) => Code::InvalidName,
            Self::AddressOfNobody(_) | Self::InternationalName { .. } => Code::InvalidName,
            Self::KeyOfTheCa | Self::KeyNotOfProfile { .. } => Code::UnacceptableKey,
            Self::WrongIssuer { .. }
            | Self::TooManySans { .. }
            | Self::TooManyNames { .. }
            | Self::FormMissing { .. }
            | Self::OutsideProfile { .. }
            | Self::OutsideDomains { .. }
            | Self::NameNotOfProfile { .. }
            | Self::CommonNameOnlyInRequest { .. }
            | Self::SanOnlyInRequest { .. }
            | Self::AsksForCa
            | Self::KeyUsage { .. }
            | Self::ExtendedKeyUsage { .. }
            | Self::Extension { .. }
            | Self::EndsInThePast { .. }
            | Self::TooLong { .. }
            | Self::PastIssuer { .. }
            | Self::IssuerNotValid { .. } => Code::PolicyRefused,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::CommonNameOnlyInRequest { .. } | Self::SanOnlyInRequest { .. } => {
                Some("ask for it with --name or --san, or make a request without it".to_owned())
            }
            Self::AsksForCa
            | Self::KeyUsage { .. }
            | Self::ExtendedKeyUsage { .. }
            | Self::Extension { .. } => Some(
                "make a request without extensions: the profile gives the right ones".to_owned(),
            ),
            Self::TooLong { latest, .. } | Self::PastIssuer { latest, .. } => {
                Some(format!("ask for an end no later than {latest}"))
            }
            Self::OutsideDomains { .. } => {
                Some("domains are set under `domains` in the settings of the server".to_owned())
            }
            Self::KeyOfTheCa => Some("make a new key".to_owned()),
            Self::KeyNotOfProfile { .. } => {
                Some("make a new key of one of these kinds with --key-algorithm".to_owned())
            }
            Self::OutsideProfile { profile, .. }
            | Self::NameNotOfProfile { profile, .. }
            | Self::TooManyNames { profile, .. }
            | Self::FormMissing { profile, .. } => Some(format!(
                "`ca-client profile show {profile}` tells which names it certifies"
            )),
            Self::Name(_)
            | Self::ActorName(_)
            | Self::WrongIssuer { .. }
            | Self::TooManySans { .. }
            | Self::AddressOfNobody(_)
            | Self::InternationalName { .. }
            | Self::EndsInThePast { .. }
            | Self::IssuerNotValid { .. } => None,
        }
    }
}

fn joined(values: &[impl ToString]) -> String {
    let values: Vec<_> = values.iter().map(ToString::to_string).collect();
    values.join(", ")
}
