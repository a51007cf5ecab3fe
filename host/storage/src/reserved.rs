//! The tables the host keeps inside every plugin database, so that they commit together with the plugin's rows: events
//! to be delivered, events already handled, answers already given, what people did, jobs of the scheduler, and migrations already run.

use std::sync::Arc;

use conman_kernel::digest::Digest;
use conman_kernel::sql::Value;
use jiff::Timestamp;

use crate::postgres::provision::{Provisioned, call};
use crate::session::own;
use crate::wall::{Kind, Statement};

/// What makes a repeated mutation the same: who asks, the client's key, and where in the request the field stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnswerKey {
    /// Whose key it is: two actors may use the same one.
    pub actor: String,
    /// The client's `Idempotency-Key`.
    pub key: String,
    /// The field's place in the request.
    pub path: String,
}

impl AnswerKey {
    fn values(&self) -> [Value; 3] {
        [self.actor.as_str().into(), self.key.as_str().into(), self.path.as_str().into()]
    }
}

/// What was answered the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The digest of the arguments: a key used again with other arguments is an error of the client's.
    pub arguments: Digest,
    /// The answer, JSON.
    pub answer: String,
    /// When it was given.
    pub answered_at: Timestamp,
}

/// What is known of a job of the scheduler, in the order in which it is read.
pub(crate) const SOLVE: &str = "state, options, cancelled, course, fault, created_at, started_at, ended_at";

/// The tables on SQLite.
pub(crate) const SQLITE_TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS conman_outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, key TEXT NOT NULL,
        payload TEXT NOT NULL, emitted_at BIGINT NOT NULL, hops BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS conman_handled (
        event_id TEXT NOT NULL PRIMARY KEY, handled_at BIGINT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS conman_handled_at ON conman_handled (handled_at)",
    "CREATE TABLE IF NOT EXISTS conman_answer (
        actor TEXT NOT NULL, client_key TEXT NOT NULL, path TEXT NOT NULL, arguments TEXT NOT NULL, answer TEXT NOT NULL,
        answered_at BIGINT NOT NULL, PRIMARY KEY (actor, client_key, path))",
    "CREATE INDEX IF NOT EXISTS conman_answer_at ON conman_answer (answered_at)",
    "CREATE TABLE IF NOT EXISTS conman_deed (
        id TEXT NOT NULL PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL, actor_name TEXT NOT NULL, action TEXT NOT NULL,
        detail TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS conman_solve (
        id TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL, options TEXT NOT NULL, hops BIGINT NOT NULL, cancelled BOOLEAN NOT NULL,
        owner TEXT, tries BIGINT NOT NULL, returned BIGINT NOT NULL, course TEXT, fault TEXT, created_at BIGINT NOT NULL,
        started_at BIGINT, ended_at BIGINT, best TEXT)",
    // Apart, because how far a job has come is written again and again, and a row is written whole.
    "CREATE TABLE IF NOT EXISTS conman_solve_problem (id TEXT NOT NULL PRIMARY KEY, problem TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS conman_migration (
        version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)",
];

/// The host's statements inside a plugin's transaction.
pub(crate) struct Reserved {
    pub(crate) emit: Statement,
    pub(crate) handle: Statement,
    /// On PostgreSQL this is run as the host: the role cannot read it, and a read in the plugin's own transaction would
    /// make concurrent repeats of different mutations look like conflicts.
    pub(crate) answer: Statement,
    pub(crate) remember: Statement,
    pub(crate) record: Statement,
    pub(crate) migrated: Statement,
    pub(crate) solve: Statement,
    pub(crate) solve_problem: Statement,
    pub(crate) cancel_solve: Statement,
    pub(crate) forget_solve: Statement,
    pub(crate) forget_solve_problem: Statement,
    pub(crate) find_solve: Statement,
    pub(crate) find_solution: Statement,
    /// What PostgreSQL's functions ask for as their first argument.
    secret: Option<Value>,
}

impl Reserved {
    /// On SQLite: plain statements, carrying the tag that keeps them out of a guest's reach.
    pub(crate) fn sqlite(tag: &Arc<str>) -> Self {
        let change = |text: &str| own(Kind::Change, &format!("{text} {tag}"));
        Self {
            emit: change(
                "INSERT INTO conman_outbox (id, topic, key, payload, emitted_at, hops) VALUES (?, ?, ?, ?, ?, ?)",
            ),
            handle: change(
                "INSERT INTO conman_handled (event_id, handled_at) VALUES (?, ?) ON CONFLICT (event_id) DO NOTHING",
            ),
            answer: own(
                Kind::Query,
                &format!(
                    "SELECT arguments, answer, answered_at FROM conman_answer WHERE actor = ? AND client_key = ? AND path = ? {tag}"
                ),
            ),
            remember: change(
                "INSERT INTO conman_answer (actor, client_key, path, arguments, answer, answered_at) VALUES (?, ?, ?, ?, ?, ?)",
            ),
            record: change(
                "INSERT INTO conman_deed (id, at, actor, actor_name, action, detail) VALUES (?, ?, ?, ?, ?, ?)",
            ),
            migrated: change("INSERT INTO conman_migration (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)"),
            solve: change(
                "INSERT INTO conman_solve (id, state, options, hops, cancelled, tries, returned, created_at) \
                 SELECT ?1, 'queued', ?2, ?3, FALSE, 0, 0, ?4 \
                 WHERE (SELECT COUNT(*) FROM conman_solve WHERE state = 'queued') < ?5",
            ),
            solve_problem: change("INSERT INTO conman_solve_problem (id, problem) VALUES (?, ?)"),
            cancel_solve: change(
                "UPDATE conman_solve SET cancelled = TRUE WHERE id = ? AND state IN ('queued', 'running')",
            ),
            forget_solve: change("DELETE FROM conman_solve WHERE id = ?"),
            forget_solve_problem: change("DELETE FROM conman_solve_problem WHERE id = ?"),
            find_solve: own(Kind::Query, &format!("SELECT {SOLVE} FROM conman_solve WHERE id = ? {tag}")),
            find_solution: own(Kind::Query, &format!("SELECT best FROM conman_solve WHERE id = ? {tag}")),
            secret: None,
        }
    }

    /// On PostgreSQL: calls of the host's functions.
    pub(crate) fn postgres(provisioned: &Provisioned) -> Self {
        let schema = &provisioned.schema;
        let change = |function: &str, parameters: usize| own(Kind::Change, &call(schema, function, parameters + 1));
        Self {
            emit: change("conman_emit", 6),
            handle: change("conman_handle", 2),
            answer: own(
                Kind::Query,
                "SELECT arguments, answer, answered_at FROM conman_answer WHERE actor = $1 AND client_key = $2 AND path = $3",
            ),
            remember: change("conman_remember", 6),
            record: change("conman_record", 6),
            migrated: change("conman_migrated", 4),
            solve: change("conman_begin_solve", 5),
            solve_problem: change("conman_keep_problem", 2),
            cancel_solve: change("conman_cancel_solve", 1),
            forget_solve: change("conman_forget_solve", 1),
            forget_solve_problem: change("conman_forget_problem", 1),
            find_solve: own(Kind::Query, &format!("SELECT * FROM {schema}.conman_find_solve($1, $2)")),
            find_solution: own(Kind::Query, &format!("SELECT * FROM {schema}.conman_find_solution($1, $2)")),
            secret: Some(Value::Text(provisioned.secret.clone())),
        }
    }

    /// The parameters of one of the statements that change something.
    pub(crate) fn parameters(&self, values: impl IntoIterator<Item = Value>) -> Vec<Value> {
        self.secret.iter().cloned().chain(values).collect()
    }

    /// The parameters that find an answer.
    pub(crate) fn key(key: &AnswerKey) -> [Value; 3] {
        key.values()
    }

    /// The parameters that store an answer.
    pub(crate) fn key_and_answer(&self, key: &AnswerKey, answer: &StoredAnswer) -> Vec<Value> {
        let stored = [answer.arguments.to_string().into(), answer.answer.as_str().into(), answer.answered_at.into()];
        self.parameters(key.values().into_iter().chain(stored))
    }
}
