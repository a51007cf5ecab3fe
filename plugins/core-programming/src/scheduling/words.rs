//! The scheduler's sentences for people: names for ids, and the convention's clock for slots.
//!
//! It says `room "…" at slot 5`, `available [3, 8) and [12, 16)`, `for 3 slots`, with whatever is not its own in quotes. What it says is taken
//! over as it is, so that its reasons stay its own.

use std::collections::HashMap;

use conman_sdk::Convention;
use jiff::Timestamp;

use super::calendar::Calendar;
use super::places;

/// What ids are called.
#[derive(Debug, Clone, Default)]
pub struct Names(HashMap<String, String>);

/// Turns sentences.
#[derive(Debug, Clone, Copy)]
pub struct Words<'w> {
    /// What slots are.
    pub calendar: &'w Calendar,
    /// Whose clock.
    pub convention: &'w Convention,
    /// What ids are called.
    pub names: &'w Names,
}

impl Names {
    /// Sessions by their titles.
    pub fn sessions(&mut self, sessions: impl IntoIterator<Item = (String, String)>) {
        self.0.extend(sessions.into_iter().map(|(id, title)| (id, format!("“{title}”"))));
    }

    /// Rooms and people by their names.
    pub fn others(&mut self, others: impl IntoIterator<Item = (String, String)>) {
        self.0.extend(others);
    }
}

/// What a sentence has in quotes: ids among it.
pub fn quoted(sentence: &str) -> impl Iterator<Item = &str> {
    parts(sentence).filter(|(in_quotes, _)| *in_quotes).map(|(_, part)| room_in(part))
}

/// What is and what is not in quotes, in turn.
fn parts(sentence: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut rest = Some(sentence);
    let mut in_quotes = false;
    std::iter::from_fn(move || {
        let text = rest?;
        let mut escaped = false;
        let end = text.find(|one| {
            let ends = one == '"' && !escaped;
            escaped = one == '\\' && !escaped;
            ends
        });
        let part = end.map_or(text, |end| &text[..end]);
        rest = end.map(|end| &text[end + 1..]);
        in_quotes = !in_quotes;
        Some((!in_quotes, part))
    })
}

/// The room in the name of a feature that only shared places have.
fn room_in(part: &str) -> &str {
    part.strip_prefix(places::SHARED).unwrap_or(part)
}

impl Words<'_> {
    /// A sentence, as people write it.
    #[must_use]
    pub fn said(&self, sentence: &str) -> String {
        let mut said = String::with_capacity(sentence.len());
        for (in_quotes, part) in parts(sentence) {
            if in_quotes {
                said.push_str(&self.named(part));
            } else {
                said.push_str(&self.timed(part));
            }
        }
        let mut letters = said.chars();
        let sentence = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters);
        sentence.chain(std::iter::once('.')).collect()
    }

    /// How long so many slots are.
    #[must_use]
    pub fn lasting(&self, slots: u32) -> String {
        let minutes = slots.saturating_mul(self.calendar.slot_minutes);
        let many = |number: u32, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        match (minutes / 60, minutes % 60) {
            (0, minutes) => many(minutes, "minute"),
            (hours, 0) => many(hours, "hour"),
            (hours, minutes) => format!("{} {}", many(hours, "hour"), many(minutes, "minute")),
        }
    }

    fn named(&self, part: &str) -> String {
        match (self.names.0.get(room_in(part)), part.starts_with(places::SHARED)) {
            (Some(name), false) => name.clone(),
            (Some(name), true) => format!("a place in {name}"),
            (None, true) => "no room".to_owned(),
            (None, false) if part == places::OWN_ROOM => part.to_owned(),
            (None, false) if part == super::ids::ONLINE => part.to_owned(),
            (None, false) => format!("“{}”", part.replace("\\\"", "\"")),
        }
    }

    /// Slots as times. A number is one where the words around it say so.
    fn timed(&self, part: &str) -> String {
        let words: Vec<&str> = part.split(' ').collect();
        let mut said: Vec<String> = Vec::with_capacity(words.len());
        // Whether ranges are of beginnings: then their last slot is one, too.
        let mut of_starts = false;
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let (number, behind) = number_in(words.get(at + 1).copied().unwrap_or_default());
            let (this, _) = number_in(word);
            let before = at.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
            let taken = if let (Some(this), Some(next)) = (this, words.get(at + 1))
                && let Some(behind) = next.strip_prefix("slots").or_else(|| next.strip_prefix("slot"))
            {
                Some(format!("{}{behind}", self.lasting(this)))
            } else {
                match (*word, number) {
                    ("slot", Some(number)) => Some(format!("{}{behind}", self.moment(number))),
                    ("at", Some(number)) if before == "start" => Some(format!("at {}{behind}", self.moment(number))),
                    ("day", Some(number)) if before == "on" => Some(format!("{}{behind}", self.day(number))),
                    _ => self.range(word, words.get(at + 1).copied().unwrap_or_default(), of_starts),
                }
            };
            of_starts = match *word {
                "in" => before == "start",
                _ => of_starts && !word.ends_with([';', ':']),
            };
            at += if taken.is_some() { 2 } else { 1 };
            said.push(taken.unwrap_or_else(|| (*word).to_owned()));
        }
        said.join(" ")
    }

    /// `[3,` and `8)` as from when to when.
    fn range(&self, from: &str, to: &str, of_starts: bool) -> Option<String> {
        let from: u32 = from.strip_prefix('[')?.strip_suffix(',')?.parse().ok()?;
        let (to, behind) = to.split_once(')')?;
        let to: u32 = to.parse().ok()?;
        let start = self.calendar.instant(from)?;
        let last = self.calendar.instant(to.checked_sub(1)?)?;
        let seconds = i64::from(self.calendar.slot_minutes) * 60;
        let end = if of_starts { last } else { Timestamp::from_second(last.as_second() + seconds).ok()? };
        if start == end {
            return Some(format!("{}{behind}", moment(self.convention, start)));
        }
        let (first, second) = (self.convention.zoned(start), self.convention.zoned(end));
        let is_near = end.as_second() - start.as_second() < 86_400;
        let until = if is_near { second.strftime("%H:%M") } else { second.strftime(MOMENT) };
        Some(format!("{}–{until}{behind}", first.strftime(MOMENT)))
    }

    fn moment(&self, slot: u32) -> String {
        self.calendar.instant(slot).map_or_else(|| format!("slot {slot}"), |at| moment(self.convention, at))
    }

    /// A day, counted from 1.
    fn day(&self, number: u32) -> String {
        let at = number.checked_sub(1).and_then(|day| self.calendar.instant(day * self.calendar.slots_per_day));
        at.map_or_else(|| format!("day {number}"), |at| self.convention.day_of(at).strftime("%a %-d %b").to_string())
    }
}

/// A weekday, so that everybody finds it, and a date, as a convention may be longer than a week.
const MOMENT: &str = "%a %-d %b %H:%M";

/// An instant by the convention's clock: `Sat 15 Aug 10:00`.
#[must_use]
pub fn moment(convention: &Convention, at: Timestamp) -> String {
    convention.zoned(at).strftime(MOMENT).to_string()
}

/// The number a word is, and what stands behind it.
fn number_in(word: &str) -> (Option<u32>, &str) {
    let end = word.find(|one: char| !one.is_ascii_digit()).unwrap_or(word.len());
    let (number, behind) = word.split_at(end);
    let is_one = behind.chars().all(|one| one.is_ascii_punctuation());
    (number.parse().ok().filter(|_| is_one), behind)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn check(sentence: &str, expected: &str) {
        let convention =
            Convention::new("con", "Europe/Berlin", date(2026, 8, 14), date(2026, 8, 16), time(6, 0, 0, 0)).unwrap();
        let calendar = Calendar::of(&convention, 30);
        let mut names = Names::default();
        let pair = |(id, name): (&str, &str)| (id.to_owned(), name.to_owned());
        names.sessions([("a", "Tea"), ("b", "Robots: 2 slots")].map(pair));
        names.others([("ann", "Ann"), ("hall", "Hall"), ("lawn", "Lawn")].map(pair));
        let words = Words { calendar: &calendar, convention: &convention, names: &names };
        assert_eq!(words.said(sentence), format!("{expected}."));
    }

    #[test]
    fn slots_are_times_and_ids_are_names() {
        check(r#""a" and "b" are at the same time"#, "“Tea” and “Robots: 2 slots” are at the same time");
        check(r#"room "hall" has 12 seats too few for "a""#, "Room Hall has 12 seats too few for “Tea”");
        check(
            r#""ann" would rather not be in "a" for 3 slots of it"#,
            "Ann would rather not be in “Tea” for 1 hour 30 minutes of it",
        );
        check(
            r#""ann" has fewer than 1 slot between "a" and "b""#,
            "Ann has fewer than 30 minutes between “Tea” and “Robots: 2 slots”",
        );
        check(
            r#""ann" is in 7 sessions on day 2, and wants no more than 6"#,
            "Ann is in 7 sessions on Sat 15 Aug, and wants no more than 6",
        );
        check(
            r#""a" starts at slot 8 and was to start at 10"#,
            "“Tea” starts at Fri 14 Aug 10:00 and was to start at Fri 14 Aug 11:00",
        );
        check(
            r#"move "a" to room "hall" at slot 52: saves 3 in all"#,
            "Move “Tea” to room Hall at Sat 15 Aug 08:00: saves 3 in all",
        );
    }

    #[test]
    fn ranges_end_where_they_end_and_beginnings_at_the_last() {
        check(
            r#""ann" has no free stretch of 2 slots: available [4, 5) and [40, 44)"#,
            "Ann has no free stretch of 1 hour: available Fri 14 Aug 08:00–08:30 and Sat 15 Aug 02:00–04:00",
        );
        check(
            r#"it may only start in [4, 5), [8, 12) and 3 more; "ann" is available [96, 144): that leaves no place"#,
            "It may only start in Fri 14 Aug 08:00, Fri 14 Aug 10:00–11:30 and 3 more; Ann is available Sun 16 Aug 06:00–Mon 17 Aug 06:00: that leaves no place",
        );
        check(
            r#"it is pinned to slot 9; no room has "a \"good\" stage""#,
            "It is pinned to Fri 14 Aug 10:30; no room has “a \"good\" stage”",
        );
        check("never [1, 2), [5, x) or slot", "Never Fri 14 Aug 06:30–07:00, [5, x) or slot");
        check("available [0, 200)", "Available [0, 200)");
    }

    #[test]
    fn places_that_several_share_are_called_by_their_rooms() {
        check(r#"it needs "a room of its own""#, "It needs a room of its own");
        check(r#"it needs "a place in lawn""#, "It needs a place in Lawn");
        check(r#"move "b" to room "online" at slot 0"#, "Move “Robots: 2 slots” to room online at Fri 14 Aug 06:00");
        assert_eq!(
            quoted(r#"it needs "a place in lawn", as "a" and "x\"y" are"#).collect::<Vec<_>>(),
            ["lawn", "a", "x\\\"y"]
        );
    }
}
