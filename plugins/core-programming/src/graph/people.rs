//! People, announced or not.

use conman_sdk::prelude::*;

use super::{Statement, Wants, limit, patterns, some};
use crate::model::Link;
use crate::schema::{Person, PersonPage, SessionLink};
use crate::store::View;

#[derive(FromRow)]
struct PersonRow {
    id: String,
    name: String,
    #[row(default)]
    name_key: String,
    #[row(default)]
    biography: String,
    #[row(default)]
    avatar: String,
    #[row(default)]
    url: String,
    #[row(json, default)]
    links: Vec<Link>,
}

impl PersonRow {
    fn person(self) -> Person {
        Person {
            id: self.id,
            name: self.name,
            biography: some(self.biography),
            avatar: some(self.avatar),
            url: some(self.url),
            links: links(self.links),
        }
    }
}

/// Links for clients.
#[must_use]
pub fn links(links: Vec<Link>) -> Vec<SessionLink> {
    links
        .into_iter()
        .map(|link| SessionLink { url: link.url, title: some(link.title), kind: some(link.kind) })
        .collect()
}

/// The columns of a person, long ones only where wanted.
#[must_use]
pub fn columns(wants: &Wants<'_>, below: &str) -> String {
    let mut columns = "e.id, e.name".to_owned();
    for column in ["biography", "avatar", "url", "links"] {
        if wants.field(&format!("{below}{column}")) {
            columns.push_str(", e.");
            columns.push_str(column);
        }
    }
    columns
}

fn visible(view: View) -> String {
    match view {
        View::Draft => "NOT e.removed".to_owned(),
        _ => format!("e.id IN (SELECT p.person_id FROM {} p WHERE {})", view.parts(), view.condition("p")),
    }
}

/// People by name.
///
/// # Errors
/// `invalid` for a bad `first` or `after`; the database's.
pub fn page(ctx: &Context, view: View, text: Option<&str>, first: i32, after: Option<&str>) -> Result<PersonPage> {
    let limit = limit(first)?;
    let wants = Wants::below(ctx, "nodes.");
    let mut statement = Statement { text: format!(" FROM person e WHERE {}", visible(view)), ..Statement::default() };
    for pattern in patterns(text.unwrap_or_default()) {
        let pattern = statement.parameter(&pattern);
        statement.text += &format!(" AND e.name_key LIKE {pattern}");
    }
    let total_count = if wants_of(ctx, "totalCount") {
        database::query_value(&format!("SELECT COUNT(*){}", statement.text), &statement.parameters)?
    } else {
        0
    };
    if let Some(after) = after {
        let (id, key) = after
            .split_once(' ')
            .ok_or_else(|| Error::invalid("This cursor is none of ours; start again without.").at("/after"))?;
        let (key, id) = (statement.parameter(&key), statement.parameter(&id));
        statement.text += &format!(" AND (e.name_key > {key} OR (e.name_key = {key} AND e.id > {id}))");
    }
    let more = statement.parameter(&(limit + 1));
    let sql =
        format!("SELECT e.name_key, {}{} ORDER BY e.name_key, e.id LIMIT {more}", columns(&wants, ""), statement.text);
    let mut rows: Vec<PersonRow> = database::query_as(&sql, &statement.parameters)?;
    let next_cursor = if rows.len() > limit {
        rows.truncate(limit);
        rows.last().map(|row| format!("{} {}", row.id, row.name_key))
    } else {
        None
    };
    Ok(PersonPage { nodes: rows.into_iter().map(PersonRow::person).collect(), total_count, next_cursor })
}

fn wants_of(ctx: &Context, field: &str) -> bool {
    Wants::below(ctx, "").field(field)
}

/// People by their ids, as far as this view shows them.
///
/// # Errors
/// The database's.
pub fn by_id<'k>(
    wants: &Wants<'_>,
    view: View,
    ids: impl IntoIterator<Item = &'k str>,
) -> Result<Vec<(String, Person)>> {
    let sql = format!("SELECT {} FROM person e WHERE {} AND e.id IN ($keys)", columns(wants, ""), visible(view));
    let rows: Vec<PersonRow> = database::query_in(&sql, params![], ids)?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row.person())).collect())
}

/// One person.
///
/// # Errors
/// The database's.
pub fn one(ctx: &Context, view: View, id: &str) -> Result<Option<Person>> {
    Ok(by_id(&Wants::below(ctx, ""), view, [id])?.into_iter().next().map(|(_, person)| person))
}
