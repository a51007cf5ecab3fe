//! `__schema` and `__type` are the library's to answer: each becomes a document of its own, with its fragments written out so that
//! nothing in it is unused.

use std::collections::HashSet;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, InlineFragment, OperationDefinition, OperationType,
    Selection, SelectionSet,
};
use async_graphql_value::{Name, Value};

/// A document that asks for one field, put together from all places it was asked for.
pub(crate) fn document(
    source: &ExecutableDocument,
    operation: &OperationDefinition,
    fields: &[&Positioned<Field>],
) -> Option<ExecutableDocument> {
    let first = fields.first()?;
    let mut used = HashSet::new();
    let mut merged = first.node.clone();
    merged.directives = Vec::new();
    merged.selection_set.node.items =
        fields.iter().flat_map(|field| written_out(source, &field.node.selection_set.node, &mut used).items).collect();
    for (_, value) in &merged.arguments {
        variables(&value.node, &mut used);
    }
    let selection = Positioned::new(Selection::Field(Positioned::new(merged, first.pos)), first.pos);
    let definition = OperationDefinition {
        ty: OperationType::Query,
        variable_definitions: operation
            .variable_definitions
            .iter()
            .filter(|variable| used.contains(&variable.node.name.node))
            .cloned()
            .collect(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet { items: vec![selection] }, first.pos),
    };
    Some(ExecutableDocument {
        operations: DocumentOperations::Single(Positioned::new(definition, first.pos)),
        fragments: std::collections::HashMap::new(),
    })
}

/// Fragments as inline fragments. How much that can come to was measured before.
fn written_out(source: &ExecutableDocument, set: &SelectionSet, used: &mut HashSet<Name>) -> SelectionSet {
    let mut items = Vec::with_capacity(set.items.len());
    for item in &set.items {
        let selection = match &item.node {
            Selection::Field(field) => {
                let mut copy = field.clone();
                for (_, value) in &copy.node.arguments {
                    variables(&value.node, used);
                }
                copy.node.selection_set.node = written_out(source, &field.node.selection_set.node, used);
                in_directives(&copy.node.directives, used);
                Selection::Field(copy)
            }
            Selection::InlineFragment(fragment) => {
                let mut copy = fragment.clone();
                copy.node.selection_set.node = written_out(source, &fragment.node.selection_set.node, used);
                in_directives(&copy.node.directives, used);
                Selection::InlineFragment(copy)
            }
            Selection::FragmentSpread(spread) => {
                let Some(fragment) = source.fragments.get(&spread.node.fragment_name.node) else { continue };
                in_directives(&spread.node.directives, used);
                let inline = InlineFragment {
                    type_condition: Some(fragment.node.type_condition.clone()),
                    directives: spread.node.directives.clone(),
                    selection_set: Positioned::new(
                        written_out(source, &fragment.node.selection_set.node, used),
                        fragment.pos,
                    ),
                };
                Selection::InlineFragment(Positioned::new(inline, spread.pos))
            }
        };
        items.push(Positioned::new(selection, item.pos));
    }
    SelectionSet { items }
}

fn in_directives(directives: &[Positioned<Directive>], used: &mut HashSet<Name>) {
    for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
        variables(&value.node, used);
    }
}

fn variables(value: &Value, used: &mut HashSet<Name>) {
    match value {
        Value::Variable(name) => {
            used.insert(name.clone());
        }
        Value::List(items) => items.iter().for_each(|item| variables(item, used)),
        Value::Object(fields) => fields.values().for_each(|field| variables(field, used)),
        _ => {}
    }
}
