//! For each session and each start it could have: what the others, where they are, make it cost, and how many of them forbid it.

use crate::search::bits::BitRows;
use crate::search::memory::Measures;
use crate::search::model::Model;

/// The table of starts. It knows each session where it was when it was last told.
#[cfg_attr(debug_assertions, derive(PartialEq))]
pub(super) struct Pressure {
    horizon: usize,
    /// What a start costs; with what the session brings along by itself.
    cost: Vec<u32>,
    /// How many sessions in conflict with this one are there. Empty where there are no conflicts.
    count: Vec<u16>,
    /// By session: starts with a count.
    blocked: BitRows,
}

impl Pressure {
    /// What it takes of memory.
    pub(super) fn bytes(of: &Measures) -> u64 {
        let counted = if of.conflicts == 0 { 0 } else { of.sessions };
        of.sessions * of.slots * 4 + counted * of.slots * 2 + BitRows::bytes(counted, of.slots)
    }

    pub(super) fn new(model: &Model<'_>) -> Self {
        let cells = if model.conflicts.is_empty() { 0 } else { model.sessions * model.horizon };
        Self {
            horizon: model.horizon,
            cost: model.start_cost.clone(),
            count: vec![0; cells],
            blocked: BitRows::new(if cells == 0 { 0 } else { model.sessions }, model.horizon),
        }
    }

    pub(super) fn cost(&self, session: usize, start: u32) -> u32 {
        self.cost[session * self.horizon + start as usize]
    }

    /// What each start of a session costs.
    pub(super) fn costs(&self, session: usize) -> &[u32] {
        &self.cost[session * self.horizon..(session + 1) * self.horizon]
    }

    /// How many sessions forbid a start.
    pub(super) fn count(&self, session: usize, start: u32) -> u16 {
        if self.count.is_empty() { 0 } else { self.count[session * self.horizon + start as usize] }
    }

    /// Takes the starts that somebody forbids out of a row.
    pub(super) fn remove_blocked(&self, session: usize, starts: &mut [u64]) {
        if !self.count.is_empty() {
            starts.iter_mut().zip(self.blocked.row(session)).for_each(|(word, blocked)| *word &= !blocked);
        }
    }

    /// Learns that a session has gone from one start to another; `None`: it has no place.
    pub(super) fn learn(&mut self, model: &Model<'_>, session: usize, from: Option<u32>, to: Option<u32>) {
        let duration = model.shape[session].duration;
        for &(other, weight) in model.neighbours.of(session) {
            let other = other as usize;
            let row = &mut self.cost[other * self.horizon..(other + 1) * self.horizon];
            let length = model.shape[other].duration;
            if let Some(from) = from {
                let touching = touching(from, duration, length, row.len());
                row[touching].iter_mut().for_each(|cost| *cost -= weight);
            }
            if let Some(to) = to {
                let touching = touching(to, duration, length, row.len());
                row[touching].iter_mut().for_each(|cost| *cost += weight);
            }
        }
        for &other in model.conflicts.of(session) {
            let other = other as usize;
            let length = model.shape[other].duration;
            if let Some(from) = from {
                for start in touching(from, duration, length, self.horizon) {
                    let count = &mut self.count[other * self.horizon + start];
                    *count -= 1;
                    if *count == 0 {
                        self.blocked.remove(other, start);
                    }
                }
            }
            if let Some(to) = to {
                for start in touching(to, duration, length, self.horizon) {
                    let count = &mut self.count[other * self.horizon + start];
                    *count += 1;
                    if *count == 1 {
                        self.blocked.insert(other, start);
                    }
                }
            }
        }
    }
}

/// The starts at which something of `length` shares a slot with `start..start + duration`.
fn touching(start: u32, duration: u32, length: u32, horizon: usize) -> std::ops::Range<usize> {
    (start + 1).saturating_sub(length) as usize..((start + duration) as usize).min(horizon)
}
