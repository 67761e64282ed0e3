//! What a profile may say at all.

use std::fmt::Display;

use ca_types::{Days, IssuerClass, ProfileName, Role};
use ca_verify::{KeyUsage, oid};
use spki::ObjectIdentifier;

use super::{KEYS, NameForm, PURPOSES, Profile, ProfileError, ProfileParts, list, purpose_word};
use crate::{MAX_NAMES, NameRules, SanForm};

impl Profile {
    /// Makes a profile for devices or people.
    ///
    /// # Errors
    /// Fails with the key whose value contradicts what no settings may change, or another key.
    pub fn prove(name: ProfileName, parts: ProfileParts) -> Result<Self, ProfileError> {
        match Self::find(&name) {
            Some(fixed) if !fixed.is_configurable() => {
                let what = format!("profile {name} is fixed: the API of this server rests on it");
                return Err(ProfileError::new("class", what));
            }
            Some(ready) if ready.class() != parts.class => {
                let class = ready.class();
                return Err(ProfileError::new(
                    "class",
                    format!("profile {name} is of class {class}"),
                ));
            }
            Some(_) | None => {}
        }
        let form = match parts.class {
            IssuerClass::Router | IssuerClass::VpnClient => NameForm::Subject,
            IssuerClass::VpnServer => NameForm::Gateway,
            IssuerClass::Root | IssuerClass::Control => {
                return Err(ProfileError::new(
                    "class",
                    "wanted router, vpn-server or vpn-client",
                ));
            }
        };
        days("maximum_days", parts.maximum_validity, 1..=MOST_DAYS)?;
        days(
            "default_days",
            parts.default_validity,
            1..=parts.maximum_validity.0,
        )?;
        days(
            "renewal_after_expiry_days",
            parts.renewal_after_expiry,
            0..=365,
        )?;
        if parts.backdating_seconds > MOST_BACKDATING_SECONDS {
            let came = parts.backdating_seconds;
            let what = format!("{came}: wanted 0 to {MOST_BACKDATING_SECONDS}");
            return Err(ProfileError::new("backdating_seconds", what));
        }
        some_once("keys", &parts.keys)?;
        for key in &parts.keys {
            one_of("keys", key, KEYS.contains(key), &KEYS)?;
        }
        key_usage(parts.key_usage)?;
        purposes(parts.class, &parts.extended_key_usage)?;
        names(&parts.names)?;
        once("targets", &parts.targets)?;
        some_once("roles", &parts.roles)?;
        if parts.roles.contains(&Role::Auditor) {
            return Err(ProfileError::new(
                "roles",
                "an auditor changes nothing: wanted admin, operator or agent",
            ));
        }
        Ok(Self { name, form, parts })
    }
}

/// What Apple takes of a private CA; the lint holds it too.
const MOST_DAYS: u32 = 825;
/// An hour: a past that a late clock explains, and no more.
const MOST_BACKDATING_SECONDS: u32 = 3600;

fn days(
    key: &'static str,
    days: Days,
    range: std::ops::RangeInclusive<u32>,
) -> Result<(), ProfileError> {
    if range.contains(&days.0) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    let what = format!("{}: wanted {least} to {most}", days.0);
    Err(ProfileError::new(key, what))
}

fn key_usage(usage: KeyUsage) -> Result<(), ProfileError> {
    let most = KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::KEY_ENCIPHERMENT);
    if usage.has(KeyUsage::DIGITAL_SIGNATURE) && most.has(usage) {
        return Ok(());
    }
    let what = format!("{usage}: wanted digitalSignature, and keyEncipherment at most");
    Err(ProfileError::new("key_usage", what))
}

/// Returns the extended key usages that a class may give: a VPN client is never a server, a gateway never a client,
/// and nobody gets `anyExtendedKeyUsage` or the purposes that RFC 4945 §5.1.3.12 forbids.
fn allowed(class: IssuerClass) -> &'static [ObjectIdentifier] {
    match class {
        IssuerClass::Router => &[oid::SERVER_AUTH, oid::CLIENT_AUTH, oid::IPSEC_IKE],
        IssuerClass::VpnServer => &[oid::SERVER_AUTH, oid::IPSEC_IKE, oid::IKE_INTERMEDIATE],
        IssuerClass::VpnClient => &[oid::CLIENT_AUTH, oid::IPSEC_IKE],
        IssuerClass::Root | IssuerClass::Control => &[],
    }
}

fn purposes(class: IssuerClass, purposes: &[ObjectIdentifier]) -> Result<(), ProfileError> {
    let wrong = |what| ProfileError::new("extended_key_usage", what);
    let words: Vec<_> = purposes.iter().map(|oid| purpose_word(*oid)).collect();
    some_once("extended_key_usage", &words)?;
    let allowed = allowed(class);
    for (purpose, word) in purposes.iter().zip(&words) {
        if !allowed.contains(purpose) {
            let given = PURPOSES
                .into_iter()
                .filter(|(_, oid)| allowed.contains(oid));
            let given: Vec<_> = given.map(|(word, _)| word).collect();
            return Err(wrong(format!(
                "`{word}` is never given to class {class}: wanted {}",
                given.join(", ")
            )));
        }
    }
    let has = |purpose| purposes.contains(&purpose);
    let (is_right, wanted) = match class {
        IssuerClass::VpnServer => (has(oid::SERVER_AUTH), "serverAuth"),
        IssuerClass::VpnClient => (has(oid::CLIENT_AUTH), "clientAuth"),
        IssuerClass::Router | IssuerClass::Root | IssuerClass::Control => (
            has(oid::SERVER_AUTH) || has(oid::CLIENT_AUTH),
            "serverAuth or clientAuth",
        ),
    };
    if is_right {
        return Ok(());
    }
    Err(wrong(format!(
        "wanted {wanted} in a profile of class {class}"
    )))
}

fn names(rules: &NameRules) -> Result<(), ProfileError> {
    let has = |form| rules.forms.contains(&form);
    some_once("san_types", &rules.forms)?;
    once("san_required", &rules.required)?;
    once("san_patterns", &rules.patterns)?;
    once("san_addresses", &rules.ranges)?;
    if let Some(form) = rules.required.iter().find(|form| !has(**form)) {
        let what = format!("`{form}` is not among san_types");
        return Err(ProfileError::new("san_required", what));
    }
    for pattern in &rules.patterns {
        let form = SanForm::of_pattern(pattern);
        if !has(form) {
            let what = format!("`{pattern}` is for {form} names, which are not among san_types");
            return Err(ProfileError::new("san_patterns", what));
        }
    }
    if !rules.ranges.is_empty() && !has(SanForm::Ip) {
        return Err(ProfileError::new(
            "san_addresses",
            "`ip` is not among san_types",
        ));
    }
    if !(1..=MAX_NAMES).contains(&rules.maximum) {
        let what = format!("{}: wanted 1 to {MAX_NAMES}", rules.maximum);
        return Err(ProfileError::new("san_maximum", what));
    }
    if rules.required.len() > rules.maximum {
        return Err(ProfileError::new(
            "san_required",
            "wanted no more names than san_maximum",
        ));
    }
    Ok(())
}

fn some_once<T: PartialEq + Display>(key: &'static str, values: &[T]) -> Result<(), ProfileError> {
    if values.is_empty() {
        return Err(ProfileError::new(key, "wanted at least one"));
    }
    once(key, values)
}

fn once<T: PartialEq + Display>(key: &'static str, values: &[T]) -> Result<(), ProfileError> {
    for (at, value) in values.iter().enumerate() {
        if values.iter().take(at).any(|earlier| earlier == value) {
            return Err(ProfileError::new(
                key,
                format!("`{value}` stands there twice"),
            ));
        }
    }
    Ok(())
}

fn one_of(
    key: &'static str,
    came: impl Display,
    is_known: bool,
    known: &[impl ToString],
) -> Result<(), ProfileError> {
    if is_known {
        return Ok(());
    }
    let what = format!("`{came}`: wanted some of {}", list(known));
    Err(ProfileError::new(key, what))
}
