//! Releases of RouterOS, and what came with which.

use std::fmt;
use std::str::FromStr;

/// A release: `7.24.4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u16,
    minor: u16,
    patch: u16,
}

impl Version {
    /// Makes a release.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Tells whether a file is made by one `/file/add` with its contents; older releases need `print file=` first.
    pub fn adds_files(self) -> bool {
        self >= Self::new(7, 9, 0)
    }

    /// Tells whether `/certificate/import` takes `name=` and `trusted=`; older releases set them afterwards.
    pub fn imports_as_trusted(self) -> bool {
        self >= Self::new(7, 15, 0)
    }

    /// Tells whether a security release has come after it that its line offers: 6.49.22, 7.23.4, 7.24.2.
    pub fn is_outdated(self) -> bool {
        match self.major {
            0..=6 => self < Self::new(6, 49, 22),
            _ if self.minor == 24 && self.major == 7 => self < Self::new(7, 24, 2),
            _ => self < Self::new(7, 23, 4),
        }
    }

    /// Tells whether its console writes JSON: `:serialize to=json`.
    pub fn writes_json(self) -> bool {
        self >= Self::new(7, 13, 0)
    }

    /// Returns the command that sets the clock by NTP.
    pub fn ntp_command(self) -> &'static str {
        if self.has_rest() {
            "/system/ntp/client/set enabled=yes servers=pool.ntp.org"
        } else {
            "/system ntp client set enabled=yes server-dns-names=pool.ntp.org"
        }
    }

    /// Tells whether it has REST.
    pub fn has_rest(self) -> bool {
        self.major >= 7
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            0 => Ok(()),
            patch => write!(f, ".{patch}"),
        }
    }
}

impl FromStr for Version {
    type Err = VersionError;

    /// Reads what `/system/resource` prints: `7.24.4 (stable)`, `6.49.23 (long-term)`, `7.26beta4 (development)`.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let refuse = || VersionError(text.to_owned());
        let number = text.split_whitespace().next().ok_or_else(refuse)?;
        let mut parts = number.splitn(3, '.').map(leading_number);
        let mut next = || parts.next().flatten();
        let (Some(major), Some(minor)) = (next(), next()) else {
            return Err(refuse());
        };
        Ok(Self::new(major, minor, next().unwrap_or(0)))
    }
}

/// Reads the digits that a part begins with: a beta is counted as what it leads to.
fn leading_number(part: &str) -> Option<u16> {
    let digits = part.find(|c: char| !c.is_ascii_digit());
    part.get(..digits.unwrap_or(part.len()))?.parse().ok()
}

/// A text that names no release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no release of RouterOS", .0.escape_default())]
pub struct VersionError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_as_the_router_prints_them() {
        for (text, expect) in [
            ("7.24.4 (stable)", Some(Version::new(7, 24, 4))),
            ("6.49.23 (long-term)", Some(Version::new(6, 49, 23))),
            ("7.26beta4 (development)", Some(Version::new(7, 26, 0))),
            ("7.9", Some(Version::new(7, 9, 0))),
            ("seven", None),
            ("", None),
            ("7", None),
        ] {
            assert_eq!(text.parse().ok(), expect, "{text}");
        }
        assert!(Version::new(7, 9, 2) < Version::new(7, 12, 0));
    }
}
