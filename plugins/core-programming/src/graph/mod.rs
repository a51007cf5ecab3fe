//! The plugin's GraphQL: what `schema.graphql` declares, out of the store's rows.

pub mod accepting;
pub mod attendance;
pub mod conflicts;
pub mod demand;
pub mod documents;
pub mod edit;
pub mod explanation;
pub mod favourites;
pub mod mutation;
pub mod parents;
pub mod people;
pub mod planning;
pub mod plans;
pub mod query;
pub mod release;
pub mod report;
pub mod requirements;
pub mod rooms;
pub mod scope;
pub mod sessions;
pub mod subscription;
pub mod telling;

use std::str::FromStr;

use conman_sdk::prelude::*;

/// May see the work in progress.
pub const DRAFT: &str = "programme.draft";
/// May release.
pub const RELEASE: &str = "programme.release";

/// A stored word as the schema's enum: `in_person` is `IN_PERSON`.
///
/// # Errors
/// `internal` when a row holds a word the schema does not have: never by this plugin's doing.
pub fn wire<T: FromStr>(word: &str) -> Result<T> {
    word.to_ascii_uppercase().parse().map_err(|_| Error::internal(format!("the stored word `{word}` is unknown")))
}

/// An enum's word as it is stored.
#[must_use]
pub fn stored(word: &str) -> String {
    word.to_ascii_lowercase()
}

/// Empty texts are null to clients.
#[must_use]
pub fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// A count as GraphQL's `Int`.
#[must_use]
pub fn int(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// What the client wants of an answer, below a prefix. Nothing said means everything.
#[derive(Debug, Clone, Copy)]
pub struct Wants<'s> {
    selection: &'s Selection,
    prefix: &'static str,
}

impl<'s> Wants<'s> {
    /// Below `prefix`, which ends in a dot or is empty.
    #[must_use]
    pub const fn below(ctx: &'s Context, prefix: &'static str) -> Self {
        Self { selection: &ctx.selection, prefix }
    }

    /// Whether this path is wanted, or something below it.
    #[must_use]
    pub fn field(&self, path: &str) -> bool {
        self.selection.is_empty() || self.selection.wants(&format!("{}{path}", self.prefix))
    }
}

/// How many items a list may be asked for at once.
const MOST: i32 = 2_000;

/// A `first` argument, checked.
///
/// # Errors
/// `invalid` when it is negative or too large.
pub fn limit(first: i32) -> Result<usize> {
    match usize::try_from(first) {
        Ok(limit) if first <= MOST => Ok(limit),
        _ => {
            Err(Error::invalid(format!("Ask for 0 to {MOST} at once; the next page comes with `after`.")).at("/first"))
        }
    }
}

/// A statement in the making: its text and its parameters.
#[derive(Debug, Default)]
pub struct Statement {
    /// The text so far.
    pub text: String,
    /// The parameters so far.
    pub parameters: Vec<Value>,
}

impl Statement {
    /// Adds a parameter; answers its placeholder.
    pub fn parameter(&mut self, value: &impl ToValue) -> String {
        self.parameters.push(value.to_value());
        format!("${}", self.parameters.len())
    }
}

/// The words of a search, as patterns for `LIKE`; folding leaves nothing in them that `LIKE` reads.
#[must_use]
pub fn patterns(text: &str) -> Vec<String> {
    crate::text::fold(text).split(' ').filter(|word| !word.is_empty()).take(8).map(|word| format!("%{word}%")).collect()
}
