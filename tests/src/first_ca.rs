//! The names of the CAs that `init` makes.

use std::sync::LazyLock;

use ca_types::{Clock as _, SystemClock};

/// The year of this run.
static YEAR: LazyLock<i16> = LazyLock::new(|| SystemClock.now().year());

/// Returns the name of the first CA of a class, such as `router`, that is made this year.
pub fn first_ca(class: &str) -> String {
    format!("{class}-{}-1", *YEAR)
}
