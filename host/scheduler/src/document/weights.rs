//! Reads `weights`.

use super::fields::Fields;
use super::flaw::{Report, Stop};
use super::limits;
use super::outline::Outline;
use super::place::Place;
use super::tape::Tape;
use crate::cost::Terms;
use crate::problem::Weights;

pub(super) fn read(outline: &Outline<'_>, report: &mut Report) -> Result<Weights, Stop> {
    let mut weights = Weights::default();
    let mut tape = Tape::default();
    let node = outline.section("weights", &mut tape, report)?.filter(|node| !node.is_null());
    let Some(node) = node else { return Ok(weights) };
    let known = Terms::names();
    let Some(fields) = Fields::of(node, Place::DOCUMENT.key("weights"), &known, report) else { return Ok(weights) };
    for (key, weight) in [
        ("overlap", &mut weights.overlap),
        ("overflow", &mut weights.overflow),
        ("missing_day", &mut weights.missing_day),
        ("isolated", &mut weights.isolated),
        ("extra_room", &mut weights.extra_room),
        ("unpreferred", &mut weights.unpreferred),
        ("over_day_limit", &mut weights.over_day_limit),
        ("short_gap", &mut weights.short_gap),
        ("moved_time", &mut weights.moved_time),
        ("moved_room", &mut weights.moved_room),
    ] {
        if let Some(given) = fields.whole(key, 0..=limits::NUMBER, report) {
            *weight = given;
        }
    }
    Ok(weights)
}
