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

    /// The UUID of whoever this id and name mean.
    #[must_use]
    pub fn uuid(&self, source: &str, id: &str, name: &str) -> String {
        if self.ambiguous.contains_key(id) {
            identity::derived(&[source, "person", id, name])
        } else {
            identity::derived(&[source, "person", id])
        }
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
