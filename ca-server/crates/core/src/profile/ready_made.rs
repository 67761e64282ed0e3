//! The profiles that every CA has, as data.

use std::sync::LazyLock;

use ca_types::{Days, IssuerClass, Role};
use ca_verify::target::Target;
use ca_verify::{KeyUsage, oid};
use spki::ObjectIdentifier;

use super::{KEYS, NameForm, Profile, ProfileParts};
use crate::{MAX_NAMES, NameRules, SanForm};

/// Five minutes: enough for a clock that is a little late, too little to claim a past that was not.
pub const DEFAULT_BACKDATING_SECONDS: u32 = 300;

/// Returns all of them.
pub(super) fn all() -> &'static [Profile] {
    static ALL: LazyLock<Vec<Profile>> = LazyLock::new(|| ROWS.iter().map(Row::profile).collect());
    &ALL
}

/// Returns the profile of this name form, of which there is one.
pub(super) fn fixed(form: NameForm) -> &'static Profile {
    let mut profiles = all().iter();
    profiles
        .find(|profile| profile.form == form)
        .expect("the table has a profile of every form")
}

/// What IKEv2 is spoken on, gateways and clients alike.
const IKEV2: &[Target] = &[
    Target::WindowsIkev2,
    Target::Ios,
    Target::MacOs,
    Target::Android,
    Target::StrongSwan,
];

/// One profile.
struct Row {
    name: &'static str,
    class: IssuerClass,
    form: NameForm,
    default_days: u32,
    maximum_days: u32,
    /// With `keyEncipherment`: TLS 1.2 with RSA key exchange, which SSTP still meets.
    key_usage: KeyUsage,
    extended_key_usage: &'static [ObjectIdentifier],
    san_types: &'static [SanForm],
    targets: &'static [Target],
}

impl Row {
    fn profile(&self) -> Profile {
        Profile {
            name: self
                .name
                .parse()
                .expect("the names in the table are well-formed"),
            form: self.form,
            parts: ProfileParts {
                class: self.class,
                issuer: None,
                default_validity: Days(self.default_days),
                maximum_validity: Days(self.maximum_days),
                backdating_seconds: DEFAULT_BACKDATING_SECONDS,
                keys: KEYS.to_vec(),
                key_usage: self.key_usage,
                extended_key_usage: self.extended_key_usage.to_vec(),
                names: NameRules {
                    forms: self.san_types.to_vec(),
                    patterns: Vec::new(),
                    ranges: Vec::new(),
                    maximum: MAX_NAMES,
                    required: Vec::new(),
                },
                targets: self.targets.to_vec(),
                roles: vec![Role::Admin, Role::Operator, Role::Agent],
                renewal_after_expiry: Days(0),
            },
        }
    }
}

const SIGNATURE: KeyUsage = KeyUsage::DIGITAL_SIGNATURE;
const SIGNATURE_AND_ENCIPHERMENT: KeyUsage = SIGNATURE.and(KeyUsage::KEY_ENCIPHERMENT);
const ANY_FORM: &[SanForm] = &[SanForm::Dns, SanForm::Ip, SanForm::Email];
const HOSTS: &[SanForm] = &[SanForm::Dns, SanForm::Ip];

const ROWS: [Row; 8] = [
    Row {
        name: "router",
        class: IssuerClass::Router,
        form: NameForm::Subject,
        default_days: 397,
        maximum_days: 825,
        key_usage: SIGNATURE_AND_ENCIPHERMENT,
        extended_key_usage: &[oid::SERVER_AUTH, oid::CLIENT_AUTH, oid::IPSEC_IKE],
        san_types: ANY_FORM,
        targets: &[Target::RouterOs6, Target::RouterOs7, Target::StrongSwan],
    },
    // www-ssl and api-ssl: a server for people and tools, no end of a tunnel.
    Row {
        name: "router-management",
        class: IssuerClass::Router,
        form: NameForm::Subject,
        default_days: 397,
        maximum_days: 825,
        key_usage: SIGNATURE_AND_ENCIPHERMENT,
        extended_key_usage: &[oid::SERVER_AUTH],
        san_types: HOSTS,
        targets: &[Target::RouterOs6, Target::RouterOs7],
    },
    Row {
        name: "vpn-server",
        class: IssuerClass::VpnServer,
        form: NameForm::Gateway,
        default_days: 397,
        maximum_days: 825,
        key_usage: SIGNATURE_AND_ENCIPHERMENT,
        extended_key_usage: &[oid::SERVER_AUTH, oid::IPSEC_IKE, oid::IKE_INTERMEDIATE],
        san_types: ANY_FORM,
        targets: IKEV2,
    },
    // EAP-TLS: supplicants look at serverAuth and at the DNS name (RFC 5216 §5.3).
    Row {
        name: "radius-server",
        class: IssuerClass::VpnServer,
        form: NameForm::Gateway,
        default_days: 397,
        maximum_days: 825,
        key_usage: SIGNATURE_AND_ENCIPHERMENT,
        extended_key_usage: &[oid::SERVER_AUTH],
        san_types: HOSTS,
        targets: &[Target::FreeRadius],
    },
    Row {
        name: "vpn-client",
        class: IssuerClass::VpnClient,
        form: NameForm::Subject,
        default_days: 180,
        maximum_days: 397,
        key_usage: SIGNATURE,
        extended_key_usage: &[oid::CLIENT_AUTH, oid::IPSEC_IKE],
        san_types: ANY_FORM,
        targets: IKEV2,
    },
    Row {
        name: "wifi-client",
        class: IssuerClass::VpnClient,
        form: NameForm::Subject,
        default_days: 180,
        maximum_days: 397,
        key_usage: SIGNATURE,
        extended_key_usage: &[oid::CLIENT_AUTH],
        san_types: ANY_FORM,
        targets: &[Target::FreeRadius],
    },
    Row {
        name: "control",
        class: IssuerClass::Control,
        form: NameForm::Actor,
        default_days: 90,
        maximum_days: 90,
        key_usage: SIGNATURE,
        extended_key_usage: &[oid::CLIENT_AUTH],
        san_types: ANY_FORM,
        targets: &[],
    },
    Row {
        name: "control-server",
        class: IssuerClass::Control,
        form: NameForm::Api,
        default_days: 90,
        maximum_days: 90,
        key_usage: SIGNATURE,
        extended_key_usage: &[oid::SERVER_AUTH],
        san_types: HOSTS,
        targets: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ready_made_profile_keeps_the_rules_that_bind_the_settings() {
        for profile in all().iter().filter(|profile| profile.is_configurable()) {
            let proved = Profile::prove(profile.name.clone(), profile.parts.clone());
            assert_eq!(proved.as_ref(), Ok(profile));
        }
    }
}
