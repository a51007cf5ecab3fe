//! What can be read: values without code.

/// A value. Numbers and booleans keep their text: what they mean is the format's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `null` or `undefined`.
    Nothing,
    /// A string, or the text of a number or boolean.
    Word(String),
    /// `[…]`.
    List(Vec<Self>),
    /// `{…}`, in order.
    Object(Vec<(String, Self)>),
}

impl Literal {
    /// A field of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, of a word or of a list's first item.
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Word(text) => Some(text),
            Self::List(items) => items.first().and_then(Self::word),
            _ => None,
        }
    }

    /// The items of a list; a word is a list of itself, nothing is empty.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Nothing => &[],
            _ => std::slice::from_ref(self),
        }
    }
}
