//! A document's sections, found before any of them is understood: they may come in any order, while references are understood only
//! when what they refer to is known.
//!
//! Reading goes twice over the document, first for the sections, then through each. That is what it costs to hold the longest lists
//! (millions of pairs) in their final form only.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::flaw::{Report, Stop};
use super::limits;
use super::place::{Place, escaped, is_long, quoted};
use super::tape::{Node, Tape, Value};

/// A document's sections.
#[derive(Debug)]
pub(super) struct Outline<'de> {
    text: &'de str,
    sections: Vec<(&'static str, &'de RawValue)>,
}

/// Whether to go on with the next element of a list.
pub(super) type Next = Result<(), Stop>;

impl<'de> Outline<'de> {
    /// Finds the sections of a document of the given format; others than `known` are flaws.
    pub(super) fn read(
        bytes: &'de [u8],
        format: &str,
        known: &'static [&'static str],
        report: &mut Report,
    ) -> Result<Self, Stop> {
        let text = text(bytes, report)?;
        let mut sections = Sections { known, found: Vec::new(), report };
        let mut json = serde_json::Deserializer::from_str(text);
        let read = sections.deserialize(&mut json).and_then(|()| json.end());
        let sections = sections.found;
        if let Err(error) = read {
            if !error.is_data() {
                return Err(no_json(text, report));
            }
            report.add(
                &Place::DOCUMENT,
                format_args!("is no object"),
                format_args!("write {{\"format\": \"{format}\", …}}"),
            );
            return Err(Stop);
        }
        let outline = Self { text, sections };
        outline.check_format(format, report)?;
        Ok(outline)
    }

    fn check_format(&self, format: &str, report: &mut Report) -> Result<(), Stop> {
        let place = Place::DOCUMENT.key("format");
        let mut tape = Tape::default();
        let what = match self.section("format", &mut tape, report)?.map(Node::value) {
            Some(Value::Text(text)) if text == format => return Ok(()),
            Some(Value::Text(text)) => format!("is {}", quoted(text)),
            Some(_) => "is no text".to_owned(),
            None => "is missing".to_owned(),
        };
        // Whatever else there is about it: it is another kind of document.
        *report = Report::default();
        report.add(&place, format_args!("{what}"), format_args!("only \"{format}\" is read here"));
        Err(Stop)
    }

    /// A section that must be there.
    pub(super) fn needs(&self, key: &str, report: &mut Report) {
        if self.raw(key).is_none_or(|raw| raw == "null") {
            report.missing(&Place::DOCUMENT, key);
        }
    }

    /// A section as a whole.
    pub(super) fn section<'t>(
        &self,
        key: &str,
        tape: &'t mut Tape<'de>,
        report: &mut Report,
    ) -> Result<Option<Node<'t, 'de>>, Stop> {
        let Some(raw) = self.raw(key) else { return Ok(None) };
        tape.clear();
        match (&mut *tape).deserialize(&mut serde_json::Deserializer::from_str(raw)) {
            Ok(()) => Ok(tape.value()),
            Err(_) if tape.is_full() => Err(too_large(&Place::DOCUMENT.key(key), report)),
            Err(_) => Err(no_json(self.text, report)),
        }
    }

    /// A section that is a list, element by element. Nothing, when there is none.
    pub(super) fn each<F>(&self, key: &'static str, report: &mut Report, element: F) -> Next
    where
        F: FnMut(&Place<'_>, usize, Node<'_, 'de>, &mut Report) -> Next,
    {
        let Some(raw) = self.raw(key).filter(|raw| *raw != "null") else { return Ok(()) };
        let list = Place::DOCUMENT.key(key);
        if !raw.starts_with('[') {
            report.add(&list, format_args!("is no list"), format_args!("write [ … ]"));
            return Ok(());
        }
        let mut elements = Elements { list, tape: Tape::default(), index: 0, report, stopped: false, element };
        let read = (&mut elements).deserialize(&mut serde_json::Deserializer::from_str(raw));
        let Elements { tape, index, report, stopped, .. } = elements;
        match read {
            Ok(()) => Ok(()),
            Err(_) if stopped => Err(Stop),
            Err(_) if tape.is_full() => Err(too_large(&list.index(index), report)),
            Err(_) => Err(no_json(self.text, report)),
        }
    }

    fn raw(&self, key: &str) -> Option<&'de str> {
        self.sections.iter().find(|(name, _)| *name == key).map(|(_, raw)| raw.get())
    }
}

/// The document as text.
fn text<'de>(bytes: &'de [u8], report: &mut Report) -> Result<&'de str, Stop> {
    let document = &Place::DOCUMENT;
    if bytes.len() > limits::BYTES {
        return Err(report.beyond(document, "bytes", limits::BYTES));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        report.add(
            document,
            format_args!("begins with a byte order mark"),
            format_args!("save it as UTF-8 without one"),
        );
        return Err(Stop);
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        report.add(document, format_args!("byte {at} is not UTF-8"), format_args!("save it as UTF-8"));
        Stop
    })
}

fn too_large(place: &Place<'_>, report: &mut Report) -> Stop {
    report.add(place, format_args!("is too large"), format_args!("nothing of this size belongs here"));
    Stop
}

/// Says where a document stops being JSON. Reads it once more, because only whoever follows every key knows.
fn no_json(text: &str, report: &mut Report) -> Stop {
    let mut trail = Trail::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = trail.deserialize(&mut json);
    let in_value = read.is_err();
    if let Err(error) = read.and_then(|()| json.end()) {
        let pointer = if in_value { trail.pointer() } else { String::new() };
        let text = error.to_string();
        let (what, remedy) = match error.classify() {
            Category::Eof => (text.as_str(), "the document is cut off; send all of it"),
            _ if text.starts_with("recursion limit") => {
                ("lists and objects are nested too deeply", "nothing of the format nests more than five deep")
            }
            _ if text.starts_with("number out of range") => (text.as_str(), "write a whole number"),
            _ => (text.as_str(), "mend the JSON there; NaN, Infinity and comments are no JSON"),
        };
        report.add_at(pointer, what, remedy);
    }
    Stop
}

/// Collects sections.
struct Sections<'de, 'r> {
    known: &'static [&'static str],
    found: Vec<(&'static str, &'de RawValue)>,
    report: &'r mut Report,
}

impl<'de> DeserializeSeed<'de> for &mut Sections<'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Sections<'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key::<Cow<'de, str>>()? {
            let value = object.next_value()?;
            let known = self.known.iter().find(|known| **known == key);
            let Some(known) = known else {
                self.report.unknown_key(&Place::DOCUMENT, &key, self.known);
                continue;
            };
            if self.found.iter().any(|(found, _)| found == known) {
                self.report.repeated_key(&Place::DOCUMENT, known);
            } else {
                self.found.push((known, value));
            }
        }
        Ok(())
    }
}

/// Goes through a list.
struct Elements<'de, 'r, F> {
    list: Place<'r>,
    tape: Tape<'de>,
    index: usize,
    report: &'r mut Report,
    stopped: bool,
    element: F,
}

impl<'de, F> DeserializeSeed<'de> for &mut Elements<'de, '_, F>
where
    F: FnMut(&Place<'_>, usize, Node<'_, 'de>, &mut Report) -> Next,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F> Visitor<'de> for &mut Elements<'de, '_, F>
where
    F: FnMut(&Place<'_>, usize, Node<'_, 'de>, &mut Report) -> Next,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.tape.clear();
        while list.next_element_seed(&mut self.tape)?.is_some() {
            if let Some(node) = self.tape.value()
                && (self.element)(&self.list.index(self.index), self.index, node, self.report).is_err()
            {
                self.stopped = true;
                return Err(A::Error::custom("stopped"));
            }
            self.index += 1;
            self.tape.clear();
        }
        Ok(())
    }
}

/// Follows a document to where it fails: what is left are the steps to there.
#[derive(Default)]
struct Trail(Vec<Step>);

enum Step {
    Key(String),
    Index(usize),
}

impl Trail {
    fn pointer(&self) -> String {
        let short = |step: &&Step| !matches!(step, Step::Key(key) if is_long(key));
        let step = |step: &Step| match step {
            Step::Key(key) => format!("/{}", escaped(key)),
            Step::Index(index) => format!("/{index}"),
        };
        self.0.iter().take_while(short).map(step).collect()
    }
}

impl<'de> DeserializeSeed<'de> for &mut Trail {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Trail {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for index in 0usize.. {
            self.0.push(Step::Index(index));
            let more = list.next_element_seed(&mut *self)?.is_some();
            self.0.pop();
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key::<Cow<'de, str>>()? {
            self.0.push(Step::Key(key.into_owned()));
            object.next_value_seed(&mut *self)?;
            self.0.pop();
        }
        Ok(())
    }
}
