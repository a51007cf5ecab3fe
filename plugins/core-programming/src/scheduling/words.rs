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

    /// What is not there any more: what the rest of these is called.
    pub fn gone<'i>(&mut self, ids: impl IntoIterator<Item = &'i String>, what: &str) {
        for id in ids {
            self.0.entry(id.clone()).or_insert_with(|| format!("{what} that was deleted since"));
        }
    }
}

/// What stands before a feature that is nowhere.
const NO_ROOM_HAS: &str = "no room has ";

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
        let mut last = None;
        // Of the list it is in: how many were named besides the first, and whether one was left out.
        let (mut others, mut is_shorter) = (0, false);
        let mut parts = parts(sentence).peekable();
        while let Some((in_quotes, part)) = parts.next() {
            if !in_quotes {
                let goes_on = [", ", " and "].contains(&part);
                // Several columns are one room.
                if goes_on && parts.peek().is_some_and(|(_, next)| last == Some(*next)) {
                    parts.next();
                    is_shorter = true;
                } else if goes_on {
                    others += 1;
                    said.push_str(part);
                } else {
                    said.push_str(&match without_count(part).filter(|_| is_shorter) {
                        Some(rest) if others > 0 => format!(" and others{}", self.timed(rest)),
                        Some(rest) => self.timed(rest),
                        None => self.timed(part),
                    });
                    (others, is_shorter) = (0, false);
                }
                continue;
            }
            last = Some(part);
            match said.strip_suffix(NO_ROOM_HAS) {
                Some(before) if part == places::OWN_ROOM => {
                    let kept = before.len();
                    said.truncate(kept);
                    said.push_str("there is no room that a session can have to itself");
                }
                _ => said.push_str(&self.named(part)),
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
            (None, false) => format!("“{}”", unescaped(part)),
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
                "in" => before == "start" || (before == "only" && at >= 2 && words.get(at - 2) == Some(&"start")),
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

/// What stands behind the count that ends a list which is too long: where columns were counted, it says nothing of rooms.
fn without_count(part: &str) -> Option<&str> {
    let (number, rest) = part.strip_prefix(" and ")?.split_once(" more")?;
    number.bytes().all(|one| one.is_ascii_digit()).then_some(rest)
}

/// A text that was written with `{:?}`.
fn unescaped(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    let mut rest = part.chars();
    while let Some(one) = rest.next() {
        match (one, if one == '\\' { rest.next() } else { None }) {
            ('\\', Some('u')) => {
                let digits: String = rest.by_ref().skip(1).take_while(|one| *one != '}').collect();
                text.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            ('\\', Some('n' | 'r' | 't' | '0')) => text.push(' '),
            ('\\', Some(escaped)) => text.push(escaped),
            _ => text.push(one),
        }
    }
    text
}

/// The number a word is, and what stands behind it.
fn number_in(word: &str) -> (Option<u32>, &str) {
    let end = word.find(|one: char| !one.is_ascii_digit()).unwrap_or(word.len());
    let (number, behind) = word.split_at(end);
    let is_one = behind.chars().all(|one| one.is_ascii_punctuation());
    (number.parse().ok().filter(|_| is_one), behind)
}

#[cfg(test)]
mod tests;
