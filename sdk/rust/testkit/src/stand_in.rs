//! Stands in for a plugin that is not at hand: answers its fields out of plain data.

use std::collections::BTreeMap;

use conman_kernel::dispatch::{BatchAnswer, FieldCall};
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::PluginId;
use serde_json::Value;

/// Another plugin, as far as a test needs it.
#[derive(Debug, Clone)]
pub struct StandIn {
    pub(crate) plugin: PluginId,
    pub(crate) sdl: String,
    things: BTreeMap<String, Vec<Value>>,
}

impl StandIn {
    /// Stands in for `plugin` (`publisher/name`) with this part of its schema. Its root fields answer `null`.
    ///
    /// # Panics
    /// When `plugin` is no id.
    #[must_use]
    pub fn new(plugin: &str, sdl: &str) -> Self {
        #[expect(clippy::panic, reason = "a wrong fixture ends the test")]
        let plugin = plugin.parse().unwrap_or_else(|error| panic!("{error}"));
        Self { plugin, sdl: sdl.to_owned(), things: BTreeMap::new() }
    }

    /// Knows these objects of a type, each with all its fields: they are found by their keys.
    #[must_use]
    pub fn with(mut self, type_name: &str, objects: impl IntoIterator<Item = Value>) -> Self {
        self.things.entry(type_name.to_owned()).or_default().extend(objects);
        self
    }

    pub(crate) fn resolve_batch(&self, call: &FieldCall, parents: &[String]) -> Result<BatchAnswer, Fault> {
        let known = self.things.get(&*call.type_name).map(Vec::as_slice).unwrap_or_default();
        parents
            .iter()
            .map(|parent| {
                let key: Value = serde_json::from_str(parent).map_err(Fault::internal)?;
                let found = known.iter().find(|thing| has(thing, &key));
                let answer =
                    if &*call.field == "__entity" { found } else { found.and_then(|thing| thing.get(&*call.field)) };
                Ok(Ok(answer.map_or_else(|| "null".to_owned(), Value::to_string)))
            })
            .collect()
    }

    pub(crate) fn no_routes(&self) -> Fault {
        Fault::new(code::NOT_FOUND, format!("{} is only stood in for, and has no routes", self.plugin))
    }
}

/// Whether `thing` has every member of `key`.
fn has(thing: &Value, key: &Value) -> bool {
    key.as_object().into_iter().flatten().all(|(name, value)| thing.get(name) == Some(value))
}
