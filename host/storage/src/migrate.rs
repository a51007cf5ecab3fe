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
const HOST_TABLE: &str = "CREATE TABLE IF NOT EXISTS storage_migration (
    component TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL,
    PRIMARY KEY (component, version))";

/// Makes the tables this crate keeps in the host's database.
pub(crate) async fn prepare_host(host: &HostDatabase) -> Result<(), SqlError> {
    let mut session = host.session(Access::ReadWrite).await?;
    session.execute(&own(Kind::Schema, HOST_TABLE), &[], Mode::Host).await?;
    session.commit().await
}

/// Runs a component's host migrations.
pub(crate) async fn host(host: &HostDatabase, component: &str, migrations: &[Migration]) -> Result<(), SqlError> {
    let steps: Vec<_> = migrations.iter().map(|m| Step { version: m.version, name: m.name, sql: m.sql }).collect();
    check_numbers(&steps)?;
    for step in &steps {
        let mut session = host.session(Access::ReadWrite).await?;
        let find = host.wall().host("SELECT checksum FROM storage_migration WHERE component = $1 AND version = $2")?;
        let found = session.query(&find, &[component.into(), step.version.into()], RowLimit::HOST, Mode::Host).await?;
        if let Some(row) = found.rows.first() {
            check_checksum(step, row.text(0)?)?;
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
    Ok(())
}

/// Runs a plugin's migrations; answers the numbers of those that had not run.
pub(crate) async fn plugin(database: &PluginDatabase, migrations: &[PluginMigration]) -> Result<Vec<u32>, SqlError> {
    let steps: Vec<_> = migrations.iter().map(|m| Step { version: m.version, name: &m.name, sql: &m.sql }).collect();
    check_numbers(&steps)?;
    let mut applied = Vec::new();
    for step in &steps {
        let statements = database.wall.guest_migration(step.sql).map_err(|error| step.explain(error))?;
        let mut session = database.session(Access::ReadWrite).await?;
        let find = database.wall.host("SELECT checksum FROM conman_migration WHERE version = $1")?;
        let found = session.query(&find, &[step.version.into()], RowLimit::HOST, Mode::Host).await?;
        if let Some(row) = found.rows.first() {
            check_checksum(step, row.text(0)?)?;
            session.rollback().await;
            continue;
        }
        run_all(&mut session, step, &statements, Mode::Migration).await?;
        let values = [step.version.into(), step.name.into(), step.checksum().into(), Value::from(Timestamp::now())];
        session.execute(&database.reserved.migrated, &database.reserved.parameters(values), Mode::Host).await?;
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
