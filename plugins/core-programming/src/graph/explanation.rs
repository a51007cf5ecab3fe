//! Why a plan is as it is: sessions without a place, and broken wishes with what would mend them.

use std::collections::{HashMap, HashSet};

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{Blocker, Mend, Move, Wish};

use super::plans::long;
use super::sessions::Reading;
use super::{Wants, people, rooms};
use crate::scheduling::calendar::Calendar;
use crate::scheduling::words::{self, Names, Words};
use crate::schema::*;
use crate::store::View;

/// What those are who are not there any more: programmes change while plans lie there.
const A_SESSION: &str = "a session";
const A_PERSON: &str = "somebody";
const A_ROOM: &str = "a room";

/// Sessions without a place, and why.
///
/// # Errors
/// The database's.
pub fn unplaced(ctx: &Context, calendar: &Calendar, left: &[(&str, &[Blocker])]) -> Result<Vec<SchedulePlanUnplaced>> {
    let mut sessions: HashMap<String, Session> = Reading::new(ctx, View::Draft, "unplaced.session.")
        .by_id(left.iter().map(|(session, _)| *session))?
        .into_iter()
        .map(|session| (session.id.clone(), session))
        .collect();
    let reasons = || left.iter().flat_map(|(_, reasons)| *reasons);
    let members = Members::read(
        ctx,
        ["unplaced.reasons.sessions.", "unplaced.reasons.people."],
        reasons().map(|reason| [&reason.sessions, &reason.people, &reason.rooms]),
    )?;
    let mut names = names(reasons().map(|reason| reason.detail.as_str()))?;
    names.gone(reasons().flat_map(|reason| &reason.sessions), A_SESSION);
    names.gone(reasons().flat_map(|reason| &reason.people), A_PERSON);
    names.gone(reasons().flat_map(|reason| &reason.rooms), A_ROOM);
    let words = Words { calendar, convention: &ctx.convention, names: &names };
    let reason = |reason: &Blocker| SchedulePlanReason {
        constraint: reason.constraint.clone(),
        detail: words.said(&reason.detail),
        proven: reason.proven,
        sessions: members.sessions(&reason.sessions),
        people: members.people(&reason.people),
        rooms: members.rooms(&reason.rooms),
    };
    let one = |(session, reasons): &(&str, &[Blocker])| {
        let mut reasons: Vec<SchedulePlanReason> = reasons.iter().map(reason).collect();
        if reasons.is_empty() {
            reasons.push(unexplained());
        }
        Some(SchedulePlanUnplaced { session: sessions.remove(*session)?, reasons })
    };
    Ok(left.iter().filter_map(one).collect())
}

/// What is said where the host tells no reason: it seeks proofs for the first two hundred.
pub(super) fn unexplained() -> SchedulePlanReason {
    SchedulePlanReason {
        constraint: "no_place".to_owned(),
        detail: "No room that would do is free at a time its people have, as everything else is placed.".to_owned(),
        proven: false,
        sessions: Vec::new(),
        people: Vec::new(),
        rooms: Vec::new(),
    }
}

/// Broken wishes, in their order.
///
/// # Errors
/// The database's.
pub fn wishes(ctx: &Context, calendar: &Calendar, wishes: &[Wish]) -> Result<Vec<SchedulePlanWish>> {
    let members = Members::read(
        ctx,
        ["wishes.sessions.", "wishes.people."],
        wishes.iter().map(|wish| [&wish.sessions, &wish.people, &wish.rooms]),
    )?;
    let mends = || wishes.iter().filter_map(|wish| wish.mend.found());
    let moves = || mends().flat_map(|(moves, _)| moves);
    let moved: [Vec<String>; 3] =
        [moves().map(|one| one.session.clone()).collect(), Vec::new(), moves().map(|one| one.room.clone()).collect()];
    let moved = Members::read(ctx, ["wishes.mend.moves.session.", ""], [moved.each_ref()].into_iter())?;
    let mut names = names(wishes.iter().map(|wish| wish.text.as_str()).chain(mends().map(|(_, text)| text)))?;
    names.gone(wishes.iter().flat_map(|wish| &wish.sessions).chain(moves().map(|one| &one.session)), A_SESSION);
    names.gone(wishes.iter().flat_map(|wish| &wish.people), A_PERSON);
    names.gone(wishes.iter().flat_map(|wish| &wish.rooms).chain(moves().map(|one| &one.room)), A_ROOM);
    let words = Words { calendar, convention: &ctx.convention, names: &names };
    let mend = |mend: &Mend| {
        let Mend::Found { moves, change, left, text } = mend else { return None };
        let one = |one: &Move| {
            Some(SchedulePlanMove {
                session: moved.sessions.get(&one.session)?.clone(),
                room: moved.rooms.get(&one.room).cloned(),
                start: ctx.convention.local(calendar.instant(one.start)?),
            })
        };
        let moves = moves.iter().filter_map(one).collect();
        Some(SchedulePlanMend { text: words.said(text), moves, change: *change, left: long(*left) })
    };
    let shown = |wish: &Wish| SchedulePlanWish {
        constraint: wish.constraint.clone(),
        text: words.said(&wish.text),
        cost: long(wish.cost),
        sessions: members.sessions(&wish.sessions),
        people: members.people(&wish.people),
        rooms: members.rooms(&wish.rooms),
        mend_sought: wish.mend != Mend::NotSought,
        mend: mend(&wish.mend),
    };
    Ok(wishes.iter().map(shown).collect())
}

/// Whom and what explanations are about.
struct Members {
    sessions: HashMap<String, Session>,
    people: HashMap<String, Person>,
    rooms: HashMap<String, Room>,
}

impl Members {
    /// Reads the sessions, people and rooms of some lists; what is selected of the first two stands below these prefixes.
    fn read<'l>(
        ctx: &Context,
        [below_sessions, below_people]: [&'static str; 2],
        lists: impl Iterator<Item = [&'l Vec<String>; 3]>,
    ) -> Result<Self> {
        let mut ids: [HashSet<&str>; 3] = Default::default();
        for lists in lists {
            for (ids, list) in ids.iter_mut().zip(lists) {
                ids.extend(list.iter().map(String::as_str));
            }
        }
        let [sessions, persons, places] = ids;
        let sessions = Reading::new(ctx, View::Draft, below_sessions).by_id(sessions)?;
        Ok(Self {
            sessions: sessions.into_iter().map(|session| (session.id.clone(), session)).collect(),
            people: people::by_id(&Wants::below(ctx, below_people), View::Draft, persons)?.into_iter().collect(),
            rooms: rooms::rooms_by_id(View::Draft, places)?.into_iter().collect(),
        })
    }

    fn sessions(&self, ids: &[String]) -> Vec<Session> {
        ids.iter().filter_map(|id| self.sessions.get(id)).cloned().collect()
    }

    fn people(&self, ids: &[String]) -> Vec<Person> {
        ids.iter().filter_map(|id| self.people.get(id)).cloned().collect()
    }

    fn rooms(&self, ids: &[String]) -> Vec<Room> {
        ids.iter().filter_map(|id| self.rooms.get(id)).cloned().collect()
    }
}

/// What is called how in these sentences.
fn names<'s>(sentences: impl Iterator<Item = &'s str>) -> Result<Names> {
    let [sessions, others] = called(&sentences.flat_map(words::quoted).collect())?;
    let mut names = Names::default();
    names.sessions(sessions);
    names.others(others);
    Ok(names)
}

/// The titles of sessions, and the names of rooms and people.
///
/// # Errors
/// The database's.
pub(super) fn called(ids: &HashSet<&str>) -> Result<[Vec<(String, String)>; 2]> {
    let read = |sql: &str| -> Result<Vec<(String, String)>> { database::query_in(sql, params![], ids) };
    let sessions = read("SELECT id, title FROM session_draft WHERE id IN ($keys)")?;
    let mut others = read("SELECT id, name FROM room WHERE id IN ($keys)")?;
    others.extend(read("SELECT id, name FROM person WHERE id IN ($keys)")?);
    Ok([sessions, others])
}
