//! A server in this process, with a clock that the test turns.

use std::sync::Arc;

use ca_server::data_dir::DataDir;
use ca_server::serve::{Addresses, ServeError, ServeOptions, Server};
use ca_server::settings::Settings;
use ca_store::files::SystemFiles;
use ca_tests::Site;
use ca_types::{Clock as _, FakeClock, Passphrase, SystemClock};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A running server; it stops when dropped.
#[derive(Debug)]
pub(crate) struct InProcess {
    pub(crate) addresses: Addresses,
    pub(crate) clock: FakeClock,
    stop: DropGuard,
    ended: JoinHandle<Result<(), ServeError>>,
}

impl InProcess {
    /// Stops it, and waits for its end.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        self.ended
            .await
            .expect("it does not panic")
            .expect("it ends in order");
    }
}

/// Starts a server on a site; its clock begins now.
pub(crate) async fn start(site: &Site) -> InProcess {
    start_after(site, 0).await
}

/// Starts a server on a site, so many seconds later.
pub(crate) async fn start_after(site: &Site, seconds: u64) -> InProcess {
    let settings = Settings::of(&DataDir::new(site.data())).expect("init wrote sound settings");
    let options = options(site, settings, seconds);
    try_start(options).await.expect("the server starts")
}

/// What a server on a site is started with, so many seconds later, and its clock.
pub(crate) fn options(site: &Site, settings: Settings, seconds: u64) -> (ServeOptions, FakeClock) {
    let later = SystemClock
        .now()
        .plus(seconds)
        .expect("before the year 10000");
    let clock = FakeClock::at(later);
    let options = ServeOptions {
        settings,
        data: DataDir::new(site.data()),
        passphrase: Passphrase::from_file_content(
            std::fs::read(site.passphrase()).expect("the passphrase is there"),
        ),
        clock: Arc::new(clock.clone()),
        metrics: None,
        files: Arc::new(SystemFiles),
        progress: Box::new(|_progress| {}),
    };
    (options, clock)
}

/// Starts a server.
pub(crate) async fn try_start(
    (options, clock): (ServeOptions, FakeClock),
) -> Result<InProcess, ServeError> {
    let server = Server::start(options).await?;
    let addresses = server.addresses();
    let stop = CancellationToken::new();
    let ended = tokio::spawn(server.run(stop.clone()));
    Ok(InProcess {
        addresses,
        clock,
        stop: stop.drop_guard(),
        ended,
    })
}
