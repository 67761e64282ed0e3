//! Looks at everything that can be wrong with a CA, beside a running server or without one.

use ca_types::{Clock, Passphrase, UnixTime};
use serde::Serialize;

use crate::settings::{Settings, difference};

mod crls;
pub(crate) mod fetch;
mod files;
mod log;

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Sound.
    Ok,
    /// It works, and somebody should do something.
    Warning,
    /// It does not work.
    Error,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `settings`, `log`, `keys`, `clock`, `crl`, …
    pub what: &'static str,
    /// How it stands.
    pub standing: Standing,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What was found, in the order in which it was looked at.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Findings {
    findings: Vec<Finding>,
}

impl Findings {
    /// Tells whether nothing is wrong; warnings do not count.
    pub fn is_sound(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.standing != Standing::Error)
    }

    /// Lists the findings.
    pub fn all(&self) -> &[Finding] {
        &self.findings
    }

    /// Writes one line per finding, with its hint below.
    pub fn text(&self) -> String {
        let line = |finding: &Finding| {
            let word = match finding.standing {
                Standing::Ok => "ok",
                Standing::Warning => "warning",
                Standing::Error => "error",
            };
            let hint = finding
                .hint
                .as_ref()
                .map(|hint| format!("{:18}hint: {hint}\n", ""))
                .unwrap_or_default();
            format!("{word:<8}{:<10}{}\n{hint}", finding.what, finding.message)
        };
        self.findings.iter().map(line).collect()
    }

    fn ok(&mut self, what: &'static str, message: impl Into<String>) {
        self.findings.push(Finding {
            what,
            standing: Standing::Ok,
            message: message.into(),
            hint: None,
        });
    }

    fn warn(&mut self, what: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        let (message, hint) = (message.into(), Some(hint.into()));
        self.findings.push(Finding {
            what,
            standing: Standing::Warning,
            message,
            hint,
        });
    }

    fn error(&mut self, what: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        let (message, hint) = (message.into(), Some(hint.into()));
        self.findings.push(Finding {
            what,
            standing: Standing::Error,
            message,
            hint,
        });
    }
}

/// Looks at settings, log, index, clock, keys, certificates and every published CRL.
pub async fn check(
    settings: &Settings,
    passphrase: Option<&Passphrase>,
    clock: &dyn Clock,
) -> Findings {
    let now = clock.now();
    let mut findings = Findings::default();
    look_at_settings(settings, &mut findings);
    let Some(books) = log::look(&settings.data, now, &mut findings) else {
        return findings;
    };
    files::look_at_keys(&settings.data, &books, passphrase, &mut findings);
    files::look_at_server_certificate(settings, now, &mut findings);
    files::look_at_root_key(&settings.data, &mut findings);
    look_at_issuers(&books, now, &mut findings);
    crls::look(settings, &books, now, &mut findings).await;
    findings
}

fn look_at_settings(settings: &Settings, findings: &mut Findings) {
    findings.ok("settings", format!("{} is sound", settings.file.display()));
    for warning in settings.publish_url.warnings() {
        findings.warn(
            "settings",
            warning,
            "the URL cannot be changed in certificates that were issued",
        );
    }
    for profile in settings.policy.profiles.iter() {
        let name = profile.name();
        match profile.base() {
            Some(base) if base.name() == name => {}
            Some(base) => findings.ok("profiles", format!("{name} begins as {}", base.name())),
            None => findings.ok("profiles", name.to_string()),
        }
        for line in profile
            .base()
            .map(|base| difference(base, profile))
            .unwrap_or_default()
        {
            findings.ok("profiles", line);
        }
    }
    if settings.policy.domains.is_empty() {
        findings.warn(
            "settings",
            "any well-formed name may be issued",
            "name your domains in `domains`",
        );
    }
    if !settings.operations_listen.ip().is_loopback() {
        findings.warn(
            "settings",
            format!(
                "health and metrics are shown on {}",
                settings.operations_listen
            ),
            "set operations_listen to a loopback address, or let a firewall guard it",
        );
    }
}

fn look_at_issuers(books: &log::Books, now: UnixTime, findings: &mut Findings) {
    for issuer in books.issuers.values() {
        let validity = issuer.certificate.validity();
        let id = &issuer.id;
        let renew = "make its successor while this one still issues";
        if !validity.contains(now) {
            let (start, end) = (validity.not_before(), validity.not_after());
            findings.error(
                "issuer",
                format!("{id} is valid from {start} to {end}, now is {now}"),
                renew,
            );
        } else if validity.not_after().since(now) < NEAR_END {
            findings.warn(
                "issuer",
                format!("{id} ends at {}", validity.not_after()),
                renew,
            );
        } else {
            findings.ok(
                "issuer",
                format!("{id} is valid until {}", validity.not_after()),
            );
        }
    }
}

/// Two years: longer than any certificate below lives, so a successor can take over without haste.
const NEAR_END: u64 = 2 * 365 * 86_400;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;
    use std::time::Duration;

    use ca_types::FakeClock;
    use tokio::net::TcpListener;

    use super::*;
    use crate::http::{HttpLimits, publish_router, serve};
    use crate::init::tests::{NOW, make, options};
    use crate::passphrase::read_passphrase;
    use crate::publication::{Document, Publication};
    use crate::tasks::Tasks;

    /// Returns what stands otherwise than well, as `what: message` without the paths.
    fn troubles(findings: &Findings, standing: Standing) -> Vec<&'static str> {
        findings
            .all()
            .iter()
            .filter(|finding| finding.standing == standing)
            .map(|finding| finding.what)
            .collect()
    }

    #[tokio::test]
    async fn a_new_ca_is_sound_once_its_crls_are_served() {
        let home = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut options = options(home.path());
        options.publish_url = format!("http://{}", listener.local_addr().unwrap());
        let settings = make(&options).await;
        let clock = FakeClock::at(NOW.parse().unwrap());
        let publication = Arc::new(Publication::new());
        let limits = HttpLimits {
            connections: 9,
            connections_per_peer: 9,
            stall: Duration::from_secs(20),
        };
        let tasks = Tasks::default();
        serve(
            listener,
            publish_router(Arc::clone(&publication), Arc::new(clock.clone())),
            limits,
            &tasks,
        );

        let root = "root-2026-1".parse().unwrap();
        let crl = std::fs::read(settings.data.crl_file(&root)).unwrap();
        let document = |octets: Vec<u8>| Document {
            octets,
            media_type: "application/pkix-crl",
            last_modified: clock.now(),
            expires: None,
        };
        publication.publish("/crl/root-2026-1.crl", document(crl.clone()));
        // The CRL of one CA under the URL of another.
        publication.publish("/crl/router-2026-1.crl", document(crl));
        let findings = Box::pin(check(&settings, None, &clock)).await;
        let text = findings.text();
        assert_eq!(troubles(&findings, Standing::Error), ["crl"; 4], "{text}");
        assert!(
            text.contains("router-2026-1.crl: not signed by router-2026-1"),
            "{text}"
        );
        assert!(text.contains("control-2026-1.crl: answers 404"), "{text}");
        assert!(
            text.contains("root-2026-1.crl: number 1, 0 entries"),
            "{text}"
        );

        for (days, expect) in [(244, 1), (246, 2), (366, 1)] {
            clock.set(
                NOW.parse::<UnixTime>()
                    .unwrap()
                    .plus(days * 86_400)
                    .unwrap(),
            );
            let findings = Box::pin(check(&settings, None, &clock)).await;
            let text = findings.text();
            let about_root = text
                .lines()
                .filter(|line| line.contains("/crl/root-2026-1.crl"));
            assert_eq!(about_root.count(), expect, "day {days}: {text}");
            assert_eq!(
                text.contains("root-2026-1.crl: ended"),
                days == 366,
                "day {days}: {text}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_wrong_on_the_disk_is_found() {
        let home = tempfile::tempdir().unwrap();
        let options = options(home.path());
        let mut settings = make(&options).await;
        // Nothing listens there: the CRLs are another test's affair.
        settings.publish_url = "http://127.0.0.1:1".parse().unwrap();
        let passphrase = read_passphrase(&options.passphrase_file).unwrap();
        let data = settings.data.clone();
        let clock = FakeClock::at(NOW.parse().unwrap());
        let findings = Box::pin(check(&settings, Some(&passphrase), &clock)).await;
        assert_eq!(
            troubles(&findings, Standing::Error),
            ["crl"; 5],
            "{}",
            findings.text()
        );
        assert!(
            troubles(&findings, Standing::Warning).contains(&"root key"),
            "{}",
            findings.text()
        );

        std::fs::remove_dir_all(data.root_offline()).unwrap();
        std::fs::remove_file(data.key_file(&"router-2026-1".parse().unwrap())).unwrap();
        let lax = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(data.key_file(&"control-2026-1".parse().unwrap()), lax).unwrap();
        std::fs::rename(
            data.key_file(&"vpn-client-2026-1".parse().unwrap()),
            data.key_file(&"vpn-server-2026-1".parse().unwrap()),
        )
        .unwrap();
        clock.set("2026-11-23T09:58:00Z".parse().unwrap());
        let findings = Box::pin(check(&settings, Some(&passphrase), &clock)).await;
        let text = findings.text();
        for part in [
            "router-2026-1.key is missing",
            "control-2026-1.key can be read by others",
            "vpn-client-2026-1.key is missing",
            "vpn-server-2026-1.key does not belong to its certificate",
            "the last leaf was written at 2026-11-23T10:00:00Z",
        ] {
            assert!(text.contains(part), "no `{part}` in\n{text}");
        }
        assert!(
            !troubles(&findings, Standing::Warning).contains(&"root key"),
            "{text}"
        );
    }

    #[test]
    fn only_errors_make_it_unsound() {
        let mut findings = Findings::default();
        findings.ok("log", "12 leaves");
        findings.warn("root key", "still here", "move it");
        assert!(findings.is_sound());
        findings.error("crl", "does not answer", "start the server");
        assert!(!findings.is_sound());
        assert_eq!(
            findings.text(),
            "ok      log       12 leaves\n\
             warning root key  still here\n                  hint: move it\n\
             error   crl       does not answer\n                  hint: start the server\n"
        );
    }
}
