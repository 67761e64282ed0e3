//! What stands in the file system.

use std::{os::unix::fs::PermissionsExt as _, path::Path};

/// Returns the permission bits of a file.
#[track_caller]
pub(crate) fn mode_of(path: &Path) -> u32 {
    let found =
        std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    found.permissions().mode() & 0o777
}
