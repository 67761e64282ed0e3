//! The clock, the release, the device mode, and what the log says.

use ca_routeros::RouterTransport;
use ca_types::UnixTime;

use super::{Complaints, Gravity, complain};
use crate::DeployError;
use crate::observe::{Observed, rows};

pub(super) fn examine(observed: &Observed, now: UnixTime, complaints: &mut Complaints) {
    if observed.is_clock_off(now) {
        complain(
            complaints,
            "clock",
            Gravity::Error,
            format!(
                "the clock says {}, and it is {now}: certificates look expired or not yet valid",
                observed.time
            ),
            Some(observed.version.ntp_command().to_owned()),
        );
    }
    if let Some(mode) = &observed.device_mode {
        if mode.flagged {
            complain(
                complaints,
                "device-mode",
                Gravity::Error,
                "the router found its settings suspicious and takes no new IPsec entries"
                    .to_owned(),
                Some("/system device-mode update flagged=no".to_owned()),
            );
        }
        if !mode.ipsec && !observed.identities.is_empty() {
            complain(
                complaints,
                "device-mode",
                Gravity::Error,
                format!("the device mode {} does not allow IPsec", mode.mode),
                Some("/system device-mode update ipsec=yes".to_owned()),
            );
        }
    }
    if observed.version.is_outdated() {
        complain(
            complaints,
            "outdated",
            Gravity::Warning,
            format!(
                "RouterOS {} is older than the last security releases (6.49.22, 7.23.4, 7.24.2)",
                observed.version
            ),
            Some("/system package update install".to_owned()),
        );
    }
}

/// The lines of the log that certificates and tunnels leave.
#[derive(Debug)]
pub(super) struct Log(Vec<(String, String)>);

impl Log {
    /// Returns the last lines that may explain a complaint, oldest first.
    pub(super) fn about(&self, what: &str) -> Vec<String> {
        let topics: &[&str] = match what {
            "ipsec-identity" | "crl" | "twin-cas" => &["ipsec", "certificate"],
            "service-without-certificate" | "service-off" | "wrong-certificate" => {
                &["ssl", "ssld", "certificate"]
            }
            "clock" | "outdated" | "plain-service" | "device-mode" | "firewall"
            | "address-list" => &[],
            _ => &["certificate", "ssl", "ssld", "ipsec"],
        };
        let speaks = |of: &String| of.split(',').any(|topic| topics.contains(&topic));
        let lines = self.0.iter().filter(|(of, _)| speaks(of));
        let mut last: Vec<String> = lines
            .rev()
            .take(MOST_LINES)
            .map(|(of, line)| format!("{of}: {line}"))
            .collect();
        last.reverse();
        last
    }
}

const MOST_LINES: usize = 3;

/// Reads the errors and warnings in the log.
pub(super) async fn log(router: &mut dyn RouterTransport) -> Result<Log, DeployError> {
    let rows = rows(router, "/log").await?;
    let lines = rows.iter().filter_map(|row| {
        let topics = row.text("topics");
        let grave = topics
            .split(',')
            .any(|topic| matches!(topic, "error" | "warning" | "critical"));
        grave.then(|| {
            let line = format!("{} {}", row.text("time"), row.text("message"));
            (topics.to_owned(), line.trim().to_owned())
        })
    });
    Ok(Log(lines.collect()))
}
