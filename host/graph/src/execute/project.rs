//! Writes the response: what was selected, in the order it was asked for, copied from the plugins' JSON.
//!
//! Nothing is built in between. A value that breaks its promise takes back what was written of it and becomes null, or takes its
//! parent with it where null may not stand.

use std::collections::HashSet;

use conman_kernel::fault::{Fault, code};
use conman_kernel::id::PluginId;
use serde_json::Value as Json;

use super::answer::Outcomes;
use super::call::{Execution, RootOutcome, denied};
use super::leaf;
use crate::error::GraphError;
use crate::json::{Kind, NodeId, Tape};
use crate::operation::plan::{BatchId, FieldPlan, Guard, PermissionId, RootField, Selection, Shape, ShapeKind, Source};

/// Null stands where it may not: the parent becomes null.
struct Nulled;

/// A step from the top of the response.
#[derive(Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

/// Beyond these, errors are only counted.
const MOST_ERRORS: usize = 1_000;

/// A response being written.
pub(crate) struct Projection<'a> {
    execution: &'a Execution<'a>,
    pub(crate) out: Vec<u8>,
    pub(crate) errors: Vec<GraphError>,
    path: Vec<Step<'a>>,
    /// Batches and fields whose failure as a whole has been told.
    told: HashSet<Told>,
}

#[derive(PartialEq, Eq, Hash)]
enum Told {
    Batch(BatchId),
    Denied(usize),
}

/// Where a value stands: the answer, and what its parents' batches answered.
#[derive(Clone, Copy)]
struct Ground<'a> {
    tape: &'a Tape,
    batches: &'a Outcomes,
    plugin: Option<&'a PluginId>,
}

impl<'a> Projection<'a> {
    pub(crate) fn new(execution: &'a Execution<'a>, capacity: usize) -> Self {
        Self {
            execution,
            out: Vec::with_capacity(capacity),
            errors: Vec::new(),
            path: Vec::new(),
            told: HashSet::new(),
        }
    }

    /// Writes `{…}` of all root fields.
    pub(crate) fn data(&mut self, outcomes: &'a [RootOutcome]) {
        self.out.push(b'{');
        for (index, (field, outcome)) in self.execution.plan.fields.iter().zip(outcomes).enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.root(field, outcome);
        }
        self.out.push(b'}');
    }

    fn root(&mut self, field: &'a RootField, outcome: &'a RootOutcome) {
        self.out.extend_from_slice(&field.key.prefix);
        self.path.push(Step::Field(&field.key.name));
        let mark = self.out.len();
        let written = match &outcome.answer {
            Ok(answer) => {
                let ground = Ground { tape: &answer.tape, batches: &outcome.batches, plugin: field.plugin.as_ref() };
                let value = answer.values.first().and_then(|value| value.as_ref().ok()).copied().unwrap_or_default();
                self.value(&field.shape, ground, value)
            }
            Err(fault) => {
                self.fault(fault, field.plugin.as_ref());
                Err(Nulled)
            }
        };
        if written.is_err() {
            self.out.truncate(mark);
            self.out.extend_from_slice(b"null");
        }
        self.path.pop();
    }

    /// Writes a value, or null where it may stand.
    fn value(&mut self, shape: &'a Shape, ground: Ground<'a>, id: NodeId) -> Result<(), Nulled> {
        let mark = self.out.len();
        if self.inner(shape, ground, id).is_ok() {
            return Ok(());
        }
        self.out.truncate(mark);
        self.null(shape)
    }

    fn null(&mut self, shape: &Shape) -> Result<(), Nulled> {
        if !shape.nullable {
            return Err(Nulled);
        }
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn inner(&mut self, shape: &'a Shape, ground: Ground<'a>, id: NodeId) -> Result<(), Nulled> {
        let tape = ground.tape;
        let node = tape.node(id);
        if node.kind == Kind::Null {
            if shape.required {
                self.bad("a value is declared, but the answer has null".to_owned(), ground.plugin);
                return Err(Nulled);
            }
            return self.null(shape);
        }
        let checked = match &shape.kind {
            ShapeKind::Scalar(scalar) => leaf::scalar(*scalar, tape, node, &mut self.out),
            ShapeKind::Enum { name, values } => leaf::enumeration(name, values, tape, node, &mut self.out),
            ShapeKind::List(item) if node.kind == Kind::List => return self.list(item, ground, id),
            ShapeKind::Object(selection) | ShapeKind::Loaded(selection) if node.kind == Kind::Object => {
                return self.object(selection, ground, id, None);
            }
            ShapeKind::Reference { guard: Some(Guard { id, permission }), .. }
                if node.kind == Kind::Object && !self.execution.may_see(Some(*permission)) =>
            {
                self.denied(*id, Some(*permission), ground.plugin);
                return Err(Nulled);
            }
            ShapeKind::Reference { selection, load, .. } if node.kind == Kind::Object => {
                return self.reference(shape, selection, *load, ground, id);
            }
            ShapeKind::Entity(arms) if node.kind == Kind::Object => {
                let name = tape.get(id, "__typename").and_then(|name| tape.text(tape.node(name)));
                match arms.iter().find(|(arm, _)| Some(&**arm) == name.as_deref()) {
                    Some((_, shape)) => return self.value(shape, ground, id),
                    None => Err("a representation needs the `__typename` of an entity".to_owned()),
                }
            }
            ShapeKind::List(_) => Err(format!("a list is declared, but the answer has {}", node.kind.words())),
            _ => Err(format!("an object is declared, but the answer has {}", node.kind.words())),
        };
        checked.map_err(|message| {
            self.bad(message, ground.plugin);
            Nulled
        })
    }

    fn list(&mut self, item: &'a Shape, ground: Ground<'a>, id: NodeId) -> Result<(), Nulled> {
        self.out.push(b'[');
        for (index, (item_id, _)) in ground.tape.items(id).enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.path.push(Step::Item(index));
            let written = self.value(item, ground, item_id);
            self.path.pop();
            written?;
        }
        self.out.push(b']');
        Ok(())
    }

    /// Another plugin's entity: its key is here, the rest in what was loaded.
    fn reference(
        &mut self,
        shape: &'a Shape,
        selection: &'a Selection,
        load: Option<BatchId>,
        ground: Ground<'a>,
        id: NodeId,
    ) -> Result<(), Nulled> {
        let Some(batch) = load else { return self.object(selection, ground, id, None) };
        let Some(outcome) = ground.batches.get(batch) else {
            let wanted = selection
                .fields
                .iter()
                .any(|field| field.source == Source::Loaded && self.execution.may_see(field.permission));
            if !wanted {
                // The actor may see nothing of what would have been loaded.
                return self.object(selection, ground, id, None);
            }
            self.lacks_key(batch, ground.plugin);
            return Err(Nulled);
        };
        match self.item(batch, outcome, id, ground.plugin)? {
            Some((answer, value)) => {
                let owner = self.execution.plan.batches.get(batch).map(|batch| &batch.call.plugin);
                let loaded = Ground { tape: answer, batches: ground.batches, plugin: owner };
                match answer.node(value).kind {
                    Kind::Object => self.object(selection, ground, id, Some((loaded, value))),
                    // Its owner does not have it, or not for this actor.
                    Kind::Null => self.null(shape),
                    other => {
                        self.bad(
                            format!(
                                "an object of `{}` is declared, but the answer has {}",
                                selection.type_name,
                                other.words()
                            ),
                            owner,
                        );
                        Err(Nulled)
                    }
                }
            }
            None => Err(Nulled),
        }
    }

    /// The item of a batch's answer that belongs to the parent `id`; what is wrong with it has been told when there is none.
    fn item(
        &mut self,
        batch: BatchId,
        outcome: &'a super::answer::BatchOutcome,
        id: NodeId,
        parent: Option<&PluginId>,
    ) -> Result<Option<(&'a Tape, NodeId)>, Nulled> {
        let Some(plan) = self.execution.plan.batches.get(batch) else { return Err(Nulled) };
        let plugin = &plan.call.plugin;
        let answer = match &outcome.answer {
            Ok(answer) => answer,
            Err(fault) => {
                // One failure, however many parents it takes the field from.
                if self.told.insert(Told::Batch(batch)) {
                    self.fault(fault, Some(plugin));
                }
                return Ok(None);
            }
        };
        match outcome.slot(id).and_then(|slot| answer.values.get(slot)) {
            Some(Ok(value)) => Ok(Some((&answer.tape, *value))),
            Some(Err(fault)) => {
                self.fault(fault, Some(plugin));
                Ok(None)
            }
            None => {
                self.lacks_key(batch, parent);
                Ok(None)
            }
        }
    }

    fn lacks_key(&mut self, batch: BatchId, plugin: Option<&PluginId>) {
        if let Some(plan) = self.execution.plan.batches.get(batch) {
            self.bad(format!("the answer lacks the key of `{}` ({})", plan.parent, plan.key.join(", ")), plugin);
        }
    }

    fn object(
        &mut self,
        selection: &'a Selection,
        ground: Ground<'a>,
        id: NodeId,
        loaded: Option<(Ground<'a>, NodeId)>,
    ) -> Result<(), Nulled> {
        self.out.push(b'{');
        // Plugins write fields in the order they were asked for more often than not: look on from the last one found.
        let mut here = Finder::new(ground.tape, id);
        let mut there = loaded.map(|(ground, id)| (Finder::new(ground.tape, id), ground));
        for (index, field) in selection.fields.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&field.key.prefix);
            if field.source == Source::Typename {
                self.out.push(b'"');
                self.out.extend_from_slice(selection.type_name.as_bytes());
                self.out.push(b'"');
                continue;
            }
            self.path.push(Step::Field(&field.key.name));
            let mark = self.out.len();
            let written = if self.execution.may_see(field.permission) {
                match field.source {
                    Source::Batch(batch) => self.batched(batch, field, ground, id),
                    Source::Loaded => match &mut there {
                        Some((finder, loaded)) => {
                            let value = finder.find(&field.name);
                            self.found(field, *loaded, value)
                        }
                        None => Err(Nulled),
                    },
                    Source::Here | Source::Typename => {
                        let value = here.find(&field.name);
                        self.found(field, ground, value)
                    }
                }
            } else {
                self.denied(field.id, field.permission, field.plugin.as_ref());
                Err(Nulled)
            };
            let kept = written.or_else(|Nulled| {
                self.out.truncate(mark);
                self.null(&field.shape)
            });
            self.path.pop();
            kept?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn found(&mut self, field: &'a FieldPlan, ground: Ground<'a>, value: Option<NodeId>) -> Result<(), Nulled> {
        match value {
            Some(value) => self.value(&field.shape, ground, value),
            None if field.shape.required => {
                self.bad(format!("`{}` is declared, but missing in the answer", field.name), ground.plugin);
                Err(Nulled)
            }
            None => self.null(&field.shape),
        }
    }

    fn batched(&mut self, batch: BatchId, field: &'a FieldPlan, ground: Ground<'a>, id: NodeId) -> Result<(), Nulled> {
        let Some(plan) = self.execution.plan.batches.get(batch) else { return Err(Nulled) };
        let found = match ground.batches.get(batch) {
            Some(outcome) => self.item(batch, outcome, id, ground.plugin)?,
            None => {
                // No parent had a key, so nothing was sent.
                self.lacks_key(batch, ground.plugin);
                None
            }
        };
        let Some((tape, value)) = found else { return Err(Nulled) };
        self.value(&plan.shape, Ground { tape, batches: ground.batches, plugin: field.plugin.as_ref() }, value)
    }

    fn denied(&mut self, id: usize, permission: Option<PermissionId>, plugin: Option<&PluginId>) {
        if self.told.insert(Told::Denied(id)) {
            let permission = permission.and_then(|id| self.execution.plan.permissions.get(id));
            let fault = denied(self.execution.scope, permission.map_or("", |name| name));
            self.fault(&fault, plugin);
        }
    }

    fn bad(&mut self, message: String, plugin: Option<&PluginId>) {
        self.fault(&Fault::new(code::BAD_ANSWER, message), plugin);
    }

    fn fault(&mut self, fault: &Fault, plugin: Option<&PluginId>) {
        if self.errors.len() >= MOST_ERRORS {
            return;
        }
        let path: Box<[Json]> = self
            .path
            .iter()
            .map(|step| match step {
                Step::Field(name) => Json::from(*name),
                Step::Item(index) => Json::from(*index),
            })
            .collect();
        if let Some(detail) = &fault.detail {
            let plugin = plugin.map_or("", PluginId::as_str);
            tracing::warn!(request = %self.execution.scope.request, plugin, code = %fault.code, detail, path = %Json::from(path.to_vec()), "a field failed");
        }
        self.errors.push(GraphError { path, ..GraphError::from_fault(fault, plugin) });
    }
}

/// Finds an object's fields, starting after the last one found.
struct Finder<'a> {
    tape: &'a Tape,
    object: NodeId,
    /// A key node, or the end of the object.
    at: NodeId,
    end: NodeId,
}

impl<'a> Finder<'a> {
    fn new(tape: &'a Tape, object: NodeId) -> Self {
        Self { tape, object, at: object.saturating_add(1), end: tape.end(object) }
    }

    fn find(&mut self, name: &str) -> Option<NodeId> {
        let first = self.object.saturating_add(1);
        self.search(self.at, self.end, name).or_else(|| self.search(first, self.at, name))
    }

    fn search(&mut self, from: NodeId, to: NodeId, name: &str) -> Option<NodeId> {
        let mut at = from;
        while at < to {
            let value = at.saturating_add(1);
            let next = self.tape.end(value);
            if self.tape.key_is(self.tape.node(at), name) {
                self.at = next;
                return Some(value);
            }
            at = next;
        }
        None
    }
}
