//! Why contributions do not make one schema: who, where, what, and what to write instead.

use std::fmt;

use async_graphql_parser::Pos;
use conman_kernel::id::PluginId;

/// One thing that is wrong with one plugin's SDL, or between two plugins'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ComposeError {
    /// Whose SDL.
    pub plugin: PluginId,
    /// With whose it collides, if it does.
    pub other: Option<PluginId>,
    /// One-based line in the SDL; 0 when the whole is meant.
    pub line: usize,
    /// One-based column.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for ComposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} schema.graphql", self.plugin)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Collects everything that is wrong, so that an author sees it all at once.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<ComposeError>);

/// More than this helps nobody.
const MOST: usize = 100;

impl Problems {
    pub(crate) fn add(&mut self, plugin: &PluginId, pos: Pos, message: impl Into<String>) {
        self.push(plugin, None, pos, message.into());
    }

    pub(crate) fn collision(&mut self, plugin: &PluginId, other: &PluginId, pos: Pos, message: impl Into<String>) {
        self.push(plugin, Some(other.clone()), pos, message.into());
    }

    fn push(&mut self, plugin: &PluginId, other: Option<PluginId>, pos: Pos, message: String) {
        if self.0.len() < MOST {
            self.0.push(ComposeError { plugin: plugin.clone(), other, line: pos.line, column: pos.column, message });
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, by plugin and place.
    pub(crate) fn into_sorted(mut self) -> Vec<ComposeError> {
        self.0
            .sort_by(|a, b| (&a.plugin, a.line, a.column, &a.message).cmp(&(&b.plugin, b.line, b.column, &b.message)));
        self.0
    }
}
