//! Spans of time, and how a convention cuts them into days and nights.
//!
//! A convention day begins at `day_change`, not at midnight, and local time jumps twice a year; so days and nights are
//! found by converting local times to instants, and lengths are differences of instants.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// A stretch of time: its start is in it, its end is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First instant.
    pub start: Timestamp,
    /// First instant after it; never before `start`.
    pub end: Timestamp,
}

/// A convention's clock on the wall.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Where the convention is.
    pub zone: TimeZone,
    /// When a day ends and the next begins.
    pub day_change: Time,
}

/// Milliseconds in a minute.
pub const MINUTE: i64 = 60_000;
/// Milliseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;

// === impl Span ===

impl Span {
    /// A span, unless it would have no length.
    #[must_use]
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// Its length in milliseconds.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.end.as_millisecond() - self.start.as_millisecond()
    }

    /// Whether both have an instant in common. Spans that only touch do not.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// What both have in common, in milliseconds.
    #[must_use]
    pub fn common_millis(self, other: Self) -> i64 {
        let start = self.start.max(other.start).as_millisecond();
        let end = self.end.min(other.end).as_millisecond();
        (end - start).max(0)
    }

    /// Whether the union of `others` leaves no instant of it out.
    #[must_use]
    pub fn is_covered_by(self, others: &[Self]) -> bool {
        let mut sorted = others.to_vec();
        sorted.sort_unstable();
        let mut reached = self.start;
        for other in sorted {
            if other.start > reached {
                break;
            }
            reached = reached.max(other.end);
        }
        reached >= self.end
    }
}

/// `at` moved by some minutes, kept within what a timestamp can hold.
#[must_use]
pub fn after_minutes(at: Timestamp, minutes: i64) -> Timestamp {
    shifted(at, minutes.saturating_mul(MINUTE))
}

/// `at` moved by some milliseconds, kept within what a timestamp can hold.
#[must_use]
pub fn shifted(at: Timestamp, millis: i64) -> Timestamp {
    let limit = if millis < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(at.as_millisecond().saturating_add(millis)).unwrap_or(limit)
}

// === impl Calendar ===

impl Calendar {
    /// The instant at which the clock on the wall shows `time` on `date`: the first of two, or right after a gap.
    #[must_use]
    pub fn instant(&self, date: Date, time: Time) -> Timestamp {
        self.zone
            .to_ambiguous_zoned(date.to_datetime(time))
            .compatible()
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    /// When the convention day `date` begins.
    #[must_use]
    pub fn day_start(&self, date: Date) -> Timestamp {
        conman_sdk::day_start(date, &self.zone, self.day_change)
    }

    /// The convention day that `at` falls on.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> Date {
        conman_sdk::day_of(at, &self.zone, self.day_change)
    }

    /// The convention day `date`, from its beginning to the next one's.
    #[must_use]
    pub fn day(&self, date: Date) -> Span {
        let end = date.tomorrow().map_or(Timestamp::MAX, |next| self.day_start(next));
        Span { start: self.day_start(date), end }
    }

    /// How many milliseconds of `span` fall on each convention day.
    #[must_use]
    pub fn by_day(&self, span: Span) -> BTreeMap<Date, i64> {
        let mut days = BTreeMap::new();
        let mut date = self.day_of(span.start);
        loop {
            let day = self.day(date);
            let common = span.common_millis(day);
            if common > 0 {
                days.insert(date, common);
            }
            match date.tomorrow() {
                Ok(next) if day.end < span.end => date = next,
                _ => return days,
            }
        }
    }

    /// How many milliseconds of `span` fall between `from` and `until` on the wall, every night. A window that ends before
    /// it begins runs past midnight; one that ends when it begins is empty.
    #[must_use]
    pub fn millis_between(&self, span: Span, from: Time, until: Time) -> i64 {
        if from == until {
            return 0;
        }
        let last = self.zone.to_datetime(span.end).date();
        let first = self.zone.to_datetime(span.start).date();
        let mut date = first.yesterday().unwrap_or(first);
        let mut sum = 0;
        while date <= last {
            let ends_on = if from < until { Ok(date) } else { date.tomorrow() };
            let end = ends_on.map_or(Timestamp::MAX, |date| self.instant(date, until));
            sum += span.common_millis(Span { start: self.instant(date, from), end });
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        sum
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::time;
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn berlin() -> Calendar {
        Calendar { zone: TimeZone::get("Europe/Berlin").unwrap(), day_change: time(5, 0, 0, 0) }
    }

    /// `2026-08-14 10:00` in Berlin.
    pub(crate) fn at(text: &str) -> Timestamp {
        let local: jiff::civil::DateTime = text.replace(' ', "T").parse().unwrap();
        local.to_zoned(berlin().zone).unwrap().timestamp()
    }

    /// `2026-08-14 10:00/12:00`, or with a date after the slash too.
    pub(crate) fn span(text: &str) -> Span {
        let (start, end) = text.split_once('/').unwrap();
        let date = start.split(' ').next().unwrap();
        let end = if end.contains(' ') { end.to_owned() } else { format!("{date} {end}") };
        Span::new(at(start), at(&end)).unwrap()
    }

    #[test]
    fn the_night_belongs_to_the_day_before() {
        let calendar = berlin();
        assert_eq!(calendar.day_of(at("2026-08-15 04:59")).to_string(), "2026-08-14");
        assert_eq!(calendar.day_of(at("2026-08-15 05:00")).to_string(), "2026-08-15");
    }

    #[test]
    fn a_span_over_the_day_change_counts_on_both_days() {
        let days = berlin().by_day(span("2026-08-15 03:00/06:00"));
        let hours: Vec<_> = days.into_iter().map(|(day, millis)| (day.to_string(), millis / HOUR)).collect();
        assert_eq!(hours, [("2026-08-14".to_owned(), 2), ("2026-08-15".to_owned(), 1)]);
    }

    #[test]
    fn touching_is_not_overlapping() {
        assert!(!span("2026-08-14 10:00/12:00").overlaps(span("2026-08-14 12:00/14:00")));
        assert!(span("2026-08-14 10:00/12:01").overlaps(span("2026-08-14 12:00/14:00")));
    }

    #[test]
    fn availability_may_come_in_pieces_but_not_with_holes() {
        let shift = span("2026-08-14 10:00/14:00");
        assert!(shift.is_covered_by(&[span("2026-08-14 12:00/15:00"), span("2026-08-14 09:00/12:00")]));
        assert!(!shift.is_covered_by(&[span("2026-08-14 12:01/15:00"), span("2026-08-14 09:00/12:00")]));
        assert!(!shift.is_covered_by(&[]));
    }

    proptest! {
        /// Days partition time: what falls on the days adds up to the whole.
        #[test]
        fn the_days_add_up(start in 1_774_000_000_i64..1_793_000_000, minutes in 1_i64..4000) {
            let start = Timestamp::from_second(start).unwrap();
            let span = Span::new(start, after_minutes(start, minutes)).unwrap();
            let days = berlin().by_day(span);
            prop_assert_eq!(days.values().sum::<i64>(), span.millis());
            for (day, _) in days {
                prop_assert_eq!(berlin().day_of(berlin().day_start(day)), day);
            }
        }

        /// A minute is night when the clock on the wall says so, in winter, in summer and while it jumps.
        #[test]
        fn the_night_is_what_the_wall_says(
            start in prop_oneof![1_774_600_000_i64..1_774_800_000, 1_792_600_000_i64..1_792_900_000, 1_786_000_000_i64..1_786_400_000],
            minutes in 1_i64..2200,
            from in 0_i8..24,
            until in 0_i8..24,
            zone in prop_oneof![Just("Europe/Berlin"), Just("America/New_York"), Just("UTC"), Just("Asia/Kolkata")],
        ) {
            let start = Timestamp::from_second(start - start % 60).unwrap();
            let span = Span::new(start, after_minutes(start, minutes)).unwrap();
            let calendar = Calendar { zone: TimeZone::get(zone).unwrap(), day_change: time(5, 0, 0, 0) };
            let is_night = |minute: i64| {
                let hour = calendar.zone.to_datetime(after_minutes(start, minute)).time().hour();
                if from <= until { (from..until).contains(&hour) } else { hour >= from || hour < until }
            };
            let counted = (0..minutes).filter(|minute| is_night(*minute)).count();
            let computed = calendar.millis_between(span, time(from, 0, 0, 0), time(until, 0, 0, 0));
            prop_assert_eq!(computed, i64::try_from(counted).unwrap() * MINUTE);
        }
    }
}
