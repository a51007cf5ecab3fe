//! Changing the work in progress by hand: checked here, written by the store.

use std::collections::HashSet;

use conman_sdk::prelude::*;

use super::sessions::Reading;
use super::{requirements, stored};
use crate::identity;
use crate::model::{self, Part, Slot, State};
use crate::schema::*;
use crate::store::programme::{self, word};
use crate::store::{View, revision, write};
use crate::text;

/// A new UUID.
pub fn new_id() -> String {
    let mut bytes = [0_u8; 16];
    for (byte, random) in bytes.iter_mut().zip(random::bytes(16)) {
        *byte = random;
    }
    identity::random(bytes)
}

/// A line people read: not empty, not endless.
///
/// # Errors
/// `invalid` with the place.
pub fn needed(value: &str, at: &str) -> Result<String> {
    let line = line(value, at)?;
    if line.is_empty() { Err(Error::invalid("This cannot be empty.").at(at)) } else { Ok(line) }
}

/// A line that may be empty.
///
/// # Errors
/// `invalid` with the place.
pub fn line(value: &str, at: &str) -> Result<String> {
    let line = text::line(value);
    if line.len() > text::LONGEST_LINE {
        return Err(Error::invalid(format!("This is longer than {} bytes.", text::LONGEST_LINE)).at(at));
    }
    Ok(line)
}

/// A text of several lines.
///
/// # Errors
/// `invalid` with the place.
pub fn long(value: &str, at: &str) -> Result<String> {
    let long = text::clean(value);
    if long.len() > text::LONGEST_TEXT {
        return Err(Error::invalid(format!("This is longer than {} bytes.", text::LONGEST_TEXT)).at(at));
    }
    Ok(long)
}

/// A number that counts something.
///
/// # Errors
/// `invalid` with the place.
pub fn count(value: Option<i32>, at: &str) -> Result<Option<i64>> {
    match value {
        Some(number) if number < 0 => Err(Error::invalid("This cannot be negative.").at(at)),
        number => Ok(number.map(i64::from)),
    }
}

/// Replaces the windows of a room or person.
///
/// # Errors
/// `invalid` with the place; the database's.
pub fn windows(table: &str, owner: &str, id: &str, windows: &[AvailableWindowInput]) -> Result<()> {
    if windows.len() > 200 {
        return Err(Error::invalid("At most 200 windows are kept.").at("/windows"));
    }
    for (at, window) in windows.iter().enumerate() {
        if window.end <= window.start {
            return Err(Error::invalid("This window ends before it starts.").at(format!("/windows/{at}/end")));
        }
    }
    database::execute(&format!("DELETE FROM {table} WHERE {owner} = $1"), params![id])?;
    let rows = windows.iter().map(|window| row![id, window.start, window.end]);
    database::insert_many(table, [owner, "starts_at", "ends_at"], rows).map(|_| ()).map_err(|error| {
        if error.is_constraint() {
            Error::invalid("Two windows start at the same time; join them.").at("/windows")
        } else {
            error
        }
    })
}

/// Whether a name is free among rooms or tracks.
///
/// # Errors
/// `NAME_TAKEN` with the place; the database's.
pub fn free_name(table: &str, name: &str, own: &str, at: &str) -> Result<()> {
    let sql = format!("SELECT id FROM {table} WHERE name = $1 AND id <> $2 AND NOT removed");
    let taken: Option<(String,)> = database::query_optional(&sql, params![name, own])?;
    match taken {
        Some(_) => {
            Err(Error::new("NAME_TAKEN", format!("There is a {table} called `{name}` already; choose another name."))
                .at(at))
        }
        None => Ok(()),
    }
}

/// The place after the last one of rooms or tracks.
///
/// # Errors
/// The database's.
pub fn last_position(table: &str) -> Result<i64> {
    let last: Option<i64> = database::query_value(&format!("SELECT MAX(sort_order) FROM {table}"), params![])?;
    Ok(last.unwrap_or(0) + 1)
}

fn slot(start: DateTime, minutes: i32, at: &str) -> Result<Slot> {
    if start.timestamp().as_millisecond() % 1000 != 0 {
        return Err(Error::invalid("Times are to the second.").at("/start"));
    }
    let slot = (minutes >= 0).then(|| Slot::lasting(start.timestamp(), i64::from(minutes) * 60)).flatten();
    slot.ok_or_else(|| Error::invalid("A session lasts from 0 minutes to 99 hours.").at(at))
}

/// How long a session takes that has no time yet.
fn length(minutes: i32, at: &str) -> Result<i64> {
    let minutes = i64::from(minutes);
    let good = (1..=model::LONGEST_SECONDS).contains(&(minutes * 60));
    if good { Ok(minutes) } else { Err(Error::invalid("A session takes from 1 minute to 99 hours.").at(at)) }
}

/// Writes a changed session and answers it as it is now.
fn keep(ctx: &Context, session: &model::Session) -> Result<Session> {
    write::sessions([session], revision::next()?)?;
    shown(ctx, &session.id)
}

/// A session of the work in progress.
///
/// # Errors
/// `not-found`; the database's.
pub fn shown(ctx: &Context, id: &str) -> Result<Session> {
    Reading::new(ctx, View::Draft, "").one(id)?.ok_or_else(|| Error::not_found(format!("There is no session {id}.")))
}

/// Adds a session.
///
/// # Errors
/// `invalid` or `not-found` with the place; the database's.
pub fn create(ctx: &Context, input: SessionInput) -> Result<Session> {
    let last: Option<i64> = database::query_value("SELECT MAX(number) FROM session_draft", params![])?;
    let mut session = model::Session::new(new_id(), last.unwrap_or(0) + 1, needed(&input.title, "/input/title")?);
    session.subtitle = line(&input.subtitle, "/input/subtitle")?;
    session.abstract_text = long(&input.r#abstract, "/input/abstract")?;
    session.description = long(&input.description, "/input/description")?;
    session.kind = line(&input.kind, "/input/kind")?;
    session.environment = word(&stored(input.environment.as_str()))?;
    session.language = line(&input.language, "/input/language")?;
    session.track = input
        .track
        .map(|id| programme::track(&id).map(|track| track.id).map_err(|error| error.at("/input/track")))
        .transpose()?;
    session.room = input
        .room
        .map(|id| programme::room(&id).map(|room| room.id).map_err(|error| error.at("/input/room")))
        .transpose()?;
    session.url = line(&input.url, "/input/url")?;
    session.tags = tags(&input.tags, "/input/tags")?;
    session.audience = count(input.audience, "/input/audience")?;
    session.needs = requirements::features(&input.needs, "/input/needs")?;
    session.setup_minutes = requirements::minutes(input.setup_minutes, "/input/setupMinutes")?;
    session.teardown_minutes = requirements::minutes(input.teardown_minutes, "/input/teardownMinutes")?;
    requirements::set_rooms(&session.id, &input.only_rooms, "/input/onlyRooms")?;
    requirements::set_after(&session.id, &input.after, "/input/after")?;
    match (input.start, input.minutes) {
        (None, None) => {}
        (None, Some(minutes)) => session.minutes = Some(length(minutes, "/input/minutes")?),
        (Some(start), Some(minutes)) => session.set_time(slot(start, minutes, "/input/minutes")?),
        (Some(_), None) => {
            return Err(Error::invalid("A session with a `start` needs `minutes`.").at("/input/minutes"));
        }
    }
    become_state(&mut session, input.state, "/input/state")?;
    let mut parts: Vec<Part> = Vec::with_capacity(input.people.len());
    for (at, entry) in input.people.iter().enumerate() {
        let place = format!("/input/people/{at}/person");
        let person = programme::person(&entry.person).map_err(|error| error.at(place.clone()))?.id;
        if parts.iter().any(|part| part.person == person) {
            return Err(Error::invalid("This person is listed twice.").at(place));
        }
        let role = word(&stored(entry.role.as_str()))?;
        parts.push(Part { session: session.id.clone(), position: i64::try_from(at).unwrap_or(0) + 1, person, role });
    }
    write::parts(&parts)?;
    keep(ctx, &session)
}

fn tags(tags: &[String], at: &str) -> Result<Vec<String>> {
    let mut kept: Vec<String> = Vec::new();
    for (place, tag) in tags.iter().enumerate() {
        let tag = line(tag, &format!("{at}/{place}"))?;
        if !tag.is_empty() && !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    Ok(kept)
}

/// The one place that says which states a session may take.
fn become_state(session: &mut model::Session, state: SessionState, at: &str) -> Result<()> {
    session.state = match state {
        SessionState::Scheduled if session.slot.is_none() => {
            return Err(Error::new("NO_TIME", "A session without a time cannot be scheduled; use placeSession.").at(at));
        }
        SessionState::Scheduled => State::Scheduled,
        SessionState::Draft => State::Draft,
        SessionState::Cancelled => State::Cancelled,
    };
    Ok(())
}

/// Changes a session.
///
/// # Errors
/// `invalid` or `not-found` with the place; the database's.
pub fn update(ctx: &Context, id: &str, patch: SessionPatch) -> Result<Session> {
    let mut session = programme::session(id).map_err(|error| error.at("/id"))?;
    session.title =
        needed(&patch.title.or_keep(session.title).map_err(|error| error.at("/patch/title"))?, "/patch/title")?;
    session.subtitle = changed_line(patch.subtitle, session.subtitle, "/patch/subtitle")?;
    session.abstract_text = changed_long(patch.r#abstract, session.abstract_text, "/patch/abstract")?;
    session.description = changed_long(patch.description, session.description, "/patch/description")?;
    session.kind = changed_line(patch.kind, session.kind, "/patch/kind")?;
    session.language = changed_line(patch.language, session.language, "/patch/language")?;
    session.url = changed_line(patch.url, session.url, "/patch/url")?;
    match patch.environment {
        Maybe::Value(environment) => session.environment = word(&stored(environment.as_str()))?,
        Maybe::Null => return Err(Error::invalid("This cannot be removed.").at("/patch/environment")),
        Maybe::Absent => {}
    }
    match patch.track {
        Maybe::Value(track) => {
            session.track = Some(programme::track(&track).map_err(|error| error.at("/patch/track"))?.id)
        }
        Maybe::Null => session.track = None,
        Maybe::Absent => {}
    }
    match patch.room {
        Maybe::Value(room) => session.room = Some(programme::room(&room).map_err(|error| error.at("/patch/room"))?.id),
        Maybe::Null => session.room = None,
        Maybe::Absent => {}
    }
    match (patch.minutes, session.slot) {
        (Maybe::Value(minutes), Some(now)) => {
            let minutes = length(minutes, "/patch/minutes")?;
            let unlikely = || Error::invalid("This ends too late.").at("/patch/minutes");
            session.slot = Some(Slot::lasting(now.start, minutes * 60).ok_or_else(unlikely)?);
        }
        (Maybe::Value(minutes), None) => session.minutes = Some(length(minutes, "/patch/minutes")?),
        (Maybe::Null, Some(_)) => return Err(Error::invalid("This cannot be removed.").at("/patch/minutes")),
        (Maybe::Null, None) => session.minutes = None,
        (Maybe::Absent, _) => {}
    }
    match patch.tags {
        Maybe::Value(new) => session.tags = tags(&new, "/patch/tags")?,
        Maybe::Null => session.tags.clear(),
        Maybe::Absent => {}
    }
    match patch.audience {
        Maybe::Value(audience) => session.audience = count(Some(audience), "/patch/audience")?,
        Maybe::Null => session.audience = None,
        Maybe::Absent => {}
    }
    if let Some(needs) = changed(patch.needs) {
        session.needs = requirements::features(&needs, "/patch/needs")?;
    }
    if let Some(minutes) = changed(patch.setup_minutes) {
        session.setup_minutes = requirements::minutes(minutes, "/patch/setupMinutes")?;
    }
    if let Some(minutes) = changed(patch.teardown_minutes) {
        session.teardown_minutes = requirements::minutes(minutes, "/patch/teardownMinutes")?;
    }
    if let Some(rooms) = changed(patch.only_rooms) {
        requirements::set_rooms(&session.id, &rooms, "/patch/onlyRooms")?;
    }
    if let Some(after) = changed(patch.after) {
        requirements::set_after(&session.id, &after, "/patch/after")?;
    }
    match patch.state {
        Maybe::Value(state) => become_state(&mut session, state, "/patch/state")?,
        Maybe::Null => return Err(Error::invalid("This cannot be removed.").at("/patch/state")),
        Maybe::Absent => {}
    }
    keep(ctx, &session)
}

/// What a patch says; null is the empty value.
pub fn changed<T: Default>(new: Maybe<T>) -> Option<T> {
    match new {
        Maybe::Absent => None,
        Maybe::Null => Some(T::default()),
        Maybe::Value(new) => Some(new),
    }
}

/// A line of a patch; null empties it.
///
/// # Errors
/// `invalid` with the place.
pub fn changed_line(new: Maybe<String>, old: String, at: &str) -> Result<String> {
    match new {
        Maybe::Absent => Ok(old),
        Maybe::Null => Ok(String::new()),
        Maybe::Value(new) => line(&new, at),
    }
}

/// A text of a patch; null empties it.
///
/// # Errors
/// `invalid` with the place.
pub fn changed_long(new: Maybe<String>, old: String, at: &str) -> Result<String> {
    match new {
        Maybe::Absent => Ok(old),
        Maybe::Null => Ok(String::new()),
        Maybe::Value(new) => long(&new, at),
    }
}

/// Puts a session somewhere.
///
/// # Errors
/// `invalid` or `not-found` with the place; the database's.
pub fn place(ctx: &Context, args: MutationPlaceSessionArgs) -> Result<Session> {
    let mut session = programme::session(&args.id).map_err(|error| error.at("/id"))?;
    let slot = slot(args.start, args.minutes, "/minutes")?;
    let room =
        args.room.map(|id| programme::room(&id).map(|room| room.id).map_err(|error| error.at("/room"))).transpose()?;
    put(&mut session, slot, room);
    keep(ctx, &session)
}

/// What it means for a session to have a place; [`crate::store::plans::put`] says the same of the sessions of a plan.
pub fn put(session: &mut model::Session, slot: Slot, room: Option<String>) {
    session.set_time(slot);
    session.room = room;
    session.state = State::Scheduled;
}

/// The one place that says what it means for a session to have none. What it takes, and that it is on the lawn, are its own; when it is there,
/// or in which of the rooms, is the schedule's.
pub fn take_off(session: &mut model::Session, shared: &HashSet<String>) {
    session.clear_time();
    session.room = session.room.take().filter(|room| shared.contains(room));
    session.state = State::Draft;
}

/// Takes sessions off the schedule; answers how many.
///
/// # Errors
/// The database's.
pub fn clear<'k>(ids: impl IntoIterator<Item = &'k str>) -> Result<usize> {
    let mut sessions = programme::sessions(ids)?;
    let shared = programme::shared_rooms()?;
    sessions.retain(|session| session.state != State::Cancelled && session.slot.is_some());
    sessions.iter_mut().for_each(|session| take_off(session, &shared));
    if !sessions.is_empty() {
        write::sessions(&sessions, revision::next()?)?;
    }
    Ok(sessions.len())
}

/// Takes a session off the schedule.
///
/// # Errors
/// `not-found`; the database's.
pub fn unschedule(ctx: &Context, id: &str) -> Result<Session> {
    let mut session = programme::session(id).map_err(|error| error.at("/id"))?;
    take_off(&mut session, &programme::shared_rooms()?);
    keep(ctx, &session)
}

/// Calls a session off.
///
/// # Errors
/// `not-found`; the database's.
pub fn cancel(ctx: &Context, id: &str) -> Result<Session> {
    let mut session = programme::session(id).map_err(|error| error.at("/id"))?;
    session.state = State::Cancelled;
    keep(ctx, &session)
}

/// Deletes a session.
///
/// # Errors
/// `not-found`; the database's.
pub fn delete(id: &str) -> Result<bool> {
    let session = programme::session(id).map_err(|error| error.at("/id"))?;
    write::remove_sessions([session.id.as_str()])?;
    revision::touch()?;
    Ok(true)
}

/// Puts a person into a session, or changes their role.
///
/// # Errors
/// `not-found` with the place; the database's.
pub fn assign(ctx: &Context, args: MutationAssignPersonArgs) -> Result<Session> {
    let session = programme::session(&args.session).map_err(|error| error.at("/session"))?;
    let person = programme::person(&args.person).map_err(|error| error.at("/person"))?;
    let role = stored(args.role.as_str());
    let last: Option<i64> =
        database::query_value("SELECT MAX(sort_order) FROM part_draft WHERE session_id = $1", params![session.id])?;
    let changed = database::execute(
        "UPDATE part_draft SET role = $3 WHERE session_id = $1 AND person_id = $2",
        params![session.id, person.id, role],
    )?;
    if changed == 0 {
        write::parts([&Part {
            session: session.id.clone(),
            position: last.unwrap_or(0) + 1,
            person: person.id,
            role: word(&role)?,
        }])?;
    }
    keep(ctx, &session)
}

/// Takes a person out of a session.
///
/// # Errors
/// `not-found` with the place; the database's.
pub fn unassign(ctx: &Context, session: &str, person: &str) -> Result<Session> {
    let session = programme::session(session).map_err(|error| error.at("/session"))?;
    let gone = database::execute(
        "DELETE FROM part_draft WHERE session_id = $1 AND person_id = $2",
        params![session.id, person],
    )?;
    if gone == 0 {
        return Err(Error::not_found("This person is not in this session.").at("/person"));
    }
    keep(ctx, &session)
}
