//! What a problem may have at most, so that no document can exhaust the memory or overflow a cost.

/// Sessions.
pub const SESSIONS: usize = 100_000;
/// Rooms.
pub const ROOMS: usize = 10_000;
/// People.
pub const PEOPLE: usize = 200_000;
/// Groups.
pub const GROUPS: usize = 200_000;
/// Names of features.
pub const FEATURES: usize = 10_000;
/// Slots of the event: 14 days by minutes.
pub const HORIZON: u32 = 20_160;
/// Sessions times slots. A search keeps tables by these and by the next five, a few bytes for each entry.
pub const SESSION_SLOTS: u64 = 50_000_000;
/// Sessions times rooms.
pub const SESSION_ROOMS: u64 = 20_000_000;
/// Rooms times slots.
pub const ROOM_SLOTS: u64 = 20_000_000;
/// People times slots.
pub const PERSON_SLOTS: u64 = 50_000_000;
/// Groups times slots.
pub const GROUP_SLOTS: u64 = 10_000_000;
/// Groups times rooms.
pub const GROUP_ROOMS: u64 = 20_000_000;
/// Different lengths of sessions, times rooms, times slots: for each length it is worked out when each room is open for it.
pub const LENGTH_ROOM_SLOTS: u64 = 2_000_000_000;
/// Sessions that one is in conflict with.
pub const CONFLICTS_OF_SESSION: u32 = 65_535;
/// Pairs of `overlap`, as many of `conflicts`.
pub const PAIRS: usize = 12_000_000;
/// References in the lists of sessions and groups, and ranges, all together.
pub const ENTRIES: usize = 20_000_000;
/// References in `after`, all together.
pub const AFTER: usize = 1_000_000;
/// Seats of a room, and a session's audience.
pub const SEATS: u32 = 1_000_000_000;
/// Weights, the numbers of `overlap`, and every other number.
pub const NUMBER: u32 = 1_000_000;
/// What all pairs of one session can cost together.
pub const OVERLAP_OF_SESSION: u64 = 1_000_000_000;
/// What all slots of one session can cost together that its people do not prefer.
pub const UNPREFERRED_OF_SESSION: u64 = 1_000_000_000;
/// Bytes of a document.
pub const BYTES: usize = 1 << 30;
/// Bytes of a text in it.
pub const TEXT_BYTES: usize = 10_000;
