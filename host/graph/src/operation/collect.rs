//! Which fields a selection comes to: fragments spread, conditions decided, fields of one response name put together.

use async_graphql_parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::Value;
use indexmap::IndexMap;

use crate::error::GraphError;
use crate::operation::input::Variables;

/// Fields of one object by their name in the response, each with all places it was asked for.
pub(crate) type Collected<'a> = IndexMap<&'a str, Vec<&'a Positioned<Field>>>;

/// Expands selections of one operation.
pub(crate) struct Collector<'a> {
    pub(crate) document: &'a ExecutableDocument,
    /// For `@skip` and `@include`.
    pub(crate) variables: &'a Variables,
}

impl<'a> Collector<'a> {
    /// What `sets` ask of an object of the type `type_name`; `also` is a union it is part of.
    pub(crate) fn collect(
        &self,
        type_name: &str,
        also: Option<&str>,
        sets: &[&'a SelectionSet],
    ) -> Result<Collected<'a>, GraphError> {
        let mut collected = Collected::new();
        let mut spread: Vec<&str> = Vec::new();
        for set in sets {
            self.set(type_name, also, set, &mut spread, &mut collected);
        }
        for (key, fields) in &collected {
            mergeable(key, fields)?;
        }
        Ok(collected)
    }

    fn set(
        &self,
        type_name: &str,
        also: Option<&str>,
        set: &'a SelectionSet,
        spread: &mut Vec<&'a str>,
        collected: &mut Collected<'a>,
    ) {
        let applies = |condition: &str| condition == type_name || also == Some(condition);
        for item in &set.items {
            if !self.included(item.node.directives()) {
                continue;
            }
            match &item.node {
                Selection::Field(field) => {
                    collected.entry(field.node.response_key().node.as_str()).or_default().push(field);
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    if condition.is_none_or(|condition| applies(&condition.node.on.node)) {
                        self.set(type_name, also, &fragment.node.selection_set.node, spread, collected);
                    }
                }
                Selection::FragmentSpread(name) => {
                    let name = name.node.fragment_name.node.as_str();
                    let Some(fragment) = self.document.fragments.get(name) else { continue };
                    if applies(&fragment.node.type_condition.node.on.node) && !spread.contains(&name) {
                        spread.push(name);
                        self.set(type_name, also, &fragment.node.selection_set.node, spread, collected);
                    }
                }
            }
        }
    }

    fn included(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let condition = match directive.node.get_argument("if").map(|value| &value.node) {
                Some(Value::Boolean(condition)) => Some(*condition),
                Some(Value::Variable(name)) => Some(self.variables.get(name) == Some("true")),
                _ => None,
            };
            match directive.node.name.node.as_str() {
                "skip" => condition != Some(true),
                "include" => condition != Some(false),
                _ => true,
            }
        })
    }
}

/// Names of the variables that decide `@skip` and `@include` anywhere in the document.
pub(crate) fn conditions(document: &ExecutableDocument) -> Vec<String> {
    let mut names = Vec::new();
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let mut open: Vec<&SelectionSet> = operations.chain(fragments).collect();
    while let Some(set) = open.pop() {
        for item in &set.items {
            for directive in item.node.directives() {
                if let Some(Value::Variable(name)) = directive.node.get_argument("if").map(|value| &value.node) {
                    names.push(name.to_string());
                }
            }
            match &item.node {
                Selection::Field(field) => open.push(&field.node.selection_set.node),
                Selection::InlineFragment(fragment) => open.push(&fragment.node.selection_set.node),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Two fields can share a name in the response only if they are the same field asked in the same way.
fn mergeable(key: &str, fields: &[&Positioned<Field>]) -> Result<(), GraphError> {
    let Some((first, rest)) = fields.split_first() else { return Ok(()) };
    for other in rest {
        let (a, b) = (&first.node, &other.node);
        let conflict = |why: String, at: Pos| {
            let message = format!("`{key}` stands for two things: {why}; give one of them an alias");
            GraphError::invalid(message).at(first.pos).at(at)
        };
        if a.name.node != b.name.node {
            return Err(conflict(format!("the fields `{}` and `{}`", a.name.node, b.name.node), other.pos));
        }
        let same = a.arguments.len() == b.arguments.len()
            && a.arguments
                .iter()
                .all(|(name, value)| b.get_argument(&name.node).is_some_and(|other| other.node == value.node));
        if !same {
            return Err(conflict(format!("the field `{}` with different arguments", a.name.node), other.pos));
        }
    }
    Ok(())
}
