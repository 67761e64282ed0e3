//! Asking the system for the files of an index before they are read.

use std::path::PathBuf;
use std::thread;

use crate::files::{Files as _, SystemFiles};

/// Lets the system read an index in the order of the disk, while the end of the log is looked at; sled asks for it piece
/// by piece. When that cannot be it only takes longer.
pub(crate) fn read_ahead(dir: PathBuf) {
    let work = move || {
        for name in SystemFiles.list(&dir).unwrap_or_default() {
            let file = SystemFiles.open(&dir.join(name));
            drop(file.and_then(|file| file.read_ahead()));
        }
    };
    drop(thread::Builder::new().spawn(work));
}
