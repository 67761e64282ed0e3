//! Waiting for something to become true.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Asks `question` until it answers, at most for `deadline`.
///
/// # Panics
/// When no answer comes in time.
#[track_caller]
pub fn until<T>(deadline: Duration, what: &str, mut question: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + deadline;
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        assert!(Instant::now() < end, "not within {deadline:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
