//! Names of certificate profiles.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The name of a certificate profile: lower-case letters, digits and dashes, at most 32 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileName(Arc<str>);

impl ProfileName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProfileName {
    type Err = ProfileNameError;

    fn from_str(text: &str) -> Result<Self, ProfileNameError> {
        if crate::issuer::is_slug(text, 32) {
            Ok(Self(text.into()))
        } else {
            Err(ProfileNameError(text.to_owned()))
        }
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no profile name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("profile name `{0}`: wanted lower-case letters, digits and dashes, at most 32")]
pub struct ProfileNameError(String);
