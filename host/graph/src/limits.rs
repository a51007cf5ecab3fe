//! How much one operation may ask for. Everything is settled before the first plugin is called.

use async_graphql_parser::Pos;
use conman_kernel::fault::code;

use crate::error::GraphError;

/// What one operation may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the document.
    pub document_bytes: usize,
    /// Operations and fragments in the document.
    pub definitions: usize,
    /// Fields within fields.
    pub depth: usize,
    /// Fields within fields of `__schema` and `__type`; GraphiQL's own query is 16 deep.
    pub introspection_depth: usize,
    /// Lists within lists of `__schema` and `__type`: each multiplies by the size of the schema.
    pub introspection_lists: usize,
    /// Fields, fragments counted wherever they are spread.
    pub fields: usize,
    /// Aliases, counted like fields.
    pub aliases: usize,
    /// Directives, counted like fields.
    pub directives: usize,
    /// Calls of plugins, a batch being one.
    pub calls: usize,
    /// Objects the operation may answer with, lists estimated by `@cost`.
    pub cost: u64,
    /// What a list at the top is taken to hold where `@cost` does not say.
    pub list_size: u64,
    /// What a list within something is taken to hold: people of a session, shifts of a person.
    pub nested_list_size: u64,
}

impl Limits {
    /// What a convention's app needs, with room: 1,500 sessions with rooms and ten people each are an eighth of the cost.
    pub const DEFAULT: Self = Self {
        document_bytes: 64 << 10,
        definitions: 100,
        depth: 12,
        introspection_depth: 20,
        introspection_lists: 3,
        fields: 2_000,
        aliases: 200,
        directives: 100,
        calls: 50,
        cost: 300_000,
        list_size: 50,
        nested_list_size: 10,
    };
}

/// Refuses what is over a limit, naming limit, value and what is allowed.
pub(crate) fn within(what: &str, value: u64, allowed: u64, pos: Option<Pos>, remedy: &str) -> Result<(), GraphError> {
    if value <= allowed {
        return Ok(());
    }
    let error = GraphError::new(code::GRAPHQL_LIMIT, format!("{what}: {value}, allowed are {allowed}; {remedy}"));
    Err(match pos {
        Some(pos) => error.at(pos),
        None => error,
    })
}
