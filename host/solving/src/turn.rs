//! The turns of conventions, in the hosts' own database: who has one is the only host to work on the convention's jobs, until it gives the
//! turn back or does not prolong it.

use std::sync::Arc;

use conman_kernel::id::ConventionId;
use conman_kernel::sql::{Database, RowExt as _, RowLimit, SqlError, Value, transaction};
use jiff::Timestamp;

/// Takes a convention's turn, unless another host has it; answers whether it is `owner`'s now.
pub(crate) async fn take(
    database: &dyn Database,
    convention: &ConventionId,
    owner: &str,
    now: Timestamp,
    ends_at: Timestamp,
) -> Result<bool, SqlError> {
    let parameters: Arc<[Value]> = [convention.as_str().into(), owner.into(), ends_at.into()].into();
    transaction(database, |transaction| {
        let parameters = Arc::clone(&parameters);
        Box::pin(async move {
            let (which, whole) = (parameters.get(..1).unwrap_or_default(), &parameters);
            let sql = "SELECT owner, ends_at FROM solving_turn WHERE convention = $1";
            let had = transaction.query(sql, which, RowLimit::HOST).await?;
            let sql = match had.rows.first() {
                None => "INSERT INTO solving_turn (convention, owner, ends_at) VALUES ($1, $2, $3)",
                Some(row) if whole.get(1).is_some_and(|own| *own == Value::from(row.text(0).unwrap_or_default())) => {
                    PROLONG
                }
                Some(row) if row.timestamp(1)? <= now => PROLONG,
                Some(_) => return Ok(false),
            };
            transaction.execute(sql, whole).await.map(|touched| touched > 0)
        })
    })
    .await
}

const PROLONG: &str = "UPDATE solving_turn SET owner = $2, ends_at = $3 WHERE convention = $1";

/// Prolongs a turn; answers whether `owner` still had it.
pub(crate) async fn keep(
    database: &dyn Database,
    convention: &ConventionId,
    owner: &str,
    ends_at: Timestamp,
) -> Result<bool, SqlError> {
    let sql = "UPDATE solving_turn SET ends_at = $3 WHERE convention = $1 AND owner = $2";
    change(database, sql, [convention.as_str().into(), owner.into(), ends_at.into()]).await
}

/// Gives a turn back.
pub(crate) async fn give_back(
    database: &dyn Database,
    convention: &ConventionId,
    owner: &str,
) -> Result<bool, SqlError> {
    let sql = "DELETE FROM solving_turn WHERE convention = $1 AND owner = $2";
    change(database, sql, [convention.as_str().into(), owner.into()]).await
}

/// Gives back what a host of this name had when it was stopped.
pub(crate) async fn give_back_all(database: &dyn Database, owner: &str) -> Result<bool, SqlError> {
    change(database, "DELETE FROM solving_turn WHERE owner = $1", [owner.into()]).await
}

async fn change(
    database: &dyn Database,
    sql: &'static str,
    parameters: impl Into<Arc<[Value]>>,
) -> Result<bool, SqlError> {
    let parameters: Arc<[Value]> = parameters.into();
    transaction(database, |transaction| {
        let parameters = Arc::clone(&parameters);
        Box::pin(async move { transaction.execute(sql, &parameters).await.map(|touched| touched > 0) })
    })
    .await
}
