//! Reads `rooms`.

use super::fields::Fields;
use super::flaw::{Report, Stop};
use super::limits;
use super::names::{Features, Names};
use super::outline::Outline;
use crate::problem::{Calendar, Room};

const KEYS: &[&str] = &["id", "capacity", "features", "open"];

pub(super) fn read<'de>(
    outline: &Outline<'de>,
    calendar: Calendar,
    features: &mut Features<'de>,
    report: &mut Report,
) -> Result<(Vec<Room>, Names<'de>), Stop> {
    let mut rooms = Vec::new();
    let mut names = Names::new("room", "rooms");
    outline.needs("rooms", report);
    outline.each("rooms", report, |place, position, node, report| {
        if position >= limits::ROOMS {
            return Err(report.beyond(place, "rooms", limits::ROOMS));
        }
        let Some(fields) = Fields::of(node, *place, KEYS, report) else {
            names.miss();
            return Ok(());
        };
        rooms.push(Room {
            id: names.read(&fields, position, report),
            capacity: fields.needed_whole("capacity", 0..=limits::SEATS, report),
            features: features.of(&fields, report)?,
            open: fields.ranges("open", calendar.horizon(), report).unwrap_or_else(|| always(calendar)),
        });
        Ok(())
    })?;
    Ok((rooms, names))
}

/// The whole event.
#[expect(clippy::single_range_in_vec_init, reason = "one range of slots")]
pub(super) fn always(calendar: Calendar) -> Vec<std::ops::Range<u32>> {
    vec![0..calendar.horizon()]
}
