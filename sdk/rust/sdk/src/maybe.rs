//! In a change, "leave it" and "remove it" differ. Nullable fields of inputs whose name ends in `Patch` are [`Maybe`].

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// What a client sent for an optional field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Maybe<T> {
    /// Nothing: leave it as it is.
    #[default]
    Absent,
    /// `null`: remove it.
    Null,
    /// A value: set it.
    Value(T),
}

impl<T> Maybe<T> {
    /// Whether the client sent nothing.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Changes what may be empty.
    pub fn apply_to(self, target: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *target = None,
            Self::Value(value) => *target = Some(value),
        }
    }

    /// The new value of what may not be empty.
    ///
    /// # Errors
    /// `invalid` for `null`; say where with [`Error::at`].
    pub fn or_keep(self, old: T) -> Result<T> {
        match self {
            Self::Absent => Ok(old),
            Self::Null => {
                Err(Error::invalid("This cannot be removed; send a value, or leave it out to keep the old one."))
            }
            Self::Value(value) => Ok(value),
        }
    }

    /// The value, if one was sent.
    #[must_use]
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

impl<T: Serialize> Serialize for Maybe<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => serializer.serialize_some(value),
            Self::Absent | Self::Null => serializer.serialize_none(),
        }
    }
}
