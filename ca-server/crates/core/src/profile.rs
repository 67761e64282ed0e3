//! Certificate profiles: what a certificate of each kind may be.

mod error;
mod proof;
mod ready_made;

use std::collections::BTreeMap;

use ca_types::{Days, GeneralName, IssuerClass, IssuerId, ProfileName, Role};
use ca_verify::target::Target;
use ca_verify::{KeyAlgorithm, KeyUsage, oid};
use spki::ObjectIdentifier;

use crate::{NameRule, NameRules, Policy, PolicyError};

pub use error::ProfileError;
pub use ready_made::DEFAULT_BACKDATING_SECONDS;

/// What certificates of one kind are like, how long they may live, and who may ask for them.
///
/// Its parts hold together: whatever the settings say, a profile of VPN clients never gives `serverAuth`, and none
/// gives `anyExtendedKeyUsage`, a CA certificate, or the purposes that RFC 4945 §5.1.3.12 forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    name: ProfileName,
    form: NameForm,
    parts: ProfileParts,
}

/// What a profile is made of; [`Profile::prove`] decides whether it holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileParts {
    /// The class of the CA that issues.
    pub class: IssuerClass,
    /// The CA that issues; the newest active one of the class when none is named.
    pub issuer: Option<IssuerId>,
    /// The validity when none is asked for.
    pub default_validity: Days,
    /// The longest validity.
    pub maximum_validity: Days,
    /// By how many seconds a certificate is valid before it is made, for clocks that are late.
    pub backdating_seconds: u32,
    /// The kinds of keys that are certified.
    pub keys: Vec<KeyAlgorithm>,
    /// The key usage; `keyEncipherment` is given to RSA keys only (RFC 8813 §3).
    pub key_usage: KeyUsage,
    /// The extended key usage.
    pub extended_key_usage: Vec<ObjectIdentifier>,
    /// Which names are certified.
    pub names: NameRules,
    /// Where the certificates are to work: names of target rules.
    pub targets: Vec<Target>,
    /// The roles of the actors who may ask for one.
    pub roles: Vec<Role>,
    /// For how many days past its end a certificate may still be renewed or rekeyed.
    pub renewal_after_expiry: Days,
}

/// What the NAME of a profile may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameForm {
    /// A DNS name, an IP address or an e-mail address; it is the first subject alternative name.
    Subject,
    /// As [`NameForm::Subject`], and an IP address stands in a `dNSName` too (Windows looks there).
    Gateway,
    /// The address of this CA's own API; domains do not limit it.
    Api,
    /// The name of an actor; a subject alternative name only when it has the form of one.
    Actor,
}

impl Profile {
    /// Returns the profiles of every CA: the ready-made ones, then `control` and `control-server`.
    pub fn all() -> &'static [Self] {
        ready_made::all()
    }

    /// Finds a ready-made or fixed profile by its name.
    pub fn find(name: &ProfileName) -> Option<&'static Self> {
        Self::all().iter().find(|profile| profile.name == *name)
    }

    /// Returns the profile of actors, which no settings change.
    pub fn control() -> &'static Self {
        ready_made::fixed(NameForm::Actor)
    }

    /// Returns the ready-made profile that it began as: the one of its name, else the one of its class.
    pub fn base(&self) -> Option<&'static Self> {
        let of_class = || {
            let name = self.class().as_str().parse().ok()?;
            Self::find(&name)
        };
        Self::find(&self.name).or_else(of_class)
    }

    /// Returns its name.
    pub fn name(&self) -> &ProfileName {
        &self.name
    }

    /// Returns what it is made of, to make another one that differs.
    pub fn parts(&self) -> &ProfileParts {
        &self.parts
    }

    /// Tells whether the settings may change it: all but those of the API itself.
    pub fn is_configurable(&self) -> bool {
        self.parts.class != IssuerClass::Control
    }

    /// Returns the class of the CA that issues it.
    pub fn class(&self) -> IssuerClass {
        self.parts.class
    }

    /// Returns the CA that issues it, when it names one.
    pub fn issuer(&self) -> Option<&IssuerId> {
        self.parts.issuer.as_ref()
    }

    /// Returns what its NAME may be.
    pub fn name_form(&self) -> NameForm {
        self.form
    }

    /// Returns which names it certifies.
    pub fn names(&self) -> &NameRules {
        &self.parts.names
    }

    /// Finds the rule that allows a name of a device or person.
    ///
    /// # Errors
    /// Fails when none does.
    pub fn judge(&self, name: &GeneralName, policy: &Policy) -> Result<NameRule, PolicyError> {
        self.names().judge(name, &self.name, &policy.domains)
    }

    /// Returns the validity when none is asked for.
    pub fn default_validity(&self) -> Days {
        self.parts.default_validity
    }

    /// Returns the longest validity.
    pub fn maximum_validity(&self) -> Days {
        self.parts.maximum_validity
    }

    /// Returns by how many seconds a certificate is valid before it is made, for clocks that are late.
    pub fn backdating_seconds(&self) -> u64 {
        self.parts.backdating_seconds.into()
    }

    /// Returns the kinds of keys that it certifies.
    pub fn keys(&self) -> &[KeyAlgorithm] {
        &self.parts.keys
    }

    /// Returns the key usage for a key of this kind.
    pub fn key_usage(&self, key: KeyAlgorithm) -> KeyUsage {
        match key {
            KeyAlgorithm::Rsa { .. } => self.parts.key_usage,
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => KeyUsage::DIGITAL_SIGNATURE,
        }
    }

    /// Returns the extended key usage.
    pub fn extended_key_usage(&self) -> &[ObjectIdentifier] {
        &self.parts.extended_key_usage
    }

    /// Returns where its certificates are to work: names of target rules.
    pub fn targets(&self) -> &[Target] {
        &self.parts.targets
    }

    /// Returns the roles of the actors who may ask for a certificate.
    pub fn roles(&self) -> &[Role] {
        &self.parts.roles
    }

    /// Returns for how many days past its end a certificate may still be renewed or rekeyed; none by default.
    pub fn renewal_after_expiry(&self) -> Days {
        self.parts.renewal_after_expiry
    }

    /// Lists what the profile says: each key of the settings with its value, as it is written there.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let parts = &self.parts;
        let names = &parts.names;
        let purposes = parts.extended_key_usage.iter();
        vec![
            ("class", quoted(parts.class.as_str())),
            (
                "issuer",
                parts
                    .issuer
                    .as_ref()
                    .map_or_else(|| "none".to_owned(), |id| quoted(id.as_str())),
            ),
            ("default_days", parts.default_validity.0.to_string()),
            ("maximum_days", parts.maximum_validity.0.to_string()),
            ("backdating_seconds", parts.backdating_seconds.to_string()),
            ("keys", list(&parts.keys)),
            ("key_usage", list(&usage_words(parts.key_usage))),
            (
                "extended_key_usage",
                list(&purposes.map(|oid| purpose_word(*oid)).collect::<Vec<_>>()),
            ),
            ("san_types", list(&names.forms)),
            ("san_patterns", list(&names.patterns)),
            ("san_addresses", list(&names.ranges)),
            ("san_maximum", names.maximum.to_string()),
            ("san_required", list(&names.required)),
            ("targets", list(&parts.targets)),
            ("roles", list(&parts.roles)),
            (
                "renewal_after_expiry_days",
                parts.renewal_after_expiry.0.to_string(),
            ),
        ]
    }
}

/// The profiles in effect: the ready-made ones, changed and added to by the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profiles(BTreeMap<ProfileName, Profile>);

impl Default for Profiles {
    /// The ready-made profiles.
    fn default() -> Self {
        let configurable = Profile::all().iter().filter(|p| p.is_configurable());
        Self(configurable.map(|p| (p.name.clone(), p.clone())).collect())
    }
}

impl Profiles {
    /// Sets a profile in the place of the one with its name.
    pub fn set(&mut self, profile: Profile) {
        self.0.insert(profile.name.clone(), profile);
    }

    /// Finds a profile by its name, those of the API included.
    pub fn find(&self, name: &ProfileName) -> Option<&Profile> {
        let fixed = || Profile::find(name).filter(|profile| !profile.is_configurable());
        self.0.get(name).or_else(fixed)
    }

    /// Lists the profiles for devices and people by name.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.0.values()
    }
}

/// The extended key usages that a profile may give: the words of the settings.
pub const PURPOSES: [(&str, ObjectIdentifier); 4] = [
    ("serverAuth", oid::SERVER_AUTH),
    ("clientAuth", oid::CLIENT_AUTH),
    ("ipsecIKE", oid::IPSEC_IKE),
    ("iKEIntermediate", oid::IKE_INTERMEDIATE),
];

/// The key usages that a profile may give: the words of the settings.
pub const USAGES: [(&str, KeyUsage); 2] = [
    ("digitalSignature", KeyUsage::DIGITAL_SIGNATURE),
    ("keyEncipherment", KeyUsage::KEY_ENCIPHERMENT),
];

/// The kinds of keys that a profile may certify.
pub const KEYS: [KeyAlgorithm; 5] = [
    KeyAlgorithm::Rsa { bits: 2048 },
    KeyAlgorithm::Rsa { bits: 3072 },
    KeyAlgorithm::Rsa { bits: 4096 },
    KeyAlgorithm::P256,
    KeyAlgorithm::P384,
];

/// Returns the word of an extended key usage, or its number when it has none.
pub fn purpose_word(purpose: ObjectIdentifier) -> String {
    let word = PURPOSES.into_iter().find(|(_, oid)| *oid == purpose);
    word.map_or_else(|| purpose.to_string(), |(word, _)| word.to_owned())
}

/// Returns the words of a key usage.
pub fn usage_words(usage: KeyUsage) -> Vec<&'static str> {
    let given = USAGES.into_iter().filter(|(_, bit)| usage.has(*bit));
    given.map(|(word, _)| word).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn list(values: &[impl ToString]) -> String {
    let values: Vec<_> = values.iter().map(|v| quoted(&v.to_string())).collect();
    format!("[{}]", values.join(", "))
}
