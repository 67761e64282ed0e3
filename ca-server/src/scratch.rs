//! A directory that is needed for a moment.

use std::path::PathBuf;

use ca_types::SystemEntropy;
use rand_core::Rng as _;

/// Draws the name of a directory that nobody has.
pub(crate) fn scratch_dir() -> PathBuf {
    let mut name = [0; 8];
    SystemEntropy.fill_bytes(&mut name);
    let name = format!("fleet-ca-{:016x}", u64::from_be_bytes(name));
    std::env::temp_dir().join(name)
}
