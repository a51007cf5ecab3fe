//! The convention a call runs for, and its time: a convention has one zone, and days that end when the night does.

use std::cell::OnceCell;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::bindings::conman::types::types as wire;
use crate::datetime::DateTime;
use crate::error::{Error, Result};

/// The convention a call runs for.
#[derive(Debug, Clone)]
pub struct Convention {
    /// Its id.
    pub id: String,
    /// Its short name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// IANA, `Europe/Berlin`.
    pub time_zone: String,
    /// First day.
    pub starts_on: Date,
    /// Last day, inclusive.
    pub ends_on: Date,
    /// What happens before this local time belongs to the day before.
    pub day_change: Time,
    zone: OnceCell<TimeZone>,
}

impl Convention {
    /// A convention for native unit tests.
    ///
    /// # Errors
    /// `invalid` when the zone is unknown.
    pub fn new(slug: &str, time_zone: &str, starts_on: Date, ends_on: Date, day_change: Time) -> Result<Self> {
        let zone = TimeZone::get(time_zone)?;
        Ok(Self {
            id: slug.to_owned(),
            slug: slug.to_owned(),
            name: slug.to_owned(),
            time_zone: time_zone.to_owned(),
            starts_on,
            ends_on,
            day_change,
            zone: OnceCell::from(zone),
        })
    }

    pub(crate) fn from_wire(convention: wire::Convention) -> Result<Self> {
        let unreadable =
            |what: &str, text: &str| Error::internal(format!("the host sent a {what} that is none: `{text}`"));
        Ok(Self {
            starts_on: convention.starts_on.parse().map_err(|_| unreadable("date", &convention.starts_on))?,
            ends_on: convention.ends_on.parse().map_err(|_| unreadable("date", &convention.ends_on))?,
            day_change: convention.day_change.parse().map_err(|_| unreadable("time", &convention.day_change))?,
            id: convention.id,
            slug: convention.slug,
            name: convention.name,
            time_zone: convention.time_zone,
            zone: OnceCell::new(),
        })
    }

    /// The time zone; looked up when first asked for, since most calls never do.
    ///
    /// # Panics
    /// When this plugin's table of zones is older than the zone. The host takes no convention whose zone it does not know itself.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        self.zone.get_or_init(|| match TimeZone::get(&self.time_zone) {
            Ok(zone) => zone,
            #[expect(
                clippy::panic,
                reason = "times in a wrong zone would be worse, and every caller would only pass the error on"
            )]
            Err(_) => panic!("this plugin knows no time zone `{}`; build it again with a newer SDK", self.time_zone),
        })
    }

    /// An instant as the convention's clocks show it.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> DateTime {
        DateTime::new(at, self.zone().to_offset(at))
    }

    /// An instant with the convention's zone, for arithmetic.
    #[must_use]
    pub fn zoned(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone().clone())
    }

    /// The convention day an instant belongs to: what is before [`Convention::day_change`] is the night of the day before.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> Date {
        day_of(at, self.zone(), self.day_change)
    }

    /// When a convention day begins and when the next one does. Not always 24 hours apart: clocks change.
    #[must_use]
    pub fn day_span(&self, day: Date) -> (Timestamp, Timestamp) {
        let start = |day| day_start(day, self.zone(), self.day_change);
        (start(day), start(day.saturating_add(1.day())))
    }

    /// The convention's days, first to last.
    #[must_use]
    pub fn days(&self) -> Vec<Date> {
        self.starts_on.series(1.day()).take_while(|day| *day <= self.ends_on).collect()
    }
}

/// The day an instant belongs to where days begin at `day_change`: see [`Convention::day_of`], for code that runs without a convention.
#[must_use]
pub fn day_of(at: Timestamp, zone: &TimeZone, day_change: Time) -> Date {
    let date = zone.to_datetime(at).date();
    // Instants are compared, not what clocks show: in the night they change, one time of day may come twice or never.
    if at < day_start(date, zone, day_change) { date.saturating_sub(1.day()) } else { date }
}

/// When a day begins where days begin at `day_change`.
#[must_use]
pub fn day_start(day: Date, zone: &TimeZone, day_change: Time) -> Timestamp {
    // "Compatible" resolves a time the clocks skip or repeat; it can only fail at the ends of jiff's calendar.
    zone.to_ambiguous_timestamp(day.to_datetime(day_change)).compatible().unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn convention() -> Convention {
        Convention::new("nightcon", "Europe/Berlin", date(2026, 10, 23), date(2026, 10, 25), time(5, 0, 0, 0)).unwrap()
    }

    #[test]
    fn the_night_belongs_to_the_day_before() {
        let convention = convention();
        let day = |text: &str| convention.day_of(text.parse().unwrap());
        assert_eq!(day("2026-10-24T04:59:59+02:00"), date(2026, 10, 23));
        assert_eq!(day("2026-10-24T05:00:00+02:00"), date(2026, 10, 24));
    }

    /// Every instant is in the span of its day, also where days change in the very hour that clocks skip or repeat.
    #[test]
    fn a_day_and_its_span_agree_when_clocks_change() {
        for (zone, around) in [("Europe/Berlin", "2026-10-25T00:00:00Z"), ("Europe/Berlin", "2026-03-29T00:00:00Z")] {
            let convention = Convention::new("c", zone, date(2026, 1, 1), date(2026, 1, 2), time(2, 30, 0, 0)).unwrap();
            let around: Timestamp = around.parse().unwrap();
            for minutes in 0..180 {
                let at = around + minutes.minutes();
                let (start, end) = convention.day_span(convention.day_of(at));
                assert!(start <= at && at < end, "{at} is not between {start} and {end}");
            }
        }
    }

    #[test]
    fn a_day_on_which_clocks_change_is_longer() {
        let (start, end) = convention().day_span(date(2026, 10, 24));
        assert_eq!(end.duration_since(start).as_hours(), 25);
        assert_eq!(convention().days(), [date(2026, 10, 23), date(2026, 10, 24), date(2026, 10, 25)]);
    }

    #[test]
    fn local_times_carry_their_offset() {
        assert_eq!(
            convention().local("2026-10-24T18:15:00Z".parse().unwrap()).to_string(),
            "2026-10-24T20:15:00+02:00"
        );
        assert_eq!(
            convention().local("2026-10-25T18:15:00Z".parse().unwrap()).to_string(),
            "2026-10-25T19:15:00+01:00"
        );
    }
}
