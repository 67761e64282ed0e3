//! `/system`: what the router is, and what time it has.

use ca_types::UnixTime;

use crate::{Call, Command, RouterError, RouterTransport, Row, Version};

/// What the router is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its release.
    pub version: Version,
    /// Its board: `RB5009UG+S+`.
    pub board: String,
}

/// What time the router has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterClock {
    /// The time.
    pub time: UnixTime,
    /// Its time zone, in which it prints all its dates.
    pub offset: UtcOffset,
}

/// What a restricted router may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceMode {
    /// The mode: `advanced`, `home`.
    pub mode: String,
    /// Whether it found its settings suspicious; then it takes no new IPsec entries.
    pub flagged: bool,
    /// Whether IPsec is allowed.
    pub ipsec: bool,
}

/// How far local time lies ahead of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UtcOffset {
    seconds: i64,
}

impl UtcOffset {
    /// Reads `+02:00`, or a number of seconds.
    pub fn from_text(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse() {
            return Some(Self { seconds });
        }
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let (hours, minutes) = digits.split_once(':')?;
        let minutes = minutes.split(':').next()?;
        let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
        let seconds = sign * seconds;
        Some(Self { seconds })
    }

    /// Reads a local time: `2026-08-07 19:37:39`, or `aug/07/2026 19:37:39` on releases before 7.10.
    pub fn parse(self, text: &str) -> Option<UnixTime> {
        let (date, time) = text.trim().split_once(' ')?;
        let date = iso_date(date)?;
        let local: UnixTime = format!("{date}T{time}Z").parse().ok()?;
        UnixTime::from_seconds(local.seconds() - self.seconds).ok()
    }
}

/// Turns `aug/07/2026` into `2026-08-07`.
fn iso_date(date: &str) -> Option<String> {
    let Some((month, rest)) = date.split_once('/') else {
        return Some(date.to_owned());
    };
    let (day, year) = rest.split_once('/')?;
    let number = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(month))?
        + 1;
    Some(format!("{year}-{number:02}-{day}"))
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Reads a duration: `1w2d3h4m5s`, `1d02:03:04` or `02:03:04`; parts of seconds are cut off.
pub fn duration_of(text: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut rest = text;
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit()) {
        let (digits, tail) = rest.split_at(end);
        if tail.starts_with(':') {
            return total.checked_add(clock_of(rest)?);
        }
        if tail.starts_with('.') {
            return total.checked_add(digits.parse().ok()?);
        }
        let number: u64 = digits.parse().ok()?;
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic());
        let (unit, tail) = tail.split_at(letters.unwrap_or(tail.len()));
        let seconds = match unit {
            "w" => 604_800,
            "d" => 86_400,
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            "ms" | "us" | "ns" => 0,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(seconds)?)?;
        rest = tail;
    }
    match rest {
        "" if !text.is_empty() => Some(total),
        _ => None,
    }
}

/// Reads `02:03:04`.
fn clock_of(text: &str) -> Option<u64> {
    let whole = text.split('.').next()?;
    whole.split(':').try_fold(0_u64, |total, part| {
        total.checked_mul(60)?.checked_add(part.parse().ok()?)
    })
}

async fn settings(
    router: &mut dyn RouterTransport,
    menu: &'static str,
) -> Result<Row, RouterError> {
    let reply = router.call(&Call::new(menu, Command::Print)).await?;
    Ok(reply.rows.into_iter().next().unwrap_or_default())
}

fn unreadable(menu: &str, what: String) -> RouterError {
    RouterError::Answer {
        call: format!("{menu} print"),
        what,
    }
}

/// Reads what the router is.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does, and for a release that cannot be read.
pub async fn resource(router: &mut dyn RouterTransport) -> Result<Resource, RouterError> {
    let menu = "/system/resource";
    let row = settings(router, menu).await?;
    let version = row.text("version").parse();
    Ok(Resource {
        version: version.map_err(|source| unreadable(menu, format!("{source}")))?,
        board: row.text("board-name").to_owned(),
    })
}

/// Reads the name that the router was given.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn identity(router: &mut dyn RouterTransport) -> Result<String, RouterError> {
    let row = settings(router, "/system/identity").await?;
    Ok(row.text("name").to_owned())
}

/// Reads how many octets its storage has free; nothing where it does not say.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn free_storage(router: &mut dyn RouterTransport) -> Result<Option<u64>, RouterError> {
    let row = settings(router, "/system/resource").await?;
    Ok(row.text("free-hdd-space").parse().ok())
}

/// Reads what time the router has.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does, and for a time that cannot be read.
pub async fn clock(router: &mut dyn RouterTransport) -> Result<RouterClock, RouterError> {
    let menu = "/system/clock";
    let row = settings(router, menu).await?;
    let offset = UtcOffset::from_text(row.text("gmt-offset")).unwrap_or_default();
    let text = format!("{} {}", row.text("date"), row.text("time"));
    let time = offset
        .parse(&text)
        .ok_or_else(|| unreadable(menu, format!("`{}` is no time", text.escape_default())))?;
    Ok(RouterClock { time, offset })
}

/// Reads what a restricted router may do; nothing on releases without such restrictions.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn device_mode(
    router: &mut dyn RouterTransport,
) -> Result<Option<DeviceMode>, RouterError> {
    match settings(router, "/system/device-mode").await {
        Ok(row) => Ok(Some(DeviceMode {
            mode: row.text("mode").to_owned(),
            flagged: row.is("flagged"),
            ipsec: row.get("ipsec").is_none() || row.is("ipsec"),
        })),
        Err(RouterError::UnknownCommand { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_of_all_releases_are_read() {
        for (offset, text, expect) in [
            (
                "+00:00",
                "2026-08-07 19:37:39",
                Some("2026-08-07T19:37:39Z"),
            ),
            (
                "+02:00",
                "aug/07/2026 19:37:39",
                Some("2026-08-07T17:37:39Z"),
            ),
            (
                "-03:30",
                "2026-08-07 19:37:39",
                Some("2026-08-07T23:07:39Z"),
            ),
            ("7200", "2026-08-07 19:37:39", Some("2026-08-07T17:37:39Z")),
            ("+00:00", "2026-08-07", None),
            ("+00:00", "xyz/07/2026 19:37:39", None),
            ("+00:00", "", None),
        ] {
            let offset = UtcOffset::from_text(offset).expect("offset");
            let time = offset.parse(text).map(|time| time.to_string());
            assert_eq!(time.as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn durations_of_all_forms_are_read() {
        for (text, expect) in [
            ("5s", Some(5)),
            ("1m5s", Some(65)),
            ("1w2d3h4m5s", Some(788_645)),
            ("00:01:05", Some(65)),
            ("1d02:03:04", Some(93_784)),
            ("3s250ms", Some(3)),
            ("00:00:05.52", Some(5)),
            ("", None),
            ("5", None),
            ("5x", None),
        ] {
            assert_eq!(duration_of(text), expect, "{text}");
        }
    }
}
