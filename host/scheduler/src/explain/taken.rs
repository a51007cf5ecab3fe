//! What stands in a session's way now, where nothing proves that it cannot be placed.

use std::collections::BTreeMap;

use super::blockers::{About, Cause};
use super::domain::Domains;
use super::standing::{InTheWay, Standing, Why};
use super::words::Words;
use crate::check::Constraint;
use crate::problem::{Place, SessionIndex};

/// So many places of a session are looked at.
const PLACES: usize = 20_000;
/// For so many sessions that are alone in the way another place is looked for.
const TRIED: usize = 40;

/// A place that is free for a session, so that nothing keeps it from having one but the end of the search.
pub(super) fn free(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex) -> Option<Cause> {
    let words = Words(standing.problem);
    let is_free = |place: &Place| standing.is_free(&[(session, *place)]);
    let place = places_of(standing, domains, session).find(is_free)?;
    let detail = format!("{} is free for it; search longer", words.place(place));
    let about = About { sessions: vec![session], rooms: vec![place.room], ..About::default() };
    Some(Cause { proven: false, ..Cause::new("none", detail, about) })
}

/// Who is in the way of a session that has no free place.
pub(super) fn cause(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex) -> Cause {
    let words = Words(standing.problem);
    let mut places = 0u32;
    let mut alone: Vec<(Place, InTheWay)> = Vec::new();
    let mut by_why: BTreeMap<&'static str, u32> = BTreeMap::new();
    for place in places_of(standing, domains, session) {
        places += 1;
        let mut others = standing.in_the_way(session, place);
        others.sort_unstable();
        others.iter().map(|other| constraint(other.why).name()).for_each(|name| *by_why.entry(name).or_default() += 1);
        let whys = others.clone();
        others.dedup_by_key(|other| other.who);
        if let [_] = others.as_slice() {
            alone.extend(whys.first().map(|one| (place, *one)));
        }
    }
    let most = by_why.iter().max_by_key(|(_, count)| **count).map(|(name, _)| *name);
    let needs = match alone.len() {
        0 => "each would need several sessions to move".to_owned(),
        1 => "1 would need only one session to move".to_owned(),
        many => format!("{many} would need only one session to move"),
    };
    let mut detail =
        format!("no free place was found, although counting does not rule it out; of its {places} places {needs}");
    let mut about = About { sessions: vec![session], ..About::default() };
    let out = alone.iter().take(TRIED).find_map(|(place, other)| {
        let change = |to: Place| [(session, *place), (other.who, to)];
        let to = places_of(standing, domains, other.who).find(|to| standing.is_free(&change(*to)))?;
        Some((*place, other.who, to))
    });
    match (out, alone.first()) {
        (Some((place, who, to)), _) => {
            let (who_name, to) = (words.session(who), words.place(to));
            detail = format!("{detail}: {who_name} could move to {to} and leave it {}", words.place(place));
            about.sessions.push(who);
        }
        (None, Some((place, other))) => {
            detail = format!("{detail}, such as {}, which has {}", words.session(other.who), words.place(*place));
            about.sessions.push(other.who);
        }
        (None, None) => {}
    }
    Cause { proven: false, ..Cause::new(most.unwrap_or("room_busy"), detail, about) }
}

/// The places of a session that are looked at.
fn places_of(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex) -> impl Iterator<Item = Place> {
    let domain = domains.of(session).as_ref().clone();
    let places = domain
        .into_iter()
        .flat_map(|(room, starts)| starts.into_iter().flatten().map(move |start| Place { start, room }));
    places.take(PLACES).take_while(|_| (standing.go_on)())
}

fn constraint(why: Why) -> Constraint {
    match why {
        Why::Room => Constraint::RoomBusy,
        Why::Person(_) => Constraint::PersonBusy,
        Why::Conflict => Constraint::Conflict,
        Why::After => Constraint::After,
    }
}
