//! Jobs as rows of a plugin's database, from the side of whoever works on them. Plugins' transactions add them there (`conman_solve`, in the
//! `storage` crate).
//!
//! Whoever takes a job up counts its `tries` up, and from then on writes only where that number still stands: a host that hung so long that
//! another took the job up writes nothing when it wakes. So the number never goes down; how often a host that stopped gave the job back is
//! counted apart (`returned`).

use std::sync::Arc;

use conman_kernel::event::{Event, SCHEDULER_ENDED};
use conman_kernel::id::{EventId, PluginId};
use conman_kernel::sql::{Database, RowExt as _, RowLimit, SqlError, Transaction, Value, read, transaction};
use jiff::Timestamp;

use crate::limits::KEPT_JOBS;
use crate::options::Options;
use crate::standing::state;

/// A job that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenJob {
    pub(crate) id: String,
    /// Whether somebody has taken it up: a host that works on it, or one that died.
    pub(crate) taken: bool,
    pub(crate) cancelled: bool,
    /// How many it wants to search.
    pub(crate) threads: u16,
}

/// A job that was taken up.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) tries: i64,
    /// How many of these before were neither ended nor given back: the host died, lost its turn, or could not write how it ended.
    pub(crate) unfinished: i64,
    pub(crate) options: String,
    pub(crate) course: Option<String>,
    pub(crate) best: Option<String>,
    pub(crate) problem: String,
    pub(crate) hops: u32,
}

/// Which state of a job is meant: it is changed in that and in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fence {
    /// Nobody works on it.
    Waiting,
    /// Somebody works on it who counted its tries up to this.
    Taken(i64),
    /// However it is, as long as it has not ended.
    Open,
}

/// How a job ends.
#[derive(Debug, Clone)]
pub(crate) struct End {
    /// One of [`state`].
    pub(crate) state: &'static str,
    pub(crate) course: Option<String>,
    pub(crate) best: Option<String>,
    /// JSON.
    pub(crate) fault: Option<String>,
    /// JSON.
    pub(crate) payload: String,
}

/// The jobs that have not ended, in the order in which they were started.
pub(crate) async fn open(database: &dyn Database) -> Result<Vec<OpenJob>, SqlError> {
    let sql = "SELECT id, state, cancelled, options FROM conman_solve WHERE state IN ('queued', 'running') ORDER BY id";
    let rows = read(database, sql, &[]).await?;
    let job = |row: &Vec<Value>| {
        Ok(OpenJob {
            id: row.text(0)?.to_owned(),
            taken: row.text(1)? == state::RUNNING,
            cancelled: row.boolean(2)?,
            threads: Options::read(row.text(3)?).map_or(1, |options| options.threads),
        })
    };
    rows.rows.iter().map(job).collect()
}

/// Takes a job up; none when it has ended, or is to end.
pub(crate) async fn take(
    database: &dyn Database,
    id: &str,
    owner: &str,
    now: Timestamp,
) -> Result<Option<Taken>, SqlError> {
    let parameters: Arc<[Value]> = [id.into(), owner.into(), now.into()].into();
    transaction(database, |transaction| {
        let parameters = Arc::clone(&parameters);
        Box::pin(async move {
            let which = parameters.get(..1).unwrap_or_default();
            let sql = "UPDATE conman_solve SET state = 'running', owner = $2, tries = tries + 1, \
                       started_at = COALESCE(started_at, $3) \
                       WHERE id = $1 AND state IN ('queued', 'running') AND cancelled = FALSE";
            if transaction.execute(sql, &parameters).await? == 0 {
                return Ok(None);
            }
            let sql = "SELECT tries, options, course, best, hops, returned FROM conman_solve WHERE id = $1";
            let job = transaction.query(sql, which, RowLimit::HOST).await?;
            let sql = "SELECT problem FROM conman_solve_problem WHERE id = $1";
            let problem = transaction.query(sql, which, RowLimit::HOST).await?;
            let (Some(job), Some(problem)) = (job.rows.first(), problem.rows.first()) else { return Ok(None) };
            Ok(Some(Taken {
                tries: job.integer(0)?,
                unfinished: job.integer(0)? - job.integer(5)? - 1,
                options: job.text(1)?.to_owned(),
                course: job.optional_text(2)?.map(str::to_owned),
                best: job.optional_text(3)?.map(str::to_owned),
                hops: u32::try_from(job.integer(4)?).unwrap_or(u32::MAX),
                problem: problem.text(0)?.to_owned(),
            }))
        })
    })
    .await
}

/// Stores how far a job has come, and the best timetable if there is a better one. Answers whether it is to end; none when it is not the
/// caller's any more.
pub(crate) async fn store(
    database: &dyn Database,
    id: &str,
    tries: i64,
    course: String,
    best: Option<String>,
) -> Result<Option<bool>, SqlError> {
    let parameters: Arc<[Value]> = [course.into(), best.into(), id.into(), tries.into()].into();
    transaction(database, |transaction| {
        let parameters = Arc::clone(&parameters);
        Box::pin(async move {
            let sql = "UPDATE conman_solve SET course = $1, best = COALESCE($2, best) \
                       WHERE id = $3 AND state = 'running' AND tries = $4";
            if transaction.execute(sql, &parameters).await? == 0 {
                return Ok(None);
            }
            let which = parameters.get(2..3).unwrap_or_default();
            let rows =
                transaction.query("SELECT cancelled FROM conman_solve WHERE id = $1", which, RowLimit::HOST).await?;
            Ok(rows.rows.first().map(|row| row.boolean(0)).transpose()?)
        })
    })
    .await
}

/// Puts a job back, to be gone on with later: that its host stopped is not held against it.
pub(crate) async fn put_back(
    database: &dyn Database,
    id: &str,
    tries: i64,
    course: String,
    best: Option<String>,
) -> Result<(), SqlError> {
    let parameters: Arc<[Value]> = [course.into(), best.into(), id.into(), tries.into()].into();
    transaction(database, |transaction| {
        let parameters = Arc::clone(&parameters);
        Box::pin(async move {
            let sql = "UPDATE conman_solve SET state = 'queued', owner = NULL, returned = returned + 1, course = $1, \
                       best = COALESCE($2, best) WHERE id = $3 AND state = 'running' AND tries = $4";
            transaction.execute(sql, &parameters).await.map(drop)
        })
    })
    .await
}

/// Ends a job and, with the same commit, tells its plugin; `false` when it is not as the fence says. Of the jobs that have ended the oldest
/// are forgotten.
pub(crate) async fn end(
    database: &dyn Database,
    plugin: &PluginId,
    id: &str,
    fence: Fence,
    end: End,
    now: Timestamp,
) -> Result<bool, SqlError> {
    let work = Arc::new((id.to_owned(), plugin.clone(), end));
    transaction(database, |transaction| {
        let work = Arc::clone(&work);
        Box::pin(async move {
            let (id, plugin, end) = &*work;
            if !write_end(transaction, id, fence, end, now).await? {
                return Ok(false);
            }
            let which = [Value::from(id)];
            transaction.execute("DELETE FROM conman_solve_problem WHERE id = $1", &which).await?;
            let rows = transaction.query("SELECT hops FROM conman_solve WHERE id = $1", &which, RowLimit::HOST).await?;
            let hops = rows.rows.first().map(|row| row.integer(0)).transpose()?.unwrap_or_default();
            let event = ended(plugin, id, &end.payload, u32::try_from(hops).unwrap_or(u32::MAX), now);
            tell(transaction, &event).await?;
            forget_oldest(transaction).await?;
            Ok(true)
        })
    })
    .await
}

async fn write_end(
    transaction: &mut dyn Transaction,
    id: &str,
    fence: Fence,
    end: &End,
    now: Timestamp,
) -> Result<bool, SqlError> {
    let mut parameters: Vec<Value> = vec![
        end.state.into(),
        end.course.clone().into(),
        end.best.clone().into(),
        end.fault.clone().into(),
        now.into(),
        id.into(),
    ];
    let holds = match fence {
        Fence::Waiting => "state = 'queued'",
        Fence::Open => "state IN ('queued', 'running')",
        Fence::Taken(tries) => {
            parameters.push(tries.into());
            "state = 'running' AND tries = $7"
        }
    };
    let sql = format!(
        "UPDATE conman_solve SET state = $1, course = COALESCE($2, course), best = COALESCE($3, best), fault = $4, ended_at = $5, \
         owner = NULL WHERE id = $6 AND {holds}"
    );
    transaction.execute(&sql, &parameters).await.map(|touched| touched > 0)
}

fn ended(plugin: &PluginId, id: &str, payload: &str, hops: u32, now: Timestamp) -> Event {
    Event {
        id: EventId::new(),
        topic: SCHEDULER_ENDED.to_owned(),
        key: id.to_owned(),
        payload: payload.to_owned(),
        publisher: plugin.clone(),
        emitted_at: now,
        hops,
    }
}

/// Leaves an event in the plugin's outbox.
async fn tell(transaction: &mut dyn Transaction, event: &Event) -> Result<(), SqlError> {
    let sql = "INSERT INTO conman_outbox (id, topic, key, payload, emitted_at, hops) VALUES ($1, $2, $3, $4, $5, $6)";
    let parameters = [
        event.id.as_str().into(),
        event.topic.as_str().into(),
        event.key.as_str().into(),
        event.payload.as_str().into(),
        event.emitted_at.into(),
        event.hops.into(),
    ];
    transaction.execute(sql, &parameters).await.map(drop)
}

async fn forget_oldest(transaction: &mut dyn Transaction) -> Result<(), SqlError> {
    let sql =
        format!("SELECT id FROM conman_solve WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT {}", KEPT_JOBS + 1);
    let ended = transaction.query(&sql, &[], RowLimit::HOST).await?;
    let Some(oldest) = ended.rows.get(KEPT_JOBS) else { return Ok(()) };
    let sql = "DELETE FROM conman_solve WHERE ended_at IS NOT NULL AND id <= $1";
    transaction.execute(sql, &[oldest.text(0)?.into()]).await.map(drop)
}
