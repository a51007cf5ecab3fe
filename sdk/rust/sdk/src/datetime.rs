//! `DateTime` on the wire is RFC 3339 with the offset people's clocks have. jiff's `Timestamp` writes `Z` and its `Zoned` writes
//! a zone in brackets, so this is the small type between the two.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::Offset;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// An instant and the offset from UTC it is shown with. Compares by instant.
#[derive(Debug, Clone, Copy)]
pub struct DateTime {
    at: Timestamp,
    offset: Offset,
}

impl DateTime {
    /// An instant shown with `offset`, of which RFC 3339 keeps whole minutes.
    #[must_use]
    pub fn new(at: Timestamp, offset: Offset) -> Self {
        let minutes = offset.seconds() / 60 * 60;
        Self { at, offset: Offset::from_seconds(minutes).unwrap_or(Offset::UTC) }
    }

    /// The instant.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        self.at
    }

    /// The offset from UTC.
    #[must_use]
    pub const fn offset(self) -> Offset {
        self.offset
    }

    /// What a clock on the wall shows.
    #[must_use]
    pub fn civil(self) -> civil::DateTime {
        self.offset.to_datetime(self.at)
    }

    /// `2026-08-14T20:15:00+02:00` for whole seconds, which nearly all are: a fixed layout, written without the formatting machinery.
    fn layout(self) -> Option<[u8; 25]> {
        let wall = self.civil();
        let year = u16::try_from(wall.year()).ok()?;
        if wall.subsec_nanosecond() != 0 {
            return None;
        }
        let digit = |number: u16| b'0' + u8::try_from(number % 10).unwrap_or(0);
        let small = |number: i8| {
            let number = u16::from(number.unsigned_abs());
            (digit(number / 10), digit(number))
        };
        let ((m1, m2), (d1, d2)) = (small(wall.month()), small(wall.day()));
        let ((h1, h2), (i1, i2), (s1, s2)) = (small(wall.hour()), small(wall.minute()), small(wall.second()));
        let seconds = self.offset.seconds();
        let minutes = u16::try_from(seconds.unsigned_abs() / 60).ok()?;
        let (oh, om) = (minutes / 60, minutes % 60);
        let sign = if seconds < 0 { b'-' } else { b'+' };
        Some([
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            m1,
            m2,
            b'-',
            d1,
            d2,
            b'T',
            h1,
            h2,
            b':',
            i1,
            i2,
            b':',
            s1,
            s2,
            sign,
            digit(oh / 10),
            digit(oh),
            b':',
            digit(om / 10),
            digit(om),
        ])
    }
}

impl PartialEq for DateTime {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for DateTime {}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DateTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

impl std::hash::Hash for DateTime {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.at.hash(state);
    }
}

impl From<&Zoned> for DateTime {
    fn from(zoned: &Zoned) -> Self {
        Self::new(zoned.timestamp(), zoned.offset())
    }
}

impl From<Zoned> for DateTime {
    fn from(zoned: Zoned) -> Self {
        Self::from(&zoned)
    }
}

impl FromStr for DateTime {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(format!(
                "`{text}` is not a date with time and offset; write it like 2026-08-14T20:15:00+02:00"
            ))
        };
        let pieces = Pieces::parse(text).map_err(|_| wrong())?;
        let offset = match pieces.offset() {
            Some(PiecesOffset::Zulu) => Offset::UTC,
            Some(PiecesOffset::Numeric(numeric)) => numeric.offset(),
            _ => return Err(wrong()),
        };
        let wall = pieces.date().to_datetime(pieces.time().ok_or_else(wrong)?);
        Ok(Self::new(offset.to_timestamp(wall).map_err(|_| wrong())?, offset))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layout() {
            Some(layout) => f.write_str(std::str::from_utf8(&layout).map_err(|_| fmt::Error)?),
            None => write!(f, "{}", self.at.display_with_offset(self.offset)),
        }
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.layout().as_ref().map(|layout| std::str::from_utf8(layout)) {
            Some(Ok(text)) => serializer.serialize_str(text),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = DateTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date with time and offset, like 2026-08-14T20:15:00+02:00")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<DateTime, E> {
                text.parse().map_err(|error: Error| E::custom(error.message))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        text.parse::<DateTime>().map_or_else(|error| error.message, |at| at.to_string())
    }

    #[test]
    fn the_offset_is_kept() {
        assert_eq!(round("2026-08-14T20:15:00+02:00"), "2026-08-14T20:15:00+02:00");
        assert_eq!(round("2026-08-14T20:15:00-09:30"), "2026-08-14T20:15:00-09:30");
        assert_eq!(round("2026-08-14T20:15Z"), "2026-08-14T20:15:00+00:00");
        assert_eq!(round("2026-08-14T20:15:00.25+02:00"), "2026-08-14T20:15:00.25+02:00");
    }

    #[test]
    fn a_time_without_offset_is_refused_with_an_example() {
        assert_eq!(
            round("2026-08-14T20:15:00"),
            "`2026-08-14T20:15:00` is not a date with time and offset; write it like 2026-08-14T20:15:00+02:00"
        );
    }

    #[test]
    fn the_same_instant_is_equal_wherever_it_is_shown() {
        assert_eq!("2026-08-14T20:15:00+02:00".parse::<DateTime>(), "2026-08-14T18:15:00Z".parse());
    }
}
