//! The timetable as it stands, explained in one document: for programmes that are too large for a query.

use std::collections::{HashMap, HashSet};

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{Blocked, Blocker, Cost, Mend, Move, Wish};

use super::documents::{Explained, explained};
use super::explanation::{called, unexplained};
use crate::scheduling::calendar::Calendar;
use crate::scheduling::words::{self, Names, Words};
use crate::schema::*;

/// So many rows are left for names. What is explained is about fewer sessions, rooms and people than that.
const NAMED: usize = 4_000;

/// The document. Its fields are called as those of `ScheduleExplanation` are.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    cost: Cost,
    unplaced: Vec<Left>,
    wishes: Vec<Broken>,
    more_wishes: u64,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Left {
    session: Titled,
    reasons: Vec<Reason>,
}

#[derive(Serialize)]
struct Reason {
    constraint: String,
    detail: String,
    proven: bool,
    sessions: Vec<Titled>,
    people: Vec<Named>,
    rooms: Vec<Named>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Broken {
    constraint: String,
    text: String,
    cost: u64,
    sessions: Vec<Titled>,
    people: Vec<Named>,
    rooms: Vec<Named>,
    mend_sought: bool,
    mend: Option<Mended>,
}

#[derive(Serialize)]
struct Mended {
    text: String,
    moves: Vec<Moved>,
    change: i64,
    left: u64,
}

#[derive(Serialize)]
struct Moved {
    session: Titled,
    room: Option<Named>,
    start: DateTime,
}

#[derive(Serialize)]
struct Titled {
    id: String,
    title: String,
}

#[derive(Serialize)]
struct Named {
    id: String,
    name: String,
}

/// Why the timetable costs what it does as it stands.
///
/// # Errors
/// The scheduler's; the database's; `quota` when it is larger than one call may read.
pub fn report(ctx: &Context) -> Result<Report> {
    let Explained { calendar, cost, unplaced, wishes, more_wishes, notes } = explained(ctx, NAMED)?;
    let [titles, others] = called(&about(&unplaced, &wishes))?;
    let mut names = Names::default();
    names.sessions(titles.iter().cloned());
    names.others(others.iter().cloned());
    let writing = Writing {
        ctx,
        calendar: &calendar,
        words: Words { calendar: &calendar, convention: &ctx.convention, names: &names },
        titles: titles.into_iter().collect(),
        names: others.into_iter().collect(),
    };
    Ok(Report {
        cost,
        unplaced: unplaced.iter().filter_map(|left| writing.left(left)).collect(),
        wishes: wishes.iter().map(|wish| writing.broken(wish)).collect(),
        more_wishes,
        notes,
    })
}

/// All that is named.
fn about<'e>(unplaced: &'e [Blocked], wishes: &'e [Wish]) -> HashSet<&'e str> {
    let reasons = || unplaced.iter().flat_map(|left| &left.reasons);
    let mends = || wishes.iter().filter_map(|wish| wish.mend.found());
    let lists = reasons()
        .flat_map(|reason| [&reason.sessions, &reason.people, &reason.rooms])
        .chain(wishes.iter().flat_map(|wish| [&wish.sessions, &wish.people, &wish.rooms]));
    let sentences = reasons()
        .map(|reason| &reason.detail)
        .chain(wishes.iter().map(|wish| &wish.text))
        .map(String::as_str)
        .chain(mends().map(|(_, text)| text));
    lists
        .flatten()
        .chain(unplaced.iter().map(|left| &left.session))
        .chain(mends().flat_map(|(moves, _)| moves).flat_map(|one| [&one.session, &one.room]))
        .map(String::as_str)
        .chain(sentences.flat_map(words::quoted))
        .collect()
}

struct Writing<'w> {
    ctx: &'w Context,
    calendar: &'w Calendar,
    words: Words<'w>,
    titles: HashMap<String, String>,
    names: HashMap<String, String>,
}

impl Writing<'_> {
    fn left(&self, left: &Blocked) -> Option<Left> {
        let mut reasons: Vec<Reason> = left.reasons.iter().map(|reason| self.reason(reason)).collect();
        if reasons.is_empty() {
            let SchedulePlanReason { constraint, detail, proven, .. } = unexplained();
            let (sessions, people, rooms) = Default::default();
            reasons.push(Reason { constraint, detail, proven, sessions, people, rooms });
        }
        Some(Left { session: self.titled(&left.session)?, reasons })
    }

    fn reason(&self, reason: &Blocker) -> Reason {
        Reason {
            constraint: reason.constraint.clone(),
            detail: self.words.said(&reason.detail),
            proven: reason.proven,
            sessions: self.all_titled(&reason.sessions),
            people: self.all_named(&reason.people),
            rooms: self.all_named(&reason.rooms),
        }
    }

    fn broken(&self, wish: &Wish) -> Broken {
        Broken {
            constraint: wish.constraint.clone(),
            text: self.words.said(&wish.text),
            cost: wish.cost,
            sessions: self.all_titled(&wish.sessions),
            people: self.all_named(&wish.people),
            rooms: self.all_named(&wish.rooms),
            mend_sought: wish.mend != Mend::NotSought,
            mend: self.mended(&wish.mend),
        }
    }

    fn mended(&self, mend: &Mend) -> Option<Mended> {
        let Mend::Found { moves, change, left, text } = mend else { return None };
        let moved = |one: &Move| {
            Some(Moved {
                session: self.titled(&one.session)?,
                room: self.named(&one.room),
                start: self.ctx.convention.local(self.calendar.instant(one.start)?),
            })
        };
        let moves = moves.iter().filter_map(moved).collect();
        Some(Mended { text: self.words.said(text), moves, change: *change, left: *left })
    }

    fn titled(&self, id: &str) -> Option<Titled> {
        Some(Titled { id: id.to_owned(), title: self.titles.get(id)?.clone() })
    }

    /// Whoever is online is in no room.
    fn named(&self, id: &str) -> Option<Named> {
        Some(Named { id: id.to_owned(), name: self.names.get(id)?.clone() })
    }

    fn all_titled(&self, ids: &[String]) -> Vec<Titled> {
        ids.iter().filter_map(|id| self.titled(id)).collect()
    }

    fn all_named(&self, ids: &[String]) -> Vec<Named> {
        ids.iter().filter_map(|id| self.named(id)).collect()
    }
}
