//! The RouterOS versions that the simulator plays, and what sets them apart.

use std::fmt;
use std::str::FromStr;

/// A version of RouterOS that is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    /// The long-term branch of version 6.
    V6_49,
    /// The oldest release of version 7 whose command tree is public.
    V7_9,
    /// A stable release of version 7.
    V7_12,
    /// A stable release of version 7.
    V7_16,
    /// A long-term release of version 7.
    V7_20,
    /// A stable release of version 7.
    V7_24,
}

/// How dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateForm {
    /// `aug/07/2026 19:37:39`, up to 7.9.
    MonthName,
    /// `2026-08-07 19:37:39`, from 7.10.
    Iso,
}

/// A name that no model has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelError(String);

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<&str> = Model::ALL.into_iter().map(Model::name).collect();
        write!(f, "model {}: wanted one of {}", self.0, known.join(", "))
    }
}

impl std::error::Error for ModelError {}

impl FromStr for Model {
    type Err = ModelError;

    /// Reads `7.20`, and the whole release: `7.20.8`.
    fn from_str(name: &str) -> Result<Self, ModelError> {
        Self::ALL
            .into_iter()
            .find(|model| name == model.name() || name == model.release())
            .ok_or_else(|| ModelError(name.to_owned()))
    }
}

impl Model {
    /// All models, the oldest first.
    pub const ALL: [Self; 6] = [
        Self::V6_49,
        Self::V7_9,
        Self::V7_12,
        Self::V7_16,
        Self::V7_20,
        Self::V7_24,
    ];

    /// The name as the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::V6_49 => "6.49",
            Self::V7_9 => "7.9",
            Self::V7_12 => "7.12",
            Self::V7_16 => "7.16",
            Self::V7_20 => "7.20",
            Self::V7_24 => "7.24",
        }
    }

    /// What `/system/resource` prints as `version`.
    pub fn version(self) -> &'static str {
        match self {
            Self::V6_49 => "6.49.23 (long-term)",
            Self::V7_9 => "7.9.2 (stable)",
            Self::V7_12 => "7.12.2 (stable)",
            Self::V7_16 => "7.16.2 (stable)",
            Self::V7_20 => "7.20.8 (long-term)",
            Self::V7_24 => "7.24.4 (stable)",
        }
    }

    /// A build time in the form of `/system/resource`, the old one up to 7.10; which one it was, is not known.
    pub fn build_time(self) -> &'static str {
        match self {
            Self::V6_49 => "oct/07/2026 09:12:41",
            Self::V7_9 => "May/30/2023 06:41:45",
            Self::V7_12 => "2024-02-09 08:09:24",
            Self::V7_16 => "2024-11-26 12:09:40",
            Self::V7_20 => "2026-02-05 10:31:22",
            Self::V7_24 => "2026-10-06 11:24:18",
        }
    }

    /// The newest model that is not newer than a release; the oldest of its version for one before them all.
    pub fn nearest(major: u16, minor: u16) -> Self {
        if major < 7 {
            return Self::V6_49;
        }
        Self::ALL
            .into_iter()
            .rev()
            .find(|model| major > 7 || model.minor().is_some_and(|own| u16::from(own) <= minor))
            .unwrap_or(Self::V7_9)
    }

    /// REST and its policy came with version 7.
    pub fn has_rest(self) -> bool {
        self.since(0)
    }

    /// From 7.10.
    pub fn date_form(self) -> DateForm {
        if self.since(10) {
            DateForm::Iso
        } else {
            DateForm::MonthName
        }
    }

    /// `!empty` before `!done` of an empty list, from 7.18.
    pub fn says_empty(self) -> bool {
        self.since(18)
    }

    /// `/certificate/import` deletes the file, from 7.15.
    pub fn import_deletes_file(self) -> bool {
        self.since(15)
    }

    /// `/file/add` returns the id of the new file, from 7.13.
    pub fn returns_file_ids(self) -> bool {
        self.since(13)
    }

    /// `last-modified` in place of `creation-time`, from 7.16.
    pub fn files_are_modified(self) -> bool {
        self.since(16)
    }

    /// The longest `contents` that a file takes over the console.
    pub fn contents_limit(self) -> usize {
        if self.has_rest() { 60_416 } else { 4_096 }
    }

    /// Open connections are rows of `/ip/service`, from about 7.19.
    pub fn service_connections(self) -> bool {
        self.since(19)
    }

    /// `/ip/service` prints `available-from` in place of `address`, from 7.24.
    pub fn prints_available_from(self) -> bool {
        self.since(24)
    }

    /// A cross-signed certificate is a row of its own, from 7.23.6 and 7.24.3.
    pub fn in_place_wants_issuer(self) -> bool {
        self.since(24)
    }

    /// A PKCS#12 store without a passphrase counts nothing and leaves nothing behind: seen on 7.9, 7.12 and 7.14.
    pub fn ignores_open_stores(self) -> bool {
        self.since(9) && !self.since(15)
    }

    /// Trust stores per certificate, from 7.21.
    pub fn has_trust_stores(self) -> bool {
        self.since(21)
    }

    /// True for version 7 from this minor release on.
    pub(crate) fn since(self, minor: u8) -> bool {
        self.minor().is_some_and(|own| own >= minor)
    }

    /// The release in `version`, without its channel.
    fn release(self) -> &'static str {
        self.version().split(' ').next().unwrap_or_default()
    }

    fn minor(self) -> Option<u8> {
        match self {
            Self::V6_49 => None,
            Self::V7_9 => Some(9),
            Self::V7_12 => Some(12),
            Self::V7_16 => Some(16),
            Self::V7_20 => Some(20),
            Self::V7_24 => Some(24),
        }
    }

    /// All policies of a group, in the order in which they print.
    pub fn policies(self) -> &'static [&'static str] {
        match self {
            Self::V6_49 => &[
                "local",
                "telnet",
                "ssh",
                "ftp",
                "reboot",
                "read",
                "write",
                "policy",
                "test",
                "winbox",
                "password",
                "web",
                "sniff",
                "sensitive",
                "api",
                "romon",
                "dude",
                "tikapp",
            ],
            Self::V7_9 | Self::V7_12 | Self::V7_16 | Self::V7_20 | Self::V7_24 => &[
                "local",
                "telnet",
                "ssh",
                "ftp",
                "reboot",
                "read",
                "write",
                "policy",
                "test",
                "winbox",
                "password",
                "web",
                "sniff",
                "sensitive",
                "api",
                "romon",
                "rest-api",
            ],
        }
    }
}
