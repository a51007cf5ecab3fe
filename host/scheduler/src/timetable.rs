//! Where each session is.

use crate::problem::{Place, Problem, SessionIndex};

/// Where each session of a problem is, if anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// By session.
    pub places: Vec<Option<Place>>,
}

impl Timetable {
    /// A timetable in which nothing is placed yet.
    pub fn empty(problem: &Problem) -> Self {
        Self { places: vec![None; problem.sessions.len()] }
    }

    /// Where a session is.
    pub fn place(&self, session: SessionIndex) -> Option<Place> {
        self.places.get(session as usize).copied().flatten()
    }

    /// Sessions without a place.
    pub fn unplaced(&self) -> impl Iterator<Item = SessionIndex> + '_ {
        (0u32..).zip(&self.places).filter(|(_, place)| place.is_none()).map(|(session, _)| session)
    }
}
