//! Conflicts of the work in progress, with the sessions and people in them, and who ignores which.

use std::collections::{BTreeMap, HashMap, HashSet};

use conman_sdk::prelude::*;

use super::sessions::Reading;
use super::{Wants, int, people, rooms, wire};
use crate::conflicts::{
    self, Conflict, Detail, Facts, Found, Kind, Placed, Requirements, RoomFacts, Rules, Scene, Standing,
};
use crate::model::Role;
use crate::schema::*;
use crate::store::programme::word;
use crate::store::{View, lists, slot, windows};

/// Everything that is wrong now, in order.
///
/// # Errors
/// The database's.
pub fn all(ctx: &Context) -> Result<Found> {
    let sessions = standing("s.state = 'scheduled' AND s.starts_at IS NOT NULL")?;
    let placed: Vec<Placed> = sessions.iter().filter_map(Standing::placed).collect();
    let (facts, rules) = (facts()?, config::get::<Rules>()?);
    Ok(conflicts::find(&placed, &facts, &rules, ctx.convention.zone(), ctx.convention.day_change))
}

/// All there is. Drafts that have a time count: plans heed them, too.
///
/// # Errors
/// The database's.
pub fn scene() -> Result<Scene> {
    Ok(Scene { sessions: standing("1 = 1")?, facts: facts()? })
}

/// Sessions for which this holds.
fn standing(condition: &str) -> Result<Vec<Standing>> {
    let sessions: Vec<StandingRow> = database::query_as(
        &format!(
            "SELECT id, title, state, room_id, starts_at, ends_at, minutes, kind, audience, needs, setup_minutes, teardown_minutes \
             FROM session_draft s WHERE {condition}"
        ),
        params![],
    )?;
    let parts: Vec<(String, String, String)> = database::query_as(
        &format!(
            "SELECT p.session_id, p.person_id, p.role FROM part_draft p JOIN session_draft s ON s.id = p.session_id \
             WHERE {condition} ORDER BY p.session_id, p.sort_order"
        ),
        params![],
    )?;
    let mut line_ups: HashMap<String, Vec<(String, Role)>> = HashMap::with_capacity(sessions.len());
    for (session, person, role) in parts {
        line_ups.entry(session).or_default().push((person, word(&role)?));
    }
    let mut only_rooms = lists("SELECT session_id, room_id FROM session_room ORDER BY session_id, room_id")?;
    let mut after = lists("SELECT session_id, after_id FROM session_after ORDER BY session_id, after_id")?;
    let standing = sessions.into_iter().map(|row| {
        Ok(Standing {
            people: line_ups.remove(&row.id).unwrap_or_default(),
            requirements: Requirements {
                needs: row.needs,
                rooms: only_rooms.remove(&row.id).unwrap_or_default(),
                setup: row.setup_minutes,
                teardown: row.teardown_minutes,
                after: after.remove(&row.id).unwrap_or_default(),
            },
            id: row.id,
            title: row.title,
            state: word(&row.state)?,
            room: row.room_id,
            slot: slot(row.starts_at, row.ends_at),
            minutes: row.minutes,
            kind: row.kind,
            audience: row.audience,
        })
    });
    standing.collect()
}

/// What sessions are held against.
fn facts() -> Result<Facts> {
    let rooms: Vec<RoomRow> = database::query_as("SELECT id, exclusive, capacity, features FROM room", params![])?;
    let limits: Vec<(String, i64)> =
        database::query_as("SELECT id, daily_limit FROM person WHERE daily_limit IS NOT NULL", params![])?;
    Ok(Facts {
        rooms: rooms
            .into_iter()
            .map(|RoomRow { id, exclusive, capacity, features }| (id, RoomFacts { exclusive, capacity, features }))
            .collect(),
        person_windows: windows("SELECT person_id, starts_at, ends_at FROM person_window")?,
        room_windows: windows("SELECT room_id, starts_at, ends_at FROM room_window")?,
        apart: database::query_as("SELECT person_id, other_id FROM kept_apart", params![])?,
        daily_limits: limits.into_iter().collect(),
    })
}

#[derive(FromRow)]
struct RoomRow {
    id: String,
    exclusive: bool,
    capacity: Option<i64>,
    #[row(json)]
    features: Vec<String>,
}

#[derive(FromRow)]
struct StandingRow {
    id: String,
    title: String,
    state: String,
    room_id: Option<String>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    minutes: Option<i64>,
    kind: String,
    audience: Option<i64>,
    #[row(json)]
    needs: Vec<String>,
    setup_minutes: i64,
    teardown_minutes: i64,
}

fn ignored(ctx: &Context) -> Result<HashMap<String, IgnoredConflict>> {
    let rows: Vec<(String, String, Timestamp, String, Option<String>)> =
        database::query_as("SELECT id, reason, ignored_at, ignored_by, account_id FROM ignored_conflict", params![])?;
    let shown =
        |(id, reason, at, by, account)| (id, IgnoredConflict { reason, by, account, at: ctx.convention.local(at) });
    Ok(rows.into_iter().map(shown).collect())
}

/// Some conflicts.
///
/// # Errors
/// `invalid` for a bad `first` or `offset`; the database's.
pub fn page(ctx: &Context, args: QuerySessionConflictsArgs) -> Result<SessionConflictPage> {
    let first = super::limit(args.first)?;
    let offset = usize::try_from(args.offset).map_err(|_| Error::invalid("Pass over none or more.").at("/offset"))?;
    let ignored = ignored(ctx)?;
    let SessionConflictFilter { kinds, session, person, room, ignored: with_ignored } = args
        .filter
        .unwrap_or(SessionConflictFilter { kinds: None, session: None, person: None, room: None, ignored: false });
    let kinds: Option<Vec<String>> = kinds.map(|kinds| kinds.iter().map(|kind| super::stored(kind.as_str())).collect());
    let Found { conflicts: found, capped } = all(ctx)?;
    let matching: Vec<Conflict> = found
        .into_iter()
        .filter(|conflict| {
            kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind == conflict.kind.as_str()))
                && session.as_ref().is_none_or(|session| conflict.sessions.contains(session))
                && person.as_ref().is_none_or(|person| conflict.people.contains(person))
                && room.as_ref().is_none_or(|room| conflict.room.as_ref() == Some(room))
                && (with_ignored || !ignored.contains_key(&conflict.id))
        })
        .collect();
    let total_count = int(i64::try_from(matching.len()).unwrap_or(i64::MAX));
    let mut counts: BTreeMap<Kind, i32> = BTreeMap::new();
    for conflict in &matching {
        *counts.entry(conflict.kind).or_default() += 1;
    }
    let counts = counts
        .into_iter()
        .map(|(kind, count)| Ok(SessionConflictCount { kind: wire(kind.as_str())?, count }))
        .collect::<Result<_>>()?;
    let some: Vec<_> = matching.into_iter().skip(offset).take(first).collect();
    Ok(SessionConflictPage { nodes: shown(ctx, "nodes.", some, &ignored)?, total_count, counts, capped })
}

/// The conflicts of sessions.
///
/// # Errors
/// The database's.
pub fn of_sessions(ctx: &Context, keys: &[SessionKey]) -> Batch<Vec<SessionConflict>> {
    let wanted: HashSet<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let some: Vec<Conflict> = all(ctx)?
        .conflicts
        .into_iter()
        .filter(|conflict| conflict.sessions.iter().any(|session| wanted.contains(session.as_str())))
        .collect();
    let shown = shown(ctx, "", some, &ignored(ctx)?)?;
    let mut rows = Vec::new();
    for conflict in shown {
        for session in &conflict.sessions {
            if wanted.contains(session.id.as_str()) {
                rows.push((session.id.clone(), conflict.clone()));
            }
        }
    }
    batch::lists(keys, rows)
}

/// What conflicts are, in a sentence each.
///
/// # Errors
/// The database's.
pub fn told(ctx: &Context, some: Vec<Conflict>) -> Result<Vec<String>> {
    Ok(shown(ctx, "", some, &HashMap::new())?.into_iter().map(|conflict| conflict.message).collect())
}

/// Conflicts as clients see them: with their sessions, people and rooms, read at once.
fn shown(
    ctx: &Context,
    prefix: &'static str,
    some: Vec<Conflict>,
    ignored: &HashMap<String, IgnoredConflict>,
) -> Result<Vec<SessionConflict>> {
    let (below_sessions, below_people) = match prefix {
        "nodes." => ("nodes.sessions.", "nodes.people."),
        _ => ("sessions.", "people."),
    };
    let unique = |ids: &mut dyn Iterator<Item = &String>| ids.cloned().collect::<HashSet<String>>();
    let sessions = unique(&mut some.iter().flat_map(|conflict| &conflict.sessions));
    let persons = unique(&mut some.iter().flat_map(|conflict| &conflict.people));
    let places = unique(&mut some.iter().filter_map(|conflict| conflict.room.as_ref()));
    let sessions: HashMap<String, Session> = Reading::new(ctx, View::Draft, below_sessions)
        .by_id(sessions.iter().map(String::as_str))?
        .into_iter()
        .map(|session| (session.id.clone(), session))
        .collect();
    let persons: HashMap<String, Person> =
        people::by_id(&Wants::below(ctx, below_people), View::Draft, persons.iter().map(String::as_str))?
            .into_iter()
            .collect();
    let places: HashMap<String, Room> =
        rooms::rooms_by_id(View::Draft, places.iter().map(String::as_str))?.into_iter().collect();
    some.into_iter()
        .map(|conflict| {
            let sessions: Vec<Session> = conflict.sessions.iter().filter_map(|id| sessions.get(id)).cloned().collect();
            let people: Vec<Person> = conflict.people.iter().filter_map(|id| persons.get(id)).cloned().collect();
            let room = conflict.room.as_ref().and_then(|id| places.get(id)).cloned();
            Ok(SessionConflict {
                kind: wire(conflict.kind.as_str())?,
                fatal: conflict.kind.is_fatal(),
                message: message(&conflict, &sessions, &people, room.as_ref()),
                ignored: ignored.get(&conflict.id).cloned(),
                id: conflict.id,
                sessions,
                people,
                room,
                day: conflict.day,
            })
        })
        .collect()
}

fn message(conflict: &Conflict, sessions: &[Session], people: &[Person], room: Option<&Room>) -> String {
    let titles: Vec<String> = sessions.iter().take(3).map(|session| format!("“{}”", session.title)).collect();
    let titles = titles.join(" and ");
    let names = people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join(" and ");
    let room = room.map_or("the room", |room| room.name.as_str());
    match conflict.kind {
        Kind::RoomOverlap if conflict.detail == Detail::Around => {
            format!("{titles} are in {room} without the time between them that their set-up and tear-down take.")
        }
        Kind::RoomOverlap => format!("{titles} are in {room} at the same time."),
        Kind::PersonDoubleBooked => format!("{names} is in {titles} at the same time."),
        Kind::PersonUnavailable => format!("{names} is not available for {titles}."),
        Kind::RoomUnavailable => format!("{room} cannot be used when {titles} is on."),
        Kind::RoomTooSmall => format!("{room} is too small for {titles}."),
        Kind::DoNotAssignWith => format!("{names} must not be in one session, but are in {titles}."),
        Kind::BackToBack => format!("{names} has too little time between {titles}."),
        Kind::OverDailyLimit => {
            format!(
                "{names} has {} sessions on {}.",
                sessions.len(),
                conflict.day.map_or_else(|| "one day".to_owned(), |day| day.to_string())
            )
        }
        Kind::NoModerator => format!("{titles} has no moderator."),
        Kind::RoomLacksFeature => match &conflict.detail {
            Detail::Lacks(features) => format!("{room} lacks {} for {titles}.", features.join(", ")),
            _ => format!("{room} lacks something for {titles}."),
        },
        Kind::RoomNotAllowed => format!("{titles} may only be in other rooms than {room}."),
        Kind::OutOfOrder => {
            let is_later = |session: &&Session| conflict.detail == Detail::Later(session.id.clone());
            let title = |session: Option<&Session>| session.map_or("it", |session| session.title.as_str()).to_owned();
            let later = title(sessions.iter().find(is_later));
            let before = title(sessions.iter().find(|session| !is_later(session)));
            format!("“{later}” has to come after “{before}”, but begins before that has ended.")
        }
    }
}

/// Ignores a conflict, or heeds it again.
///
/// # Errors
/// `not-found` when there is no such conflict, `invalid` without a reason; the database's.
pub fn ignore(ctx: &Context, id: &str, reason: Option<&str>) -> Result<SessionConflict> {
    let found = all(ctx)?.conflicts.into_iter().find(|conflict| conflict.id == id);
    let conflict = found.ok_or_else(|| Error::not_found("There is no such conflict, or no longer.").at("/id"))?;
    match reason {
        Some(reason) => {
            let reason = crate::text::clean(reason);
            if reason.is_empty() {
                return Err(Error::invalid("Say why it can be ignored.").at("/reason"));
            }
            let row = row![id, reason, clock::now(), ctx.actor.name, ctx.actor.account()];
            let columns = ["id", "reason", "ignored_at", "ignored_by", "account_id"];
            database::upsert_many("ignored_conflict", &["id"], columns, [row])?;
        }
        None => {
            database::execute("DELETE FROM ignored_conflict WHERE id = $1", params![id])?;
        }
    }
    let shown = shown(ctx, "", vec![conflict], &ignored(ctx)?)?;
    shown.into_iter().next().ok_or_else(|| Error::internal("the conflict is gone"))
}
