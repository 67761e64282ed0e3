//! The RouterOS versions that the simulator plays, and what sets them apart.

use std::fmt;
use std::str::FromStr;

/// A version of RouterOS that is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    /// The long-term branch of version 6.
    V6_49,
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

/// Why the name of a model was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelError {
    /// A real version that is not played.
    NotYet(String),
    /// Not the name of a model.
    Unknown(String),
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYet(name) => write!(f, "model {name}: not in this simulator yet"),
            Self::Unknown(name) => write!(
                f,
                "model {name}: wanted one of 6.49, 7.9, 7.12, 7.16, 7.20, 7.24"
            ),
        }
    }
}

impl std::error::Error for ModelError {}

impl FromStr for Model {
    type Err = ModelError;

    fn from_str(name: &str) -> Result<Self, ModelError> {
        match name {
            "6.49" => Ok(Self::V6_49),
            "7.24" => Ok(Self::V7_24),
            "7.9" | "7.12" | "7.16" | "7.20" => Err(ModelError::NotYet(name.to_owned())),
            _ => Err(ModelError::Unknown(name.to_owned())),
        }
    }
}

impl Model {
    /// The name as the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::V6_49 => "6.49",
            Self::V7_24 => "7.24",
        }
    }

    /// What `/system/resource` prints as `version`.
    pub fn version(self) -> &'static str {
        match self {
            Self::V6_49 => "6.49.23 (long-term)",
            Self::V7_24 => "7.24.4 (stable)",
        }
    }

    /// Build time as `/system/resource` prints it.
    pub fn build_time(self) -> &'static str {
        match self {
            Self::V6_49 => "oct/07/2026 09:12:41",
            Self::V7_24 => "2026-10-06 11:24:18",
        }
    }

    /// REST and its policy came with version 7.
    pub fn has_rest(self) -> bool {
        self.is_seven()
    }

    /// From 7.10.
    pub fn date_form(self) -> DateForm {
        if self.is_seven() {
            DateForm::Iso
        } else {
            DateForm::MonthName
        }
    }

    /// `!empty` before `!done` of an empty list, from 7.18.
    pub fn says_empty(self) -> bool {
        self.is_seven()
    }

    /// `/certificate/import` deletes the file, from 7.15.
    pub fn import_deletes_file(self) -> bool {
        self.is_seven()
    }

    /// Files have ids like `**token`; before, `*HEX`.
    pub fn opaque_file_ids(self) -> bool {
        self.is_seven()
    }

    /// `last-modified` in place of `creation-time`, from 7.16.
    pub fn files_are_modified(self) -> bool {
        self.is_seven()
    }

    /// The longest `contents` that a file takes over the console.
    pub fn contents_limit(self) -> usize {
        match self {
            Self::V6_49 => 4_096,
            Self::V7_24 => 60_416,
        }
    }

    /// Open connections are rows of `/ip/service`, from about 7.19.
    pub fn service_connections(self) -> bool {
        self.is_seven()
    }

    /// A cross-signed certificate is a row of its own, from 7.23.6 and 7.24.3.
    pub fn in_place_wants_issuer(self) -> bool {
        self.is_seven()
    }

    /// `keys-decrypted` among the counters of an import.
    pub fn counts_decrypted_keys(self) -> bool {
        self.is_seven()
    }

    /// Trust stores per certificate, from 7.21.
    pub fn has_trust_stores(self) -> bool {
        self.is_seven()
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
            Self::V7_24 => &[
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

    fn is_seven(self) -> bool {
        self >= Self::V7_24
    }
}
