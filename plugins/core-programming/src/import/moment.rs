//! Times as files write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// The zone of an IANA name.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    let name = name.trim();
    // jiff also takes POSIX strings elsewhere; here only names from the database count.
    if name.is_empty() || name.len() > 64 { None } else { TimeZone::get(name).ok() }
}

/// An instant: RFC 3339, or a local date and time in `zone`.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn instant(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the time is empty".to_owned());
    }
    if text.len() > 64 {
        return Err(format!("`{}` is no time", super::shortened(text)));
    }
    // A date alone would be read as its midnight, which nobody meant.
    if !text.contains(['T', 't', ' ']) {
        return Err(format!("`{text}` is no time; write it like 2026-08-14T20:15:00+02:00 or 2026-08-14 20:15"));
    }
    if has_offset(text) {
        return text
            .parse::<Timestamp>()
            .map_err(|_| format!("`{text}` is no time; write it like 2026-08-14T20:15:00+02:00"));
    }
    let local: DateTime = text
        .parse()
        .map_err(|_| format!("`{text}` is no time; write it like 2026-08-14T20:15:00+02:00 or 2026-08-14 20:15"))?;
    localized(local, zone)
}

/// A local date and a local time of day in `zone`.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn date_and_time(date: &str, time: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let date: Date = date
        .trim()
        .parse()
        .map_err(|_| format!("`{}` is no date; write it like 2026-08-14", super::shortened(date)))?;
    let padded = if time.trim().find(':') == Some(1) { format!("0{}", time.trim()) } else { time.trim().to_owned() };
    let time: Time =
        padded.parse().map_err(|_| format!("`{}` is no time of day; write it like 20:15", super::shortened(time)))?;
    localized(date.to_datetime(time), zone)
}

fn localized(local: DateTime, zone: &TimeZone) -> Result<Timestamp, String> {
    zone.to_ambiguous_timestamp(local).compatible().map_err(|_| format!("`{local}` is outside the calendar"))
}

/// Whether a date and time ends in `Z` or an offset. The date's own dashes come before the time's colon.
fn has_offset(text: &str) -> bool {
    let Some((_, time)) = text.split_once(['T', 't', ' ']) else { return false };
    time.ends_with(['Z', 'z']) || time.contains(['+', '-'])
}

/// `1:30`, `01:30` or `01:30:00` as seconds.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{}` is no duration; write it like 01:30", super::shortened(text));
    let mut parts = text.trim().split(':');
    let mut number = |most: i64| {
        parts.next().map(|part| match part.parse::<i64>() {
            Ok(value)
                if !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit()) && value <= most =>
            {
                Ok(value)
            }
            _ => Err(wrong()),
        })
    };
    let hours = number(9999).ok_or_else(wrong)??;
    let minutes = number(59).ok_or_else(wrong)??;
    let seconds = number(59).transpose()?.unwrap_or(0);
    if parts.next().is_some() {
        return Err(wrong());
    }
    Ok(hours * 3600 + minutes * 60 + seconds)
}

/// A duration as frab writes it: `01:30`, with seconds only where there are some.
#[must_use]
pub fn duration_text(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { format!("{hours:02}:{minutes:02}") } else { format!("{hours:02}:{minutes:02}:{rest:02}") }
}

/// Why a slot could not be made.
#[must_use]
pub fn bad_slot(seconds: i64) -> String {
    if seconds < 0 {
        "it ends before it starts".to_owned()
    } else {
        format!("it lasts {} hours; at most 99 are possible", seconds / 3600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_with_and_without_offset() {
        let berlin = zone("Europe/Berlin").unwrap();
        for text in [
            "2025-12-27T10:30:00+01:00",
            "2025-12-27T09:30:00Z",
            "2025-12-27T09:30:00.000Z",
            "2025-12-27T10:30:00",
            "2025-12-27 10:30",
        ] {
            assert_eq!(instant(text, &berlin).unwrap().to_string(), "2025-12-27T09:30:00Z", "{text}");
        }
        assert_eq!(date_and_time("2025-12-27", "9:30", &berlin).unwrap().to_string(), "2025-12-27T08:30:00Z");
        for text in
            ["", "soon", "2025-13-27T10:30:00Z", "2025-12-27", "99999-01-01T00:00:00Z", "2025-12-27T25:00:00+01:00"]
        {
            assert!(instant(text, &berlin).is_err(), "{text}");
        }
    }

    #[test]
    fn zones_are_names() {
        assert!(zone("Europe/Zurich").is_some());
        for name in ["", "Europe/Atlantis", "EST5EDT,M3.2.0,M11.1.0", "../../etc/passwd", "CET-1CEST"] {
            assert!(zone(name).is_none(), "{name}");
        }
    }

    #[test]
    fn durations() {
        for (text, seconds) in [("1:30", 5400), ("01:30", 5400), ("00:05:00", 300), ("0:00", 0), ("12:59", 46740)] {
            assert_eq!(duration(text), Ok(seconds), "{text}");
        }
        for text in ["", "90", "1:60", "-1:00", "1:2:3:4", "a:b", "1:", ":30", "+1:30", "999999999999999999:00"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_duration_reads_back(seconds in 0..=crate::model::LONGEST_SECONDS) {
            prop_assert_eq!(duration(&duration_text(seconds)), Ok(seconds));
        }

        #[test]
        fn nothing_panics(text in any::<String>()) {
            let utc = TimeZone::UTC;
            let _ = (instant(&text, &utc), date_and_time(&text, &text, &utc), duration(&text), zone(&text));
        }
    }
}
