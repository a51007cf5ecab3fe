//! What every part of a document is read with: objects with known keys, whole numbers, texts, ranges of slots.
//!
//! A value that is flawed reads as something, anything: the flaw has been reported, and no flawed document becomes a problem. So a
//! reader goes on to the next flaw without asking.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Range, RangeInclusive};

use super::flaw::Report;
use super::limits;
use super::place::{Place, is_long, quoted};
use super::tape::{Node, Nodes, Value};

/// An object of the format has at most so many keys.
const MOST_KEYS: usize = 16;

/// An object's members by its known keys.
#[derive(Debug)]
pub(super) struct Fields<'t, 'de, 'p> {
    place: Place<'p>,
    known: &'p [&'static str],
    found: [Option<Node<'t, 'de>>; MOST_KEYS],
}

impl<'t, 'de, 'p> Fields<'t, 'de, 'p> {
    /// The members of the object at `place`. Something else is a flaw.
    pub(super) fn of(
        node: Node<'t, 'de>,
        place: Place<'p>,
        known: &'p [&'static str],
        report: &mut Report,
    ) -> Option<Self> {
        let mut fields = Self { place, known, found: [None; MOST_KEYS] };
        let Value::Object(mut members) = node.value() else {
            report.unlike(&place, node, format_args!("an object"));
            return None;
        };
        while let (Some(key), Some(value)) = (members.next(), members.next()) {
            let Value::Text(key) = key.value() else { continue };
            match fields.slot(key) {
                None => report.unknown_key(&place, key, known),
                Some(Some(_)) => report.repeated_key(&place, key),
                Some(slot) => *slot = Some(value),
            }
        }
        Some(fields)
    }

    /// Where a member is, or would be.
    pub(super) fn at<'a>(&'a self, key: &'a str) -> Place<'a> {
        self.place.key(key)
    }

    /// A member that may be left out; `null` is the same as leaving it out.
    pub(super) fn given(&self, key: &str) -> Option<Node<'t, 'de>> {
        self.found(key).filter(|node| !node.is_null())
    }

    /// A member that may be left out, where `null` would be a mistake.
    pub(super) fn found(&self, key: &str) -> Option<Node<'t, 'de>> {
        self.known
            .iter()
            .position(|known| *known == key)
            .and_then(|position| self.found.get(position).copied().flatten())
    }

    /// A member that must be there.
    pub(super) fn needed(&self, key: &str, report: &mut Report) -> Option<Node<'t, 'de>> {
        let given = self.given(key);
        if given.is_none() {
            report.missing(&self.place, key);
        }
        given
    }

    /// A whole number that may be left out.
    pub(super) fn whole(&self, key: &str, allowed: RangeInclusive<u32>, report: &mut Report) -> Option<u32> {
        self.given(key).map(|node| report.whole(node, &self.at(key), allowed))
    }

    /// A whole number that must be there.
    pub(super) fn needed_whole(&self, key: &str, allowed: RangeInclusive<u32>, report: &mut Report) -> u32 {
        let least = *allowed.start();
        self.needed(key, report).map_or(least, |node| report.whole(node, &self.at(key), allowed))
    }

    /// A sum of costs; 0 when left out.
    pub(super) fn amount(&self, key: &str, report: &mut Report) -> u64 {
        self.given(key).map_or(0, |node| report.amount(node, &self.at(key)))
    }

    /// A text that must be there.
    pub(super) fn needed_text(&self, key: &str, report: &mut Report) -> String {
        let text = self.needed(key, report).and_then(|node| report.text(node, &self.at(key)));
        text.map(|text| text.clone().into_owned()).unwrap_or_default()
    }

    /// `true` or `false`; the latter when left out.
    pub(super) fn flag(&self, key: &str, report: &mut Report) -> bool {
        self.given(key).is_some_and(|node| match node.value() {
            Value::Flag(flag) => flag,
            _ => {
                report.unlike(&self.at(key), node, format_args!("true or false"));
                false
            }
        })
    }

    /// The elements of a list that may be left out.
    pub(super) fn list(&self, key: &str, report: &mut Report) -> Option<Nodes<'t, 'de>> {
        self.given(key).map(|node| report.list(node, &self.at(key)))
    }

    /// Ranges of slots that may be left out.
    pub(super) fn ranges(&self, key: &str, horizon: u32, report: &mut Report) -> Option<Vec<Range<u32>>> {
        self.list(key, report).map(|list| report.ranges(list, &self.at(key), horizon))
    }

    fn slot(&mut self, key: &str) -> Option<&mut Option<Node<'t, 'de>>> {
        let position = self.known.iter().position(|known| *known == key)?;
        self.found.get_mut(position)
    }
}

// === impl Report ===

impl Report {
    /// A whole number in the allowed range.
    pub(super) fn whole(&mut self, node: Node<'_, '_>, place: &Place<'_>, allowed: RangeInclusive<u32>) -> u32 {
        let (least, most) = (*allowed.start(), *allowed.end());
        if let Value::Whole(number) = node.value()
            && let Ok(number) = u32::try_from(number)
            && allowed.contains(&number)
        {
            return number;
        }
        self.unlike(place, node, format_args!("a whole number from {least} to {most}"));
        least
    }

    /// A slot of the event.
    pub(super) fn slot(&mut self, node: Node<'_, '_>, place: &Place<'_>, horizon: u32) -> u32 {
        match node.value() {
            Value::Whole(slot) if slot >= u64::from(horizon) => {
                let what = format_args!("slot {slot} is outside the event, which has {horizon} slots");
                self.add(place, what, format_args!("choose one before {horizon}"));
                0
            }
            _ => self.whole(node, place, 0..=limits::NUMBER),
        }
    }

    /// A whole number that may be very large.
    pub(super) fn amount(&mut self, node: Node<'_, '_>, place: &Place<'_>) -> u64 {
        if let Value::Whole(number) = node.value() {
            return number;
        }
        self.unlike(place, node, format_args!("a whole number, 0 or more"));
        0
    }

    /// A text of reasonable length.
    pub(super) fn text<'t, 'de>(&mut self, node: Node<'t, 'de>, place: &Place<'_>) -> Option<&'t Cow<'de, str>> {
        match node.value() {
            Value::Text(text) if text.len() <= limits::TEXT_BYTES => return Some(text),
            Value::Text(text) => self.add(
                place,
                format_args!("is a text of {} bytes", text.len()),
                format_args!("use {} at most", limits::TEXT_BYTES),
            ),
            _ => self.unlike(place, node, format_args!("a text")),
        }
        None
    }

    /// A list's elements.
    pub(super) fn list<'t, 'de>(&mut self, node: Node<'t, 'de>, place: &Place<'_>) -> Nodes<'t, 'de> {
        match node.value() {
            Value::List(elements) => elements,
            _ => {
                self.unlike(place, node, format_args!("a list"));
                Nodes::default()
            }
        }
    }

    /// A list of two.
    pub(super) fn two<'t, 'de>(
        &mut self,
        node: Node<'t, 'de>,
        place: &Place<'_>,
        wanted: &str,
    ) -> Option<[Node<'t, 'de>; 2]> {
        if let Value::List(mut list) = node.value()
            && let (Some(first), Some(second), None) = (list.next(), list.next(), list.next())
        {
            return Some([first, second]);
        }
        self.unlike(place, node, format_args!("{wanted}"));
        None
    }

    /// A list of three.
    pub(super) fn three<'t, 'de>(
        &mut self,
        node: Node<'t, 'de>,
        place: &Place<'_>,
        wanted: &str,
    ) -> Option<[Node<'t, 'de>; 3]> {
        if let Value::List(mut list) = node.value()
            && let (Some(first), Some(second), Some(third), None) = (list.next(), list.next(), list.next(), list.next())
        {
            return Some([first, second, third]);
        }
        self.unlike(place, node, format_args!("{wanted}"));
        None
    }

    /// Ranges of slots: sorted, and those that touch made one.
    pub(super) fn ranges(&mut self, list: Nodes<'_, '_>, place: &Place<'_>, horizon: u32) -> Vec<Range<u32>> {
        let mut ranges: Vec<_> =
            list.enumerate().filter_map(|(index, node)| self.range(node, &place.index(index), horizon)).collect();
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        ranges.dedup_by(|next, range| {
            let touches = next.start <= range.end;
            if touches {
                range.end = range.end.max(next.end);
            }
            touches
        });
        ranges
    }

    fn range(&mut self, node: Node<'_, '_>, place: &Place<'_>, horizon: u32) -> Option<Range<u32>> {
        let [from, to] = self.two(node, place, "[from, to], the first slot and the one after the last")?;
        let flaws = self.count();
        let (start, end) = (
            self.whole(from, &place.index(0), 0..=limits::NUMBER),
            self.whole(to, &place.index(1), 0..=limits::NUMBER),
        );
        if self.count() > flaws {
            return None;
        }
        if end > horizon {
            self.add(
                place,
                format_args!("[{start}, {end}] reaches beyond the event, which has {horizon} slots"),
                format_args!("end it at {horizon} at most"),
            );
        } else if start == end {
            self.add(place, format_args!("[{start}, {end}] is empty"), format_args!("take it out, or end it later"));
        } else if start > end {
            self.add(
                place,
                format_args!("[{start}, {end}] ends before it begins"),
                format_args!("write [{end}, {start}]"),
            );
        }
        Some(start..end)
    }

    /// Something else than what belongs here.
    pub(super) fn unlike(&mut self, place: &Place<'_>, node: Node<'_, '_>, wanted: fmt::Arguments<'_>) {
        let remedy = format_args!("write {wanted}");
        match node.value() {
            Value::Null => self.add(place, format_args!("is null"), remedy),
            Value::Flag(flag) => self.add(place, format_args!("is {flag}"), remedy),
            Value::Whole(number) => self.add(place, format_args!("is {number}"), remedy),
            Value::Negative(number) => self.add(place, format_args!("is {number}"), remedy),
            Value::Number(number) => self.add(place, format_args!("is {number:?}"), remedy),
            Value::Text(text) => self.add(place, format_args!("is the text {}", quoted(text)), remedy),
            Value::List(elements) => self.add(place, format_args!("is a list of {}", elements.count()), remedy),
            Value::Object(_) => self.add(place, format_args!("is an object"), remedy),
        }
    }

    /// A key that must be there and is not.
    pub(super) fn missing(&mut self, place: &Place<'_>, key: &str) {
        self.add(place, format_args!("has no \"{key}\""), format_args!("add it"));
    }

    /// A key that means nothing here.
    pub(super) fn unknown_key(&mut self, place: &Place<'_>, key: &str, known: &[&str]) {
        let known = fmt::from_fn(|f| f.write_str(&known.join(", ")));
        let remedy = format_args!("take it out; known here: {known}");
        if is_long(key) {
            self.add(place, format_args!("has the unknown key {}", quoted(key)), remedy);
        } else {
            self.add(&place.key(key), format_args!("is an unknown key"), remedy);
        }
    }

    /// A key that is there already.
    pub(super) fn repeated_key(&mut self, place: &Place<'_>, key: &str) {
        self.add(&place.key(key), format_args!("is in this object twice"), format_args!("write it once"));
    }
}
