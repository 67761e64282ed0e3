//! The settings in force: one version at a time, replaced as a whole while the server runs.

use std::sync::{Arc, PoisonError, RwLock};

use ca_types::SettingsDigest;

use crate::settings::Settings;

/// The settings in force.
///
/// Whoever answers a request takes one version at its beginning and keeps it to the end.
#[derive(Debug)]
pub struct InForce(RwLock<Arc<Settings>>);

impl InForce {
    /// Begins with the settings that the server was started with.
    pub fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self(RwLock::new(Arc::new(settings))))
    }

    /// Returns the version in force now.
    pub fn now(&self) -> Arc<Settings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the digest of the version in force now.
    pub fn digest(&self) -> SettingsDigest {
        self.now().digest
    }

    /// Puts another version in force, for everything that begins from now on.
    pub fn replace(&self, settings: Settings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}
