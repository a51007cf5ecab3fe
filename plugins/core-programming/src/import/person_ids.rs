//! Who an id in a file means.

use std::collections::{BTreeMap, HashMap};

use super::shortened;
use crate::identity;

/// The ids of people in formats whose ids are numbers or words.
///
/// Merged files use one number for several people (36C3 uses 0 for 253). Where a number has one name throughout the file, the
/// number tells who it is; where it has several, number and name together do.
#[derive(Debug, Default)]
pub struct PersonIds {
    names: HashMap<String, String>,
    ambiguous: BTreeMap<String, usize>,
}

impl PersonIds {
    /// Has seen this id with this name.
    pub fn see(&mut self, id: &str, name: &str) {
        match self.names.get(id) {
            Some(known) if known != name => *self.ambiguous.entry(id.to_owned()).or_insert(1) += 1,
            Some(_) => {}
            None => {
                self.names.insert(id.to_owned(), name.to_owned());
            }
        }
    }

    /// The UUID of whoever this id and name mean, and the one they have if another file of the source gave this id to more people, or
    /// to fewer.
    #[must_use]
    pub fn uuids(&self, source: &str, id: &str, name: &str) -> (String, Option<String>) {
        let by_id = identity::derived(&[source, "person", id]);
        let by_both = identity::derived(&[source, "person", id, name]);
        if self.ambiguous.contains_key(id) { (by_both, Some(by_id)) } else { (by_id, Some(by_both)) }
    }

    /// What the importer should know about ids that mean several people.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let first = self.ambiguous.keys().next()?;
        Some(format!(
            "{} person ids (such as `{}`) stand for several people; those are told apart by name",
            self.ambiguous.len(),
            shortened(first)
        ))
    }
}
