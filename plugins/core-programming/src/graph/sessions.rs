//! Sessions with their rooms, tracks and people: one statement for a page of them, one for everybody in it.

use std::collections::{BTreeSet, HashMap};

use conman_sdk::prelude::*;

use super::{Statement, Wants, int, limit, patterns, people, some, stored, wire};
use crate::model::{Extra, Link};
use crate::schema::{Person, Room, Session, SessionEnvironment, SessionFilter, SessionPage, SessionPerson, Track};
use crate::store::{FOREVER, View};

/// A session as read; most columns only where they are wanted.
#[derive(FromRow)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// Whatever it was asked for by, where it was.
    #[row(default)]
    pub parent: Option<String>,
    /// The release it was asked for by, where it was.
    #[row(default)]
    pub release_number: Option<i64>,
    /// Which edition of the session it is, where there may be several.
    #[row(default)]
    from_release: Option<i64>,
    title: String,
    #[row(default)]
    kind: String,
    state: String,
    #[row(default)]
    environment: Option<String>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    #[row(default)]
    minutes: Option<i64>,
    #[row(default)]
    code: String,
    #[row(default)]
    subtitle: String,
    #[row(default)]
    language: String,
    #[row(default)]
    url: String,
    #[row(json, default)]
    tags: Vec<String>,
    #[row(default)]
    room_id: Option<String>,
    #[row(default)]
    track_id: Option<String>,
    #[row(default)]
    audience: Option<i64>,
    #[row(default)]
    abstract_text: String,
    #[row(default)]
    description: String,
    #[row(json, default)]
    links: Vec<Link>,
    #[row(json, default)]
    attachments: Vec<Link>,
    #[row(json, default)]
    extra: Extra,
    #[row(default)]
    room_name: Option<String>,
    #[row(default)]
    room_area: Option<String>,
    #[row(default)]
    room_capacity: Option<i64>,
    #[row(default)]
    room_exclusive: Option<bool>,
    #[row(default)]
    room_description: Option<String>,
    #[row(default)]
    room_features: Option<Json<Vec<String>>>,
    #[row(default)]
    track_name: Option<String>,
    #[row(default)]
    track_color: Option<String>,
}

/// From so many sessions on they are not named one by one when more is asked about them.
const MANY: usize = 256;

/// A session, and the release its row is from where that matters.
type Edition = (String, Option<i64>);

/// What to read of sessions, and how.
#[derive(Clone, Copy)]
pub struct Reading<'c> {
    ctx: &'c Context,
    view: View,
    wants: Wants<'c>,
}

impl<'c> Reading<'c> {
    /// Sessions that stand below `prefix` in the answer.
    #[must_use]
    pub const fn new(ctx: &'c Context, view: View, prefix: &'static str) -> Self {
        Self { ctx, view, wants: Wants::below(ctx, prefix) }
    }

    /// What is selected.
    #[must_use]
    pub fn columns(&self) -> String {
        let mut columns = "s.id, s.title, s.state, s.starts_at, s.ends_at".to_owned();
        let optional: &[(&[&str], &str)] = &[
            (&["kind"], ", s.kind"),
            (&["environment"], ", s.environment"),
            (&["code"], ", s.code"),
            (&["subtitle"], ", s.subtitle"),
            (&["language"], ", s.language"),
            (&["url"], ", s.url"),
            (&["tags"], ", s.tags"),
            (&["abstract"], ", s.abstract_text"),
            (&["description"], ", s.description"),
            (&["links"], ", s.links"),
            (&["attachments"], ", s.attachments"),
            (&["logo", "feedbackUrl", "doNotRecord", "recordingLicence"], ", s.extra"),
            (&["room"], ", s.room_id, r.name AS room_name"),
            (&["room.area"], ", r.area AS room_area"),
            (&["room.capacity"], ", r.capacity AS room_capacity"),
            (&["room.exclusive"], ", r.exclusive AS room_exclusive"),
            (&["room.description"], ", r.description AS room_description"),
            (&["room.features"], ", r.features AS room_features"),
            (&["track"], ", s.track_id, t.name AS track_name"),
            (&["track.color"], ", t.color AS track_color"),
            (&["audience"], if matches!(self.view, View::Draft) { ", s.audience" } else { "" }),
            (&["minutes"], if matches!(self.view, View::Draft) { ", s.minutes" } else { "" }),
        ];
        for (fields, column) in optional {
            if fields.iter().any(|field| self.wants.field(field)) {
                columns.push_str(column);
            }
        }
        columns
    }

    /// Where it is selected from: sessions `s`, rooms `r`, tracks `t`, in this view.
    #[must_use]
    pub fn from(&self) -> String {
        format!(
            "FROM {} s LEFT JOIN room r ON r.id = s.room_id LEFT JOIN track t ON t.id = s.track_id WHERE {}",
            self.view.sessions(),
            self.view.condition("s")
        )
    }

    /// What sessions are sorted by; those without a time come last.
    const fn sort(&self) -> &'static str {
        if matches!(self.view, View::Draft) { "COALESCE(s.starts_at, 9007199254740991)" } else { "s.starts_at" }
    }

    /// Some sessions.
    ///
    /// # Errors
    /// `invalid` for a bad `first` or `after`; the database's.
    pub fn page(&self, filter: Option<SessionFilter>, first: i32, after: Option<&str>) -> Result<SessionPage> {
        let limit = limit(first)?;
        let mut statement = Statement { text: self.from(), ..Statement::default() };
        if let Some(filter) = filter {
            self.filter(&mut statement, filter);
        }
        let total_count = if Wants::below(self.ctx, "").field("totalCount") {
            database::query_value(&format!("SELECT COUNT(*) {}", statement.text), &statement.parameters)?
        } else {
            0
        };
        let sort = self.sort();
        if let Some(after) = after {
            let wrong = || Error::invalid("This cursor is none of ours; start again without.").at("/after");
            let (at, id) = after.split_once(' ').ok_or_else(wrong)?;
            let at: i64 = at.parse().map_err(|_| wrong())?;
            let (at, id) = (statement.parameter(&at), statement.parameter(&id));
            statement.text += &format!(" AND ({sort} > {at} OR ({sort} = {at} AND s.id > {id}))");
        }
        let more = statement.parameter(&(limit + 1));
        statement.text += &format!(" ORDER BY {sort}, s.id LIMIT {more}");
        let sql = format!("SELECT {} {}", self.columns(), statement.text);
        let mut rows: Vec<SessionRow> = database::query_as(&sql, &statement.parameters)?;
        let next_cursor = if rows.len() > limit {
            rows.truncate(limit);
            rows.last().map(|row| format!("{} {}", row.starts_at.map_or(FOREVER, Timestamp::as_millisecond), row.id))
        } else {
            None
        };
        let nodes = if rows.len() < MANY || !self.wants.field("people") {
            self.sessions(rows)?
        } else {
            self.found(rows, &statement)?
        };
        Ok(SessionPage { nodes, total_count, next_cursor })
    }

    fn filter(&self, statement: &mut Statement, filter: SessionFilter) {
        let SessionFilter { day, room, track, person, kind, language, environment, state, tag, text, from, until } =
            filter;
        let mut and = |condition: &str, value: &dyn ToValue| {
            statement.parameters.push(value.to_value());
            let placeholder = format!("${}", statement.parameters.len());
            statement.text.push_str(" AND ");
            statement.text.push_str(&condition.replace('?', &placeholder));
        };
        if let Some(day) = day {
            let (start, end) = self.ctx.convention.day_span(day);
            and("s.starts_at >= ?", &start);
            and("s.starts_at < ?", &end);
        }
        if let Some(room) = room {
            and("s.room_id = ?", &room);
        }
        if let Some(track) = track {
            and("s.track_id = ?", &track);
        }
        if let Some(person) = person {
            let condition = format!(
                "s.id IN (SELECT p.session_id FROM {} p WHERE p.person_id = ? AND {})",
                self.view.parts(),
                self.view.condition("p")
            );
            and(&condition, &person);
        }
        if let Some(kind) = kind {
            and("LOWER(s.kind) = ?", &kind.trim().to_lowercase());
        }
        if let Some(language) = language {
            let pattern = format!("% {} %", sure_pattern(&language.trim().to_lowercase()));
            and("(' ' || REPLACE(LOWER(s.language), ',', ' ') || ' ') LIKE ?", &pattern);
        }
        if let Some(environment) = environment {
            and("s.environment = ?", &stored(environment.as_str()));
        }
        if let Some(state) = state {
            and("s.state = ?", &stored(state.as_str()));
        }
        if let Some(tag) = tag {
            and("s.tags LIKE ?", &format!("%\"{}\"%", sure_pattern(&tag)));
        }
        if let Some(from) = from {
            and("s.ends_at > ?", &from);
        }
        if let Some(until) = until {
            and("s.starts_at < ?", &until);
        }
        for pattern in patterns(&text.unwrap_or_default()) {
            let condition = format!(
                "(s.search LIKE ? OR r.name_key LIKE ? OR t.name_key LIKE ? OR s.id IN (SELECT p.session_id FROM {} p \
                 JOIN person e ON e.id = p.person_id WHERE e.name_key LIKE ? AND {}))",
                self.view.parts(),
                self.view.condition("p")
            );
            and(&condition, &pattern);
        }
    }

    /// Sessions by their ids, by time.
    ///
    /// # Errors
    /// The database's.
    pub fn by_id<'k>(&self, ids: impl IntoIterator<Item = &'k str>) -> Result<Vec<Session>> {
        let sql =
            format!("SELECT {} {} AND s.id IN ($keys) ORDER BY {}, s.id", self.columns(), self.from(), self.sort());
        self.sessions(database::query_in(&sql, params![], ids)?)
    }

    /// One session.
    ///
    /// # Errors
    /// The database's.
    pub fn one(&self, id: &str) -> Result<Option<Session>> {
        Ok(self.by_id([id])?.into_iter().next())
    }

    /// Sessions that a statement of the caller's found.
    ///
    /// # Errors
    /// The database's.
    pub fn query(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Session>> {
        self.sessions(database::query_as(sql, parameters)?)
    }

    /// Rows as the client sees them, with everybody in them.
    ///
    /// # Errors
    /// The database's.
    pub fn sessions(&self, rows: Vec<SessionRow>) -> Result<Vec<Session>> {
        if !self.wants.field("people") {
            return rows.into_iter().map(|row| self.session(row, Vec::new())).collect();
        }
        let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let parts = database::query_in(&self.parts("$keys"), params![], ids)?;
        self.with_people(rows, parts)
    }

    /// The same for the many rows that `statement` found: finding them again costs less than naming each of them.
    fn found(&self, rows: Vec<SessionRow>, statement: &Statement) -> Result<Vec<Session>> {
        let parts = self.parts(&format!("SELECT s.id {}", statement.text));
        self.with_people(rows, database::query_as(&parts, &statement.parameters)?)
    }

    /// Everybody in `sessions`, which are a list or a statement.
    fn parts(&self, sessions: &str) -> String {
        // A release writes a session and the people in it together, so they are of the same edition.
        let edition = if matches!(self.view, View::Between { .. }) { "p.from_release, " } else { "" };
        format!(
            "SELECT p.session_id, {edition}p.role, {} FROM {} p JOIN person e ON e.id = p.person_id WHERE {} \
             AND p.session_id IN ({sessions}) ORDER BY p.session_id, p.sort_order, p.person_id",
            people::columns(&self.wants, "people.person."),
            self.view.parts(),
            self.view.condition("p")
        )
    }

    fn with_people(&self, rows: Vec<SessionRow>, parts: Vec<PartRow>) -> Result<Vec<Session>> {
        let mut line_ups: HashMap<Edition, Vec<SessionPerson>> = HashMap::with_capacity(rows.len());
        for part in parts {
            let person = Person {
                id: part.id,
                name: part.name,
                biography: some(part.biography),
                avatar: some(part.avatar),
                url: some(part.url),
                links: people::links(part.links),
            };
            let edition = (part.session_id, part.from_release);
            line_ups.entry(edition).or_default().push(SessionPerson { role: wire(&part.role)?, person });
        }
        let mut left: HashMap<Edition, usize> = HashMap::with_capacity(rows.len());
        for row in &rows {
            *left.entry((row.id.clone(), row.from_release)).or_default() += 1;
        }
        rows.into_iter()
            .map(|row| {
                // The same session may stand below several parents; the last one takes the line-up, the others copy it.
                let edition = (row.id.clone(), row.from_release);
                let last = left.get_mut(&edition).is_none_or(|times| {
                    *times -= 1;
                    *times == 0
                });
                let line_up = if last { line_ups.remove(&edition) } else { line_ups.get(&edition).cloned() };
                self.session(row, line_up.unwrap_or_default())
            })
            .collect()
    }

    fn session(&self, row: SessionRow, people: Vec<SessionPerson>) -> Result<Session> {
        let convention = &self.ctx.convention;
        let lasts = row.starts_at.zip(row.ends_at).map(|(start, end)| (end.as_second() - start.as_second()) / 60);
        let minutes = lasts.or(row.minutes).map(int);
        // Which day it is takes a look at the time zone.
        let day = row.starts_at.filter(|_| self.wants.field("day")).map(|at| convention.day_of(at));
        let room = row.room_id.zip(row.room_name).map(|(id, name)| Room {
            id,
            name,
            area: row.room_area.and_then(some),
            capacity: row.room_capacity.map(int),
            exclusive: row.room_exclusive.unwrap_or(true),
            description: row.room_description.and_then(some),
            features: row.room_features.map(|Json(features)| features).unwrap_or_default(),
        });
        let track = row.track_id.zip(row.track_name).map(|(id, name)| Track {
            id,
            name,
            color: row.track_color.and_then(some),
        });
        Ok(Session {
            id: row.id,
            code: some(row.code),
            title: row.title,
            subtitle: some(row.subtitle),
            r#abstract: some(row.abstract_text),
            description: some(row.description),
            kind: row.kind,
            state: wire(&row.state)?,
            environment: environment(row.environment.as_deref())?,
            language: some(row.language),
            start: row.starts_at.map(|at| convention.local(at)),
            end: row.ends_at.map(|at| convention.local(at)),
            minutes,
            day,
            room,
            track,
            people,
            tags: row.tags,
            url: some(row.url),
            links: people::links(row.links),
            attachments: people::links(row.attachments),
            logo: some(row.extra.logo),
            feedback_url: some(row.extra.feedback_url),
            do_not_record: row.extra.recording.opt_out,
            recording_licence: some(row.extra.recording.licence),
            audience: row.audience.map(int),
        })
    }
}

/// What is not wanted was not read, and nobody looks at what stands there instead.
fn environment(read: Option<&str>) -> Result<SessionEnvironment> {
    read.map_or(Ok(SessionEnvironment::InPerson), wire)
}

#[derive(FromRow)]
struct PartRow {
    session_id: String,
    #[row(default)]
    from_release: Option<i64>,
    role: String,
    id: String,
    name: String,
    #[row(default)]
    biography: String,
    #[row(default)]
    avatar: String,
    #[row(default)]
    url: String,
    #[row(json, default)]
    links: Vec<Link>,
}

/// A text for the middle of a `LIKE` pattern. What `LIKE`, or JSON around it, reads in its own way may match anything.
fn sure_pattern(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '%' | '_' | '\\' | '"') { '%' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_read_is_not_what_is_damaged() {
        assert!(matches!(environment(None), Ok(SessionEnvironment::InPerson)));
        assert!(matches!(environment(Some("virtual")), Ok(SessionEnvironment::Virtual)));
        for damaged in ["", "in space"] {
            assert!(environment(Some(damaged)).is_err(), "{damaged}");
        }
    }
}
