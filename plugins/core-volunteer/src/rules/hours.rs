//! Weighted hours: what somebody gave, with the night counting more and the shift's own weight.
//!
//! Sums stay whole numbers (milliseconds times hundredths) until they are shown, so that thresholds are met exactly.

use jiff::Timestamp;
use jiff::civil::Time;

use super::calendar::{Calendar, MINUTE, Span};
use super::entry::State;

/// Which hours count more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NightPolicy {
    /// The night begins, local time.
    pub from: Time,
    /// The night ends, local time.
    pub until: Time,
    /// What an hour of night counts, in hundredths: 200 is double.
    pub percent: i64,
}

/// Somebody's hours, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Time given: completed shifts and the worklog.
    pub worked: i64,
    /// The same, weighted.
    pub weighted: i64,
    /// Weighted time of shifts signed up for and not over.
    pub planned: i64,
}

/// Somebody's part in a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// When the shift is.
    pub span: Span,
    /// What its hours count, in hundredths.
    pub weight_percent: i64,
    /// The shift was cancelled.
    pub cancelled: bool,
    /// Where the entry stands.
    pub state: State,
}

/// What one shift counts, in milliseconds: nights by the policy, all by the shift's weight in hundredths.
#[must_use]
pub fn weighted(calendar: &Calendar, night: NightPolicy, span: Span, weight_percent: i64) -> i64 {
    let at_night = calendar.millis_between(span, night.from, night.until);
    let by_day = span.millis() - at_night;
    let hundredths = i128::from(by_day) * 100 + i128::from(at_night) * i128::from(night.percent);
    i64::try_from(hundredths * i128::from(weight_percent) / 10_000).unwrap_or(i64::MAX)
}

impl Sum {
    /// Adds a shift. Completed ones are worked, whatever became of the shift afterwards; open ones are planned while they are
    /// still to come or under way; others count nothing.
    pub fn add_shift(&mut self, calendar: &Calendar, night: NightPolicy, now: Timestamp, part: Part) {
        let weighted = || weighted(calendar, night, part.span, part.weight_percent);
        match part.state {
            State::Completed => {
                self.worked += part.span.millis();
                self.weighted += weighted();
            }
            State::SignedUp | State::Arrived if !part.cancelled && now < part.span.end => self.planned += weighted(),
            State::SignedUp | State::Arrived | State::Abandoned | State::NoShow => {}
        }
    }

    /// Adds work that was no shift; it counts as it is. Negative minutes correct an earlier line.
    pub fn add_worklog(&mut self, minutes: i64) {
        self.worked += minutes * MINUTE;
        self.weighted += minutes * MINUTE;
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use proptest::prelude::*;

    use super::super::calendar::tests::{at, berlin, span};
    use super::super::calendar::{HOUR, after_minutes};
    use super::*;

    fn night() -> NightPolicy {
        NightPolicy { from: time(2, 0, 0, 0), until: time(8, 0, 0, 0), percent: 200 }
    }

    #[track_caller]
    fn check(when: &str, weight: i64, hours: i64) {
        assert_eq!(weighted(&berlin(), night(), span(when), weight), hours * HOUR, "{when}");
    }

    #[test]
    fn the_day_counts_once_and_the_night_twice() {
        check("2026-08-14 10:00/12:00", 100, 2);
        check("2026-08-14 22:00/2026-08-15 04:00", 100, 4 + 2 * 2);
        check("2026-08-15 06:00/10:00", 100, 2 * 2 + 2);
        check("2026-08-15 06:00/10:00", 150, 9);
        check("2026-08-15 06:00/10:00", 0, 0);
    }

    #[test]
    fn the_night_the_clocks_jump_counts_the_hours_that_were() {
        // 29 March 2026: 02:00 is 03:00 at once, so that 01:00 to 09:00 are seven hours, five of them night.
        check("2026-03-29 01:00/09:00", 100, 2 + 5 * 2);
        // 25 October 2026: 02:00 to 03:00 comes twice.
        check("2026-10-25 01:00/09:00", 100, 2 + 7 * 2);
    }

    #[test]
    fn only_what_was_completed_is_worked() {
        let mut sum = sum("2026-08-14 11:59", false);
        sum.add_worklog(90);
        sum.add_worklog(-30);
        assert_eq!(sum, Sum { worked: 3 * HOUR, weighted: 3 * HOUR, planned: 4 * HOUR });
    }

    #[test]
    fn what_is_over_or_cancelled_is_not_planned_and_what_was_completed_stays() {
        let worked = Sum { worked: 2 * HOUR, weighted: 2 * HOUR, planned: 0 };
        assert_eq!(sum("2026-08-14 12:00", false), worked);
        assert_eq!(sum("2026-08-14 10:00", true), worked);
    }

    /// Two hours in each state.
    fn sum(now: &str, cancelled: bool) -> Sum {
        let mut sum = Sum::default();
        for state in State::ALL {
            let part = Part { span: span("2026-08-14 10:00/12:00"), weight_percent: 100, cancelled, state };
            sum.add_shift(&berlin(), night(), at(now), part);
        }
        sum
    }

    proptest! {
        /// Cutting a shift in two changes nothing, wherever the cut is: not at midnight, not when the clocks jump.
        #[test]
        fn a_shift_is_the_sum_of_its_parts(
            offset in prop_oneof![-3000_i64..3000, 300_000_i64..306_000],
            first in 1_i64..1500,
            second in 1_i64..1500,
        ) {
            let start = after_minutes(at("2026-03-29 00:00"), offset);
            let middle = after_minutes(start, first);
            let end = after_minutes(middle, second);
            let part = |start, end| weighted(&berlin(), night(), Span::new(start, end).unwrap(), 100);
            prop_assert_eq!(part(start, end), part(start, middle) + part(middle, end));
        }

        /// Minute by minute, by what the clock on the wall shows.
        #[test]
        fn a_minute_counts_by_the_clock_on_the_wall(
            offset in prop_oneof![-3000_i64..3000, 300_000_i64..306_000],
            minutes in 1_i64..1500,
        ) {
            let start = after_minutes(at("2026-03-29 00:00"), offset);
            let counted: i64 = (0..minutes)
                .map(|minute| berlin().zone.to_datetime(after_minutes(start, minute)).hour())
                .map(|hour| if (2..8).contains(&hour) { 2 } else { 1 })
                .sum();
            let span = Span::new(start, after_minutes(start, minutes)).unwrap();
            prop_assert_eq!(weighted(&berlin(), night(), span, 100), counted * MINUTE);
        }
    }
}
