//! Ids as types, so that one kind can never be passed for another.
//!
//! Generated ids are ULIDs: they sort by creation time, which keeps database indexes compact.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

macro_rules! generated_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new id, unique and sorting after those made in earlier milliseconds.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default id would look like a constant")]
            pub fn new() -> Self {
                Self(lower(ulid::Ulid::generate()))
            }

            /// Takes an id as stored or shown. Who made up one that [`Self::new`] has not made names nothing with it.
            pub fn from_stored(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

generated_id!(
    /// A convention.
    ConventionId
);
generated_id!(
    /// An organization: a node in the tree that owns conventions.
    OrganizationId
);
generated_id!(
    /// A person's account.
    AccountId
);
generated_id!(
    /// An API token (not its secret).
    TokenId
);
generated_id!(
    /// One event, the same across retries and replays.
    EventId
);
generated_id!(
    /// One event on its way to one subscriber, for people: a dead letter's.
    DeliveryId
);
generated_id!(
    /// One request from outside, quoted in logs and error answers.
    RequestId
);

/// Makes the ids of what somebody did: they sort in the order they were made, also within a millisecond. A convention's trails are woven
/// into one by them.
#[derive(Debug, Default)]
pub struct DeedIds(Mutex<ulid::Generator>);

impl DeedIds {
    /// The id of what was done at this instant.
    #[must_use]
    pub fn next(&self, at: Timestamp) -> String {
        let id = match self.0.lock().generate_from_datetime(at.into()) {
            Ok(id) => id,
            Err(overflow) => overflow.commit_overflow_increment(),
        };
        lower(id)
    }
}

fn lower(id: ulid::Ulid) -> String {
    let mut id = id.to_string();
    id.make_ascii_lowercase();
    id
}

/// `publisher/name`, each 2–40 of `a-z 0-9 -`, starting with a letter: `conman/night-market`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginId(String);

/// Why a text is no [`PluginId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a plugin id; write `publisher/name`, each 2 to 40 lower-case letters, digits or `-`, starting with a letter"
)]
pub struct InvalidPluginId(String);

impl PluginId {
    /// The part before the slash.
    #[must_use]
    pub fn publisher(&self) -> &str {
        self.0.split_once('/').map_or("", |(publisher, _)| publisher)
    }

    /// The part after the slash: what routes and file names use.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PluginId {
    type Err = InvalidPluginId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid_part = |part: &str| {
            (2..=40).contains(&part.len())
                && part.starts_with(|c: char| c.is_ascii_lowercase())
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        match text.split_once('/') {
            Some((publisher, name)) if valid_part(publisher) && valid_part(name) => Ok(Self(text.to_owned())),
            _ => Err(InvalidPluginId(text.to_owned())),
        }
    }
}

impl TryFrom<String> for PluginId {
    type Error = InvalidPluginId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PluginId> for String {
    fn from(id: PluginId) -> Self {
        id.0
    }
}

impl fmt::Display for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A convention's short name in addresses: 2–40 of `a-z 0-9 -`, starting with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Why a text is no [`Slug`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a short name; use 2 to 40 lower-case letters, digits or `-`, starting with a letter")]
pub struct InvalidSlug(String);

impl Slug {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = (2..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidSlug(text.to_owned())) }
    }
}

impl TryFrom<String> for Slug {
    type Error = InvalidSlug;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_deeds_sort_in_their_order() {
        let ids = DeedIds::default();
        let at: Timestamp = "2026-08-14T10:00:00Z".parse().unwrap();
        let instants = std::iter::repeat_n(at, 1000).chain([at + std::time::Duration::from_millis(1)]);
        let made: Vec<_> = instants.map(|at| ids.next(at)).collect();
        assert!(made.is_sorted_by(|one, next| one < next));
        assert!(made.iter().all(|id| id.len() == 26 && !id.bytes().any(|b| b.is_ascii_uppercase())), "{made:?}");
    }

    #[test]
    fn a_plugin_id_has_a_publisher_and_a_name() {
        let id: PluginId = "conman/night-market".parse().unwrap();
        assert_eq!((id.publisher(), id.name()), ("conman", "night-market"));
    }

    #[test]
    fn what_could_leave_a_folder_or_a_schema_is_no_plugin_id() {
        for bad in
            ["", "a/b", "conman", "conman/", "/x", "Conman/x1", "conman/../x", "conman/a/b", "conman/x y", "conman/1x"]
        {
            assert!(bad.parse::<PluginId>().is_err(), "{bad}");
        }
    }
}
