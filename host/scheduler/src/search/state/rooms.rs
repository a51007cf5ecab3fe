//! Which rooms are free when, and who is in them.

use std::ops::Range;

use crate::search::bits::{self, BitRows};
use crate::search::memory::Measures;
use crate::search::model::{Model, NONE};

/// Rooms over time. The same facts two ways: moves ask for the free rooms of a slot, and for who is in the way.
#[cfg_attr(debug_assertions, derive(PartialEq))]
pub(super) struct RoomState {
    /// By slot: rooms that are open and nobody has.
    free_rooms: BitRows,
    /// By room and slot: who has it.
    occupant: Vec<u32>,
    horizon: usize,
}

impl RoomState {
    /// What it takes of memory.
    pub(super) fn bytes(of: &Measures) -> u64 {
        BitRows::bytes(of.slots, of.rooms) + of.rooms * of.slots * 4
    }

    pub(super) fn new(model: &Model<'_>) -> Self {
        let mut free_rooms = BitRows::new(model.horizon, model.rooms);
        for room in 0..model.rooms {
            for slot in bits::ones(model.open.row(room)) {
                free_rooms.insert(slot, room);
            }
        }
        Self { free_rooms, occupant: vec![NONE; model.rooms * model.horizon], horizon: model.horizon }
    }

    pub(super) fn take(&mut self, room: usize, footprint: Range<usize>, session: u32) {
        self.occupant[room * self.horizon + footprint.start..room * self.horizon + footprint.end].fill(session);
        for slot in footprint {
            self.free_rooms.remove(slot, room);
        }
    }

    pub(super) fn release(&mut self, room: usize, footprint: Range<usize>) {
        self.occupant[room * self.horizon + footprint.start..room * self.horizon + footprint.end].fill(NONE);
        for slot in footprint {
            self.free_rooms.insert(slot, room);
        }
    }

    pub(super) fn is_free(&self, room: usize, footprint: Range<usize>) -> bool {
        footprint.into_iter().all(|slot| bits::has(self.free_rooms.row(slot), room))
    }

    /// Leaves in `rooms` those that are free throughout.
    pub(super) fn keep_free(&self, rooms: &mut [u64], footprint: Range<usize>) {
        for slot in footprint {
            rooms.iter_mut().zip(self.free_rooms.row(slot)).for_each(|(word, free)| *word &= free);
        }
    }

    /// Who has a room, in order of time; each once.
    pub(super) fn occupants(&self, room: usize, footprint: Range<usize>) -> impl Iterator<Item = u32> + '_ {
        let mut last = NONE;
        self.occupant[room * self.horizon + footprint.start..room * self.horizon + footprint.end]
            .iter()
            .copied()
            .filter(move |&who| {
                let other = who != last && who != NONE;
                last = who;
                other
            })
    }
}
