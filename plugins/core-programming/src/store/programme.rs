//! The programme as a whole, for exports: a handful of statements, whatever its size.

use std::collections::HashSet;
use std::str::FromStr;

use conman_sdk::prelude::*;

use super::{View, slot};
use crate::model::{Conference, Extra, Link, Part, Person, Programme, Role, Room, Session, Track};

/// Which of it.
#[derive(Debug, Clone, Copy)]
pub enum Extent<'a> {
    /// All.
    Whole,
    /// The sessions a person is in.
    Person(&'a str),
    /// The sessions an account marked.
    Favourites(&'a str),
}

impl Extent<'_> {
    fn condition(self, view: View) -> (String, Vec<Value>) {
        match self {
            Self::Whole => (String::new(), Vec::new()),
            Self::Person(person) => (
                format!(
                    " AND s.id IN (SELECT x.session_id FROM {} x WHERE x.person_id = $1 AND {})",
                    view.parts(),
                    view.condition("x")
                ),
                vec![person.to_value()],
            ),
            Self::Favourites(account) => (
                " AND s.id IN (SELECT f.session_id FROM favourite f WHERE f.account_id = $1)".to_owned(),
                vec![account.to_value()],
            ),
        }
    }
}

/// The roles the public is told of, as SQL.
pub const ANNOUNCED: &str = "('presenter', 'moderator', 'participant')";

const SESSION: &str = "s.id, s.number, s.code, s.slug, s.title, s.subtitle, s.abstract_text, s.description, s.kind, s.state, s.environment, \
     s.language, s.track_id, s.room_id, s.starts_at, s.ends_at, s.url, s.links, s.attachments, s.tags, s.audience, s.extra, s.source";
/// What only the work in progress knows of a session.
const REQUIREMENTS: &str = ", s.minutes, s.needs, s.setup_minutes, s.teardown_minutes";
pub(super) const PERSON: &str = "e.id, e.number, e.name, e.biography, e.avatar, e.url, e.links, e.source";
pub(super) const ROOM: &str =
    "SELECT id, name, sort_order, area, capacity, exclusive, description, extra, source FROM room";
pub(super) const TRACK: &str = "SELECT id, name, sort_order, color, slug, source FROM track";

/// The columns of a whole session called `s` in this view.
pub(super) fn session_columns(view: View) -> String {
    format!("{SESSION}{}", if view == View::Draft { REQUIREMENTS } else { "" })
}

/// Reads the programme, or a part of it, sorted.
///
/// # Errors
/// The database's; `quota` when it is larger than one call may read.
pub fn load(view: View, extent: Extent<'_>) -> Result<Programme> {
    let (condition, parameters) = extent.condition(view);
    let chosen = format!("{} s WHERE {}{condition}", view.sessions(), view.condition("s"));
    let sessions: Vec<SessionRow> =
        database::query_as(&format!("SELECT {} FROM {chosen} ORDER BY s.id", session_columns(view)), &parameters)?;
    let only =
        if parameters.is_empty() { String::new() } else { format!(" AND p.session_id IN (SELECT s.id FROM {chosen})") };
    let parts: Vec<PartRow> = database::query_as(
        &format!(
            "SELECT p.session_id, p.person_id, p.sort_order, p.role FROM {} p WHERE {}{only} ORDER BY p.session_id, p.sort_order, p.person_id",
            view.parts(),
            view.condition("p"),
        ),
        &parameters,
    )?;
    let who = match view {
        View::Draft => "NOT e.removed".to_owned(),
        _ => format!("e.id IN (SELECT p.person_id FROM {} p WHERE {})", view.parts(), view.condition("p")),
    };
    let people: Vec<PersonRow> =
        database::query_as(&format!("SELECT {PERSON} FROM person e WHERE {who} ORDER BY e.id"), params![])?;
    // A removed room or track is still where the released programme has it.
    let which = if view == View::Draft { " WHERE NOT removed" } else { "" };
    let rooms: Vec<RoomRow> = database::query_as(&format!("{ROOM}{which} ORDER BY sort_order, id"), params![])?;
    let tracks: Vec<TrackRow> = database::query_as(&format!("{TRACK}{which} ORDER BY sort_order, id"), params![])?;
    Ok(Programme {
        conference: conference()?,
        rooms: rooms.into_iter().map(Room::from).collect(),
        tracks: tracks.into_iter().map(Track::from).collect(),
        people: people.into_iter().map(Person::from).collect(),
        sessions: sessions.into_iter().map(SessionRow::session).collect::<Result<_>>()?,
        parts: parts.into_iter().map(PartRow::part).collect::<Result<_>>()?,
    })
}

/// One session of the work in progress.
///
/// # Errors
/// `not-found`, or the database's.
pub fn session(id: &str) -> Result<Session> {
    let sql = format!("SELECT {} FROM session_draft s WHERE s.id = $1", session_columns(View::Draft));
    let found: Option<SessionRow> = database::query_optional(&sql, params![id])?;
    found.ok_or_else(|| Error::not_found(format!("There is no session {id}.")))?.session()
}

/// Some sessions of the work in progress; those that there are.
///
/// # Errors
/// The database's.
pub fn sessions<'k>(ids: impl IntoIterator<Item = &'k str>) -> Result<Vec<Session>> {
    let sql = format!("SELECT {} FROM session_draft s WHERE s.id IN ($keys)", session_columns(View::Draft));
    let found: Vec<SessionRow> = database::query_in(&sql, params![], ids)?;
    found.into_iter().map(SessionRow::session).collect()
}

/// One room.
///
/// # Errors
/// `not-found`, or the database's.
pub fn room(id: &str) -> Result<Room> {
    let found: Option<RoomRow> =
        database::query_optional(&format!("{ROOM} WHERE id = $1 AND NOT removed"), params![id])?;
    found.map(Room::from).ok_or_else(|| Error::not_found(format!("There is no room {id}.")))
}

/// The rooms that several sessions share.
///
/// # Errors
/// The database's.
pub fn shared_rooms() -> Result<HashSet<String>> {
    let rows: Vec<(String,)> = database::query_as("SELECT id FROM room WHERE NOT exclusive", params![])?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// One track.
///
/// # Errors
/// `not-found`, or the database's.
pub fn track(id: &str) -> Result<Track> {
    let found: Option<TrackRow> =
        database::query_optional(&format!("{TRACK} WHERE id = $1 AND NOT removed"), params![id])?;
    found.map(Track::from).ok_or_else(|| Error::not_found(format!("There is no track {id}.")))
}

/// One person.
///
/// # Errors
/// `not-found`, or the database's.
pub fn person(id: &str) -> Result<Person> {
    let sql = format!("SELECT {PERSON} FROM person e WHERE e.id = $1 AND NOT e.removed");
    let found: Option<PersonRow> = database::query_optional(&sql, params![id])?;
    found.map(Person::from).ok_or_else(|| Error::not_found(format!("There is no person {id}.")))
}

/// The people in one session of the work in progress, in order.
///
/// # Errors
/// The database's.
pub fn line_up(session: &str) -> Result<Vec<Part>> {
    let sql = "SELECT session_id, person_id, sort_order, role FROM part_draft WHERE session_id = $1 ORDER BY sort_order, person_id";
    database::query_as::<PartRow>(sql, params![session])?.into_iter().map(PartRow::part).collect()
}

/// What files said about the whole.
///
/// # Errors
/// The database's.
pub fn conference() -> Result<Conference> {
    let found: Option<(Json<Conference>,)> =
        database::query_optional("SELECT value FROM setting WHERE name = 'conference'", params![])?;
    Ok(found.map(|(Json(conference),)| conference).unwrap_or_default())
}

/// A word of one of the vocabularies, as stored.
///
/// # Errors
/// `internal` when a row holds another: never by this plugin's doing.
pub fn word<T: FromStr>(text: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| Error::internal(format!("a stored word is unknown: {error}")))
}

#[derive(FromRow)]
pub(super) struct SessionRow {
    id: String,
    number: i64,
    code: String,
    slug: String,
    title: String,
    subtitle: String,
    abstract_text: String,
    description: String,
    kind: String,
    state: String,
    environment: String,
    language: String,
    track_id: Option<String>,
    room_id: Option<String>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    url: String,
    #[row(json)]
    links: Vec<Link>,
    #[row(json)]
    attachments: Vec<Link>,
    #[row(json)]
    tags: Vec<String>,
    audience: Option<i64>,
    #[row(default)]
    minutes: Option<i64>,
    #[row(json, default)]
    needs: Vec<String>,
    #[row(default)]
    setup_minutes: i64,
    #[row(default)]
    teardown_minutes: i64,
    #[row(json)]
    extra: Extra,
    source: String,
}

impl SessionRow {
    pub(super) fn session(self) -> Result<Session> {
        Ok(Session {
            state: word(&self.state)?,
            environment: word(&self.environment)?,
            slot: slot(self.starts_at, self.ends_at),
            id: self.id,
            number: self.number,
            code: self.code,
            slug: self.slug,
            title: self.title,
            subtitle: self.subtitle,
            abstract_text: self.abstract_text,
            description: self.description,
            kind: self.kind,
            language: self.language,
            track: self.track_id,
            room: self.room_id,
            url: self.url,
            links: self.links,
            attachments: self.attachments,
            tags: self.tags,
            audience: self.audience,
            minutes: self.minutes,
            needs: self.needs,
            setup_minutes: self.setup_minutes,
            teardown_minutes: self.teardown_minutes,
            extra: self.extra,
            source: self.source,
        })
    }
}

#[derive(FromRow)]
pub(super) struct PartRow {
    session_id: String,
    person_id: String,
    sort_order: i64,
    role: String,
}

impl PartRow {
    pub(super) fn part(self) -> Result<Part> {
        Ok(Part {
            role: word::<Role>(&self.role)?,
            session: self.session_id,
            position: self.sort_order,
            person: self.person_id,
        })
    }
}

#[derive(FromRow)]
pub(super) struct PersonRow {
    id: String,
    number: Option<i64>,
    name: String,
    biography: String,
    avatar: String,
    url: String,
    #[row(json)]
    links: Vec<Link>,
    source: String,
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        let PersonRow { id, number, name, biography, avatar, url, links, source } = row;
        Self { id, number, name, biography, avatar, url, links, source }
    }
}

#[derive(FromRow)]
pub(super) struct RoomRow {
    id: String,
    name: String,
    sort_order: i64,
    area: String,
    capacity: Option<i64>,
    exclusive: bool,
    description: String,
    #[row(json)]
    extra: serde_json::Map<String, serde_json::Value>,
    source: String,
}

impl From<RoomRow> for Room {
    fn from(row: RoomRow) -> Self {
        let RoomRow { id, name, sort_order, area, capacity, exclusive, description, extra, source } = row;
        Self { id, name, position: sort_order, area, capacity, exclusive, description, extra, source }
    }
}

#[derive(FromRow)]
pub(super) struct TrackRow {
    id: String,
    name: String,
    sort_order: i64,
    color: String,
    slug: String,
    source: String,
}

impl From<TrackRow> for Track {
    fn from(row: TrackRow) -> Self {
        let TrackRow { id, name, sort_order, color, slug, source } = row;
        Self { id, name, position: sort_order, color, slug, source }
    }
}
