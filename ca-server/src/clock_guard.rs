//! Watches the clock: one that jumps, or stands before the last leaf, stops issuing until it is right or confirmed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ca_types::{Clock, Code, Hinted, UnixTime};

/// The clock of the machine, as far as it is to be believed.
///
/// What it says is compared with the clock that counts from the boot, which nobody sets. After a jump of more than a day
/// the time is taken from that one, so that revocations and CRLs keep dates that devices accept.
#[derive(Debug)]
pub struct ClockGuard {
    clock: Arc<dyn Clock>,
    anchor: Mutex<Anchor>,
}

/// A moment at which both clocks were believed.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    wall: UnixTime,
    since_boot: u64,
}

/// Why nothing is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockDistrust {
    /// The clock was set by more than a day.
    #[error("the clock says {now}, since the start it should be {expected}: nothing is issued")]
    Jumped {
        /// What the clock says.
        now: UnixTime,
        /// What it should say.
        expected: UnixTime,
    },
    /// The clock stands before what is in the log.
    #[error("the clock says {now}, the log has a leaf of {latest}: nothing is issued")]
    BeforeTheLog {
        /// What the clock says.
        now: UnixTime,
        /// The time of the latest leaf.
        latest: UnixTime,
    },
}

impl Hinted for ClockDistrust {
    fn code(&self) -> Code {
        Code::FailedPrecondition
    }

    fn hint(&self) -> Option<String> {
        Some(
            "set the clock of the server, with NTP; if it is right as it is, an admin says so with \
             `ca-client clock confirm`"
                .to_owned(),
        )
    }
}

/// By how much the clock may differ from the one that counts from the boot: a day.
const JUMP_SECONDS: u64 = 86_400;
/// By how much a leaf may be ahead of the clock: NTP sets clocks back by seconds.
const SKEW_SECONDS: u64 = 60;

impl ClockGuard {
    /// Believes the clock as it is now.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let anchor = Mutex::new(Anchor::of(clock.as_ref()));
        Arc::new(Self { clock, anchor })
    }

    /// Returns what the clock says, believed or not.
    pub fn wall(&self) -> UnixTime {
        self.clock.now()
    }

    /// Tells why the clock is not believed; `latest` is the time of the latest leaf.
    pub fn distrust(&self, latest: Option<UnixTime>) -> Option<ClockDistrust> {
        let (now, expected) = self.both();
        let found = if distance(now, expected) > JUMP_SECONDS {
            Some(ClockDistrust::Jumped { now, expected })
        } else {
            latest
                .filter(|latest| latest.since(now) > SKEW_SECONDS)
                .map(|latest| ClockDistrust::BeforeTheLog { now, latest })
        };
        metrics::gauge!("ca_clock_trusted").set(if found.is_none() { 1.0 } else { 0.0 });
        if let Some(distrust) = found {
            tracing::error!(%distrust, "clock");
        }
        found
    }

    /// Believes the clock as it is now: somebody vouches for it.
    pub fn confirm(&self) {
        *self.anchor() = Anchor::of(self.clock.as_ref());
    }

    /// Returns what the clock says, and what it should say.
    fn both(&self) -> (UnixTime, UnixTime) {
        let anchor = *self.anchor();
        let passed = self.clock.since_boot().saturating_sub(anchor.since_boot);
        let expected = anchor.wall.plus(passed).unwrap_or(UnixTime::MAX);
        (self.clock.now(), expected)
    }

    fn anchor(&self) -> MutexGuard<'_, Anchor> {
        self.anchor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ClockGuard {
    fn now(&self) -> UnixTime {
        let (now, expected) = self.both();
        if distance(now, expected) > JUMP_SECONDS {
            expected
        } else {
            now
        }
    }

    fn since_boot(&self) -> u64 {
        self.clock.since_boot()
    }
}

impl Anchor {
    fn of(clock: &dyn Clock) -> Self {
        Self {
            wall: clock.now(),
            since_boot: clock.since_boot(),
        }
    }
}

fn distance(one: UnixTime, other: UnixTime) -> u64 {
    one.since(other).max(other.since(one))
}

#[cfg(test)]
mod tests {
    use ca_types::FakeClock;

    use super::*;

    const DAY: u64 = 86_400;

    fn start() -> UnixTime {
        "2026-11-28T20:00:00Z".parse().unwrap()
    }

    fn guard() -> (FakeClock, Arc<ClockGuard>) {
        let clock = FakeClock::at(start());
        (clock.clone(), ClockGuard::new(Arc::new(clock)))
    }

    #[test]
    fn time_that_passes_is_believed() {
        let (clock, guard) = guard();
        clock.advance(400 * DAY);
        assert_eq!(guard.distrust(Some(start())), None);
        assert_eq!(guard.now(), start().plus(400 * DAY).unwrap());
    }

    #[test]
    fn a_jump_of_more_than_a_day_is_not_and_the_time_goes_on_as_it_was() {
        let (clock, guard) = guard();
        let ahead = start().plus(3650 * DAY).unwrap();
        for wrong in [ahead, start().minus(2 * DAY), UnixTime::EPOCH] {
            clock.set(wrong);
            let distrust = guard.distrust(Some(start()));
            assert!(
                matches!(distrust, Some(ClockDistrust::Jumped { now, expected }) if now == wrong && expected == start()),
                "{distrust:?}"
            );
            assert_eq!(guard.now(), start());
        }
        // It is set right again, within a day.
        clock.set(start().plus(DAY).unwrap());
        assert_eq!(guard.distrust(Some(start())), None);
        assert_eq!(guard.now(), start().plus(DAY).unwrap());
        // Many small steps are a jump too.
        clock.set(start().plus(2 * DAY).unwrap());
        assert!(guard.distrust(None).is_some());
        guard.confirm();
        assert_eq!(guard.distrust(None), None);
        assert_eq!(guard.now(), start().plus(2 * DAY).unwrap());
    }

    #[test]
    fn a_clock_before_the_log_is_not_believed() {
        let (clock, guard) = guard();
        let latest = Some(start());
        clock.set(start().minus(60));
        assert_eq!(guard.distrust(latest), None);
        clock.set(start().minus(61));
        assert!(matches!(
            guard.distrust(latest),
            Some(ClockDistrust::BeforeTheLog { .. })
        ));
        clock.set(start());
        assert_eq!(guard.distrust(latest), None);
    }
}
