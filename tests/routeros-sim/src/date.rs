//! Dates and spans as the console writes them.

use crate::model::DateForm;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A date and time of day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    days: i64,
    second: i64,
}

impl Moment {
    /// The moment of a number of seconds since 1970.
    pub fn at(unix: i64) -> Self {
        Self {
            days: unix.div_euclid(86_400),
            second: unix.rem_euclid(86_400),
        }
    }

    /// Seconds since 1970.
    pub fn unix(self) -> i64 {
        self.days * 86_400 + self.second
    }

    /// The date alone.
    pub fn date(self, form: DateForm) -> String {
        let (year, month, day) = civil(self.days);
        match form {
            DateForm::Iso => format!("{year:04}-{month:02}-{day:02}"),
            DateForm::MonthName => {
                let name = usize::try_from(month - 1)
                    .ok()
                    .and_then(|index| MONTHS.get(index));
                format!("{}/{day:02}/{year:04}", name.unwrap_or(&"jan"))
            }
        }
    }

    /// The time of day alone.
    pub fn time(self) -> String {
        let second = self.second;
        format!(
            "{:02}:{:02}:{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }

    /// Date and time.
    pub fn print(self, form: DateForm) -> String {
        format!("{} {}", self.date(form), self.time())
    }

    /// The same time of day on another date, read in either form.
    pub fn on(self, date: &str) -> Option<Self> {
        let numbers: Vec<&str> = date.split(['-', '/']).collect();
        let [first, second, third] = numbers.as_slice() else {
            return None;
        };
        let (year, month, day): (i64, i64, i64) = if date.contains('-') {
            (
                first.parse().ok()?,
                second.parse().ok()?,
                third.parse().ok()?,
            )
        } else {
            let month = MONTHS
                .iter()
                .position(|name| name.eq_ignore_ascii_case(first))?
                + 1;
            (
                third.parse().ok()?,
                i64::try_from(month).ok()?,
                second.parse().ok()?,
            )
        };
        ((1..=12).contains(&month) && (1..=31).contains(&day)).then(|| Self {
            days: days(year, month, day),
            second: self.second,
        })
    }

    /// The same date at another time of day.
    pub fn at_time(self, time: &str) -> Option<Self> {
        let numbers: Vec<i64> = time
            .split(':')
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?;
        let [hour, minute, second] = numbers.as_slice() else {
            return None;
        };
        Some(Self {
            days: self.days,
            second: hour * 3600 + minute * 60 + second,
        })
    }
}

/// A span such as `521w2d23h56m20s`.
pub fn span(seconds: i64) -> String {
    let mut rest = seconds.max(0);
    let mut text = String::new();
    for (unit, length) in [
        ("w", 604_800),
        ("d", 86_400),
        ("h", 3_600),
        ("m", 60),
        ("s", 1),
    ] {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Reads a length of time and prints it as the console does; nothing when it is none.
///
/// `90`, `00:01:30` and `1m30s` are all `1m30s`; a fraction of a second stays in milliseconds.
pub fn read_span(text: &str) -> Option<String> {
    let seconds: i64 = if let Ok(seconds) = text.parse::<u32>() {
        seconds.into()
    } else if text.contains(':') {
        let mut total = 0_i64;
        for part in text.split(':') {
            total = total
                .checked_mul(60)?
                .checked_add(part.parse::<u32>().ok()?.into())?;
        }
        total
    } else {
        let mut rest = text;
        let mut total = 0_i64;
        let mut milliseconds = 0_i64;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let (number, after) = rest.split_at(digits);
            let number: i64 = number.parse::<u32>().ok()?.into();
            let letters = after.find(|c: char| !c.is_ascii_lowercase());
            let (unit, after) = after.split_at(letters.unwrap_or(after.len()));
            match unit {
                "w" => total += number * 604_800,
                "d" => total += number * 86_400,
                "h" => total += number * 3_600,
                "m" => total += number * 60,
                "s" => total += number,
                "ms" => milliseconds += number,
                _ => return None,
            }
            rest = after;
        }
        match (text.is_empty(), total, milliseconds) {
            (true, ..) => return None,
            (false, 0, 1..) => return Some(format!("{milliseconds}ms")),
            (false, _, 1..) => return Some(format!("{}{milliseconds}ms", span(total))),
            _ => total,
        }
    };
    Some(span(seconds))
}

#[cfg(test)]
mod tests {
    use super::{Moment, span};
    use crate::model::DateForm;

    #[test]
    fn a_date_prints_in_both_forms_and_reads_back() {
        let moment = Moment::at(1_786_131_459);
        assert_eq!(moment.print(DateForm::Iso), "2026-08-07 19:37:39");
        assert_eq!(moment.print(DateForm::MonthName), "aug/07/2026 19:37:39");
        for date in ["2026-08-07", "aug/07/2026"] {
            assert_eq!(
                Moment::at(0).on(date).and_then(|m| m.at_time("19:37:39")),
                Some(moment)
            );
        }
    }

    #[test]
    fn a_span_names_only_what_it_has() {
        assert_eq!(
            span(521 * 604_800 + 2 * 86_400 + 23 * 3_600 + 56 * 60 + 20),
            "521w2d23h56m20s"
        );
        assert_eq!(span(0), "0s");
    }
}
