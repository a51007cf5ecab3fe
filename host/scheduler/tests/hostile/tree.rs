//! JSON as it is written: keys may be there twice, numbers may be anything, and of a document that breaks off there is what came before.
//! Read by hand, so that what the reader says of a place is compared with something else than its own library.

use std::fmt;

/// A value and all that is in it.
#[derive(Clone, Debug)]
pub enum Tree {
    /// A text, a number or a word, as it is written.
    Leaf(String),
    /// Elements.
    List(Vec<Self>),
    /// Keys, as they are written, and values.
    Object(Vec<(String, Self)>),
}

/// Deeper than the reader goes: what is there has no place of its own.
const DEEPEST: usize = 200;

impl Tree {
    /// As much of a document as can be understood.
    pub fn of(document: &str) -> Self {
        Reader { text: document, at: 0 }.value(0).unwrap_or_else(|| Self::Leaf(String::new()))
    }

    /// Whether there is a place that a JSON pointer names; of keys that are there twice, with any of them.
    pub fn has(&self, pointer: &str) -> bool {
        let Some(rest) = pointer.strip_prefix('/') else { return pointer.is_empty() };
        let (step, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match self {
            Self::Leaf(_) => false,
            Self::List(elements) => {
                let index = step.parse().ok().filter(|index: &usize| index.to_string() == step);
                index.and_then(|index| elements.get(index)).is_some_and(|element| element.has(rest))
            }
            Self::Object(members) => {
                let key = step.replace("~1", "/").replace("~0", "~");
                let same = |written: &str| serde_json::from_str(written).is_ok_and(|known: String| known == key);
                members.iter().any(|(written, value)| same(written) && value.has(rest))
            }
        }
    }

    /// How many values there are, itself included.
    pub fn count(&self) -> usize {
        match self {
            Self::Leaf(_) => 1,
            Self::List(elements) => 1 + elements.iter().map(Self::count).sum::<usize>(),
            Self::Object(members) => 1 + members.iter().map(|(_, value)| value.count()).sum::<usize>(),
        }
    }

    /// The value that so many come before.
    pub fn nth_mut(&mut self, nth: usize) -> Option<&mut Self> {
        let mut left = nth;
        self.find(&mut left)
    }

    fn find(&mut self, left: &mut usize) -> Option<&mut Self> {
        if *left == 0 {
            return Some(self);
        }
        *left -= 1;
        match self {
            Self::Leaf(_) => None,
            Self::List(elements) => elements.iter_mut().find_map(|element| element.find(left)),
            Self::Object(members) => members.iter_mut().find_map(|(_, value)| value.find(left)),
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        match self {
            Self::Leaf(text) => f.write_str(text),
            Self::List(elements) => {
                f.write_str("[")?;
                for element in elements {
                    write!(f, "{separator}{element}")?;
                    separator = ",";
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (key, value) in members {
                    write!(f, "{separator}{key}:{value}")?;
                    separator = ",";
                }
                f.write_str("}")
            }
        }
    }
}

/// Reads until something is no JSON.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn value(&mut self, depth: usize) -> Option<Tree> {
        match self.peek()? {
            b'[' | b'{' if depth > DEEPEST => self.passed_over(),
            b'[' => {
                let mut elements = Vec::new();
                self.at += 1;
                while self.peek().is_some_and(|byte| byte != b']') {
                    let Some(element) = self.value(depth + 1) else { break };
                    elements.push(element);
                    if !self.skip(b',') {
                        break;
                    }
                }
                self.skip(b']');
                Some(Tree::List(elements))
            }
            b'{' => {
                let mut members = Vec::new();
                self.at += 1;
                while self.peek() == Some(b'"') {
                    let Some(key) = self.text() else { break };
                    // A key whose value is missing is there all the same.
                    let value = if self.skip(b':') { self.value(depth + 1) } else { None };
                    let is_there = value.is_some();
                    members.push((key.to_owned(), value.unwrap_or_else(|| Tree::Leaf(String::new()))));
                    if !is_there || !self.skip(b',') {
                        break;
                    }
                }
                self.skip(b'}');
                Some(Tree::Object(members))
            }
            b'"' => self.text().map(|text| Tree::Leaf(text.to_owned())),
            _ => {
                let from = self.at;
                while self.byte().is_some_and(|byte| !b" \t\r\n,:[]{}\"".contains(&byte)) {
                    self.at += 1;
                }
                (self.at > from).then(|| Tree::Leaf(self.text[from..self.at].to_owned()))
            }
        }
    }

    /// A list or an object, without looking into it.
    fn passed_over(&mut self) -> Option<Tree> {
        let mut open = 0usize;
        loop {
            match self.peek()? {
                b'"' => _ = self.text()?,
                byte => {
                    self.at += 1;
                    open += usize::from(b"[{".contains(&byte));
                    open -= usize::from(b"]}".contains(&byte));
                }
            }
            if open == 0 {
                return Some(Tree::Leaf(String::new()));
            }
        }
    }

    /// A text with its quotes.
    fn text(&mut self) -> Option<&'t str> {
        let from = self.at;
        self.at += 1;
        while let Some(byte) = self.byte() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                return self.text.get(from..self.at);
            }
        }
        None
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn peek(&mut self) -> Option<u8> {
        while self.byte().is_some_and(|byte| b" \t\r\n".contains(&byte)) {
            self.at += 1;
        }
        self.byte()
    }

    fn skip(&mut self, wanted: u8) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }
}
