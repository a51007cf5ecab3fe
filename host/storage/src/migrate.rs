//! Migrations: the host's own and the plugins'. Each runs once, in a transaction of its own, and is remembered with the
//! digest of its text, so that an edited one is noticed instead of silently not run.

use conman_kernel::digest::Digest;
use conman_kernel::sql::{Access, Migration, RowExt, RowLimit, SqlError, Value};
use jiff::Timestamp;

use crate::host_database::HostDatabase;
use crate::plugin_database::PluginDatabase;
use crate::session::{Session, own};
use crate::sqlite::watch::Mode;
use crate::wall::{Kind, Statement};

/// One step of a plugin's schema, from its package. Numbered from 1 without gaps; never edited once released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginMigration {
    /// Its number.
    pub version: u32,
    /// What it does, for lists: `sessions`.
    pub name: String,
    /// Statements of the portable subset, separated by `;`.
    pub sql: String,
}

/// A migration of either kind.
#[derive(Debug, Clone, Copy)]
struct Step<'a> {
    version: u32,
    name: &'a str,
    sql: &'a str,
}

impl Step<'_> {
    fn checksum(&self) -> String {
        Digest::of(self.sql.as_bytes()).to_string()
    }

    fn explain(&self, error: SqlError) -> SqlError {
        let place = format!("migration {} ({})", self.version, self.name);
        match error {
            SqlError::Refused(text) => SqlError::Refused(format!("{place}: {text}")),
            SqlError::Statement(text) => SqlError::Statement(format!("{place}: {text}")),
            SqlError::Constraint(text) => SqlError::Constraint(format!("{place}: {text}")),
            other => other,
        }
    }
}

/// The table that remembers the host's migrations.
///
/// The primary key would sort by the database's locale on PostgreSQL; nothing here sorts by it.
const HOST_TABLE: &str = "CREATE TABLE IF NOT EXISTS storage_migration (
    component TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL,
    PRIMARY KEY (component, version))";

/// Makes one host's migrations wait for another's on PostgreSQL; on SQLite the transaction itself does.
const HOST_LOCK: &str = "SELECT pg_advisory_xact_lock(7166746812467408)";

/// Opens a transaction that nobody else migrates beside, with the table of what has run.
async fn alone(host: &HostDatabase) -> Result<Session, SqlError> {
    let mut session = host.migration_session().await?;
    if session.is_postgres() {
        session.run(&own(Kind::Query, HOST_LOCK), &[], RowLimit::HOST, Mode::Host).await?;
    }
    session.execute(&own(Kind::Schema, HOST_TABLE), &[], Mode::Host).await?;
    Ok(session)
}

/// Makes sure that the host's database can be used.
pub(crate) async fn prepare(host: &HostDatabase) -> Result<(), SqlError> {
    alone(host).await?.commit().await
}

/// Runs a component's host migrations.
pub(crate) async fn host(host: &HostDatabase, component: &str, migrations: &[Migration]) -> Result<(), SqlError> {
    let steps: Vec<_> = migrations.iter().map(|m| Step { version: m.version, name: m.name, sql: m.sql }).collect();
    check_numbers(&steps)?;
    for step in &steps {
        let mut session = alone(host).await?;
        let find = host.wall().host("SELECT checksum FROM storage_migration WHERE component = $1 AND version = $2")?;
        let found = session.query(&find, &[component.into(), step.version.into()], RowLimit::HOST, Mode::Host).await?;
        if let Some(row) = found.rows.first() {
            let applied = row.text(0)?;
            if step.checksum() != applied {
                return Err(of_another_build(component, step));
            }
            session.rollback().await;
            continue;
        }
        let statements = host.wall().host_migration(step.sql).map_err(|error| step.explain(error))?;
        run_all(&mut session, step, &statements, Mode::Host).await?;
        let remember = host.wall().host(
            "INSERT INTO storage_migration (component, version, name, checksum, applied_at) VALUES ($1, $2, $3, $4, $5)",
        )?;
        let values = [
            component.into(),
            step.version.into(),
            step.name.into(),
            step.checksum().into(),
            Value::from(Timestamp::now()),
        ];
        session.execute(&remember, &values, Mode::Host).await?;
        session.commit().await?;
        tracing::info!(component, version = step.version, name = step.name, "migrated host tables");
    }
    host.learn().await
}

/// Runs a plugin's migrations; answers the numbers of those that had not run.
pub(crate) async fn plugin(database: &PluginDatabase, migrations: &[PluginMigration]) -> Result<Vec<u32>, SqlError> {
    let steps: Vec<_> = migrations.iter().map(|m| Step { version: m.version, name: &m.name, sql: &m.sql }).collect();
    check_numbers(&steps)?;
    if pending(database, &steps, Access::ReadOnly).await?.is_empty() {
        return Ok(Vec::new());
    }
    let admission = database.admit_migration().await?;
    let outcome = run_pending(database, &steps).await;
    database.end_migration(admission).await?;
    outcome
}

/// Those that have not run yet. The others have to be as they were.
async fn pending<'s, 'm>(
    database: &PluginDatabase,
    steps: &'s [Step<'m>],
    access: Access,
) -> Result<Vec<&'s Step<'m>>, SqlError> {
    let find = database.wall.host("SELECT version, checksum FROM conman_migration")?;
    let mut session = database.host.session(access).await?;
    let found = session.query(&find, &[], RowLimit::HOST, Mode::Host).await?;
    session.rollback().await;
    let mut pending = Vec::new();
    for step in steps {
        let mut applied = None;
        for row in &found.rows {
            if row.integer(0)? == i64::from(step.version) {
                applied = Some(row.text(1)?);
            }
        }
        match applied {
            Some(checksum) => check_checksum(step, checksum)?,
            None => pending.push(step),
        }
    }
    Ok(pending)
}

async fn run_pending(database: &PluginDatabase, steps: &[Step<'_>]) -> Result<Vec<u32>, SqlError> {
    let mut applied = Vec::new();
    // Looked at again: another host may have been faster. As a writer, because on SQLite nobody may read now.
    for step in pending(database, steps, Access::ReadWrite).await? {
        let statements = database.wall.guest_migration(step.sql).map_err(|error| step.explain(error))?;
        let mut session = database.migration_session().await?;
        run_all(&mut session, step, &statements, Mode::Migration).await?;
        let values = [step.version.into(), step.name.into(), step.checksum().into(), Value::from(Timestamp::now())];
        session.execute(&database.reserved.migrated, &database.reserved.parameters(values), Mode::Host).await?;
        // Before the commit, so that not even this connection is used again with what it has prepared.
        database.renew();
        session.commit().await?;
        applied.push(step.version);
    }
    Ok(applied)
}

async fn run_all(session: &mut Session, step: &Step<'_>, statements: &[Statement], mode: Mode) -> Result<(), SqlError> {
    for statement in statements {
        session.execute(statement, &[], mode).await.map_err(|error| step.explain(error))?;
    }
    Ok(())
}

fn check_numbers(steps: &[Step<'_>]) -> Result<(), SqlError> {
    for (wanted, step) in (1..).zip(steps) {
        if step.version != wanted {
            return Err(SqlError::Refused(format!(
                "migration {} ({}) stands where {wanted} is expected; number them from 1 without gaps",
                step.version, step.name
            )));
        }
    }
    Ok(())
}

fn check_checksum(step: &Step<'_>, applied: &str) -> Result<(), SqlError> {
    if step.checksum() == applied {
        return Ok(());
    }
    Err(SqlError::Refused(format!(
        "migration {} ({}) has been edited after it ran here; restore its text and write a new migration instead",
        step.version, step.name
    )))
}

/// What an operator can do about it; who edits a migration finds out by the same text.
fn of_another_build(component: &str, step: &Step<'_>) -> SqlError {
    SqlError::Refused(format!(
        "the host's own tables ({component}, migration {} {}) were made by another build of the host, as before 0.1.0; those are \
         not upgraded: start with a new data folder, or on PostgreSQL with a new database",
        step.version, step.name
    ))
}
