//! A JSON value laid out flat, borrowing its texts: one buffer serves all elements of a long list, one after the other, and what is
//! wrong with an element can be told completely, because it has been read before it is understood.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The largest element that may be there, a session with all people and all rooms and a start at every other slot, has fewer.
const MOST: usize = 1_000_000;

/// A value and all that is in it, in the order of the document.
#[derive(Debug, Default)]
pub(super) struct Tape<'de> {
    items: Vec<Item<'de>>,
    is_full: bool,
}

#[derive(Debug)]
enum Item<'de> {
    Null,
    Flag(bool),
    Whole(u64),
    Negative(i64),
    /// Any other number.
    Number(f64),
    Text(Cow<'de, str>),
    /// With how many items that follow belong to it.
    List(usize),
    /// Keys and values in turn.
    Object(usize),
}

/// A value on a tape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'t, 'de> {
    item: &'t Item<'de>,
    within: &'t [Item<'de>],
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Value<'t, 'de> {
    Null,
    Flag(bool),
    Whole(u64),
    Negative(i64),
    Number(f64),
    Text(&'t Cow<'de, str>),
    List(Nodes<'t, 'de>),
    Object(Nodes<'t, 'de>),
}

/// The elements of a list, or the keys and values of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes<'t, 'de>(&'t [Item<'de>]);

// === impl Tape ===

impl<'de> Tape<'de> {
    /// Whether reading failed because the value is too large.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.items.clear();
    }

    /// The value that was read.
    pub(super) fn value(&self) -> Option<Node<'_, 'de>> {
        Nodes(&self.items).next()
    }

    fn push<E: Error>(&mut self, item: Item<'de>) -> Result<(), E> {
        if self.items.len() >= MOST {
            self.is_full = true;
            return Err(E::custom("too large"));
        }
        self.items.push(item);
        Ok(())
    }

    /// Puts at `start` what everything that came after it belongs to.
    fn close(&mut self, start: usize, container: fn(usize) -> Item<'de>) {
        let within = self.items.len() - start - 1;
        if let Some(item) = self.items.get_mut(start) {
            *item = container(within);
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Tape<'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Tape<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.push(Item::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.push(Item::Flag(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.push(Item::Whole(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.push(Item::Negative(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.push(Item::Number(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<(), E> {
        self.push(Item::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.push(Item::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let start = self.items.len();
        self.push(Item::List(0))?;
        while list.next_element_seed(&mut *self)?.is_some() {}
        self.close(start, Item::List);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let start = self.items.len();
        self.push(Item::Object(0))?;
        while object.next_key_seed(&mut *self)?.is_some() {
            object.next_value_seed(&mut *self)?;
        }
        self.close(start, Item::Object);
        Ok(())
    }
}

// === impl Node ===

impl<'t, 'de> Node<'t, 'de> {
    /// What it is.
    pub(super) fn value(self) -> Value<'t, 'de> {
        match self.item {
            Item::Null => Value::Null,
            Item::Flag(flag) => Value::Flag(*flag),
            Item::Whole(number) => Value::Whole(*number),
            Item::Negative(number) => Value::Negative(*number),
            Item::Number(number) => Value::Number(*number),
            Item::Text(text) => Value::Text(text),
            Item::List(_) => Value::List(Nodes(self.within)),
            Item::Object(_) => Value::Object(Nodes(self.within)),
        }
    }

    /// Its text, if it is one.
    pub(super) fn text(self) -> Option<&'t str> {
        match self.item {
            Item::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub(super) fn is_null(self) -> bool {
        matches!(self.item, Item::Null)
    }
}

impl<'t, 'de> Iterator for Nodes<'t, 'de> {
    type Item = Node<'t, 'de>;

    fn next(&mut self) -> Option<Self::Item> {
        let (item, rest) = self.0.split_first()?;
        let within = match item {
            Item::List(within) | Item::Object(within) => *within,
            _ => 0,
        };
        let (within, others) = rest.split_at_checked(within)?;
        self.0 = others;
        Some(Node { item, within })
    }
}
