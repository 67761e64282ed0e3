//! Why parts make no profile.

/// Why parts make no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ProfileError {
    /// The key of the settings whose value is wrong.
    pub key: &'static str,
    /// What was wanted and what came.
    pub what: String,
}

impl ProfileError {
    pub(super) fn new(key: &'static str, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { key, what }
    }
}
