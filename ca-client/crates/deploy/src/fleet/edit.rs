//! Changes to the text of a fleet file that leave comments and order alone.

use std::fmt;

use ca_routeros::Door;
use ca_types::{KeyId, ProfileName, SubjectName};
use serde::Deserialize;
use toml::Spanned;

use super::{Fleet, FleetError};

/// Lets a router show one more key: returns the text with the pin in front of the others.
///
/// Of the former pins the newest few stay, so that a way back is open.
///
/// # Errors
/// Fails when the text is no fleet file or has no such router.
pub fn with_pin(text: &str, router: &str, pin: KeyId) -> Result<String, FleetError> {
    let fleet = Fleet::parse(text)?;
    let absent = || FleetError {
        line: 1,
        what: format!("there is no router `{router}`"),
    };
    let entry = fleet.router(router).ok_or_else(absent)?;
    if entry.pins.first() == Some(&pin) {
        return Ok(text.to_owned());
    }
    let former = entry.pins.iter().filter(|former| **former != pin);
    let pins: Vec<String> = std::iter::once(&pin)
        .chain(former)
        .take(MOST_PINS)
        .map(|pin| format!("\"sha256:{pin}\""))
        .collect();
    let list = format!("[{}]", pins.join(", "));
    let places: Places = toml::from_str(text).map_err(|error| FleetError {
        line: 1,
        what: error.message().to_owned(),
    })?;
    let place = places.router.iter().find(|place| place.name == router);
    let place = place.ok_or_else(absent)?;
    let (range, new) = match &place.pins {
        Some(pins) => (pins.span(), list),
        None => {
            let end = place.door.span().end;
            (end..end, format!("\npins = {list}"))
        }
    };
    let mut edited = text.to_owned();
    edited.replace_range(range, &new);
    Ok(edited)
}

/// A new entry of the fleet file, with comments for the person who goes on with it.
#[derive(Debug)]
pub struct NewEntry<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its host.
    pub address: &'a str,
    /// How it is reached.
    pub door: Door,
    /// The port there.
    pub port: u16,
    /// Who logs in.
    pub user: &'a str,
    /// The file with the password.
    pub password_file: &'a str,
    /// The key that it showed.
    pub pin: KeyId,
    /// What was found there: the identity and the release.
    pub found: &'a str,
    /// The profile of its certificate.
    pub profile: &'a ProfileName,
    /// The NAME of its certificate.
    pub certificate_name: &'a SubjectName,
}

impl fmt::Display for NewEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &str| toml::Value::from(value).to_string();
        writeln!(f, "[[router]]")?;
        // What a router says about itself must not become a line of its own.
        writeln!(f, "# {}", self.found.replace(char::is_control, " "))?;
        writeln!(f, "name = {}", text(self.name))?;
        writeln!(f, "address = {}", text(self.address))?;
        writeln!(f, "door = {}", text(self.door.as_str()))?;
        writeln!(f, "port = {}", self.port)?;
        writeln!(f, "user = {}", text(self.user))?;
        writeln!(f, "password-file = {}", text(self.password_file))?;
        writeln!(
            f,
            "# Keys that it may show; a push puts the new one of a TLS service in front."
        )?;
        writeln!(f, "pins = [\"sha256:{}\"]", self.pin)?;
        writeln!(f, "# Let it check whether its peers are revoked:")?;
        writeln!(f, "# crl-use = true")?;
        writeln!(f)?;
        writeln!(f, "[[router.certificate]]")?;
        writeln!(f, "profile = {}", text(self.profile.as_str()))?;
        writeln!(f, "name = {}", text(self.certificate_name.as_str()))?;
        writeln!(
            f,
            "# Where it is used: www-ssl, api-ssl, sstp-server, sstp-client:INTERFACE"
        )?;
        match self.door {
            Door::Ssh => writeln!(f, "bind = []")?,
            Door::Rest | Door::RestPlain | Door::ApiSsl | Door::ApiPlain => {
                writeln!(f, "bind = [{}]", text(self.door.service()))?;
            }
        }
        writeln!(f)?;
        writeln!(
            f,
            "# For a tunnel; the peer exists already, with exchange-mode=ike2:"
        )?;
        writeln!(f, "# [[router.certificate.ipsec]]")?;
        writeln!(f, "# peer = \"hamburg\"")?;
        writeln!(f, "# remote-id = \"fqdn:hamburg-01.example.net\"")
    }
}

/// Where the values stand that are edited.
#[derive(Deserialize)]
struct Places {
    #[serde(default)]
    router: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    name: String,
    door: Spanned<String>,
    pins: Option<Spanned<Vec<String>>>,
}

/// The new key, the one that is bound, and the one before it.
const MOST_PINS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(octet: u8) -> KeyId {
        KeyId::from([octet; 32])
    }

    #[test]
    fn a_pin_comes_in_front_and_everything_else_stays() {
        let text = "# ours\n[[router]]\nname = \"a\" # first\naddress = \"a.example\"\ndoor = \"rest\"\nuser = \"u\"\n\
                    password-env = \"P\"\n\n[[router]]\nname = \"b\"\naddress = \"b.example\"\ndoor = \"rest\"\n\
                    user = \"u\"\npassword-env = \"P\"\npins = [\n]\n";
        let mut edited = with_pin(text, "a", pin(1)).unwrap();
        assert_eq!(
            edited.replace(&format!("\npins = [\"sha256:{}\"]", pin(1)), ""),
            text
        );
        for octet in 2..=4 {
            edited = with_pin(&edited, "a", pin(octet)).unwrap();
        }
        assert_eq!(with_pin(&edited, "a", pin(4)).unwrap(), edited);
        let edited = with_pin(&edited, "b", pin(9)).unwrap();
        let fleet = Fleet::parse(&edited).unwrap();
        assert_eq!(fleet.router("a").unwrap().pins, [pin(4), pin(3), pin(2)]);
        assert_eq!(fleet.router("b").unwrap().pins, [pin(9)]);
        assert!(edited.starts_with("# ours\n") && edited.contains("\"a\" # first\n"));
    }

    #[test]
    fn an_absent_router_gets_no_pin() {
        let error = with_pin("", "a", pin(1)).unwrap_err();
        assert_eq!(error.to_string(), "line 1: there is no router `a`");
    }

    #[test]
    fn a_new_entry_is_a_fleet_file() {
        let entry = NewEntry {
            name: "berlin \"1\"",
            address: "2001:db8::1",
            door: Door::ApiSsl,
            port: 8729,
            user: "fleet-ca",
            password_file: "pw",
            pin: pin(7),
            found: "MikroTik\n[[router]]\nname = \"evil\"\r\u{7f}, RouterOS 6.49.23",
            profile: &"router".parse().unwrap(),
            certificate_name: &"berlin-01.example.net".parse().unwrap(),
        };
        let fleet = Fleet::parse(&entry.to_string()).unwrap();
        let router = fleet.router("berlin \"1\"").unwrap();
        assert_eq!(router.pins, [pin(7)]);
        assert_eq!(router.certificates.len(), 1);
        assert_eq!(fleet.routers.len(), 1);
    }
}
