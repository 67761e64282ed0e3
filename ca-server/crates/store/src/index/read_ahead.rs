//! Asking the system for the files of an index before they are read.

use std::fs::{self, File};
use std::path::PathBuf;
use std::thread;

use rustix::fs::{Advice, fadvise};

/// Lets the system read an index in the order of the disk, while the end of the log is looked at; sled asks for it piece
/// by piece. When that cannot be it only takes longer.
pub(crate) fn read_ahead(dir: PathBuf) {
    let work = move || {
        let files = fs::read_dir(dir).into_iter().flatten().flatten();
        for file in files.filter_map(|entry| File::open(entry.path()).ok()) {
            if fadvise(&file, 0, None, Advice::WillNeed).is_err() {
                return;
            }
        }
    };
    drop(thread::Builder::new().spawn(work));
}
