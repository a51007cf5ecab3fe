//! Measures a document before the library validates it: depth, fields, aliases, directives, with every fragment counted wherever it
//! is spread, so that ten fragments that spread each other twice are seen for the thousand they are, and never expanded.

use std::collections::HashMap;

use async_graphql_parser::Pos;
use async_graphql_parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet};
use conman_kernel::fault::code;

use crate::error::GraphError;
use crate::limits::{Limits, within};
use crate::nesting::MAX_NESTING;

/// What there is of each thing, fragments expanded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Size {
    fields: u64,
    aliases: u64,
    directives: u64,
    /// Fields within fields.
    depth: u64,
    /// Selections within selections, those of fragments counted too: what recursion costs.
    nesting: u64,
    /// The deepest of `__schema` and `__type`, and the most lists within lists there.
    introspection_depth: u64,
    introspection_lists: u64,
}

/// Refuses documents that are over a limit.
pub(crate) fn measure(document: &ExecutableDocument, limits: &Limits) -> Result<(), GraphError> {
    let definitions = document.operations.iter().count() + document.fragments.len();
    within("operations and fragments", as_u64(definitions), as_u64(limits.definitions), None, "send fewer at a time")?;
    let mut measuring =
        Measuring { document, fragments: HashMap::new(), open: Vec::new(), depth_left: MAX_NESTING * 4 };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        let size = measuring.selections(&operation.node.selection_set.node, false)?;
        let pos = Some(operation.pos);
        total = total.beside(size);
        total.directives = total.directives.saturating_add(as_u64(operation.node.directives.len()));
        total.directives = operation
            .node
            .variable_definitions
            .iter()
            .fold(total.directives, |sum, variable| sum.saturating_add(as_u64(variable.node.directives.len())));
        within("depth", size.depth, as_u64(limits.depth), pos, "ask for less nested fields, or in two requests")?;
        within(
            "introspection depth",
            size.introspection_depth,
            as_u64(limits.introspection_depth),
            pos,
            "shorten the chain of `ofType`",
        )?;
        within(
            "lists within lists of introspection",
            size.introspection_lists,
            as_u64(limits.introspection_lists),
            pos,
            "ask for the types first, then for theirs",
        )?;
        within(
            "nested selections and fragments",
            size.nesting,
            as_u64(MAX_NESTING),
            pos,
            "write fragments out where they are used once",
        )?;
    }
    // Fragments nobody spreads are refused later, by validation, which walks them too.
    for fragment in document.fragments.values() {
        let size = measuring.selections(&fragment.node.selection_set.node, false)?;
        within(
            "nested selections and fragments",
            size.nesting,
            as_u64(MAX_NESTING),
            Some(fragment.pos),
            "write fragments out where they are used once",
        )?;
    }
    within("fields", total.fields, as_u64(limits.fields), None, "ask for fewer, or in several requests")?;
    within("aliases", total.aliases, as_u64(limits.aliases), None, "ask in several requests")?;
    within("directives", total.directives, as_u64(limits.directives), None, "leave some out")
}

fn as_u64(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            depth: self.depth.max(other.depth),
            nesting: self.nesting.max(other.nesting),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            introspection_lists: self.introspection_lists.max(other.introspection_lists),
        }
    }
}

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    /// Sizes of fragments, outside of and within introspection.
    fragments: HashMap<(&'a str, bool), Size>,
    /// Fragments being measured: meeting one again is a cycle.
    open: Vec<&'a str>,
    depth_left: usize,
}

impl<'a> Measuring<'a> {
    fn selections(&mut self, set: &'a SelectionSet, introspecting: bool) -> Result<Size, GraphError> {
        // Texts nest at most 64 deep, so only chains of fragments can come here.
        let Some(left) = self.depth_left.checked_sub(1) else {
            let message =
                format!("fragments nest deeper than {MAX_NESTING}; write fragments out where they are used once");
            return Err(GraphError::new(code::GRAPHQL_LIMIT, message));
        };
        self.depth_left = left;
        let mut total = Size::default();
        for item in &set.items {
            let mut size = self.selection(&item.node, item.pos, introspecting)?;
            size.directives = size.directives.saturating_add(as_u64(item.node.directives().len()));
            total = total.beside(size);
        }
        self.depth_left += 1;
        total.nesting = total.nesting.saturating_add(1);
        Ok(total)
    }

    fn selection(&mut self, selection: &'a Selection, pos: Pos, introspecting: bool) -> Result<Size, GraphError> {
        match selection {
            Selection::Field(field) => {
                let field = &field.node;
                let name = field.name.node.as_str();
                let within_introspection = introspecting || matches!(name, "__schema" | "__type");
                let mut size = if field.selection_set.node.items.is_empty() {
                    Size::default()
                } else {
                    self.selections(&field.selection_set.node, within_introspection)?
                };
                size.fields = size.fields.saturating_add(1);
                size.aliases = size.aliases.saturating_add(u64::from(field.alias.is_some()));
                if within_introspection {
                    size.introspection_depth = size.introspection_depth.saturating_add(1);
                    let lists = matches!(
                        name,
                        "types"
                            | "fields"
                            | "args"
                            | "inputFields"
                            | "enumValues"
                            | "interfaces"
                            | "possibleTypes"
                            | "directives"
                    );
                    size.introspection_lists = size.introspection_lists.saturating_add(u64::from(lists));
                    size.depth = 1;
                } else {
                    size.depth = size.depth.saturating_add(1);
                }
                Ok(size)
            }
            Selection::InlineFragment(fragment) => self.selections(&fragment.node.selection_set.node, introspecting),
            Selection::FragmentSpread(spread) => {
                let name = spread.node.fragment_name.node.as_str();
                match self.document.fragments.get_key_value(name) {
                    Some((name, fragment)) => self.fragment(name, &fragment.node, pos, introspecting),
                    // Validation says so.
                    None => Ok(Size::default()),
                }
            }
        }
    }

    fn fragment(
        &mut self,
        name: &'a str,
        fragment: &'a FragmentDefinition,
        pos: Pos,
        introspecting: bool,
    ) -> Result<Size, GraphError> {
        if let Some(size) = self.fragments.get(&(name, introspecting)) {
            return Ok(*size);
        }
        if self.open.contains(&name) {
            return Err(GraphError::invalid(format!("fragment `{name}` spreads itself; break the cycle")).at(pos));
        }
        self.open.push(name);
        let size = self.selections(&fragment.selection_set.node, introspecting)?;
        self.open.pop();
        self.fragments.insert((name, introspecting), size);
        Ok(size)
    }
}
