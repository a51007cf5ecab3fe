//! Makes the host's schema, and a schema and role for every plugin database.
//!
//! Everything here runs as the user of the configured address, under one advisory lock, so that several hosts may
//! start on one database at the same time.

use std::sync::Arc;

use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{RowExt, RowLimit, SqlError, Value};
use jiff::Timestamp;

use super::{HOST_SCHEMA, LOCK_TIME, PostgresSession, Server};
use crate::location::plugin_schema;
use crate::reserved::SOLVE;
use crate::session::own;
use crate::storage::{Unsent, refuse_to_lose};
use crate::wall::Kind;

/// Taken by whoever changes schemas and roles: "conman" in ASCII.
const LOCK: i64 = 0x636f_6e6d_616e;

/// A plugin database that exists.
#[derive(Clone)]
pub(crate) struct Provisioned {
    pub(crate) schema: String,
    pub(crate) role: String,
    pub(crate) password: String,
    /// What the functions of the host's ask for.
    pub(crate) secret: String,
}

/// Sums that stay integers: PostgreSQL's own turn BIGINT into decimals.
fn sums(schema: &str) -> String {
    let sum = |kind: &str, add: &str| {
        format!(
            "CREATE OR REPLACE AGGREGATE {schema}.conman_sum({kind}) \
             (SFUNC = {add}, STYPE = {kind}, COMBINEFUNC = {add}, PARALLEL = SAFE);"
        )
    };
    sum("bigint", "int8pl") + &sum("double precision", "float8pl")
}

impl Server {
    /// Makes the host's schema and the tables this crate keeps there.
    pub(crate) async fn prepare_host(&self) -> Result<(), SqlError> {
        let mut session = self.locked(LOCK).await?;
        let tables = format!(
            "CREATE SCHEMA IF NOT EXISTS {HOST_SCHEMA};
             REVOKE ALL ON SCHEMA {HOST_SCHEMA} FROM PUBLIC;
             {}
             CREATE TABLE IF NOT EXISTS {HOST_SCHEMA}.storage_plugin (
                convention TEXT COLLATE \"C\" NOT NULL, plugin TEXT COLLATE \"C\" NOT NULL, schema_name TEXT NOT NULL UNIQUE,
                role_name TEXT NOT NULL UNIQUE, password TEXT NOT NULL, secret TEXT NOT NULL, created_at BIGINT NOT NULL,
                PRIMARY KEY (convention, plugin));
             DO $$ BEGIN
                -- Temporary tables are of no use to plugins. Only the database's owner can take the right away.
                IF pg_has_role(current_user, (SELECT datdba FROM pg_database WHERE datname = current_database()), 'MEMBER')
                   AND has_database_privilege('public', current_database(), 'TEMPORARY') THEN
                   EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
                END IF;
             END $$",
            sums(HOST_SCHEMA)
        );
        session.control(tables.into()).await?;
        session.commit().await
    }

    /// The plugin's database, made when it is new.
    pub(crate) async fn provide(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Provisioned, SqlError> {
        if let Some(found) = self.find(convention, plugin).await? {
            return Ok(found);
        }
        let mut session = self.locked(LOCK).await?;
        if let Some(found) = find_in(&mut session, convention, plugin).await? {
            session.rollback().await;
            return Ok(found);
        }
        let made = Provisioned {
            schema: plugin_schema(convention, plugin),
            role: format!("conman_{}", random(10)?),
            password: random(24)?,
            secret: random(24)?,
        };
        let Provisioned { schema, role, password, secret } = &made;
        session
            .control(
                format!(
                    "CREATE ROLE {role} LOGIN NOINHERIT PASSWORD '{password}';
                     CREATE SCHEMA {schema};
                     GRANT USAGE ON SCHEMA {schema} TO {role};
                     {}
                     {}",
                    sums(schema),
                    reserved(schema, role, secret)
                )
                .into(),
            )
            .await
            .map_err(|error| explain(error, "make a schema and a login role"))?;
        let remember = own(
            Kind::Change,
            "INSERT INTO conman.storage_plugin (convention, plugin, schema_name, role_name, password, secret, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        );
        let text = |text: &str| Value::from(text);
        let values = [
            text(convention.as_str()),
            text(plugin.as_str()),
            text(schema),
            text(role),
            text(password),
            text(secret),
            Timestamp::now().into(),
        ];
        session.run(&remember, &values, Some(RowLimit::HOST)).await?;
        session.commit().await?;
        Ok(made)
    }

    /// The plugin's database, if there is one.
    pub(crate) async fn find(
        &self,
        convention: &ConventionId,
        plugin: &PluginId,
    ) -> Result<Option<Provisioned>, SqlError> {
        let mut session = self.host().begin_migration().await?;
        let found = find_in(&mut session, convention, plugin).await;
        session.rollback().await;
        found
    }

    /// The plugins that have a database in the convention.
    pub(crate) async fn list(&self, convention: &ConventionId) -> Result<Vec<PluginId>, SqlError> {
        let mut session = self.host().begin_migration().await?;
        let statement = own(Kind::Query, "SELECT plugin FROM conman.storage_plugin WHERE convention = $1");
        let answer = session.run(&statement, &[convention.as_str().into()], Some(RowLimit::HOST)).await?;
        session.rollback().await;
        let id = |row: &Vec<Value>| row.text(0)?.parse().map_err(|error| SqlError::Statement(format!("{error}")));
        answer.rows.rows.iter().map(id).collect()
    }

    /// Removes the plugin's database and its role.
    pub(crate) async fn purge(
        &self,
        convention: &ConventionId,
        plugin: &PluginId,
        unsent: Unsent,
    ) -> Result<(), SqlError> {
        let mut session = self.locked(LOCK).await?;
        if let Some(Provisioned { schema, role, .. }) = find_in(&mut session, convention, plugin).await? {
            // Another host's calls may still be running there; too long ones are not waited for.
            session.control(format!("SET LOCAL lock_timeout = {}", LOCK_TIME.as_millis()).into()).await?;
            if unsent == Unsent::Kept {
                // From here on nobody tells anything there, and whoever did has committed it.
                session.control(format!("LOCK TABLE {schema}.conman_outbox IN ACCESS EXCLUSIVE MODE").into()).await?;
                let count = own(Kind::Query, &format!("SELECT COUNT(*) FROM {schema}.conman_outbox"));
                let answer = session.run(&count, &[], Some(RowLimit::HOST)).await?;
                let events = answer.rows.rows.first().map_or(Ok(0), |row| row.integer(0))?;
                refuse_to_lose(events)?;
            }
            // Rights granted outside of the schema would keep the role from being dropped; there are none.
            session
                .control(format!("DROP SCHEMA IF EXISTS {schema} CASCADE; DROP ROLE IF EXISTS {role}").into())
                .await?;
            let forget = own(Kind::Change, "DELETE FROM conman.storage_plugin WHERE convention = $1 AND plugin = $2");
            session.run(&forget, &[convention.as_str().into(), plugin.as_str().into()], Some(RowLimit::HOST)).await?;
        }
        session.commit().await
    }

    /// A transaction during which nobody else holds the same lock.
    pub(crate) async fn locked(&self, lock: i64) -> Result<PostgresSession, SqlError> {
        let mut session = self.host().begin_migration().await?;
        session.control(format!("SELECT pg_advisory_xact_lock({lock})").into()).await?;
        Ok(session)
    }

    /// Lets a plugin's role make tables, for the time of its migrations, or not any more.
    pub(crate) async fn let_create(&self, provisioned: &Provisioned, may: bool) -> Result<(), SqlError> {
        let Provisioned { schema, role, .. } = provisioned;
        let change = if may {
            format!("GRANT CREATE ON SCHEMA {schema} TO {role}")
        } else {
            format!("REVOKE CREATE ON SCHEMA {schema} FROM {role}")
        };
        let mut session = self.locked(LOCK).await?;
        session.control(change.into()).await?;
        session.commit().await
    }
}

/// The lock of one plugin database's migrations.
pub(crate) fn migration_lock(provisioned: &Provisioned) -> i64 {
    let digest = conman_kernel::digest::Digest::of(provisioned.schema.as_bytes());
    digest.as_bytes().first_chunk().map_or(LOCK, |bytes| i64::from_be_bytes(*bytes))
}

async fn find_in(
    session: &mut PostgresSession,
    convention: &ConventionId,
    plugin: &PluginId,
) -> Result<Option<Provisioned>, SqlError> {
    let statement = own(
        Kind::Query,
        "SELECT schema_name, role_name, password, secret FROM conman.storage_plugin WHERE convention = $1 AND plugin = $2",
    );
    let answer =
        session.run(&statement, &[convention.as_str().into(), plugin.as_str().into()], Some(RowLimit::HOST)).await?;
    let Some(row) = answer.rows.rows.first() else { return Ok(None) };
    let text = |column| row.text(column).map(str::to_owned);
    Ok(Some(Provisioned { schema: text(0)?, role: text(1)?, password: text(2)?, secret: text(3)? }))
}

/// The tables the host keeps in a plugin's schema, and the functions through which it writes them in the plugin's own
/// transactions. The functions run with the rights of the host's user and let only those in who know the secret.
fn reserved(schema: &str, role: &str, secret: &str) -> String {
    let lock = migration_seed(schema);
    let function = |name: &str, arguments: &str, body: &str| {
        format!(
            "CREATE FUNCTION {schema}.{name}(secret TEXT, {arguments}) RETURNS BIGINT
             LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
             DECLARE touched BIGINT;
             BEGIN
                IF NOT EXISTS (SELECT FROM {schema}.conman_secret s WHERE s.secret = $1) THEN
                    RAISE insufficient_privilege USING MESSAGE = 'permission denied for function {name}';
                END IF;
                {body};
                GET DIAGNOSTICS touched = ROW_COUNT;
                RETURN touched;
             END $$;
             REVOKE ALL ON FUNCTION {schema}.{name} FROM PUBLIC;
             GRANT EXECUTE ON FUNCTION {schema}.{name} TO {role};"
        )
    };
    let tables = format!(
        "CREATE TABLE {schema}.conman_secret (secret TEXT NOT NULL);
         INSERT INTO {schema}.conman_secret VALUES ('{secret}');
         CREATE TABLE {schema}.conman_outbox (
            seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT COLLATE \"C\" NOT NULL UNIQUE, topic TEXT NOT NULL,
            key TEXT NOT NULL, payload TEXT NOT NULL, emitted_at BIGINT NOT NULL, hops BIGINT NOT NULL);
         CREATE TABLE {schema}.conman_handled (event_id TEXT COLLATE \"C\" PRIMARY KEY, handled_at BIGINT NOT NULL);
         CREATE INDEX conman_handled_at ON {schema}.conman_handled (handled_at);
         CREATE TABLE {schema}.conman_answer (
            actor TEXT COLLATE \"C\" NOT NULL, client_key TEXT COLLATE \"C\" NOT NULL, path TEXT COLLATE \"C\" NOT NULL,
            arguments TEXT NOT NULL, answer TEXT NOT NULL, answered_at BIGINT NOT NULL,
            PRIMARY KEY (actor, client_key, path));
         CREATE INDEX conman_answer_at ON {schema}.conman_answer (answered_at);
         CREATE TABLE {schema}.conman_deed (
            id TEXT COLLATE \"C\" PRIMARY KEY, at BIGINT NOT NULL, actor TEXT COLLATE \"C\" NOT NULL, actor_name TEXT NOT NULL,
            action TEXT COLLATE \"C\" NOT NULL, detail TEXT NOT NULL);
         CREATE TABLE {schema}.conman_solve (
            id TEXT COLLATE \"C\" PRIMARY KEY, state TEXT COLLATE \"C\" NOT NULL, options TEXT NOT NULL, hops BIGINT NOT NULL,
            cancelled BOOLEAN NOT NULL, owner TEXT COLLATE \"C\", tries BIGINT NOT NULL, returned BIGINT NOT NULL,
            course TEXT, fault TEXT, created_at BIGINT NOT NULL, started_at BIGINT, ended_at BIGINT, best TEXT);
         CREATE TABLE {schema}.conman_solve_problem (id TEXT COLLATE \"C\" PRIMARY KEY, problem TEXT NOT NULL);
         CREATE TABLE {schema}.conman_migration (
            version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL);"
    );
    // Events with the same key get their numbers in the order of commit: whoever comes second waits here.
    let emit = function(
        "conman_emit",
        "id TEXT, topic TEXT, key TEXT, payload TEXT, emitted_at BIGINT, hops BIGINT",
        &format!(
            "PERFORM pg_advisory_xact_lock({lock}, hashtext($4));
             INSERT INTO {schema}.conman_outbox (id, topic, key, payload, emitted_at, hops) VALUES ($2, $3, $4, $5, $6, $7)"
        ),
    );
    let handle = function(
        "conman_handle",
        "event TEXT, at BIGINT",
        &format!("INSERT INTO {schema}.conman_handled VALUES ($2, $3) ON CONFLICT DO NOTHING"),
    );
    let remember = function(
        "conman_remember",
        "actor TEXT, client_key TEXT, path TEXT, arguments TEXT, answer TEXT, at BIGINT",
        &format!("INSERT INTO {schema}.conman_answer VALUES ($2, $3, $4, $5, $6, $7)"),
    );
    let record = function(
        "conman_record",
        "id TEXT, at BIGINT, actor TEXT, actor_name TEXT, action TEXT, detail TEXT",
        &format!("INSERT INTO {schema}.conman_deed VALUES ($2, $3, $4, $5, $6, $7)"),
    );
    let migrated = function(
        "conman_migrated",
        "version BIGINT, name TEXT, checksum TEXT, at BIGINT",
        &format!("INSERT INTO {schema}.conman_migration VALUES ($2, $3, $4, $5)"),
    );
    tables + &emit + &handle + &remember + &record + &migrated + &solves(schema, role, function)
}

/// The same for jobs of the scheduler. What is read of them is read in the plugin's own transaction, which has to see what it has started.
fn solves(schema: &str, role: &str, function: impl Fn(&str, &str, &str) -> String) -> String {
    let begin = function(
        "conman_begin_solve",
        "job TEXT, options TEXT, hops BIGINT, at BIGINT, most BIGINT",
        &format!(
            "INSERT INTO {schema}.conman_solve (id, state, options, hops, cancelled, tries, returned, created_at)
             SELECT $2, 'queued', $3, $4, FALSE, 0, 0, $5
             WHERE (SELECT COUNT(*) FROM {schema}.conman_solve s WHERE s.state = 'queued') < $6"
        ),
    );
    let keep = function(
        "conman_keep_problem",
        "job TEXT, problem TEXT",
        &format!("INSERT INTO {schema}.conman_solve_problem VALUES ($2, $3)"),
    );
    let cancel = function(
        "conman_cancel_solve",
        "job TEXT",
        &format!(
            "UPDATE {schema}.conman_solve s SET cancelled = TRUE WHERE s.id = $2 AND s.state IN ('queued', 'running')"
        ),
    );
    let forget = |name, table| function(name, "job TEXT", &format!("DELETE FROM {schema}.{table} s WHERE s.id = $2"));
    let reader = |name: &str, columns: &str, declared: &str| {
        format!(
            "CREATE FUNCTION {schema}.{name}(secret TEXT, job TEXT) RETURNS TABLE ({declared})
             LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
             #variable_conflict use_column
             BEGIN
                IF NOT EXISTS (SELECT FROM {schema}.conman_secret s WHERE s.secret = $1) THEN
                    RAISE insufficient_privilege USING MESSAGE = 'permission denied for function {name}';
                END IF;
                RETURN QUERY SELECT {columns} FROM {schema}.conman_solve WHERE id = $2;
             END $$;
             REVOKE ALL ON FUNCTION {schema}.{name} FROM PUBLIC;
             GRANT EXECUTE ON FUNCTION {schema}.{name} TO {role};"
        )
    };
    let found = "state TEXT, options TEXT, cancelled BOOLEAN, course TEXT, fault TEXT, created_at BIGINT, started_at BIGINT, ended_at BIGINT";
    [
        begin,
        keep,
        cancel,
        forget("conman_forget_solve", "conman_solve"),
        forget("conman_forget_problem", "conman_solve_problem"),
        reader("conman_find_solve", SOLVE, found),
        reader("conman_find_solution", "best", "best TEXT"),
    ]
    .concat()
}

/// Half of the advisory lock of a schema's events; the other half is the event's key.
fn migration_seed(schema: &str) -> i32 {
    let digest = conman_kernel::digest::Digest::of(schema.as_bytes());
    digest.as_bytes().last_chunk().map_or(0, |bytes| i32::from_be_bytes(*bytes))
}

fn random(bytes: usize) -> Result<String, SqlError> {
    let mut random = vec![0_u8; bytes];
    getrandom::fill(&mut random).map_err(|error| SqlError::Unavailable(format!("no random numbers: {error}")))?;
    Ok(hex::encode(random))
}

fn explain(error: SqlError, what: &str) -> SqlError {
    match error {
        SqlError::Refused(text) => SqlError::Unavailable(format!(
            "the PostgreSQL user may not {what}: {text}; it needs CREATEROLE and CREATE on the database \
             (ALTER ROLE … CREATEROLE; ALTER DATABASE … OWNER TO …)"
        )),
        other => other,
    }
}

/// What [`crate::reserved::Reserved`] runs on PostgreSQL.
pub(crate) fn call(schema: &str, function: &str, parameters: usize) -> Arc<str> {
    let places: Vec<_> = (1..=parameters).map(|place| format!("${place}")).collect();
    format!("SELECT {schema}.{function}({})", places.join(", ")).into()
}
