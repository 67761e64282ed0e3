//! Decides which names, for how long, under which profile (never what a request says by itself).

use ca_types::{
    Code, Days, DnsName, GeneralName, Hinted, IssuerClass, IssuerId, NameError, ProfileName,
    UnixTime, Validity,
};
use ca_verify::{CertificationRequest, PublicKey};

use crate::{Issuer, Profile};

/// The most subject alternative names that may be asked for beside the NAME.
pub const MAX_SANS: usize = 100;

/// What somebody wants certified.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The NAME, as it was written.
    pub name: &'a str,
    /// Further subject alternative names.
    pub sans: &'a [GeneralName],
    /// How long.
    pub lifetime: Lifetime,
}

/// How long a certificate is to be valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// As long as the profile says.
    Default,
    /// This many days from now.
    Days(Days),
    /// Up to and including this second.
    Until(UnixTime),
}

/// What the settings allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The domains under which names must lie; none allows every well-formed name.
    pub domains: Vec<DnsName>,
}

/// What will be certified. Made by [`decide`] only.
#[derive(Debug, Clone)]
pub struct Decision {
    profile: &'static str,
    issuer: IssuerId,
    name: String,
    sans: Vec<GeneralName>,
    validity: Validity,
    public_key: PublicKey,
}

impl Decision {
    /// Returns the NAME in its canonical form: the common name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the subject alternative names, the NAME's own first.
    pub fn sans(&self) -> &[GeneralName] {
        &self.sans
    }

    /// Returns the validity.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Returns the public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Returns the CA that is to sign.
    pub fn issuer(&self) -> &IssuerId {
        &self.issuer
    }

    /// Returns the profile's name.
    pub fn profile(&self) -> &str {
        self.profile
    }
}

/// Decides what is certified: the NAME, then the further names in their order without duplicates.
///
/// The request gives the key. Its names must be among the decided ones, and the extensions that it
/// asks for must not exceed what the profile gives; nothing of it is copied.
///
/// # Errors
/// Fails with the first thing that the policy refuses, named.
pub fn decide(
    _wanted: &Wanted<'_>,
    _request: &CertificationRequest,
    _issuer: &Issuer,
    _policy: &Policy,
    _now: UnixTime,
) -> Result<Decision, PolicyError> {
    todo!()
}

/// Why the policy refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The NAME or a further name is not well-formed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The NAME of an actor is not well-formed.
    #[error(transparent)]
    ActorName(#[from] ca_types::ActorNameError),
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
    #[error("`{name}` lies below none of the domains of this CA: {}", list(domains))]
    OutsideDomains {
        /// The name.
        name: String,
        /// The domains.
        domains: Vec<DnsName>,
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
    #[error("name `{}` stands in the certification request, and was not asked for", name.escape_default())]
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
    #[error("certification request asks for extended key usage {asked}, which profile {profile} does not give")]
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
    #[error("profile {profile} is valid for at most {limit}: until {latest}, {asked} was asked for")]
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
        Code::PolicyRefused
    }
}

fn list(domains: &[DnsName]) -> String {
    domains
        .iter()
        .map(DnsName::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
