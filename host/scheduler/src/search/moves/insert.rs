//! A place for a session that has none.

use super::Walker;
use crate::search::construct;

impl Walker<'_> {
    /// Puts a session where it is cheapest, if it fits anywhere; else proposes to put it where others are.
    pub(super) fn insert(&mut self, session: u32) {
        match construct::cheapest(&self.state, session, &mut self.starts, &mut self.rooms) {
            Some((place, price)) => {
                self.state.put(session, place, price);
                self.state.keep();
            }
            None => self.displace(session),
        }
    }
}
