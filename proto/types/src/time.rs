//! Points in time, in whole seconds.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(i64);

impl UnixTime {
    /// The last second that X.509 can name: 9999-12-31T23:59:59Z (RFC 5280 §4.1.2.5).
    pub const MAX: Self = Self(253_402_300_799);
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// Makes a point in time from seconds since the epoch.
    ///
    /// # Errors
    /// Fails for times before 1970 and after 9999.
    pub fn from_seconds(seconds: i64) -> Result<Self, TimeError> {
        if (0..=Self::MAX.0).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(TimeError::OutOfRange(seconds))
        }
    }

    /// Returns the seconds since the epoch.
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// Returns the time `seconds` later, or `None` after 9999.
    pub fn plus(self, seconds: u64) -> Option<Self> {
        let sum = self.0.checked_add_unsigned(seconds)?;
        Self::from_seconds(sum).ok()
    }

    /// Returns the time `seconds` earlier, not before 1970.
    pub fn minus(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub_unsigned(seconds).max(0))
    }

    /// Returns how many seconds this time lies after `earlier`; zero when it does not.
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// Returns the calendar year in UTC.
    pub fn year(self) -> i16 {
        self.civil().year()
    }

    /// Counts on the civil calendar, since `jiff::Timestamp` ends two days before the year 9999 does.
    fn civil(self) -> DateTime {
        CIVIL_EPOCH.saturating_add(SignedDuration::from_secs(self.0))
    }
}

const CIVIL_EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

impl fmt::Display for UnixTime {
    /// Writes RFC 3339 in UTC: `2026-11-23T08:15:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", self.civil())
    }
}

impl fmt::Debug for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnixTime({self})")
    }
}

impl FromStr for UnixTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let refuse = || TimeError::NotRfc3339 {
            text: text.to_owned(),
        };
        let pieces = Pieces::parse(text).map_err(|_source| refuse())?;
        let (Some(time), Some(offset)) = (pieces.time(), pieces.to_numeric_offset()) else {
            return Err(refuse());
        };
        let local = DateTime::from_parts(pieces.date(), time);
        Self::from_seconds(
            local.duration_since(CIVIL_EPOCH).as_secs() - i64::from(offset.seconds()),
        )
    }
}

/// Why a value is no usable point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Before 1970 or after 9999.
    #[error("{0} seconds since 1970 lies outside 1970 to 9999")]
    OutOfRange(i64),
    /// Not of the form of RFC 3339.
    #[error("`{text}` is not an RFC 3339 time such as 2026-11-23T08:15:00Z")]
    NotRfc3339 {
        /// What came.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_and_parse_as_rfc_3339() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2028-02-29T23:59:59Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(text.parse::<UnixTime>().unwrap().to_string(), text);
        }
        assert_eq!(
            "9999-12-31T23:59:59Z".parse::<UnixTime>().unwrap(),
            UnixTime::MAX
        );
    }

    #[test]
    fn the_last_second_has_no_successor() {
        assert_eq!(UnixTime::MAX.plus(1), None);
        assert_eq!(UnixTime::EPOCH.minus(1), UnixTime::EPOCH);
    }
}
