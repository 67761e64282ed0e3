//! What differs between two versions of the settings.

use ca_core::Profile;

use super::Settings;

/// What differs between two versions of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsChange {
    /// The keys that differ and take effect at a start only.
    pub needs_restart: Vec<&'static str>,
    /// What differs in the policy, one line each: `domains: ["example.net"] -> []`.
    pub lines: Vec<String>,
}

/// The longest text of a change in the log: a leaf has at most 65 535 octets.
const MAX_TEXT: usize = 16_384;

impl SettingsChange {
    /// Compares the settings in force with those that are to follow.
    pub fn between(old: &Settings, new: &Settings) -> Self {
        let restart = [
            ("organization", old.organization != new.organization),
            ("publish_url", old.publish_url != new.publish_url),
            ("server_names", old.server_names != new.server_names),
            ("listen", old.listen != new.listen),
            ("http_listen", old.http_listen != new.http_listen),
            (
                "operations_listen",
                old.operations_listen != new.operations_listen,
            ),
            ("data", old.data != new.data),
            (
                "passphrase_file",
                old.passphrase_file != new.passphrase_file,
            ),
            ("limits", old.limits != new.limits),
        ];
        let needs_restart = restart.into_iter().filter(|(_, differs)| *differs);
        Self {
            needs_restart: needs_restart.map(|(key, _)| key).collect(),
            lines: policy_lines(old, new),
        }
    }

    /// Returns the lines as one text that fits a leaf; what is cut is counted.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (at, line) in self.lines.iter().enumerate() {
            if text.len() + line.len() > MAX_TEXT {
                let more = self.lines.len() - at;
                text.push_str(&format!("… and {more} lines more\n"));
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

fn policy_lines(old: &Settings, new: &Settings) -> Vec<String> {
    let mut lines = Vec::new();
    let domains = |settings: &Settings| {
        let domains = settings.policy.domains.iter();
        let domains: Vec<_> = domains.map(|domain| format!("\"{domain}\"")).collect();
        format!("[{}]", domains.join(", "))
    };
    if old.policy.domains != new.policy.domains {
        lines.push(format!("domains: {} -> {}", domains(old), domains(new)));
    }
    let (former, later) = (&old.policy.profiles, &new.policy.profiles);
    for profile in later.iter() {
        match former.find(profile.name()) {
            None => lines.push(format!(
                "profiles.{}: added: {}",
                profile.name(),
                section(profile)
            )),
            Some(before) => lines.extend(difference(before, profile)),
        }
    }
    for profile in former.iter() {
        if later.find(profile.name()).is_none() {
            lines.push(format!("profiles.{}: removed", profile.name()));
        }
    }
    lines
}

/// Lists what differs between two versions of a profile.
pub fn difference(old: &Profile, new: &Profile) -> Vec<String> {
    let facts = old.facts().into_iter().zip(new.facts());
    facts
        .filter(|((_, before), (_, after))| before != after)
        .map(|((key, before), (_, after))| {
            format!("profiles.{}.{key}: {before} -> {after}", new.name())
        })
        .collect()
}

fn section(profile: &Profile) -> String {
    let facts = profile.facts();
    let facts: Vec<_> = facts
        .iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    facts.join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(more: &str) -> Settings {
        let least = "organization = \"Example Fleet\"\npublish_url = \"http://pki.example.net\"\n";
        Settings::parse(Path::new("f"), format!("{least}{more}").as_bytes()).unwrap()
    }

    fn between(old: &str, new: &str) -> SettingsChange {
        SettingsChange::between(&parse(old), &parse(new))
    }

    #[test]
    fn what_differs_is_told_key_by_key() {
        let old = "domains = [\"example.net\"]\n[profiles.old]\nclass = \"router\"\n";
        let new = "[profiles.router]\nmaximum_days = 397\nkeys = [\"p256\"]\n";
        assert_eq!(
            between(old, new).lines,
            [
                "domains: [\"example.net\"] -> []",
                "profiles.router.maximum_days: 825 -> 397",
                "profiles.router.keys: [\"rsa2048\", \"rsa3072\", \"rsa4096\", \"p256\", \"p384\"] -> [\"p256\"]",
                "profiles.old: removed",
            ]
        );
        let added = between("", "[profiles.new]\nclass = \"vpn-client\"\n").lines;
        assert_eq!(added.len(), 1);
        assert!(
            added[0].starts_with("profiles.new: added: class = \"vpn-client\", issuer = none, "),
            "{added:?}"
        );
    }

    #[test]
    fn what_the_policy_does_not_see_is_no_line() {
        let change = between("", "# a comment\n");
        assert_eq!((change.lines, change.needs_restart), (vec![], vec![]));
    }

    #[test]
    fn what_takes_a_restart_is_named() {
        let change = between(
            "",
            "listen = \"127.0.0.1:1\"\npassphrase_file = \"p\"\n[limits]\nconnections = 7\n",
        );
        assert_eq!(
            change.needs_restart,
            ["listen", "passphrase_file", "limits"]
        );
        let other = "organization = \"B\"\npublish_url = \"http://b.example.net\"\n\
                     server_names = [\"b\"]\nhttp_listen = \"127.0.0.1:1\"\n\
                     operations_listen = \"127.0.0.1:2\"\ndata = \"d\"\n";
        let other = Settings::parse(Path::new("f"), other.as_bytes()).unwrap();
        assert_eq!(
            SettingsChange::between(&parse(""), &other).needs_restart,
            [
                "organization",
                "publish_url",
                "server_names",
                "http_listen",
                "operations_listen",
                "data"
            ]
        );
    }

    #[test]
    fn a_long_change_is_cut_at_a_line_and_fits_a_leaf() {
        let profiles: String = (0..200)
            .map(|at| format!("[profiles.p{at}]\nclass = \"router\"\n"))
            .collect();
        let change = between("", &profiles);
        let text = change.text();
        assert!(text.len() < MAX_TEXT + 40, "{}", text.len());
        let shown = text.lines().count() - 1;
        assert!(text.ends_with(&format!("… and {} lines more\n", 200 - shown)));
    }
}
