//! What is wrong with a document: where, what, and what to do about it.

use std::fmt;

use serde::Serialize;

use super::place::Place;

/// How many flaws of one document are told one by one.
const TOLD: usize = 20;

/// One thing that is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// A JSON pointer to it; empty for the document itself.
    pub pointer: String,
    /// What is wrong there.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// Everything that is wrong with a document; at least one thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Flaws {
    /// The first of them, in the order they were found.
    pub first: Vec<Flaw>,
    /// How many there are besides.
    pub more: u64,
}

/// Flaws as they are found.
#[derive(Debug, Default)]
pub(super) struct Report {
    first: Vec<Flaw>,
    more: u64,
}

/// Nothing more is read of a document that goes beyond what can be worked on; why has been reported.
#[derive(Debug)]
pub(super) struct Stop;

// === impl Report ===

impl Report {
    /// One more flaw. Texts are made only of those that are told, so that millions of flaws take no longer than millions of good things.
    pub(super) fn add(&mut self, place: &Place<'_>, what: fmt::Arguments<'_>, remedy: fmt::Arguments<'_>) {
        if self.first.len() < TOLD {
            self.first.push(Flaw { pointer: place.to_string(), what: what.to_string(), remedy: remedy.to_string() });
        } else {
            self.more += 1;
        }
    }

    /// The flaw of a document that could not be read any further.
    pub(super) fn add_at(&mut self, pointer: String, what: &str, remedy: &str) {
        self.first.truncate(TOLD - 1);
        self.first.push(Flaw { pointer, what: what.to_owned(), remedy: remedy.to_owned() });
    }

    /// More than can be worked on.
    pub(super) fn beyond(&mut self, place: &Place<'_>, many: &str, most: usize) -> Stop {
        self.add(place, format_args!("more than {most} {many}"), format_args!("make the document smaller"));
        Stop
    }

    /// What was read, unless something is wrong with it.
    pub(super) fn unless_flawed<T>(self, read: T) -> Result<T, Flaws> {
        if self.first.is_empty() { Ok(read) } else { Err(self.into()) }
    }

    /// How many flaws so far.
    pub(super) fn count(&self) -> u64 {
        self.first.len() as u64 + self.more
    }
}

impl From<Report> for Flaws {
    fn from(report: Report) -> Self {
        Self { first: report.first, more: report.more }
    }
}

// === impl Flaw ===

impl fmt::Display for Flaw {
    /// On one line, and nothing in it that a terminal would obey: keys of the document may hold anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the document" } else { &self.pointer };
        for character in place.chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                write!(f, "{character}")?;
            }
        }
        write!(f, ": {}; {}", self.what, self.remedy)
    }
}

impl fmt::Display for Flaws {
    /// A line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for flaw in &self.first {
            write!(f, "{separator}{flaw}")?;
            separator = "\n";
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}
