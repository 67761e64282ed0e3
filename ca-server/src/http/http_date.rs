//! Dates in the form of http (RFC 9110 §5.6.7).

use ca_types::UnixTime;

/// Writes `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn write(time: UnixTime) -> String {
    // RFC 3339 has the same parts in another order: `1994-11-06T08:49:37Z`.
    let text = time.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month: usize = part(5, 7).parse().unwrap_or(1);
    let month = MONTHS
        .get(month.saturating_sub(1))
        .copied()
        .unwrap_or_default();
    let days = usize::try_from(time.seconds() / 86_400).unwrap_or_default();
    // 1970-01-01 was a Thursday.
    let weekday = WEEKDAYS.get((days + 4) % 7).copied().unwrap_or_default();
    format!(
        "{weekday}, {} {month} {} {} GMT",
        part(8, 10),
        part(0, 4),
        part(11, 19)
    )
}

/// Reads the one form that [`write`] writes; anything else is no date.
pub(super) fn read(text: &str) -> Option<UnixTime> {
    let (_weekday, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let (day, month, year, time, zone) = (
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
    );
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let time: UnixTime = format!("{year}-{month:02}-{day}T{time}Z").parse().ok()?;
    (zone == "GMT" && parts.next().is_none() && write(time) == text).then_some(time)
}

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_and_read_in_the_preferred_form() {
        for (rfc3339, http) in [
            ("1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("2028-02-29T23:59:59Z", "Tue, 29 Feb 2028 23:59:59 GMT"),
        ] {
            let time: UnixTime = rfc3339.parse().unwrap();
            assert_eq!(write(time), http);
            assert_eq!(read(http), Some(time));
        }
    }

    #[test]
    fn what_is_no_such_date_is_none() {
        for text in [
            "",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
