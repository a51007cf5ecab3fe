//! What plugins answered, kept until the response is written.

use std::sync::Arc;

use conman_kernel::fault::{Fault, code};

use crate::json::{NodeId, Tape};
use crate::operation::plan::BatchId;

/// One call's answer: of a root field one value, of a batch one for each parent.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) tape: Tape,
    pub(crate) values: Vec<Result<NodeId, Fault>>,
}

impl Answer {
    /// Reads one value.
    pub(crate) fn single(text: String) -> Result<Self, Fault> {
        let mut tape = Tape::default();
        let value = tape.add(text).map_err(not_json)?;
        Ok(Self { tape, values: vec![Ok(value)] })
    }

    /// Reads one value for each parent; one that is no JSON is that parent's fault alone.
    pub(crate) fn of_batch(items: Vec<Result<String, Fault>>) -> Self {
        let mut tape = Tape::default();
        let values = items.into_iter().map(|item| item.and_then(|text| tape.add(text).map_err(not_json))).collect();
        Self { tape, values }
    }
}

fn not_json(bad: crate::json::BadJson) -> Fault {
    Fault::new(code::BAD_ANSWER, format!("the plugin answered something that is no JSON: {bad}"))
}

/// What became of one batch.
#[derive(Debug)]
pub(crate) struct BatchOutcome {
    /// For each parent, by its place in the answer it stands in, which item is its own. In ascending order.
    pub(crate) slots: Vec<(NodeId, u32)>,
    pub(crate) answer: Result<Answer, Fault>,
}

/// What became of all batches of one root field. Those that never ran are absent.
#[derive(Debug, Default, Clone)]
pub(crate) struct Outcomes(Vec<Option<Arc<BatchOutcome>>>);

impl Outcomes {
    pub(crate) fn put(&mut self, batch: BatchId, outcome: BatchOutcome) {
        if self.0.len() <= batch {
            self.0.resize(batch + 1, None);
        }
        if let Some(place) = self.0.get_mut(batch) {
            *place = Some(Arc::new(outcome));
        }
    }

    pub(crate) fn get(&self, batch: BatchId) -> Option<&BatchOutcome> {
        self.0.get(batch)?.as_deref()
    }
}

impl BatchOutcome {
    /// Which item of the answer is the parent's.
    pub(crate) fn slot(&self, parent: NodeId) -> Option<usize> {
        let place = self.slots.binary_search_by_key(&parent, |(node, _)| *node).ok()?;
        self.slots.get(place).map(|(_, slot)| *slot as usize)
    }
}
