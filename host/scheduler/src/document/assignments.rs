//! Reads where sessions are: a problem's `incumbent` and a solution's `assignments` are lists of the same kind.

use super::fields::Fields;
use super::flaw::{Report, Stop};
use super::limits;
use super::names::Names;
use super::outline::Outline;
use super::place::quoted;
use crate::problem::{Place, Slot};

const KEYS: &[&str] = &["session", "start", "room"];

/// Where each of `count` sessions is, by session; if there is a `horizon`, before it.
pub(super) fn read(
    outline: &Outline<'_>,
    key: &'static str,
    horizon: Option<Slot>,
    count: usize,
    (sessions, rooms): (&Names<'_>, &Names<'_>),
    report: &mut Report,
) -> Result<Vec<Option<Place>>, Stop> {
    let mut places = vec![None; count];
    outline.each(key, report, |place, _, node, report| {
        let Some(fields) = Fields::of(node, *place, KEYS, report) else { return Ok(()) };
        let session =
            fields.needed("session", report).and_then(|node| sessions.find(node, &fields.at("session"), report));
        let start = fields.needed("start", report).map_or(0, |node| match horizon {
            Some(horizon) => report.slot(node, &fields.at("start"), horizon),
            None => report.whole(node, &fields.at("start"), 0..=limits::NUMBER),
        });
        let room = fields.needed("room", report).and_then(|node| rooms.find(node, &fields.at("room"), report));
        let (Some(session), Some(room)) = (session, room) else { return Ok(()) };
        let Some(given) = places.get_mut(session as usize) else { return Ok(()) };
        if given.is_some() {
            let id = fields.needed_text("session", report);
            report.add(place, format_args!("{} is in this list twice", quoted(&id)), format_args!("name it once"));
        }
        *given = Some(Place { start, room });
        Ok(())
    })?;
    Ok(places)
}
