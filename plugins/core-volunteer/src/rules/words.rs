//! How times and lengths are said to a volunteer: local, short, without seconds.

use jiff::Timestamp;

use super::calendar::{Calendar, HOUR, MINUTE, Span};

/// `Fri 14 Aug 10:00–12:00`, with the second date only where it differs.
#[must_use]
pub fn span(calendar: &Calendar, span: Span) -> String {
    let start = calendar.zone.to_datetime(span.start);
    let end = calendar.zone.to_datetime(span.end);
    let end_format = if start.date() == end.date() { "%H:%M" } else { "%a %-d %b %H:%M" };
    format!("{}–{}", start.strftime("%a %-d %b %H:%M"), end.strftime(end_format))
}

/// `Fri 14 Aug 10:00`.
#[must_use]
pub fn instant(calendar: &Calendar, at: Timestamp) -> String {
    calendar.zone.to_datetime(at).strftime("%a %-d %b %H:%M").to_string()
}

/// `Fri 14 Aug`.
#[must_use]
pub fn day(date: jiff::civil::Date) -> String {
    date.strftime("%a %-d %b").to_string()
}

/// `1 h 30 min`, `2 h`, `45 min`; parts of a minute count as a whole one.
#[must_use]
pub fn length(millis: i64) -> String {
    let minutes = (millis + MINUTE - 1).div_euclid(MINUTE);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Whole minutes; parts of a minute count as a whole one.
#[must_use]
pub fn minutes(millis: i64) -> i32 {
    i32::try_from((millis + MINUTE - 1).div_euclid(MINUTE)).unwrap_or(i32::MAX)
}

/// Milliseconds as hours, for figures in answers.
#[must_use]
pub fn hours(millis: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a life has fewer than 2^52 milliseconds")]
    let millis = millis as f64;
    #[expect(clippy::cast_precision_loss, reason = "a constant of seven digits")]
    let hour = HOUR as f64;
    millis / hour
}

#[cfg(test)]
mod tests {
    use super::super::calendar::tests::{berlin, span as at};
    use super::*;

    #[test]
    fn a_span_says_its_date_once_where_once_is_enough() {
        assert_eq!(span(&berlin(), at("2026-08-14 10:00/12:00")), "Fri 14 Aug 10:00–12:00");
        assert_eq!(span(&berlin(), at("2026-08-14 22:00/2026-08-15 02:00")), "Fri 14 Aug 22:00–Sat 15 Aug 02:00");
    }

    #[test]
    fn lengths_are_short() {
        assert_eq!(length(90 * MINUTE), "1 h 30 min");
        assert_eq!(length(2 * HOUR), "2 h");
        assert_eq!(length(MINUTE + 1), "2 min");
    }
}
