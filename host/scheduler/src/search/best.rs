//! The best timetable so far, brought up to date by what has changed since.

use super::state::State;
use crate::problem::Place;

/// The best timetable so far.
pub(crate) struct Best {
    places: Vec<Option<Place>>,
    rank: (u32, i64),
    touched: Vec<u32>,
}

impl Best {
    pub(crate) fn new(state: &mut State<'_>) -> Self {
        let mut touched = Vec::new();
        state.drain_touched(&mut touched);
        Self { places: state.places(), rank: state.rank(), touched }
    }

    /// Takes over what a state is, if it is better.
    pub(crate) fn offer(&mut self, state: &mut State<'_>) -> bool {
        if state.rank() >= self.rank {
            return false;
        }
        self.rank = state.rank();
        state.drain_touched(&mut self.touched);
        for &session in &self.touched {
            self.places[session as usize] = state.place(session);
        }
        true
    }

    pub(crate) fn places(&self) -> &[Option<Place>] {
        &self.places
    }

    /// Sessions without a place, and the soft cost of the others: the less, the better.
    pub(crate) fn rank(&self) -> (u32, i64) {
        self.rank
    }
}
