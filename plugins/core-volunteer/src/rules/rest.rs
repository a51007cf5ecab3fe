//! The rest rule: work comes in blocks, blocks need rest between them, and a day has only so many working hours.
//!
//! Shifts that follow each other within a short break make one block. Anything longer than a break has to be a whole rest:
//! a gap in between is neither, and is what the rule refuses.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::calendar::{Calendar, MINUTE, Span};

/// How much rest a convention asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestPolicy {
    /// A gap up to this does not end a block.
    pub break_minutes: i64,
    /// Rest between two blocks; no more than the break means no such rule.
    pub minimum_minutes: i64,
    /// Work on one convention day; none means no such rule.
    pub most_minutes_per_day: Option<i64>,
}

/// What breaks the rest rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tired<T> {
    /// The gap to `neighbour` is longer than a break and shorter than a rest.
    TooShortARest {
        /// The shift before or after.
        neighbour: T,
        /// The gap there is, in milliseconds.
        gap: i64,
        /// What is missing to a whole rest, in milliseconds.
        missing: i64,
    },
    /// The day would hold more work than allowed.
    TooLongADay {
        /// The convention day.
        day: Date,
        /// Milliseconds already taken on it.
        taken: i64,
        /// Milliseconds it would be.
        would_be: i64,
        /// Milliseconds allowed.
        most: i64,
    },
}

/// Checks a candidate against the work already agreed to: `work`, and the sums of it by day.
#[must_use]
pub fn check<T: Copy>(
    policy: RestPolicy,
    calendar: &Calendar,
    work: &[(T, Span)],
    by_day: &BTreeMap<Date, i64>,
    candidate: Span,
) -> Option<Tired<T>> {
    short_rest(policy, work, candidate).or_else(|| long_day(policy, calendar, by_day, candidate))
}

/// The sums of `work` by convention day.
#[must_use]
pub fn by_day<T>(calendar: &Calendar, work: &[(T, Span)]) -> BTreeMap<Date, i64> {
    let mut days = BTreeMap::new();
    for (_, span) in work {
        for (day, millis) in calendar.by_day(*span) {
            *days.entry(day).or_insert(0) += millis;
        }
    }
    days
}

fn short_rest<T: Copy>(policy: RestPolicy, work: &[(T, Span)], candidate: Span) -> Option<Tired<T>> {
    let before = work.iter().filter(|(_, span)| span.end <= candidate.start).max_by_key(|(_, span)| span.end);
    let after = work.iter().filter(|(_, span)| span.start >= candidate.end).min_by_key(|(_, span)| span.start);
    let gaps = [
        before.map(|(neighbour, span)| (*neighbour, between(*span, candidate))),
        after.map(|(neighbour, span)| (*neighbour, between(candidate, *span))),
    ];
    gaps.into_iter().flatten().find_map(|(neighbour, gap)| {
        let missing = policy.minimum_minutes * MINUTE - gap;
        (gap > policy.break_minutes * MINUTE && missing > 0).then_some(Tired::TooShortARest { neighbour, gap, missing })
    })
}

fn between(first: Span, second: Span) -> i64 {
    second.start.as_millisecond() - first.end.as_millisecond()
}

fn long_day<T>(
    policy: RestPolicy,
    calendar: &Calendar,
    by_day: &BTreeMap<Date, i64>,
    candidate: Span,
) -> Option<Tired<T>> {
    let most = policy.most_minutes_per_day? * MINUTE;
    calendar.by_day(candidate).into_iter().find_map(|(day, millis)| {
        let taken = by_day.get(&day).copied().unwrap_or(0);
        let would_be = taken + millis;
        (would_be > most).then_some(Tired::TooLongADay { day, taken, would_be, most })
    })
}

#[cfg(test)]
mod tests {
    use super::super::calendar::HOUR;
    use super::super::calendar::tests::{berlin, span};
    use super::*;

    const POLICY: RestPolicy = RestPolicy { break_minutes: 30, minimum_minutes: 120, most_minutes_per_day: Some(600) };

    fn check_against(work: &[&str], candidate: &str) -> Option<Tired<usize>> {
        let work: Vec<_> = work.iter().enumerate().map(|(index, text)| (index, span(text))).collect();
        check(POLICY, &berlin(), &work, &by_day(&berlin(), &work), span(candidate))
    }

    #[test]
    fn a_break_keeps_the_block_and_a_rest_ends_it() {
        assert_eq!(check_against(&["2026-08-14 10:00/12:00"], "2026-08-14 12:30/14:00"), None);
        assert_eq!(check_against(&["2026-08-14 10:00/12:00"], "2026-08-14 14:00/15:00"), None);
    }

    #[test]
    fn a_gap_in_between_is_refused_on_both_sides() {
        let short = Some(Tired::TooShortARest { neighbour: 0, gap: HOUR, missing: HOUR });
        assert_eq!(check_against(&["2026-08-14 10:00/12:00"], "2026-08-14 13:00/14:00"), short);
        assert_eq!(check_against(&["2026-08-14 15:00/16:00"], "2026-08-14 13:00/14:00"), short);
    }

    #[test]
    fn the_nearest_neighbour_counts() {
        let work = ["2026-08-14 06:00/07:00", "2026-08-14 10:00/12:00"];
        assert_eq!(check_against(&work, "2026-08-14 12:00/13:00"), None);
    }

    #[test]
    fn ten_hours_are_a_day_and_the_night_belongs_to_it() {
        let work = ["2026-08-14 10:00/14:00", "2026-08-14 16:00/20:00"];
        assert_eq!(check_against(&work, "2026-08-14 22:00/2026-08-15 00:00"), None);
        let day = "2026-08-14".parse().unwrap();
        assert_eq!(
            check_against(&work, "2026-08-14 23:00/2026-08-15 02:00"),
            Some(Tired::TooLongADay { day, taken: 8 * HOUR, would_be: 11 * HOUR, most: 10 * HOUR })
        );
    }
}
