//! The profiles: what the settings change of the ready-made ones, and add to them.

use ca_core::{KEYS, PURPOSES, Profile, ProfileParts, Profiles, SanForm, USAGES};
use ca_types::{Days, IssuerClass, ProfileName, Role};
use ca_verify::KeyUsage;
use ca_verify::target::Target;
use toml::Spanned;

use super::raw::{RawProfile, RawProfiles};
use super::{Proof, SettingsError};

/// A key of a profile, for the documentation.
pub(super) struct ProfileKey {
    pub(super) key: &'static str,
    pub(super) kind: &'static str,
    pub(super) meaning: &'static str,
}

const fn row(key: &'static str, kind: &'static str, meaning: &'static str) -> ProfileKey {
    ProfileKey { key, kind, meaning }
}

/// All keys of a profile, in the order of the documentation.
pub(super) const ALL: [ProfileKey; 16] = [
    row(
        "class",
        "`router`, `vpn-server` or `vpn-client`",
        "The class of the CA that issues. A new profile needs it, and begins as the ready-made profile of that name.",
    ),
    row(
        "issuer",
        "issuer id",
        "The CA that issues, such as `router-2026-1`; without it the newest active one of the class.",
    ),
    row(
        "default_days",
        "number",
        "The validity when none is asked for. From 1 to `maximum_days`.",
    ),
    row(
        "maximum_days",
        "number",
        "The longest validity. From 1 to 825.",
    ),
    row(
        "backdating_seconds",
        "number",
        "By how much a certificate is valid before it is made, for clocks that are late. From 0 to 3600.",
    ),
    row(
        "keys",
        "list of `rsa2048`, `rsa3072`, `rsa4096`, `p256`, `p384`",
        "The kinds of keys that are certified.",
    ),
    row(
        "key_usage",
        "list of `digitalSignature`, `keyEncipherment`",
        "The key usage; `digitalSignature` is always there, `keyEncipherment` is given to RSA keys only.",
    ),
    row(
        "extended_key_usage",
        "list of `serverAuth`, `clientAuth`, `ipsecIKE`, `iKEIntermediate`",
        "The extended key usage. Class vpn-client never gives serverAuth, class vpn-server never clientAuth, and only \
         vpn-server gives iKEIntermediate.",
    ),
    row(
        "san_types",
        "list of `dns`, `ip`, `email`",
        "The forms of names that are certified.",
    ),
    row(
        "san_patterns",
        "list of patterns",
        "Every DNS name and e-mail address must match one, when there are any; `*` stands for any run of characters. A \
         pattern with `@` is for e-mail addresses, one without for DNS names. `domains` holds beside it.",
    ),
    row(
        "san_addresses",
        "list of ADDRESS/LENGTH",
        "Every IP address must lie in one of these ranges, when there are any.",
    ),
    row(
        "san_maximum",
        "number",
        "How many names a certificate may have, the NAME included. From 1 to 101.",
    ),
    row(
        "san_required",
        "list of `dns`, `ip`, `email`",
        "Of each of these forms there must be a name.",
    ),
    row(
        "targets",
        "list of targets",
        "Where the certificates are to work: the names in [targets.md](targets.md).",
    ),
    row(
        "roles",
        "list of `admin`, `operator`, `agent`",
        "The roles of the actors who may ask for a certificate, within their scopes. Its holder may renew it always.",
    ),
    row(
        "renewal_after_expiry_days",
        "number",
        "For how many days past its end a certificate may still be renewed or rekeyed. From 0 to 365.",
    ),
];

/// Proves the profiles of the file, and puts them over the ready-made ones.
pub(super) fn prove(raw: &RawProfiles, proof: &Proof<'_>) -> Result<Profiles, SettingsError> {
    let mut profiles = Profiles::default();
    for (name, raw) in raw {
        profiles.set(Section { name, raw, proof }.profile()?);
    }
    Ok(profiles)
}

/// One `[profiles.NAME]`.
struct Section<'a> {
    name: &'a Spanned<String>,
    raw: &'a RawProfile,
    proof: &'a Proof<'a>,
}

impl Section<'_> {
    fn profile(&self) -> Result<Profile, SettingsError> {
        let raw = self.raw;
        let name: ProfileName = self.proof.text("profiles", self.name)?;
        let class = |text: &str| CLASSES.into_iter().find(|c| c.as_str() == text);
        let class = self.word("class", raw.class.as_ref(), class, &CLASSES)?;
        let base = self.base(&name, class)?;
        let role = |text: &str| text.parse::<Role>().ok();
        let form = |text: &str| SanForm::ALL.into_iter().find(|f| f.as_str() == text);
        let key = |text: &str| KEYS.into_iter().find(|key| key.to_string() == text);
        let usage = |text: &str| find(&USAGES, text);
        let purpose = |text: &str| find(&PURPOSES, text);
        let target = |text: &str| text.parse::<Target>().ok();
        let mut parts = base.clone();
        parts.class = class.unwrap_or(parts.class);
        if let Some(issuer) = &raw.issuer {
            parts.issuer = Some(self.proof.text(&self.key("issuer"), issuer)?);
        }
        let days = |key, value: &Option<Spanned<i64>>, base: Days| {
            self.number(key, value.as_ref(), base.0).map(Days)
        };
        parts.default_validity = days("default_days", &raw.default_days, base.default_validity)?;
        parts.maximum_validity = days("maximum_days", &raw.maximum_days, base.maximum_validity)?;
        parts.backdating_seconds = self.number(
            "backdating_seconds",
            raw.backdating_seconds.as_ref(),
            base.backdating_seconds,
        )?;
        if let Some(values) = &raw.keys {
            parts.keys = self.words("keys", values, key, &KEYS)?;
        }
        if let Some(values) = &raw.key_usage {
            let bits = self.words("key_usage", values, usage, &words(&USAGES))?;
            parts.key_usage = bits.into_iter().fold(KeyUsage::NONE, KeyUsage::and);
        }
        if let Some(values) = &raw.extended_key_usage {
            parts.extended_key_usage =
                self.words("extended_key_usage", values, purpose, &words(&PURPOSES))?;
        }
        if let Some(values) = &raw.san_types {
            parts.names.forms = self.words("san_types", values, form, &SanForm::ALL)?;
        }
        if let Some(values) = &raw.san_required {
            parts.names.required = self.words("san_required", values, form, &SanForm::ALL)?;
        }
        if let Some(values) = &raw.san_patterns {
            parts.names.patterns = self.proof.texts(&self.key("san_patterns"), values)?;
        }
        if let Some(values) = &raw.san_addresses {
            parts.names.ranges = self.proof.texts(&self.key("san_addresses"), values)?;
        }
        let most = u32::try_from(base.names.maximum).unwrap_or(u32::MAX);
        let most = self.number("san_maximum", raw.san_maximum.as_ref(), most)?;
        parts.names.maximum = usize::try_from(most).unwrap_or(usize::MAX);
        if let Some(values) = &raw.targets {
            parts.targets = self.words("targets", values, target, &Target::ALL)?;
        }
        if let Some(values) = &raw.roles {
            parts.roles = self.words("roles", values, role, &Role::ALL)?;
        }
        parts.renewal_after_expiry = days(
            "renewal_after_expiry_days",
            &raw.renewal_after_expiry_days,
            base.renewal_after_expiry,
        )?;
        Profile::prove(name, parts).map_err(|error| {
            let start = raw.start_of(error.key);
            let start = start.unwrap_or_else(|| self.name.span().start);
            (self.proof.wrong)(
                (self.proof.line_at)(start),
                format!("{}: {error}", self.key(error.key)),
            )
        })
    }

    /// Finds the ready-made profile that this one begins as.
    fn base(
        &self,
        name: &ProfileName,
        class: Option<IssuerClass>,
    ) -> Result<&'static ProfileParts, SettingsError> {
        let of_class = || {
            let name = class?.as_str().parse().ok()?;
            Profile::find(&name)
        };
        let base = Profile::find(name).or_else(of_class);
        base.map(Profile::parts).ok_or_else(|| {
            let what = "a new profile needs a `class`: router, vpn-server or vpn-client";
            self.proof
                .refuse(&format!("profiles.{name}"), self.name, what)
        })
    }

    fn key(&self, key: &str) -> String {
        format!("profiles.{}.{key}", self.name.get_ref())
    }

    fn number(
        &self,
        key: &str,
        value: Option<&Spanned<i64>>,
        base: u32,
    ) -> Result<u32, SettingsError> {
        let Some(value) = value else { return Ok(base) };
        let came = value.get_ref();
        u32::try_from(*came).map_err(|_source| {
            let what = format_args!("{came}: wanted a number of days, seconds or names");
            self.proof.refuse(&self.key(key), value, what)
        })
    }

    fn word<T>(
        &self,
        key: &str,
        value: Option<&Spanned<String>>,
        find: impl Fn(&str) -> Option<T>,
        wanted: &[impl ToString],
    ) -> Result<Option<T>, SettingsError> {
        let Some(value) = value else { return Ok(None) };
        let found = find(value.get_ref()).ok_or_else(|| {
            let wanted: Vec<_> = wanted.iter().map(ToString::to_string).collect();
            let came = value.get_ref().escape_default();
            let what = format_args!("`{came}`: wanted {}", wanted.join(", "));
            self.proof.refuse(&self.key(key), value, what)
        })?;
        Ok(Some(found))
    }

    fn words<T>(
        &self,
        key: &str,
        values: &[Spanned<String>],
        find: impl Fn(&str) -> Option<T>,
        wanted: &[impl ToString],
    ) -> Result<Vec<T>, SettingsError> {
        let values = values.iter();
        let found = values.map(|value| self.word(key, Some(value), &find, wanted));
        found.filter_map(Result::transpose).collect()
    }
}

const CLASSES: [IssuerClass; 3] = [
    IssuerClass::Router,
    IssuerClass::VpnServer,
    IssuerClass::VpnClient,
];

fn find<T: Copy>(table: &[(&'static str, T)], text: &str) -> Option<T> {
    let found = table.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value)
}

fn words<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(word, _)| *word).collect()
}

impl RawProfile {
    /// Returns where the value of a key begins.
    fn start_of(&self, key: &str) -> Option<usize> {
        fn at<T>(value: Option<&Spanned<T>>) -> Option<usize> {
            value.map(|value| value.span().start)
        }
        fn first(values: Option<&Vec<Spanned<String>>>) -> Option<usize> {
            at(values.and_then(|values| values.first()))
        }
        match key {
            "class" => at(self.class.as_ref()),
            "issuer" => at(self.issuer.as_ref()),
            "default_days" => at(self.default_days.as_ref()),
            "maximum_days" => at(self.maximum_days.as_ref()),
            "backdating_seconds" => at(self.backdating_seconds.as_ref()),
            "keys" => first(self.keys.as_ref()),
            "key_usage" => first(self.key_usage.as_ref()),
            "extended_key_usage" => first(self.extended_key_usage.as_ref()),
            "san_types" => first(self.san_types.as_ref()),
            "san_patterns" => first(self.san_patterns.as_ref()),
            "san_addresses" => first(self.san_addresses.as_ref()),
            "san_maximum" => at(self.san_maximum.as_ref()),
            "san_required" => first(self.san_required.as_ref()),
            "targets" => first(self.targets.as_ref()),
            "roles" => first(self.roles.as_ref()),
            "renewal_after_expiry_days" => at(self.renewal_after_expiry_days.as_ref()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::Settings;

    const LEAST: &str =
        "organization = \"Example Fleet\"\npublish_url = \"http://pki.example.net\"\n";

    fn parse(more: &str) -> Result<Profiles, String> {
        let text = format!("{LEAST}{more}");
        match Settings::parse(Path::new("f"), text.as_bytes()) {
            Ok(settings) => Ok(settings.policy.profiles),
            Err(error) => Err(error.to_string()),
        }
    }

    #[track_caller]
    fn check_wrong(section: &str, expect: &str) {
        let came = parse(section).unwrap_err();
        assert_eq!(
            came.strip_prefix("f, ").unwrap_or(&came),
            expect,
            "{section}"
        );
    }

    /// Shows the keys of a profile that differ from those of another.
    fn difference(profiles: &Profiles, name: &str, other: &str) -> Vec<String> {
        let facts = profiles.find(&name.parse().unwrap()).unwrap().facts();
        let other = Profile::find(&other.parse().unwrap()).unwrap().facts();
        let changed = facts.into_iter().filter(|fact| !other.contains(fact));
        changed
            .map(|(key, value)| format!("{key} = {value}"))
            .collect()
    }

    #[test]
    fn without_a_section_the_ready_made_profiles_are_in_effect() {
        let profiles = parse("").unwrap();
        assert_eq!(profiles, Profiles::default());
        let names: Vec<_> = profiles.iter().map(|p| p.name().as_str()).collect();
        assert_eq!(
            names,
            [
                "radius-server",
                "router",
                "router-management",
                "vpn-client",
                "vpn-server",
                "wifi-client"
            ]
        );
    }

    #[test]
    fn a_section_changes_what_it_names_and_nothing_else() {
        let profiles =
            parse("[profiles.router]\nmaximum_days = 397\nsan_types = [\"dns\"]\n").unwrap();
        assert_eq!(
            difference(&profiles, "router", "router"),
            ["maximum_days = 397", "san_types = [\"dns\"]"]
        );
        assert!(difference(&profiles, "vpn-client", "vpn-client").is_empty());
    }

    #[test]
    fn a_new_profile_begins_as_the_one_of_its_class() {
        let profiles =
            parse("[profiles.berlin]\nclass = \"vpn-client\"\nkeys = [\"p256\"]\n").unwrap();
        assert_eq!(
            difference(&profiles, "berlin", "vpn-client"),
            ["keys = [\"p256\"]"]
        );
    }

    /// What the settings write of a profile is what they read.
    #[test]
    fn the_facts_of_a_profile_are_its_settings() {
        let text = include_str!("../../../docs/ca-server.toml");
        let sample = Settings::parse(Path::new("f"), text.as_bytes()).unwrap();
        for profile in sample.policy.profiles.iter() {
            let mut section = format!("[profiles.{}]\n", profile.name());
            for (key, value) in profile.facts() {
                if value != "none" {
                    section.push_str(&format!("{key} = {value}\n"));
                }
            }
            let again = parse(&section).unwrap();
            assert_eq!(again.find(profile.name()), Some(profile), "{section}");
        }
    }

    #[test]
    fn a_wrong_value_is_named_with_its_key_and_line() {
        check_wrong(
            "[profiles.router]\n\ncolour = 1\n",
            "line 5: unknown field `colour`, expected one of `class`, `issuer`, `default_days`, `maximum_days`, \
             `backdating_seconds`, `keys`, `key_usage`, `extended_key_usage`, `san_types`, `san_patterns`, \
             `san_addresses`, `san_maximum`, `san_required`, `targets`, `roles`, `renewal_after_expiry_days`",
        );
        for (section, expect) in WRONG {
            check_wrong(section, expect);
        }
        let unknown = parse("[profiles.router]\ntargets = [\"windows\"]\n").unwrap_err();
        assert!(
            unknown
                .starts_with("f, line 4: profiles.router.targets: `windows`: wanted routeros-6,"),
            "{unknown}"
        );
    }

    const WRONG: &[(&str, &str)] = &[
        (
            "[profiles.berlin]\n",
            "line 3: profiles.berlin: a new profile needs a `class`: router, vpn-server or vpn-client",
        ),
        (
            "[profiles.Berlin]\n",
            "line 3: profiles: profile name `Berlin`: wanted lower-case letters, digits and dashes, at most 32",
        ),
        (
            "[profiles.a]\nclass = \"control\"\n",
            "line 4: profiles.a.class: `control`: wanted router, vpn-server, vpn-client",
        ),
        (
            "[profiles.router]\nclass = \"vpn-server\"\n",
            "line 4: profiles.router.class: profile router is of class router",
        ),
        (
            "[profiles.control]\n",
            "line 3: profiles.control.class: profile control is fixed: the API of this server rests on it",
        ),
        (
            "[profiles.control-server]\nclass = \"router\"\n",
            "line 4: profiles.control-server.class: profile control-server is fixed: the API of this server rests on it",
        ),
        (
            "[profiles.router]\nmaximum_days = 826\n",
            "line 4: profiles.router.maximum_days: 826: wanted 1 to 825",
        ),
        (
            "[profiles.router]\nmaximum_days = 90\n",
            "line 3: profiles.router.default_days: 397: wanted 1 to 90",
        ),
        (
            "[profiles.router]\ndefault_days = 0\n",
            "line 4: profiles.router.default_days: 0: wanted 1 to 825",
        ),
        (
            "[profiles.router]\ndefault_days = -1\n",
            "line 4: profiles.router.default_days: -1: wanted a number of days, seconds or names",
        ),
        (
            "[profiles.router]\nbackdating_seconds = 3601\n",
            "line 4: profiles.router.backdating_seconds: 3601: wanted 0 to 3600",
        ),
        (
            "[profiles.router]\nkeys = [\n  \"p256\",\n  \"ed25519\",\n]\n",
            "line 6: profiles.router.keys: `ed25519`: wanted rsa2048, rsa3072, rsa4096, p256, p384",
        ),
        (
            "[profiles.router]\nkeys = []\n",
            "line 3: profiles.router.keys: wanted at least one",
        ),
        (
            "[profiles.router]\nkey_usage = [\"keyCertSign\"]\n",
            "line 4: profiles.router.key_usage: `keyCertSign`: wanted digitalSignature, keyEncipherment",
        ),
        (
            "[profiles.router]\nkey_usage = [\"keyEncipherment\"]\n",
            "line 4: profiles.router.key_usage: keyEncipherment: wanted digitalSignature, and keyEncipherment at most",
        ),
        (
            "[profiles.vpn-client]\nextended_key_usage = [\"clientAuth\", \"serverAuth\"]\n",
            "line 4: profiles.vpn-client.extended_key_usage: `serverAuth` is never given to class vpn-client: wanted clientAuth, ipsecIKE",
        ),
        (
            "[profiles.vpn-server]\nextended_key_usage = [\"ipsecIKE\"]\n",
            "line 4: profiles.vpn-server.extended_key_usage: wanted serverAuth in a profile of class vpn-server",
        ),
        (
            "[profiles.vpn-server]\nextended_key_usage = [\"anyExtendedKeyUsage\"]\n",
            "line 4: profiles.vpn-server.extended_key_usage: `anyExtendedKeyUsage`: wanted serverAuth, clientAuth, ipsecIKE, iKEIntermediate",
        ),
        (
            "[profiles.vpn-server]\nextended_key_usage = [\"ipsecEndSystem\"]\n",
            "line 4: profiles.vpn-server.extended_key_usage: `ipsecEndSystem`: wanted serverAuth, clientAuth, ipsecIKE, iKEIntermediate",
        ),
        (
            "[profiles.router]\nsan_types = [\"uri\"]\n",
            "line 4: profiles.router.san_types: `uri`: wanted dns, ip, email",
        ),
        (
            "[profiles.router]\nsan_types = [\"dns\"]\nsan_patterns = [\"*@example.net\"]\n",
            "line 5: profiles.router.san_patterns: `*@example.net` is for email names, which are not among san_types",
        ),
        (
            "[profiles.router]\nsan_addresses = [\"10.0.0.1/8\"]\n",
            "line 4: profiles.router.san_addresses: `10.0.0.1/8`: wanted a range such as 10.0.0.0/8 or 2001:db8::/32, with zeros behind the prefix",
        ),
        (
            "[profiles.router]\nsan_maximum = 102\n",
            "line 4: profiles.router.san_maximum: 102: wanted 1 to 101",
        ),
        (
            "[profiles.router]\nsan_types = [\"dns\"]\nsan_required = [\"ip\"]\n",
            "line 5: profiles.router.san_required: `ip` is not among san_types",
        ),
        (
            "[profiles.router]\nroles = [\"auditor\"]\n",
            "line 4: profiles.router.roles: an auditor changes nothing: wanted admin, operator or agent",
        ),
        (
            "[profiles.router]\nroles = [\"admin\", \"admin\"]\n",
            "line 4: profiles.router.roles: `admin` stands there twice",
        ),
        (
            "[profiles.router]\nrenewal_after_expiry_days = 366\n",
            "line 4: profiles.router.renewal_after_expiry_days: 366: wanted 0 to 365",
        ),
        (
            "[profiles.router]\nissuer = \"Router 1\"\n",
            "line 4: profiles.router.issuer: issuer id `Router 1`: wanted lower-case letters, digits and dashes, at most 64",
        ),
    ];
}
