//! Which time the leaves vouch for: that of a clock which has run steadily for long.

use ca_types::UnixTime;

use crate::draft::MAX_LATENESS_SECONDS;

/// How far the leaves have come without a jump.
#[derive(Debug)]
pub(super) struct SteadyTime {
    since: UnixTime,
    last: UnixTime,
}

const DAY: u64 = 86_400;
/// CRLs are leaves too, and are signed daily: a longer gap is a server that was off, or a clock that jumped.
const LONGEST_GAP: u64 = 2 * DAY;
/// How long a clock is watched before anything is archived by it: someone would notice a wrong one.
const WATCHED: u64 = 30 * DAY;
/// How long after its end a certificate stays: as long as it may be succeeded, and the day on which that is decided.
const STAYS: u64 = MAX_LATENESS_SECONDS + DAY;

impl SteadyTime {
    pub(super) fn new() -> Self {
        Self {
            since: UnixTime::EPOCH,
            last: UnixTime::EPOCH,
        }
    }

    /// Takes in the time of the next leaf.
    pub(super) fn follow(&mut self, time: UnixTime) {
        if time.since(self.last) > LONGEST_GAP {
            self.since = time;
        }
        self.last = self.last.max(time);
    }

    /// Begins anew: the clock was confirmed, whatever it said before.
    pub(super) fn begin(&mut self, time: UnixTime) {
        (self.since, self.last) = (time, time);
    }

    /// Returns the time before which a certificate must have ended to be archived.
    pub(super) fn archive_before(&self) -> Option<UnixTime> {
        (self.last.since(self.since) >= WATCHED).then(|| self.last.minus(STAYS))
    }
}
