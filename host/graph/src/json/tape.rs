//! A JSON text and where its values are: one flat list, in the order of the text, each value knowing where the next begins.
//!
//! One pass and one allocation for a whole answer, no recursion (a hundred thousand brackets are an error, not an overflow), and
//! strings stay as they are written, escapes included, so that they can be copied into a response byte by byte.

use super::scan::{BadJson, number, skip_space, string};

/// JSON may nest this deep.
const MAX_DEPTH: usize = 128;

/// Which value, in the order of the text.
pub(crate) type NodeId = u32;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    True,
    False,
    /// A number without fraction and exponent.
    Integer,
    Decimal,
    /// A string without escapes.
    Text,
    /// A string with escapes.
    Escaped,
    List,
    Object,
}

impl Kind {
    /// For messages.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::True => "true",
            Self::False => "false",
            Self::Integer | Self::Decimal => "a number",
            Self::Text | Self::Escaped => "text",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// One value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Where it starts in the text; of strings, after the quote.
    start: u32,
    /// Where it ends; of strings, before the quote.
    end: u32,
    /// The value after this one and all that is in it.
    next: NodeId,
}

/// A text of one or several JSON documents.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    text: String,
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

impl Tape {
    /// Adds a document and returns its root. What was added before stays valid; a document that is no JSON leaves nothing behind.
    pub(crate) fn add(&mut self, document: String) -> Result<NodeId, BadJson> {
        let from = self.text.len();
        if from == 0 {
            self.text = document;
        } else {
            self.text.push_str(&document);
        }
        let root = self.nodes.len();
        if u32::try_from(self.text.len()).is_err() {
            self.text.truncate(from);
            return Err(BadJson { at: 0, what: "the answers are larger than 4 GiB" });
        }
        self.scan(from)
            .inspect_err(|_| {
                self.text.truncate(from);
                self.nodes.truncate(root);
            })
            .map_err(|bad| BadJson { at: bad.at - from.min(bad.at), ..bad })?;
        Ok(offset(root))
    }

    fn scan(&mut self, from: usize) -> Result<(), BadJson> {
        let bytes = self.text.as_bytes();
        let nodes = &mut self.nodes;
        // A guess that is right for records of short fields, and cheap when wrong.
        nodes.reserve((bytes.len() - from) / 12 + 1);
        let mut open: Vec<NodeId> = Vec::new();
        let mut expect = Expect::Value;
        let mut at = from;
        loop {
            at = skip_space(bytes, at);
            let Some(&byte) = bytes.get(at) else {
                let ended = expect == Expect::CommaOrEnd && open.is_empty();
                return if ended { Ok(()) } else { Err(BadJson { at, what: "the text ends too early" }) };
            };
            match (expect, byte) {
                (Expect::Key | Expect::KeyOrEnd, b'"') => {
                    let (end, escaped) = string(bytes, at + 1)?;
                    nodes.push(text_node(at + 1, end, escaped, nodes.len()));
                    at = skip_space(bytes, end + 1);
                    if bytes.get(at) != Some(&b':') {
                        return Err(BadJson { at, what: "a `:` is missing" });
                    }
                    at += 1;
                    expect = Expect::Value;
                }
                (Expect::Value | Expect::ValueOrEnd, b'"') => {
                    let (end, escaped) = string(bytes, at + 1)?;
                    nodes.push(text_node(at + 1, end, escaped, nodes.len()));
                    at = end + 1;
                    expect = Expect::CommaOrEnd;
                }
                (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => {
                    if open.len() >= MAX_DEPTH {
                        return Err(BadJson { at, what: "values nest more than 128 deep" });
                    }
                    open.push(offset(nodes.len()));
                    let kind = if byte == b'{' { Kind::Object } else { Kind::List };
                    nodes.push(Node { kind, start: offset(at), end: 0, next: 0 });
                    expect = if byte == b'{' { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
                    at += 1;
                }
                (Expect::KeyOrEnd | Expect::CommaOrEnd, b'}') | (Expect::ValueOrEnd | Expect::CommaOrEnd, b']') => {
                    let next = offset(nodes.len());
                    let closed = open.pop().and_then(|id| nodes.get_mut(id as usize));
                    let fits = |node: &Node| (node.kind == Kind::Object) == (byte == b'}');
                    let Some(node) = closed.filter(|node| fits(node)) else {
                        return Err(BadJson { at, what: "a bracket closes what is not open" });
                    };
                    at += 1;
                    node.end = offset(at);
                    node.next = next;
                    expect = Expect::CommaOrEnd;
                }
                (Expect::CommaOrEnd, b',') => {
                    let parent = open.last().and_then(|id| nodes.get(*id as usize));
                    expect = match parent.map(|node| node.kind) {
                        Some(Kind::Object) => Expect::Key,
                        Some(_) => Expect::Value,
                        None => return Err(BadJson { at, what: "something follows the value" }),
                    };
                    at += 1;
                }
                (Expect::Value | Expect::ValueOrEnd, b'-' | b'0'..=b'9') => {
                    let (end, whole) = number(bytes, at)?;
                    let kind = if whole { Kind::Integer } else { Kind::Decimal };
                    nodes.push(Node { kind, start: offset(at), end: offset(end), next: offset(nodes.len() + 1) });
                    at = end;
                    expect = Expect::CommaOrEnd;
                }
                (Expect::Value | Expect::ValueOrEnd, b't' | b'f' | b'n') => {
                    let rest = bytes.get(at..).unwrap_or_default();
                    let (kind, length) = match byte {
                        b't' if rest.starts_with(b"true") => (Kind::True, 4),
                        b'f' if rest.starts_with(b"false") => (Kind::False, 5),
                        b'n' if rest.starts_with(b"null") => (Kind::Null, 4),
                        _ => return Err(BadJson { at, what: "an unknown word stands where a value should" }),
                    };
                    nodes.push(Node {
                        kind,
                        start: offset(at),
                        end: offset(at + length),
                        next: offset(nodes.len() + 1),
                    });
                    at += length;
                    expect = Expect::CommaOrEnd;
                }
                (Expect::CommaOrEnd, _) if open.is_empty() => {
                    return Err(BadJson { at, what: "something follows the value" });
                }
                _ => return Err(BadJson { at, what: "something stands where it should not" }),
            }
        }
    }

    /// The value's node; values that were never on the tape are null.
    pub(crate) fn node(&self, id: NodeId) -> Node {
        self.nodes.get(id as usize).copied().unwrap_or(Node {
            kind: Kind::Null,
            start: 0,
            end: 0,
            next: id.saturating_add(1),
        })
    }

    /// The value after `id` and all that is in it.
    pub(crate) fn end(&self, id: NodeId) -> NodeId {
        self.node(id).next
    }

    /// The value as it is written; of strings, what is between the quotes.
    pub(crate) fn raw(&self, node: Node) -> &str {
        self.text.get(node.start as usize..node.end as usize).unwrap_or_default()
    }

    /// The value as JSON; of strings, with the quotes.
    pub(crate) fn json(&self, node: Node) -> &str {
        match node.kind {
            Kind::Text | Kind::Escaped => {
                self.text.get((node.start as usize).saturating_sub(1)..=node.end as usize).unwrap_or_default()
            }
            _ => self.raw(node),
        }
    }

    /// A string's text, without escapes.
    pub(crate) fn text(&self, node: Node) -> Option<std::borrow::Cow<'_, str>> {
        match node.kind {
            Kind::Text => Some(self.raw(node).into()),
            Kind::Escaped => serde_json::from_str::<String>(self.json(node)).ok().map(Into::into),
            _ => None,
        }
    }

    /// Whether the key `key` is `name`.
    pub(crate) fn key_is(&self, key: Node, name: &str) -> bool {
        match key.kind {
            Kind::Text => self.raw(key) == name,
            _ => self.text(key).is_some_and(|text| text == name),
        }
    }

    /// A list's items.
    pub(crate) fn items(&self, list: NodeId) -> impl Iterator<Item = (NodeId, Node)> + '_ {
        let end = self.node(list).next;
        let mut at = list.saturating_add(1);
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let (id, node) = (at, self.node(at));
                at = node.next;
                (id, node)
            })
        })
    }

    /// An object's keys and values.
    pub(crate) fn entries(&self, object: NodeId) -> impl Iterator<Item = (Node, NodeId)> + '_ {
        let end = self.node(object).next;
        let mut at = object.saturating_add(1);
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let (key, value) = (self.node(at), at.saturating_add(1));
                at = self.node(value).next;
                (key, value)
            })
        })
    }

    /// The value of an object's field. Where a key is repeated, which no writer does, it is one of them.
    pub(crate) fn get(&self, object: NodeId, name: &str) -> Option<NodeId> {
        self.entries(object).find(|(key, _)| self.key_is(*key, name)).map(|(_, value)| value)
    }

    /// How many bytes of JSON are on the tape.
    pub(crate) const fn bytes(&self) -> usize {
        self.text.len()
    }
}

fn text_node(start: usize, end: usize, escaped: bool, id: usize) -> Node {
    let kind = if escaped { Kind::Escaped } else { Kind::Text };
    Node { kind, start: offset(start), end: offset(end), next: offset(id + 1) }
}

/// Texts longer than `u32::MAX` are refused before they are scanned.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<serde_json::Value, BadJson> {
        let mut tape = Tape::default();
        let root = tape.add(text.to_owned())?;
        Ok(rebuild(&tape, root))
    }

    fn rebuild(tape: &Tape, id: NodeId) -> serde_json::Value {
        let node = tape.node(id);
        match node.kind {
            Kind::List => tape.items(id).map(|(id, _)| rebuild(tape, id)).collect(),
            Kind::Object => {
                let entries =
                    tape.entries(id).map(|(key, value)| (tape.text(key).unwrap().into_owned(), rebuild(tape, value)));
                serde_json::Value::Object(entries.collect())
            }
            _ => serde_json::from_str(tape.json(node)).unwrap(),
        }
    }

    #[test]
    fn values_are_found_where_they_are() {
        let text = r#" { "a" : [1, -2.5e3, "x\"\u00e9", {}], "b":{"c":null,"d":[]}, "e":true } "#;
        assert_eq!(read(text).unwrap(), serde_json::from_str::<serde_json::Value>(text).unwrap());
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for (text, at) in [
            ("", 0),
            ("{", 1),
            ("[1,]", 3),
            ("{\"a\":1,}", 7),
            ("[1 2]", 3),
            ("{} x", 3),
            ("\"abc", 4),
            ("\"a\nb\"", 2),
            ("01", 0),
            ("1.", 0),
            ("nul", 0),
            ("[}", 1),
            ("\"\\ud800x\"", 1),
            ("\"\\x\"", 1),
            ("{\"a\" 1}", 5),
        ] {
            assert_eq!(read(text).unwrap_err().at, at, "{text}");
        }
    }

    #[test]
    fn a_hundred_thousand_brackets_are_an_error() {
        for open in ["[", "{\"a\":"] {
            assert_eq!(read(&open.repeat(100_000)).unwrap_err().what, "values nest more than 128 deep");
        }
    }

    #[test]
    fn a_bad_document_leaves_the_others_alone() {
        let mut tape = Tape::default();
        let first = tape.add("{\"a\":1}".to_owned()).unwrap();
        assert_eq!(tape.add("[1,".to_owned()).unwrap_err().at, 3);
        let second = tape.add("[2]".to_owned()).unwrap();
        assert_eq!(
            (rebuild(&tape, first), rebuild(&tape, second)),
            (serde_json::json!({"a": 1}), serde_json::json!([2]))
        );
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(5, 64, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                proptest::collection::hash_map(any::<String>(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_writes(value in any_json()) {
            let text = value.to_string();
            prop_assert_eq!(read(&text).unwrap(), serde_json::from_str::<serde_json::Value>(&text).unwrap());
        }

        #[test]
        fn it_agrees_with_serde_on_any_text(text in "[\\[\\]{}:,\" \\\\0-9eE.+truefalsn-]{0,24}") {
            let ours = read(&text).is_ok();
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // serde refuses numbers that no f64 holds; we copy them.
            let too_large = theirs.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
            prop_assert!(ours == theirs.is_ok() || too_large, "{text}");
        }
    }
}
