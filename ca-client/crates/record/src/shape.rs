//! What a value looks like, which says nothing of what it is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Nothing.
    Empty,
    /// `yes` or `no`.
    YesNo,
    /// `true` or `false`.
    TrueFalse,
    /// A word that RouterOS has, kept as it is.
    Word,
    /// An id: `*1A`.
    Id,
    /// An id of another kind: `**` and letters.
    OpaqueId,
    /// Digits only.
    Digits,
    /// Hexadecimal, with letters in lower case.
    HexLower,
    /// Hexadecimal, with letters in upper case.
    HexUpper,
    /// A date as `2026-08-07`, also with a time.
    Date,
    /// A date as `aug/07/2026`, also with a time.
    NamedDate,
    /// A time of day, or a length of time: `02:03:04`.
    Clock,
    /// A length of time: `1d2h3m`, `1d02:03:04`.
    Duration,
    /// An IP address, a network or a MAC address.
    Address,
    /// One word that is none of these.
    Name,
    /// Any other text.
    Text,
}

impl Shape {
    const ALL: [(Self, &str); 16] = [
        (Self::Empty, "empty"),
        (Self::YesNo, "yes-no"),
        (Self::TrueFalse, "true-false"),
        (Self::Word, "word"),
        (Self::Id, "id"),
        (Self::OpaqueId, "opaque-id"),
        (Self::Digits, "digits"),
        (Self::HexLower, "hex-lower"),
        (Self::HexUpper, "hex-upper"),
        (Self::Date, "date"),
        (Self::NamedDate, "named-date"),
        (Self::Clock, "clock"),
        (Self::Duration, "duration"),
        (Self::Address, "address"),
        (Self::Name, "name"),
        (Self::Text, "text"),
    ];

    /// Looks at a value.
    pub fn of(value: &str) -> Self {
        match value {
            "" => return Self::Empty,
            "yes" | "no" => return Self::YesNo,
            "true" | "false" => return Self::TrueFalse,
            _ => {}
        }
        let all = |fits: fn(char) -> bool| value.chars().all(fits);
        if let Some(rest) = value.strip_prefix('*') {
            let opaque = rest.strip_prefix('*').unwrap_or_default();
            if is_made_of(rest, |c| c.is_ascii_hexdigit()) {
                return Self::Id;
            }
            if is_made_of(opaque, |c| c.is_ascii_alphanumeric()) {
                return Self::OpaqueId;
            }
        }
        if all(|c| c.is_ascii_digit()) {
            return Self::Digits;
        }
        if value.len() >= SHORTEST_HEX && all(|c| c.is_ascii_hexdigit()) {
            if all(|c| !c.is_ascii_uppercase()) {
                return Self::HexLower;
            }
            if all(|c| !c.is_ascii_lowercase()) {
                return Self::HexUpper;
            }
        }
        if is_address(value) {
            return Self::Address;
        }
        if let Some(form) = time_shape(value) {
            return form;
        }
        match all(|c| c.is_ascii_graphic()) {
            true => Self::Name,
            false => Self::Text,
        }
    }

    /// Returns the word of a record.
    pub fn as_str(self) -> &'static str {
        let named = Self::ALL.into_iter().find(|(shape, _)| *shape == self);
        named.map_or("text", |(_, word)| word)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Shape {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let named = Self::ALL.into_iter().find(|(_, own)| *own == word);
        named.map(|(shape, _)| shape).ok_or(())
    }
}

/// Shorter ones are as likely a name.
const SHORTEST_HEX: usize = 8;

fn is_made_of(text: &str, fits: fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(fits)
}

fn is_address(value: &str) -> bool {
    let (host, prefix) = value.split_once('/').unwrap_or((value, "0"));
    let octets = value.split(':');
    let is_mac = octets.clone().count() == 6
        && octets
            .into_iter()
            .all(|octet| octet.len() == 2 && is_made_of(octet, |c| c.is_ascii_hexdigit()));
    is_mac || host.parse::<IpAddr>().is_ok() && prefix.parse::<u8>().is_ok()
}

fn time_shape(value: &str) -> Option<Shape> {
    let (date, time) = match value.split_once(' ') {
        Some((date, time)) => (date, Some(time)),
        None => (value, None),
    };
    let is_clock = |text: &str| {
        let parts: Vec<&str> = text.split(':').collect();
        (2..=3).contains(&parts.len())
            && parts
                .iter()
                .all(|part| is_made_of(part, |c| c.is_ascii_digit() || c == '.'))
    };
    if time.is_none_or(is_clock) {
        let digits = |part: &str| is_made_of(part, |c| c.is_ascii_digit());
        let dashed: Vec<&str> = date.split('-').collect();
        if let [year, month, day] = dashed.as_slice()
            && year.len() == 4
            && [year, month, day].iter().all(|part| digits(part))
        {
            return Some(Shape::Date);
        }
        let slashed: Vec<&str> = date.split('/').collect();
        if let [month, day, year] = slashed.as_slice()
            && month.len() == 3
            && is_made_of(month, |c| c.is_ascii_alphabetic())
            && digits(day)
            && digits(year)
        {
            return Some(Shape::NamedDate);
        }
    }
    if time.is_some() {
        return None;
    }
    if is_clock(value) {
        return Some(Shape::Clock);
    }
    is_duration(value).then_some(Shape::Duration)
}

/// Units in their order, each with a number before it; a clock may be the end.
fn is_duration(value: &str) -> bool {
    let mut rest = value;
    for unit in ["w", "d", "h", "m", "s", "ms", "us"] {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if digits.len() == rest.len() {
            break;
        }
        if digits.starts_with(':') {
            return value.len() > rest.len() && rest.split(':').count() == 3;
        }
        let letters = digits.find(|c: char| !c.is_ascii_alphabetic());
        let (own, after) = digits.split_at(letters.unwrap_or(digits.len()));
        if own == unit {
            rest = after;
        }
    }
    rest.is_empty() && !value.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart_by_what_they_look_like() {
        for (value, expect) in [
            ("", Shape::Empty),
            ("yes", Shape::YesNo),
            ("false", Shape::TrueFalse),
            ("*1A", Shape::Id),
            ("**QXJ", Shape::OpaqueId),
            ("*", Shape::Name),
            ("8729", Shape::Digits),
            ("0a1b2c3d", Shape::HexLower),
            ("0A1B2C3D", Shape::HexUpper),
            ("0a1B2C3D", Shape::Name),
            ("cafe", Shape::Name),
            ("2026-08-07 19:37:39", Shape::Date),
            ("2026-08-07", Shape::Date),
            ("aug/07/2026 19:37:39", Shape::NamedDate),
            ("May/30/2023 06:41:45", Shape::NamedDate),
            ("19:37:39", Shape::Clock),
            ("1w2d3h4m5s", Shape::Duration),
            ("5s250ms", Shape::Duration),
            ("1d02:03:04", Shape::Duration),
            ("1d02", Shape::Name),
            ("192.0.2.1/24", Shape::Address),
            ("2001:db8::1", Shape::Address),
            ("02:00:5E:10:00:01", Shape::Address),
            ("berlin-01", Shape::Name),
            ("two words", Shape::Text),
            ("a\nb", Shape::Text),
            ("é", Shape::Text),
        ] {
            assert_eq!(Shape::of(value), expect, "{value}");
            assert_eq!(expect.as_str().parse(), Ok(expect));
        }
    }
}
