//! The fleet file as it is written, and the proof of each value.

use std::path::PathBuf;

use ca_routeros::Door;
use ca_types::{Days, KeyId};
use serde::Deserialize;
use toml::Spanned;

use crate::spot::Spot;

use super::{
    Binding, CertificateWish, Fleet, FleetError, IpsecBinding, PasswordSource, RouterEntry,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFleet {
    #[serde(default)]
    defaults: RawDefaults,
    #[serde(default)]
    router: Vec<RawRouter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawDefaults {
    user: Option<Spanned<String>>,
    password_file: Option<PathBuf>,
    password_env: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawRouter {
    name: Spanned<String>,
    address: Spanned<String>,
    door: Spanned<String>,
    port: Option<u16>,
    user: Option<Spanned<String>>,
    password_file: Option<PathBuf>,
    password_env: Option<String>,
    #[serde(default)]
    pins: Vec<Spanned<String>>,
    #[serde(default)]
    crl_use: bool,
    peer_issuers: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    certificate: Vec<RawCertificate>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawCertificate {
    profile: Spanned<String>,
    name: Spanned<String>,
    #[serde(default)]
    san: Vec<Spanned<String>>,
    days: Option<Spanned<u32>>,
    key_algorithm: Option<Spanned<String>>,
    #[serde(default)]
    bind: Vec<Spanned<String>>,
    #[serde(default)]
    ipsec: Vec<RawIpsec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawIpsec {
    peer: Spanned<String>,
    my_id: Option<Spanned<String>>,
    remote_id: Spanned<String>,
    generate_policy: Option<Spanned<String>>,
    mode_config: Option<Spanned<String>>,
    policy_template_group: Option<Spanned<String>>,
}

/// The text, to name lines.
#[derive(Clone, Copy)]
struct Source<'a>(&'a str);

impl RawFleet {
    pub(super) fn parse(text: &str) -> Result<Self, FleetError> {
        toml::from_str(text).map_err(|error| FleetError {
            line: Source(text).line(error.span().map_or(0, |span| span.start)),
            what: error.message().to_owned(),
        })
    }

    pub(super) fn prove(self, text: &str) -> Result<Fleet, FleetError> {
        let source = Source(text);
        let mut routers: Vec<RouterEntry> = Vec::new();
        for router in self.router {
            let name = router.name.clone();
            let wishes: Vec<_> = router
                .certificate
                .iter()
                .map(|one| one.name.clone())
                .collect();
            let router = router.prove(&self.defaults, source)?;
            if routers.iter().any(|other| other.name == router.name) {
                return Err(source.wrong(
                    &name,
                    "name",
                    format!("`{}` is there twice", router.name),
                ));
            }
            for (place, (wish, written)) in router.certificates.iter().zip(&wishes).enumerate() {
                let before = router.certificates.iter().take(place);
                let others = routers.iter().flat_map(|router| &router.certificates);
                let mut before = before.chain(others);
                if before.any(|other| other.profile == wish.profile && other.name == wish.name) {
                    let what =
                        format!("`{}` is the NAME of another certificate already", wish.name);
                    return Err(source.wrong(written, "name", what));
                }
                let earlier = router.certificates.iter().take(place);
                let mut used = earlier.flat_map(|wish| &wish.bindings);
                if let Some(twice) = used.find(|used| {
                    let mut own = wish.bindings.iter();
                    own.any(|own| Spot::of(own) == Spot::of(used))
                }) {
                    let what = format!("{twice} is bound to another certificate already");
                    return Err(source.wrong(written, "bind", what));
                }
            }
            routers.push(router);
        }
        Ok(Fleet { routers })
    }
}

impl RawRouter {
    fn prove(self, defaults: &RawDefaults, source: Source<'_>) -> Result<RouterEntry, FleetError> {
        let door = source.door(&self.door)?;
        let user = self.user.as_ref().or(defaults.user.as_ref());
        let user = user.ok_or_else(|| source.wrong(&self.name, "user", MISSING))?;
        let password = match (self.password_file, self.password_env) {
            (None, None) => password(
                defaults.password_file.clone(),
                defaults.password_env.clone(),
            ),
            (file, environment) => password(file, environment),
        };
        let password = password.map_err(|(key, what)| source.wrong(&self.name, key, what))?;
        let certificates = self
            .certificate
            .into_iter()
            .map(|certificate| certificate.prove(source))
            .collect::<Result<Vec<_>, _>>()?;
        let peer_issuers = match self.peer_issuers {
            Some(classes) => classes
                .iter()
                .map(|class| source.one_of(class, "peer-issuers", &CLASSES))
                .collect::<Result<_, _>>()?,
            None => default_peer_issuers(&certificates),
        };
        Ok(RouterEntry {
            name: source.text(&self.name, "name")?,
            address: source.text(&self.address, "address")?,
            door,
            port: self.port.unwrap_or_else(|| door.port()),
            user: source.text(user, "user")?,
            password,
            pins: self
                .pins
                .iter()
                .map(|pin| source.pin(pin))
                .collect::<Result<_, _>>()?,
            certificates,
            crl_use: self.crl_use,
            peer_issuers,
        })
    }
}

impl RawCertificate {
    fn prove(self, source: Source<'_>) -> Result<CertificateWish, FleetError> {
        let name: ca_types::SubjectName = source.parse(&self.name, "name")?;
        let services = self.bind.iter().map(|bind| source.binding(bind));
        let mut bindings = services.collect::<Result<Vec<_>, _>>()?;
        for ipsec in self.ipsec {
            bindings.push(Binding::Ipsec(ipsec.prove(name.as_str(), source)?));
        }
        let days = match &self.days {
            Some(days) if *days.get_ref() == 0 => {
                return Err(source.wrong(days, "days", "wanted at least 1"));
            }
            days => days.as_ref().map(|days| Days(*days.get_ref())),
        };
        let algorithm = self.key_algorithm.as_ref();
        Ok(CertificateWish {
            profile: source.parse(&self.profile, "profile")?,
            name,
            sans: self
                .san
                .iter()
                .map(|san| source.parse(san, "san"))
                .collect::<Result<_, _>>()?,
            days,
            key_algorithm: algorithm
                .map(|word| source.one_of(word, "key-algorithm", &KEY_ALGORITHMS))
                .transpose()?,
            bindings,
        })
    }
}

impl RawIpsec {
    fn prove(self, name: &str, source: Source<'_>) -> Result<IpsecBinding, FleetError> {
        let own = if name.contains('@') {
            "user-fqdn"
        } else {
            "fqdn"
        };
        let my_id = self.my_id.as_ref().map(|id| source.id(id, "my-id"));
        let optional = |value: &Option<Spanned<String>>, key: &'static str| {
            value
                .as_ref()
                .map(|value| source.text(value, key))
                .transpose()
        };
        let generate = self.generate_policy.as_ref();
        Ok(IpsecBinding {
            peer: source.text(&self.peer, "peer")?,
            my_id: my_id.unwrap_or_else(|| Ok(format!("{own}:{name}")))?,
            remote_id: source.id(&self.remote_id, "remote-id")?,
            generate_policy: generate
                .map(|word| source.one_of(word, "generate-policy", &GENERATE_POLICY))
                .transpose()?,
            mode_config: optional(&self.mode_config, "mode-config")?,
            policy_template_group: optional(&self.policy_template_group, "policy-template-group")?,
        })
    }
}

impl Source<'_> {
    fn line(self, at: usize) -> usize {
        let before = self.0.get(..at).unwrap_or_default();
        before.matches('\n').count() + 1
    }

    fn wrong<T>(self, value: &Spanned<T>, key: &str, what: impl std::fmt::Display) -> FleetError {
        FleetError {
            line: self.line(value.span().start),
            what: format!("{key}: {what}"),
        }
    }

    /// Takes a text that can stand in a console, a file name and a table.
    fn text(self, value: &Spanned<String>, key: &str) -> Result<String, FleetError> {
        let text = value.get_ref();
        let fits = !text.is_empty()
            && text.chars().count() <= LONGEST_TEXT
            && !text.chars().any(char::is_control);
        if fits {
            Ok(text.clone())
        } else {
            let what = format!(
                "wanted a text without control characters, of at most {LONGEST_TEXT} characters"
            );
            Err(self.wrong(value, key, what))
        }
    }

    fn parse<T>(self, value: &Spanned<String>, key: &str) -> Result<T, FleetError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        value
            .get_ref()
            .parse()
            .map_err(|error| self.wrong(value, key, error))
    }

    fn one_of(
        self,
        value: &Spanned<String>,
        key: &str,
        words: &[&str],
    ) -> Result<String, FleetError> {
        let word = value.get_ref();
        if words.contains(&word.as_str()) {
            return Ok(word.clone());
        }
        let what = format!("wanted {}, `{}` came", list(words), word.escape_default());
        Err(self.wrong(value, key, what))
    }

    fn door(self, value: &Spanned<String>) -> Result<Door, FleetError> {
        let word = self.one_of(value, "door", &DOORS.map(Door::as_str))?;
        let door = DOORS.into_iter().find(|door| door.as_str() == word);
        door.ok_or_else(|| self.wrong(value, "door", MISSING))
    }

    fn pin(self, value: &Spanned<String>) -> Result<KeyId, FleetError> {
        let digits = value.get_ref().strip_prefix("sha256:");
        let digits = digits
            .ok_or_else(|| self.wrong(value, "pins", "wanted sha256: and 64 hexadecimal digits"))?;
        digits
            .parse()
            .map_err(|error| self.wrong(value, "pins", error))
    }

    fn id(self, value: &Spanned<String>, key: &str) -> Result<String, FleetError> {
        let text = self.text(value, key)?;
        match text.split_once(':') {
            Some(("fqdn" | "user-fqdn", name)) if !name.is_empty() => Ok(text),
            _ => Err(self.wrong(
                value,
                key,
                format!("wanted fqdn:NAME or user-fqdn:NAME, `{text}` came"),
            )),
        }
    }

    fn binding(self, value: &Spanned<String>) -> Result<Binding, FleetError> {
        let text = self.text(value, "bind")?;
        match text.split_once(':') {
            None if text == "www-ssl" => Ok(Binding::WwwSsl),
            None if text == "api-ssl" => Ok(Binding::ApiSsl),
            None if text == "sstp-server" => Ok(Binding::SstpServer),
            Some(("sstp-client", interface)) if !interface.is_empty() => Ok(Binding::SstpClient {
                interface: interface.to_owned(),
            }),
            _ => Err(self.wrong(
                value,
                "bind",
                format!("wanted www-ssl, api-ssl, sstp-server or sstp-client:NAME, `{text}` came"),
            )),
        }
    }
}

fn password(
    file: Option<PathBuf>,
    environment: Option<String>,
) -> Result<PasswordSource, (&'static str, &'static str)> {
    match (file, environment) {
        (Some(file), None) => Ok(PasswordSource::File(file)),
        (None, Some(variable)) => Ok(PasswordSource::Environment(variable)),
        (None, None) => Err(("password-file or password-env", MISSING)),
        (Some(_), Some(_)) => Err(("password-file and password-env", "one of them is wanted")),
    }
}

/// Whose certificates the peers of these bindings hold, as far as the bindings tell.
fn default_peer_issuers(certificates: &[CertificateWish]) -> Vec<String> {
    let bindings = || certificates.iter().flat_map(|wish| &wish.bindings);
    let is_person = |binding: &Binding| match binding {
        Binding::Ipsec(ipsec) => ipsec.remote_id.starts_with("user-fqdn:"),
        Binding::SstpServer => true,
        Binding::WwwSsl | Binding::ApiSsl | Binding::SstpClient { .. } => false,
    };
    let is_router = |binding: &Binding| matches!(binding, Binding::Ipsec(ipsec) if ipsec.remote_id.starts_with("fqdn:"));
    let is_gateway = |binding: &Binding| matches!(binding, Binding::SstpClient { .. });
    [
        ("router", bindings().any(is_router)),
        ("vpn-server", bindings().any(is_gateway)),
        ("vpn-client", bindings().any(is_person)),
    ]
    .into_iter()
    .filter(|(_, used)| *used)
    .map(|(class, _)| class.to_owned())
    .collect()
}

fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

const MISSING: &str = "is missing here and in [defaults]";
const LONGEST_TEXT: usize = 128;
const DOORS: [Door; 5] = [
    Door::Rest,
    Door::ApiSsl,
    Door::Ssh,
    Door::RestPlain,
    Door::ApiPlain,
];
const CLASSES: [&str; 3] = ["router", "vpn-server", "vpn-client"];
const KEY_ALGORITHMS: [&str; 4] = ["rsa2048", "rsa3072", "rsa4096", "p256"];
const GENERATE_POLICY: [&str; 3] = ["no", "port-strict", "port-override"];
