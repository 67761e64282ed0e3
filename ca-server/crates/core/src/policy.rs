//! Decides which names, for how long, under which profile (never what a request says by itself).

use ca_types::{ActorName, Days, DnsName, GeneralName, IssuerId, SubjectName, UnixTime, Validity};
use ca_verify::{CertificationRequest, PublicKey};

use crate::{Issuer, NameForm, NameRule, PolicyError, Profile, Profiles, SanForm, request_rules};

/// The most subject alternative names that may be asked for beside the NAME.
pub const MAX_SANS: usize = 100;
/// The most names of one certificate: the NAME and those beside it.
pub const MAX_NAMES: usize = MAX_SANS + 1;

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
    /// This many days, the seconds of back-dating included.
    Days(Days),
    /// Up to and including this second.
    Until(UnixTime),
}

/// What the settings allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The domains under which names must lie; none allows every well-formed name.
    pub domains: Vec<DnsName>,
    /// The profiles in effect.
    pub profiles: Profiles,
}

/// What will be certified. Made by [`decide`] only.
#[derive(Debug, Clone)]
pub struct Decision {
    profile: Profile,
    issuer: IssuerId,
    name: String,
    sans: Vec<GeneralName>,
    rules: Vec<NameRule>,
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

    /// Returns each subject alternative name with the rule that allows it.
    pub fn allowed(&self) -> impl Iterator<Item = (&GeneralName, &NameRule)> {
        self.sans.iter().zip(&self.rules)
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

    /// Returns the profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
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
    wanted: &Wanted<'_>,
    request: &CertificationRequest,
    issuer: &Issuer,
    policy: &Policy,
    now: UnixTime,
) -> Result<Decision, PolicyError> {
    let profile = wanted.profile;
    check_issuer(profile, issuer, now)?;
    check_key(profile, request.public_key(), issuer)?;
    let (name, sans) = names(wanted)?;
    let rules = sans.iter().map(|san| judge(san, &name, profile, policy));
    let rules = rules.collect::<Result<_, _>>()?;
    check_number(profile, &sans)?;
    let decision = Decision {
        profile: profile.clone(),
        issuer: issuer.id.clone(),
        name,
        sans,
        rules,
        validity: validity(profile, wanted.lifetime, issuer, now)?,
        public_key: request.public_key().clone(),
    };
    request_rules::check(request, &decision)?;
    Ok(decision)
}

fn check_issuer(profile: &Profile, issuer: &Issuer, now: UnixTime) -> Result<(), PolicyError> {
    if profile.class() != issuer.class {
        return Err(PolicyError::WrongIssuer {
            profile: profile.name().clone(),
            wanted: profile.class(),
            issuer: issuer.id.clone(),
            class: issuer.class,
        });
    }
    let validity = issuer.certificate.validity();
    if !validity.contains(now) {
        return Err(PolicyError::IssuerNotValid {
            issuer: issuer.id.clone(),
            validity,
            now,
        });
    }
    Ok(())
}

fn check_key(profile: &Profile, key: &PublicKey, issuer: &Issuer) -> Result<(), PolicyError> {
    if key == issuer.certificate.public_key() {
        return Err(PolicyError::KeyOfTheCa);
    }
    if !profile.keys().contains(&key.algorithm()) {
        return Err(PolicyError::KeyNotOfProfile {
            profile: profile.name().clone(),
            key: key.algorithm(),
            wanted: profile.keys().to_vec(),
        });
    }
    Ok(())
}

/// Returns the NAME and all subject alternative names: its own first, then the further ones in their order, none twice.
fn names(wanted: &Wanted<'_>) -> Result<(String, Vec<GeneralName>), PolicyError> {
    if wanted.sans.len() > MAX_SANS {
        return Err(PolicyError::TooManySans {
            count: wanted.sans.len(),
        });
    }
    let (name, own) = match wanted.profile.name_form() {
        NameForm::Subject | NameForm::Gateway | NameForm::Api => {
            let name: SubjectName = wanted.name.parse()?;
            (name.to_string(), Some(name.general_name()))
        }
        NameForm::Actor => {
            let name: ActorName = wanted.name.parse()?;
            (name.to_string(), name_of_actor(&name))
        }
    };
    let mut sans: Vec<GeneralName> = own.into_iter().collect();
    for san in wanted.sans {
        if !sans.contains(san) {
            sans.push(san.clone());
        }
    }
    Ok((name, sans))
}

/// Finds the rule that allows one name of a certificate for `common_name`.
fn judge(
    name: &GeneralName,
    common_name: &str,
    profile: &Profile,
    policy: &Policy,
) -> Result<NameRule, PolicyError> {
    match profile.name_form() {
        NameForm::Subject | NameForm::Gateway => profile.judge(name, policy),
        NameForm::Api => Ok(NameRule::Server),
        NameForm::Actor if name.value() == common_name => Ok(NameRule::Actor),
        // An actor has no other name than its own.
        NameForm::Actor => Err(PolicyError::NameNotOfProfile {
            profile: profile.name().clone(),
            name: name.to_string(),
        }),
    }
}

/// Checks that there are not too many names, and one of every form that the profile requires.
fn check_number(profile: &Profile, sans: &[GeneralName]) -> Result<(), PolicyError> {
    let rules = profile.names();
    if sans.len() > rules.maximum {
        return Err(PolicyError::TooManyNames {
            profile: profile.name().clone(),
            count: sans.len(),
            limit: rules.maximum,
        });
    }
    let has = |form: &SanForm| sans.iter().any(|san| SanForm::of(san) == *form);
    match rules.required.iter().find(|form| !has(form)) {
        None => Ok(()),
        Some(form) => Err(PolicyError::FormMissing {
            profile: profile.name().clone(),
            form: *form,
        }),
    }
}

/// Returns the subject alternative name of an actor that is called by an e-mail address or a full DNS name.
fn name_of_actor(name: &ActorName) -> Option<GeneralName> {
    let text = name.as_str();
    if text.contains('@') {
        return text.parse().ok().map(GeneralName::Email);
    }
    let dns = text.contains('.').then(|| text.parse().ok()).flatten();
    dns.map(GeneralName::Dns)
}

/// Returns the validity; what is too long is refused with the latest end, never cut.
fn validity(
    profile: &Profile,
    lifetime: Lifetime,
    issuer: &Issuer,
    now: UnixTime,
) -> Result<Validity, PolicyError> {
    let outer = issuer.certificate.validity();
    let not_before = now
        .minus(profile.backdating_seconds())
        .max(outer.not_before());
    let not_after = match lifetime {
        Lifetime::Default => last_second(not_before, profile.default_validity()),
        Lifetime::Days(days) => last_second(not_before, days),
        Lifetime::Until(end) => end,
    };
    let latest = last_second(not_before, profile.maximum_validity());
    if not_after > latest {
        return Err(PolicyError::TooLong {
            profile: profile.name().clone(),
            limit: profile.maximum_validity(),
            latest,
            asked: not_after,
        });
    }
    if not_after > outer.not_after() {
        return Err(PolicyError::PastIssuer {
            issuer: issuer.id.clone(),
            latest: outer.not_after(),
            asked: not_after,
        });
    }
    let in_the_past = || PolicyError::EndsInThePast { not_after, now };
    if not_after < now {
        return Err(in_the_past());
    }
    Validity::new(not_before, not_after).map_err(|_source| in_the_past())
}

/// Returns the last second of a validity of whole days; both its ends count (RFC 5280 §4.1.2.5).
fn last_second(not_before: UnixTime, length: Days) -> UnixTime {
    not_before
        .plus(length.seconds())
        .map_or(UnixTime::MAX, |end| end.minus(1))
}
