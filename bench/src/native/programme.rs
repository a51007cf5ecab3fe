//! Sessions with rooms and people: the statements a careful author would write.

use std::collections::HashMap;

use async_graphql::SimpleObject;
use conman_kernel::sql::{Access, Database, RowExt as _, RowLimit, SqlError, Value};
use jiff::tz::TimeZone;

/// Some sessions.
#[derive(SimpleObject)]
pub(crate) struct SessionPage {
    nodes: Vec<Session>,
}

#[derive(SimpleObject)]
struct Session {
    id: String,
    title: String,
    kind: String,
    #[graphql(name = "abstract")]
    summary: Option<String>,
    start: Option<String>,
    end: Option<String>,
    room: Option<Room>,
    people: Vec<SessionPerson>,
}

#[derive(SimpleObject)]
struct Room {
    id: String,
    name: String,
}

#[derive(SimpleObject, Clone)]
struct SessionPerson {
    role: String,
    person: Person,
}

#[derive(SimpleObject, Clone)]
struct Person {
    id: String,
    name: String,
}

const SESSIONS: &str = "SELECT s.id, s.title, s.kind, s.abstract_text, s.starts_at, s.ends_at, s.room_id, r.name \
    FROM session_draft s LEFT JOIN room r ON r.id = s.room_id \
    ORDER BY COALESCE(s.starts_at, 9007199254740991), s.id LIMIT $1";

const PEOPLE: &str = "SELECT p.session_id, p.role, e.id, e.name FROM part_draft p JOIN person e ON e.id = p.person_id \
    WHERE p.session_id IN ($keys) ORDER BY p.session_id, p.sort_order, p.person_id";

/// The first sessions by time.
pub(crate) async fn session_page(database: &dyn Database, first: i64) -> Result<SessionPage, SqlError> {
    let zone = TimeZone::get(crate::convention::ZONE).map_err(|error| SqlError::Unavailable(error.to_string()))?;
    let mut transaction = database.begin(Access::ReadOnly).await?;
    let sessions = transaction.query(SESSIONS, &[Value::Integer(first)], RowLimit::HOST).await?;
    let keys = (1..=sessions.rows.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    let ids = sessions.rows.iter().map(|row| Ok(row.text(0)?.into())).collect::<Result<Vec<Value>, SqlError>>()?;
    let people = transaction.query(&PEOPLE.replace("$keys", &keys), &ids, RowLimit::HOST).await?;
    transaction.rollback().await;
    let mut line_ups: HashMap<&str, Vec<SessionPerson>> = HashMap::new();
    for row in &people.rows {
        let person = Person { id: row.text(2)?.to_owned(), name: row.text(3)?.to_owned() };
        let role = row.text(1)?.to_uppercase();
        line_ups.entry(row.text(0)?).or_default().push(SessionPerson { role, person });
    }
    let local = |at: Option<i64>| {
        let at = jiff::Timestamp::from_millisecond(at?).ok()?;
        Some(at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
    };
    let nodes = sessions.rows.iter().map(|row| {
        let room = row.optional_text(6)?.zip(row.optional_text(7)?);
        Ok(Session {
            id: row.text(0)?.to_owned(),
            title: row.text(1)?.to_owned(),
            kind: row.text(2)?.to_owned(),
            summary: Some(row.text(3)?.to_owned()).filter(|text| !text.is_empty()),
            start: local(row.optional_integer(4)?),
            end: local(row.optional_integer(5)?),
            room: room.map(|(id, name)| Room { id: id.to_owned(), name: name.to_owned() }),
            people: line_ups.remove(row.text(0)?).unwrap_or_default(),
        })
    });
    Ok(SessionPage { nodes: nodes.collect::<Result<_, SqlError>>()? })
}
