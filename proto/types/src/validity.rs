//! Validity periods (RFC 5280 §4.1.2.5).

use std::fmt;

use crate::UnixTime;

/// From the first to the last second at which a certificate is valid, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    not_before: UnixTime,
    not_after: UnixTime,
}

impl Validity {
    /// Makes a validity from its two ends.
    ///
    /// # Errors
    /// Fails when the end lies before the start.
    pub fn new(not_before: UnixTime, not_after: UnixTime) -> Result<Self, ValidityError> {
        if not_after < not_before {
            return Err(ValidityError::EndsBeforeStart {
                not_before,
                not_after,
            });
        }
        Ok(Self {
            not_before,
            not_after,
        })
    }

    /// Returns the first second.
    pub fn not_before(self) -> UnixTime {
        self.not_before
    }

    /// Returns the last second.
    pub fn not_after(self) -> UnixTime {
        self.not_after
    }

    /// Tells whether `now` lies inside.
    pub fn contains(self, now: UnixTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// Returns the length in seconds; both ends count (RFC 5280 §4.1.2.5).
    pub fn seconds(self) -> u64 {
        self.not_after.since(self.not_before).saturating_add(1)
    }
}

/// A length of time in whole days of 86 400 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days(pub u32);

impl Days {
    /// Returns the length in seconds.
    pub fn seconds(self) -> u64 {
        u64::from(self.0).saturating_mul(86_400)
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} day{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

/// What a certificate is worth at a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateState {
    /// Neither revoked nor past its end.
    Valid,
    /// Past its end and never revoked.
    Expired,
    /// Revoked; wins over expired.
    Revoked,
}

impl CertificateState {
    /// Returns the word used in output: `valid`, `expired` or `revoked`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for CertificateState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why two times make no validity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidityError {
    /// The end lies before the start.
    #[error("a validity from {not_before} cannot end at {not_after}")]
    EndsBeforeStart {
        /// The wanted start.
        not_before: UnixTime,
        /// The wanted end.
        not_after: UnixTime,
    },
}
