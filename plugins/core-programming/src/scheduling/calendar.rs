//! The scheduler counts slots of equal length on days of equal length; people have instants, and days on which clocks change.
//!
//! A day of the scheduler is a day of the convention, so it begins at the day change. All have as many slots as the longest; on shorter
//! ones nothing is open in the last.

use conman_sdk::{Convention, day_start};
use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::ranges::Ranges;
use crate::model::Slot;

/// Slots and the instants they begin at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Calendar {
    /// How long a slot is.
    pub slot_minutes: u32,
    /// How many each day has.
    pub slots_per_day: u32,
    days: Vec<Day>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Day {
    date: Date,
    /// Seconds since 1970.
    start: i64,
    end: i64,
}

impl Calendar {
    /// Of a convention, in slots of this length.
    #[must_use]
    pub fn of(convention: &Convention, slot_minutes: u32) -> Self {
        let days: Vec<Day> = convention
            .days()
            .into_iter()
            .map(|date| {
                let (start, end) = convention.day_span(date);
                Day { date, start: start.as_second(), end: end.as_second() }
            })
            .collect();
        let longest = days.iter().map(|day| day.end - day.start).max().unwrap_or_default();
        let seconds = i64::from(slot_minutes) * 60;
        Self { slot_minutes, slots_per_day: count((longest + seconds - 1) / seconds), days }
    }

    fn seconds(&self) -> i64 {
        i64::from(self.slot_minutes) * 60
    }

    /// How many days.
    #[must_use]
    pub fn days(&self) -> u32 {
        u32::try_from(self.days.len()).unwrap_or(u32::MAX)
    }

    /// How many slots in all.
    #[must_use]
    pub fn horizon(&self) -> u32 {
        self.days().saturating_mul(self.slots_per_day)
    }

    /// How many slots so many seconds need.
    #[must_use]
    pub fn slots(&self, seconds: i64) -> u32 {
        count((seconds.max(0) + self.seconds() - 1) / self.seconds())
    }

    fn day(&self, at: i64) -> Option<(u32, &Day)> {
        (0..).zip(&self.days).find(|(_, day)| day.start <= at && at < day.end)
    }

    /// The slot an instant is in, and how many seconds after its beginning; none outside the convention.
    #[must_use]
    pub fn slot(&self, at: Timestamp) -> Option<(u32, i64)> {
        let (number, day) = self.day(at.as_second())?;
        let into = at.as_second() - day.start;
        Some((number * self.slots_per_day + count(into / self.seconds()), into % self.seconds()))
    }

    /// When a slot begins; none for one that there is not.
    #[must_use]
    pub fn instant(&self, slot: u32) -> Option<Timestamp> {
        let day = self.days.get(usize::try_from(slot.checked_div(self.slots_per_day)?).ok()?)?;
        Timestamp::from_second(day.start + i64::from(slot % self.slots_per_day) * self.seconds()).ok()
    }

    /// The slots that lie wholly within this time.
    #[must_use]
    pub fn within(&self, time: Slot) -> Ranges {
        self.ranges(time, |from| count((from + self.seconds() - 1) / self.seconds()), |to| count(to / self.seconds()))
    }

    /// The slots that this time touches.
    #[must_use]
    pub fn touched(&self, time: Slot) -> Ranges {
        self.ranges(time, |from| count(from / self.seconds()), |to| self.slots(to))
    }

    fn ranges(&self, time: Slot, first: impl Fn(i64) -> u32, last: impl Fn(i64) -> u32) -> Ranges {
        Ranges::of((0..).zip(&self.days).filter_map(|(number, day)| {
            let (from, to) = (time.start.as_second().max(day.start), time.end.as_second().min(day.end));
            let base = number * self.slots_per_day;
            (from < to).then(|| [base + first(from - day.start), base + last(to - day.start)])
        }))
    }

    /// All slots of these days.
    #[must_use]
    pub fn on(&self, dates: &[Date]) -> Ranges {
        let days = (0_u32..).zip(&self.days).filter(|(_, day)| dates.contains(&day.date));
        Ranges::of(days.map(|(number, _)| [number * self.slots_per_day, (number + 1) * self.slots_per_day]))
    }

    /// The slots between two times of every day. Times before the day change are those of the night that belongs to the day.
    #[must_use]
    pub fn hours(&self, convention: &Convention, from: Time, until: Time) -> Ranges {
        let zone = convention.zone();
        let at = |date: Date, time: Time| {
            let date = if time < convention.day_change { date.saturating_add(1.day()) } else { date };
            day_start(date, zone, time)
        };
        Ranges::of(self.days.iter().flat_map(|day| {
            let start = at(day.date, from);
            let end = Some(at(day.date, until)).filter(|end| *end > start);
            let end = end.unwrap_or_else(|| Timestamp::from_second(day.end).unwrap_or(start));
            self.within(Slot { start, end }).list()
        }))
    }
}

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn calendar(first: Date, last: Date) -> (Convention, Calendar) {
        let convention = Convention::new("con", "Europe/Berlin", first, last, time(6, 0, 0, 0)).unwrap();
        let calendar = Calendar::of(&convention, 30);
        (convention, calendar)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_night_belongs_to_the_day_before() {
        let (convention, calendar) = calendar(date(2026, 8, 14), date(2026, 8, 16));
        assert_eq!((calendar.days(), calendar.slots_per_day), (3, 48));
        assert_eq!(calendar.slot(at("2026-08-15T01:10:00+02:00")), Some((38, 600)));
        assert_eq!(calendar.instant(38), Some(at("2026-08-15T01:00:00+02:00")));
        assert_eq!(calendar.slot(at("2026-08-14T05:59:00+02:00")), None);
        assert_eq!(calendar.instant(144), None);
        let evening = calendar.hours(&convention, time(20, 0, 0, 0), time(1, 0, 0, 0));
        assert_eq!(evening.list(), [[28, 38], [76, 86], [124, 134]]);
        let open_end = calendar.hours(&convention, time(20, 0, 0, 0), time(20, 0, 0, 0));
        assert_eq!(open_end.list(), [[28, 48], [76, 96], [124, 144]]);
    }

    #[test]
    fn windows_are_rounded_to_their_inside_and_sessions_to_their_outside() {
        let (_, calendar) = calendar(date(2026, 8, 14), date(2026, 8, 15));
        let odd = Slot { start: at("2026-08-14T10:10:00+02:00"), end: at("2026-08-14T12:20:00+02:00") };
        assert_eq!((calendar.within(odd).list(), calendar.touched(odd).list()), (vec![[9, 12]], vec![[8, 13]]));
        let across = Slot { start: at("2026-08-15T05:00:00+02:00"), end: at("2026-08-15T07:00:00+02:00") };
        assert_eq!(calendar.within(across).list(), [[46, 50]]);
    }

    #[test]
    fn clocks_change() {
        // From 06:00 on the 24th to 06:00 on the 25th are 25 hours, as the longest day all have 50 slots.
        let (_, calendar) = calendar(date(2026, 10, 24), date(2026, 10, 25));
        assert_eq!(calendar.slots_per_day, 50);
        assert_eq!(calendar.slot(at("2026-10-25T10:00:00+01:00")), Some((58, 0)));
        let both = Slot { start: at("2026-10-24T06:00:00+02:00"), end: at("2026-10-26T06:00:00+01:00") };
        assert_eq!(calendar.within(both).list(), [[0, 98]]);
    }
}
