//! The events this plugin emits, for subscriptions and for other plugins. Lists are cut into pieces, because a call may emit
//! only so many events and an event should stay small.

use conman_sdk::prelude::*;

use crate::rules::entry::State;

/// Items per event.
const PIECE: usize = 100;

/// `volunteer.shift.changed`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShiftsChanged {
    pub(crate) shifts: Vec<ShiftChange>,
}

/// One shift and what happened to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShiftChange {
    pub(crate) id: String,
    pub(crate) change: Change,
}

/// What happened to a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    Created,
    Changed,
    Moved,
    Cancelled,
    Removed,
}

/// `volunteer.entry.signed-up`, `volunteer.entry.withdrawn`, `volunteer.entry.changed`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EntryChanged {
    pub(crate) entry: String,
    pub(crate) shift: String,
    pub(crate) role: String,
    pub(crate) account: String,
    pub(crate) state: String,
}

/// `volunteer.entry.flagged`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EntriesFlagged {
    pub(crate) entries: Vec<FlaggedEntry>,
}

/// One entry and why it is flagged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FlaggedEntry {
    pub(crate) entry: String,
    pub(crate) shift: String,
    pub(crate) account: String,
    pub(crate) code: String,
    pub(crate) reason: String,
}

/// Tells of shifts.
pub(crate) fn shifts(changes: &[ShiftChange]) -> Result<()> {
    for piece in changes.chunks(PIECE) {
        events::emit("volunteer.shift.changed", "shifts", &ShiftsChanged { shifts: piece.to_vec() })?;
    }
    Ok(())
}

/// Tells of one shift.
pub(crate) fn shift(id: &str, change: Change) -> Result<()> {
    shifts(&[ShiftChange { id: id.to_owned(), change }])
}

/// Tells of one entry; `what` is the topic's last word.
pub(crate) fn entry(what: EntryEvent, entry: &crate::stored::entry::EntryRow, state: State) -> Result<()> {
    let payload = EntryChanged {
        entry: entry.id.clone(),
        shift: entry.shift_id.clone(),
        role: entry.role_id.clone(),
        account: entry.account_id.clone(),
        state: state.as_str().to_owned(),
    };
    events::emit(what.topic(), &entry.shift_id, &payload)?;
    Ok(())
}

/// Tells of flags.
pub(crate) fn flagged(entries: &[FlaggedEntry]) -> Result<()> {
    for piece in entries.chunks(PIECE) {
        events::emit("volunteer.entry.flagged", "flags", &EntriesFlagged { entries: piece.to_vec() })?;
    }
    Ok(())
}

/// What happened to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryEvent {
    SignedUp,
    Withdrawn,
    Changed,
}

impl EntryEvent {
    const fn topic(self) -> &'static str {
        match self {
            Self::SignedUp => "volunteer.entry.signed-up",
            Self::Withdrawn => "volunteer.entry.withdrawn",
            Self::Changed => "volunteer.entry.changed",
        }
    }
}
