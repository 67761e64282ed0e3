//! The only reader of the wall clock.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::UnixTime;

/// Knows what time it is.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Returns the current time.
    fn now(&self) -> UnixTime;
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
}

/// A clock that tests turn by hand; clones share one time.
#[cfg(feature = "fake")]
#[derive(Debug, Clone)]
pub struct FakeClock(std::sync::Arc<std::sync::atomic::AtomicI64>);

#[cfg(feature = "fake")]
impl FakeClock {
    /// Starts at `now`.
    pub fn at(now: UnixTime) -> Self {
        Self(std::sync::Arc::new(now.seconds().into()))
    }

    /// Sets the time, forwards or back.
    pub fn set(&self, now: UnixTime) {
        self.0
            .store(now.seconds(), std::sync::atomic::Ordering::SeqCst);
    }

    /// Goes forward by `seconds`.
    pub fn advance(&self, seconds: u64) {
        self.set(self.now().plus(seconds).unwrap_or(UnixTime::MAX));
    }
}

#[cfg(feature = "fake")]
impl Clock for FakeClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.0.load(std::sync::atomic::Ordering::SeqCst))
            .unwrap_or(UnixTime::EPOCH)
    }
}
