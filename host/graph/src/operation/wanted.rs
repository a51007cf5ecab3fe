//! Which part of a call's answer the client wants, so that a plugin need not compute the rest.

use std::sync::Arc;

use indexmap::IndexSet;

use crate::error::GraphError;

/// The paths asked of one answer, and where in it the planner is.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    paths: IndexSet<String>,
    prefix: String,
}

impl Wanted {
    pub(crate) fn add(&mut self, name: &str) {
        self.paths.insert(format!("{}{name}", self.prefix));
    }

    pub(crate) fn below<T>(
        &mut self,
        name: &str,
        plan: impl FnOnce(&mut Self) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        let (length, before) = (self.prefix.len(), self.paths.len());
        self.prefix.push_str(name);
        self.prefix.push('.');
        let result = plan(self);
        self.prefix.truncate(length);
        if self.paths.len() == before
            && !self.paths.iter().any(|path| path.starts_with(&format!("{}{name}.", self.prefix)))
        {
            // Nothing of the object but that it is there.
            self.add(name);
        }
        result
    }

    pub(crate) fn json(&self) -> Arc<str> {
        serde_json::Value::from_iter(self.paths.iter().map(String::as_str)).to_string().into()
    }
}
