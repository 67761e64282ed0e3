//! One CA per algorithm and build, made once and copied by every test.

use std::{
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, PoisonError},
    time::UNIX_EPOCH,
};

use crate::{Algorithm, InitOptions, Ports, Site, program, target};

/// The ports that stand in the settings of a fixture, until a copy gets its own.
pub(crate) const FIXTURE_PORTS: Ports = Ports {
    grpc: 19_001,
    http: 19_002,
    operations: 19_003,
};

/// Returns the data directory to copy; makes it when this build of the server has none yet.
pub(crate) fn fixture(algorithm: Algorithm) -> PathBuf {
    static MAKING: Mutex<()> = Mutex::new(());
    let guard = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = target().join("fixtures");
    let stem = format!("{}-", algorithm.as_str());
    let made = folder.join(format!("{stem}{}", *BUILD));
    if !made.is_dir() {
        std::fs::create_dir_all(&folder).expect("the build directory is writable");
        remove_older(&folder, &stem, &made);
        let site = Site::within(&folder, FIXTURE_PORTS);
        site.run_init(InitOptions {
            algorithm,
            publish_url: Some("http://pki.example.net"),
            more: &[],
        })
        .ok();
        // Another process may have been faster: then its fixture is as good.
        if let Err(error) = std::fs::rename(site.data(), &made) {
            assert!(made.is_dir(), "{}: {error}", made.display());
        }
    }
    drop(guard);
    made
}

/// Names the build of the server, and the day of this run: certificates of an old fixture would have aged.
static BUILD: LazyLock<String> = LazyLock::new(|| {
    let file = std::fs::metadata(program("ca-server")).expect("the server is built");
    let changed = file
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .expect("a file has a time");
    let today = UNIX_EPOCH.elapsed().expect("the clock is right").as_secs() / 86_400;
    format!("{}-{today}", changed.as_nanos())
});

/// Removes the fixtures of other builds; the one of this build may come from another process meanwhile.
fn remove_older(folder: &Path, stem: &str, made: &Path) {
    for entry in std::fs::read_dir(folder)
        .expect("it is a directory")
        .flatten()
    {
        if entry.file_name().to_string_lossy().starts_with(stem) && entry.path() != made {
            // Whoever was faster removed it.
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}
