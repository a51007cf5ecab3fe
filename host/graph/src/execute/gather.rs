//! Finds in an answer every object that waits for a batch, over all lists at once, so that each batch is sent once.

use std::collections::BTreeMap;

use indexmap::IndexSet;

use crate::json::{Kind, NodeId, Tape};
use crate::operation::plan::{BatchId, FieldPlan, PermissionId, Plan, Selection, Shape, ShapeKind, Source};

/// The parents of one batch.
#[derive(Debug, Default)]
pub(crate) struct Parents {
    /// Keys as JSON objects, each once.
    pub(crate) keys: IndexSet<String>,
    /// Which key each parent has.
    pub(crate) slots: Vec<(NodeId, u32)>,
}

/// Parents by batch.
pub(crate) type Gathered = BTreeMap<BatchId, Parents>;

/// Walks answers along a shape.
pub(crate) struct Gathering<'a> {
    pub(crate) plan: &'a Plan,
    /// Which permissions the actor has: nothing is loaded for fields that may not be seen.
    pub(crate) granted: &'a [bool],
    pub(crate) gathered: Gathered,
}

impl Gathering<'_> {
    /// Looks at the value `id`. What does not have the shape is passed over: writing the response says so.
    pub(crate) fn value(&mut self, shape: &Shape, tape: &Tape, id: NodeId) {
        let kind = tape.node(id).kind;
        match &shape.kind {
            ShapeKind::Scalar(_) | ShapeKind::Enum { .. } => {}
            ShapeKind::List(item) => {
                if kind == Kind::List && item.waits() {
                    for (id, _) in tape.items(id) {
                        self.value(item, tape, id);
                    }
                }
            }
            ShapeKind::Object(selection) => {
                if kind == Kind::Object && selection.waits {
                    self.object(selection, tape, id, Source::Here);
                }
            }
            ShapeKind::Loaded(selection) => {
                if kind == Kind::Object && selection.waits {
                    self.object(selection, tape, id, Source::Loaded);
                }
            }
            ShapeKind::Reference { selection, load, guard } => {
                if kind != Kind::Object || !self.may_see(guard.map(|guard| guard.permission)) {
                    return;
                }
                if let Some(batch) = load
                    && selection
                        .fields
                        .iter()
                        .any(|field| field.source == Source::Loaded && self.may_see(field.permission))
                {
                    self.parent(*batch, tape, id);
                }
                if selection.waits {
                    self.object(selection, tape, id, Source::Here);
                }
            }
            ShapeKind::Entity(arms) => {
                let name = tape.get(id, "__typename").and_then(|name| tape.text(tape.node(name)));
                if let Some((_, shape)) = arms.iter().find(|(arm, _)| Some(&**arm) == name.as_deref()) {
                    self.value(shape, tape, id);
                }
            }
        }
    }

    fn may_see(&self, permission: Option<PermissionId>) -> bool {
        permission.is_none_or(|id| self.granted.get(id).copied().unwrap_or(false))
    }

    /// Looks at an object's fields; of a reference, those that are at hand (`Here`) and those that were loaded are different objects.
    fn object(&mut self, selection: &Selection, tape: &Tape, id: NodeId, at_hand: Source) {
        for field in &selection.fields {
            if !self.may_see(field.permission) {
                continue;
            }
            match field.source {
                Source::Batch(batch) if at_hand == Source::Here => self.parent(batch, tape, id),
                source if source == at_hand && field.shape.waits() => self.field(field, tape, id),
                _ => {}
            }
        }
    }

    fn field(&mut self, field: &FieldPlan, tape: &Tape, id: NodeId) {
        if let Some(value) = tape.get(id, &field.name) {
            self.value(&field.shape, tape, value);
        }
    }

    fn parent(&mut self, batch: BatchId, tape: &Tape, id: NodeId) {
        let Some(plan) = self.plan.batches.get(batch) else { return };
        let mut key = String::with_capacity(32);
        for name in plan.key.iter() {
            let Some(value) = tape.get(id, name).map(|value| tape.node(value)) else { return };
            if !matches!(value.kind, Kind::Text | Kind::Escaped | Kind::Integer) {
                return;
            }
            key.push(if key.is_empty() { '{' } else { ',' });
            key.push('"');
            key.push_str(name);
            key.push_str("\":");
            key.push_str(tape.json(value));
        }
        key.push('}');
        let parents = self.gathered.entry(batch).or_default();
        let (slot, _) = parents.keys.insert_full(key);
        parents.slots.push((id, u32::try_from(slot).unwrap_or(u32::MAX)));
    }
}
