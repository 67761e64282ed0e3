//! Another passphrase for all CA keys: all of them change, or none.
//!
//! The new files are written into a folder of their own. Two renames put it in the place of the old one; whatever
//! interrupts them, the next start or run puts back the one or finishes the other.

use std::fs;
use std::path::Path;

use ca_store::files::{Files, SystemFiles};
use ca_types::Passphrase;

use super::file::write_key_by;
use super::{KeyStoreError, read_key};
use crate::atomic::{AtomicWriteError, create_private_dir_by, parent_of, sync_dir_by};
use crate::data_dir::DataDir;

/// Finishes or takes back a change of the passphrase that was interrupted; who calls it holds the lock of the data
/// directory.
///
/// # Errors
/// Fails when a folder cannot be moved or removed.
pub fn settle_keys(data: &DataDir) -> Result<(), KeyStoreError> {
    let files = &SystemFiles;
    Folders { files, data }.settle()
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
    let files = &SystemFiles;
    Folders { files, data }.rewrap(old, new, step)
}

/// The folders of a data directory that keys are in, or were, or will be.
struct Folders<'f> {
    files: &'f dyn Files,
    data: &'f DataDir,
}

impl Folders<'_> {
    fn settle(&self) -> Result<(), KeyStoreError> {
        let data = self.data;
        let (keys, new, former) = (data.keys(), data.new_keys(), data.former_keys());
        if former.is_dir() && !keys.exists() {
            // The new folder was not in place yet.
            self.put(&former, &keys)?;
        }
        for leftover in [&new, &former] {
            if leftover.is_dir() {
                self.files
                    .remove_dir_all(leftover)
                    .map_err(|source| AtomicWriteError::new("remove", leftover, source))?;
                sync_dir_by(self.files, data.path())?;
            }
        }
        Ok(())
    }

    fn rewrap(
        &self,
        old: &Passphrase,
        new: &Passphrase,
        step: &dyn Fn(),
    ) -> Result<u64, KeyStoreError> {
        let data = self.data;
        self.settle()?;
        let written = self.write_all(old, new, step);
        if written.is_err() {
            self.settle()?;
        }
        let written = written?;
        self.put(&data.keys(), &data.former_keys())?;
        self.put(&data.new_keys(), &data.keys())?;
        self.settle()?;
        Ok(written)
    }

    fn write_all(
        &self,
        old: &Passphrase,
        new: &Passphrase,
        step: &dyn Fn(),
    ) -> Result<u64, KeyStoreError> {
        let (from, to) = (self.data.keys(), self.data.new_keys());
        create_private_dir_by(self.files, &to)?;
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
            write_key_by(self.files, &to.join(entry.file_name()), &key, new)?;
            written += 1;
            step();
        }
        Ok(written)
    }

    fn put(&self, from: &Path, to: &Path) -> Result<(), KeyStoreError> {
        self.files
            .rename(from, to)
            .map_err(|source| AtomicWriteError::new("put in place", to, source))?;
        Ok(sync_dir_by(self.files, parent_of(to))?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::OsString;
    use std::io;

    use super::*;
    use crate::atomic::{create_private_dir, write_new};
    use crate::crash::{check_crashes, each_crash};
    use crate::keystore::{KeyKind, PrivateKey, write_key};

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

    /// The keys in a folder, octet by octet.
    fn octets_in(keys: &Path) -> BTreeMap<OsString, Vec<u8>> {
        let read = |entry: io::Result<fs::DirEntry>| {
            let entry = entry.unwrap();
            (entry.file_name(), fs::read(entry.path()).unwrap())
        };
        fs::read_dir(keys).unwrap().map(read).collect()
    }

    /// What is found is settled at the next start: one passphrase or the other opens all keys, and the new one when the
    /// change was told to be done.
    #[test]
    fn a_crash_at_any_point_leaves_one_passphrase() {
        check_crashes(80, &mut |files| {
            let (_home, data) = made();
            let old = octets_in(&data.keys());
            let folders = Folders {
                files: &files,
                data: &data,
            };
            let rewrapped = folders.rewrap(&passphrase("old"), &passphrase("new"), &|| {});
            assert_eq!(rewrapped.unwrap(), 2);
            check_all_open(&data, "new");
            let new = octets_in(&data.keys());
            let prepare = |dir: &Path| {
                let keys = DataDir::new(dir).keys();
                create_private_dir(&keys).unwrap();
                for (name, octets) in &old {
                    write_new(&keys.join(name), octets, 0o600).unwrap();
                }
            };
            each_crash(&files, (data.path(), 24), &prepare, &mut |found| {
                let data = DataDir::new(found.dir);
                settle_keys(&data).unwrap();
                let keys = octets_in(&data.keys());
                if keys == new || (keys == old && !found.is_done) {
                    Ok(())
                } else {
                    Err(format!("{:?} are there", keys.keys()))
                }
            })
        });
    }
}
