//! Another passphrase for all CA keys: all of them change, or none.
//!
//! The new files are written into a folder of their own. Two renames put it in the place of the old one; whatever
//! interrupts them, the next start or run puts back the one or finishes the other.

use std::fs;
use std::path::Path;

use ca_store::files::{Files as _, SystemFiles};
use ca_types::Passphrase;

use super::{KeyStoreError, read_key, write_key};
use crate::atomic::{AtomicWriteError, create_private_dir, sync_dir};
use crate::data_dir::DataDir;

/// Finishes or takes back a change of the passphrase that was interrupted; who calls it holds the lock of the data
/// directory.
///
/// # Errors
/// Fails when a folder cannot be moved or removed.
pub fn settle_keys(data: &DataDir) -> Result<(), KeyStoreError> {
    let (keys, new, former) = (data.keys(), data.new_keys(), data.former_keys());
    if former.is_dir() && !keys.exists() {
        // The new folder was not in place yet.
        moved(&former, &keys)?;
    }
    for leftover in [&new, &former] {
        if leftover.is_dir() {
            SystemFiles
                .remove_dir_all(leftover)
                .map_err(|source| AtomicWriteError::new("remove", leftover, source))?;
            sync_dir(data.path())?;
        }
    }
    Ok(())
}

/// Encrypts all CA keys with another passphrase; `step` is called after each. Returns how many there are.
///
/// # Errors
/// Fails when a key does not open or cannot be written; all keys have the old passphrase then.
pub fn rewrap_keys(
    data: &DataDir,
    old: &Passphrase,
    new: &Passphrase,
    step: &dyn Fn(),
) -> Result<u64, KeyStoreError> {
    settle_keys(data)?;
    let written = write_all(data, old, new, step);
    if written.is_err() {
        settle_keys(data)?;
    }
    let written = written?;
    moved(&data.keys(), &data.former_keys())?;
    moved(&data.new_keys(), &data.keys())?;
    settle_keys(data)?;
    Ok(written)
}

fn write_all(
    data: &DataDir,
    old: &Passphrase,
    new: &Passphrase,
    step: &dyn Fn(),
) -> Result<u64, KeyStoreError> {
    let (from, to) = (data.keys(), data.new_keys());
    create_private_dir(&to)?;
    let unreadable = |source| KeyStoreError::Unreadable {
        path: from.clone(),
        source,
    };
    let mut written = 0;
    for entry in fs::read_dir(&from).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        // Temporary files of an interrupted write begin with a dot.
        if path.extension().is_none_or(|ending| ending != "key") {
            continue;
        }
        let key = read_key(&path, old)?;
        write_key(&to.join(entry.file_name()), &key, new)?;
        written += 1;
        step();
    }
    Ok(written)
}

fn moved(from: &Path, to: &Path) -> Result<(), KeyStoreError> {
    SystemFiles
        .rename(from, to)
        .map_err(|source| AtomicWriteError::new("put in place", to, source))?;
    Ok(sync_dir(crate::atomic::parent_of(to))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::{KeyKind, PrivateKey};

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::from_file_content(text.into())
    }

    fn made() -> (tempfile::TempDir, DataDir) {
        let home = tempfile::tempdir().unwrap();
        let data = DataDir::new(home.path());
        create_private_dir(&data.keys()).unwrap();
        for id in ["router-2026-1", "control-2026-1"] {
            let key = PrivateKey::generate(KeyKind::P256).unwrap();
            let path = data.key_file(&id.parse().unwrap());
            write_key(&path, &key, &passphrase("old")).unwrap();
        }
        (home, data)
    }

    #[track_caller]
    fn check_all_open(data: &DataDir, with: &str) {
        let entries: Vec<_> = fs::read_dir(data.keys()).unwrap().collect();
        assert_eq!(entries.len(), 2);
        for entry in entries {
            read_key(&entry.unwrap().path(), &passphrase(with)).unwrap();
        }
        assert!(!data.new_keys().exists() && !data.former_keys().exists());
    }

    #[test]
    fn all_keys_change_or_none() {
        let (_home, data) = made();
        let (old, new) = (passphrase("old"), passphrase("new"));
        let refused = rewrap_keys(&data, &passphrase("wrong"), &new, &|| {}).unwrap_err();
        assert!(matches!(refused, KeyStoreError::WrongPassphrase { .. }));
        check_all_open(&data, "old");
        assert_eq!(rewrap_keys(&data, &old, &new, &|| {}).unwrap(), 2);
        check_all_open(&data, "new");
    }

    /// The process ends after each step; what is found then is settled at the next start.
    #[test]
    fn a_crash_at_any_point_leaves_one_passphrase() {
        let (old, new) = (passphrase("old"), passphrase("new"));
        for (crash, expect) in [(0, "old"), (1, "old"), (2, "old"), (3, "new")] {
            let (_home, data) = made();
            write_all(&data, &old, &new, &|| {}).unwrap();
            if crash == 0 {
                let one = data.new_keys().join("router-2026-1.key");
                fs::remove_file(one).unwrap();
            }
            if crash >= 2 {
                moved(&data.keys(), &data.former_keys()).unwrap();
            }
            if crash >= 3 {
                moved(&data.new_keys(), &data.keys()).unwrap();
            }
            settle_keys(&data).unwrap();
            check_all_open(&data, expect);
        }
    }
}
