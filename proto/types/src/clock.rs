//! The only reader of the wall clock.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::UnixTime;

/// Knows what time it is.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Returns the current time.
    fn now(&self) -> UnixTime;

    /// Returns how many seconds passed since the machine was booted, sleep included; nobody sets this clock.
    fn since_boot(&self) -> u64;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the wall clock"
    )]
    fn now(&self) -> UnixTime {
        let seconds = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |passed| passed.as_secs());
        UnixTime::EPOCH.plus(seconds).unwrap_or(UnixTime::MAX)
    }

    fn since_boot(&self) -> u64 {
        let passed = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        u64::try_from(passed.tv_sec).unwrap_or(0)
    }
}

/// A clock that tests turn by hand; clones share one time.
#[cfg(feature = "fake")]
#[derive(Debug, Clone)]
pub struct FakeClock(std::sync::Arc<Hands>);

#[cfg(feature = "fake")]
#[derive(Debug)]
struct Hands {
    now: std::sync::atomic::AtomicI64,
    since_boot: std::sync::atomic::AtomicU64,
}

#[cfg(feature = "fake")]
impl FakeClock {
    /// Starts at `now`.
    pub fn at(now: UnixTime) -> Self {
        Self(std::sync::Arc::new(Hands {
            now: now.seconds().into(),
            since_boot: 1_000.into(),
        }))
    }

    /// Sets the time, forwards or back, while none passes.
    pub fn set(&self, now: UnixTime) {
        self.0
            .now
            .store(now.seconds(), std::sync::atomic::Ordering::SeqCst);
    }

    /// Goes forward by `seconds`, which pass.
    pub fn advance(&self, seconds: u64) {
        self.0
            .since_boot
            .fetch_add(seconds, std::sync::atomic::Ordering::SeqCst);
        self.set(self.now().plus(seconds).unwrap_or(UnixTime::MAX));
    }
}

#[cfg(feature = "fake")]
impl Clock for FakeClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.0.now.load(std::sync::atomic::Ordering::SeqCst))
            .unwrap_or(UnixTime::EPOCH)
    }

    fn since_boot(&self) -> u64 {
        self.0.since_boot.load(std::sync::atomic::Ordering::SeqCst)
    }
}
