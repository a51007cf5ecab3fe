//! Which columns of a schema are never NULL, so that sorting by them can follow an index.
//!
//! Nothing but speed depends on it: what is not known is taken for a column that may be NULL.

use std::collections::HashMap;
use std::sync::Arc;

use conman_kernel::sql::{RowExt, RowLimit, SqlError};
use parking_lot::RwLock;

use super::PostgresSession;
use crate::session::own;
use crate::wall::{Kind, NullsClause, Statement};

/// The columns of every table, each with whether it is never NULL.
#[derive(Debug, Default)]
pub(super) struct Columns(HashMap<String, HashMap<String, bool>>);

/// What is known of a schema right now; shared by all that see the schema.
#[derive(Debug, Default, Clone)]
pub(crate) struct Knowledge(Arc<RwLock<Arc<Columns>>>);

impl Knowledge {
    pub(super) fn now(&self) -> Arc<Columns> {
        Arc::clone(&self.0.read())
    }

    pub(super) fn learn(&self, columns: Columns) {
        *self.0.write() = Arc::new(columns);
    }
}

impl Columns {
    /// Looks the tables of a schema up, as the session sees them.
    pub(super) async fn look_up(session: &mut PostgresSession, schema: &str) -> Result<Self, SqlError> {
        let statement = own(
            Kind::Query,
            "SELECT c.relname, a.attname, a.attnotnull FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped",
        );
        let answer = session.run(&statement, &[schema.into()], Some(RowLimit::HOST)).await?;
        let mut tables: HashMap<String, HashMap<String, bool>> = HashMap::new();
        for row in &answer.rows.rows {
            tables.entry(row.text(0)?.to_owned()).or_default().insert(row.text(1)?.to_owned(), row.boolean(2)?);
        }
        Ok(Self(tables))
    }

    /// The statement's text without the NULLS clauses of columns that are never NULL.
    pub(super) fn text(&self, statement: &Statement) -> Arc<str> {
        let needless: Vec<_> = statement.nulls.iter().filter(|clause| self.is_needless(clause)).collect();
        if needless.is_empty() {
            return Arc::clone(&statement.postgres);
        }
        let mut text = String::with_capacity(statement.postgres.len());
        let mut from = 0;
        for clause in needless {
            text.push_str(statement.postgres.get(from..clause.place.start).unwrap_or_default());
            from = clause.place.end;
        }
        text.push_str(statement.postgres.get(from..).unwrap_or_default());
        text.into()
    }

    fn is_needless(&self, clause: &NullsClause) -> bool {
        let column = |table: &String| self.0.get(table).map(|columns| columns.get(&clause.column).copied());
        let absent = |table: &String| column(table) == Some(None);
        let solid = |table: &String| matches!(column(table), Some(None | Some(true)));
        let somewhere = clause.solid.iter().any(|table| column(table) == Some(Some(true)));
        somewhere && clause.solid.iter().all(solid) && clause.loose.iter().all(absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wall::{Author, judge};

    /// The text of a statement on two tables: `session` with id and day never NULL, `person` with id never NULL.
    fn text(sql: &str) -> String {
        let columns = |names: &[(&str, bool)]| names.iter().map(|(name, never)| ((*name).to_owned(), *never)).collect();
        let columns = Columns(HashMap::from([
            ("session".to_owned(), columns(&[("id", true), ("day", true), ("start", false), ("host", false)])),
            ("person".to_owned(), columns(&[("id", true), ("name", false)])),
        ]));
        let statements = judge(sql, Author::Guest, "").unwrap();
        let text = columns.text(&statements[0]).replace('"', "");
        text.split_once(" ORDER BY ").map_or(text.clone(), |(_, order)| order.to_owned())
    }

    #[test]
    fn columns_that_are_never_null_need_no_clause() {
        for (sql, order) in [
            ("SELECT id FROM session ORDER BY id", "id"),
            ("SELECT * FROM session ORDER BY day DESC, start, id LIMIT $1", "day DESC, start NULLS FIRST, id LIMIT $1"),
            ("SELECT s.id FROM session AS s ORDER BY s.id", "s.id"),
            ("SELECT s.id AS id FROM session s JOIN person p ON p.id = s.host ORDER BY id, p.id", "id, p.id"),
            ("SELECT s.day FROM session s LEFT JOIN person p ON p.id = s.host ORDER BY s.id, day", "s.id, day"),
            ("SELECT id FROM session ORDER BY id NULLS LAST", "id NULLS LAST"),
        ] {
            assert_eq!(text(sql), order, "{sql}");
        }
    }

    #[test]
    fn whatever_may_be_null_keeps_its_clause() {
        for (sql, order) in [
            ("SELECT id FROM elsewhere ORDER BY id", "id NULLS FIRST"),
            ("SELECT start AS id FROM session ORDER BY id", "id NULLS FIRST"),
            (
                "SELECT s.day FROM session s LEFT JOIN person p ON p.id = s.host ORDER BY p.id, id",
                "p.id NULLS FIRST, id NULLS FIRST",
            ),
            ("SELECT s.day FROM session s RIGHT JOIN person p ON p.id = s.host ORDER BY day", "day NULLS FIRST"),
            ("WITH session AS (SELECT NULL AS id) SELECT id FROM session ORDER BY id", "id NULLS FIRST"),
            ("SELECT id FROM (SELECT start AS id FROM session) AS session ORDER BY id", "id NULLS FIRST"),
            ("SELECT id FROM session UNION SELECT name FROM person ORDER BY id", "id NULLS FIRST"),
            ("SELECT id FROM session ORDER BY LOWER(id) DESC", "LOWER((id) COLLATE C) DESC NULLS LAST"),
        ] {
            assert_eq!(text(sql), order, "{sql}");
        }
    }

    #[test]
    fn an_index_is_made_the_way_it_is_followed() {
        assert_eq!(
            text("CREATE INDEX i ON session (day, start, id DESC)"),
            "CREATE INDEX i ON session(day, start NULLS FIRST, id DESC)"
        );
    }
}
