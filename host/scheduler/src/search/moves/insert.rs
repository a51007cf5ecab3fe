//! A place for a session that has none.

use super::Walker;
use crate::search::construct;

impl Walker<'_> {
    /// Puts a session where it is cheapest, if it fits anywhere.
    pub(super) fn insert(&mut self, session: u32) {
        if let Some((place, price)) = construct::cheapest(&self.state, session, &mut self.starts, &mut self.rooms) {
            self.state.put(session, place, price);
            self.state.keep();
        }
    }
}
