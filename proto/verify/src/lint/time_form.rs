//! `UTCTime` through 2049, `GeneralizedTime` from 2050 (RFC 5280 §4.1.2.5).

use crate::der_reader::{Time, TimeForm};

pub(super) fn has_right_form(time: Time) -> bool {
    let wanted = if time.value.seconds() < YEAR_2050_SECONDS {
        TimeForm::Utc
    } else {
        TimeForm::Generalized
    };
    time.form == wanted
}

/// 2050-01-01T00:00:00Z.
const YEAR_2050_SECONDS: i64 = 2_524_608_000;
