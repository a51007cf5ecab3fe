//! Where in a document something is: a chain on the stack, which costs nothing until something is wrong there.

use std::fmt;

/// Longer texts are cut off in messages, and longer keys are in no pointer, so that no document can make a message long.
const SHOWN: usize = 80;

/// A place in a document. Displayed as a JSON pointer (RFC 6901).
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p>(Step<'p>);

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Document,
    Key(&'p Place<'p>, &'p str),
    Index(&'p Place<'p>, usize),
}

impl Place<'static> {
    /// The document itself.
    pub(super) const DOCUMENT: Self = Self(Step::Document);
}

impl<'p> Place<'p> {
    /// A member of the object that is here.
    pub(super) fn key(&'p self, key: &'p str) -> Self {
        Self(Step::Key(self, key))
    }

    /// An element of the list that is here.
    pub(super) fn index(&'p self, index: usize) -> Self {
        Self(Step::Index(self, index))
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Step::Document => Ok(()),
            Step::Index(parent, index) => write!(f, "{parent}/{index}"),
            Step::Key(parent, key) => write!(f, "{parent}/{}", escaped(key)),
        }
    }
}

/// A key as it stands in a JSON pointer.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Whether a key is too long for a pointer, which then names the object it is in.
pub(super) fn is_long(key: &str) -> bool {
    key.chars().nth(SHOWN).is_some()
}

/// A text of the document in a message: in quotes, on one line, not too long. Costs nothing until it is shown.
pub(super) fn quoted(text: &str) -> impl fmt::Display {
    fmt::from_fn(move |f| write!(f, "{:?}", cut(text)))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
