//! Taking a place on a shift: the same checks, effects and guarantees as the plugin's, in one serializable transaction.

use async_graphql::SimpleObject;
use conman_kernel::id::EventId;
use conman_kernel::sql::{self, Database, RowExt as _, RowLimit, SqlError, Transaction, Value};
use jiff::Timestamp;
use serde_json::json;

/// A place on a shift.
#[derive(SimpleObject)]
pub(crate) struct Entry {
    id: String,
    state: String,
}

/// Takes a place, or says what stands in the way.
pub(crate) async fn sign_up(database: &dyn Database, shift: &str, account: &str) -> Result<Entry, SqlError> {
    sql::transaction(database, |transaction| {
        let (shift, account) = (shift.to_owned(), account.to_owned());
        Box::pin(async move { take(transaction, &shift, &account).await })
    })
    .await
}

const OFFER: &str = "SELECT s.starts_at, s.ends_at, s.cancelled, t.role_id, r.needs_confirmation, r.over_18 \
    FROM shift s JOIN shift_seat t ON t.shift_id = s.id JOIN volunteer_role r ON r.id = t.role_id WHERE s.id = $1";
const COMMITMENTS: &str = "SELECT e.state, s.starts_at, s.ends_at, s.cancelled \
    FROM entry e JOIN shift s ON s.id = e.shift_id WHERE e.account_id = $1 ORDER BY s.starts_at, e.id";
const TAKE: &str = "UPDATE shift_seat SET taken = taken + 1 WHERE shift_id = $1 AND role_id = $2 AND taken < needed";
const KNOW: &str = "INSERT INTO volunteer (account_id, name, joined_at, pardoned_no_shows) VALUES ($1, $2, $3, 0) \
    ON CONFLICT (account_id) DO NOTHING";
const ENTER: &str = "INSERT INTO entry (id, shift_id, role_id, account_id, state, signed_up_at, signed_up_by, changed_at, \
    changed_by, comment) VALUES ($1, $2, $3, $4, 'signed_up', $5, $4, $5, $4, '')";
const TELL: &str =
    "INSERT INTO conman_outbox (id, topic, key, payload, emitted_at, hops) VALUES ($1, $2, $3, $4, $5, 0)";

async fn take(transaction: &mut dyn Transaction, shift: &str, account: &str) -> Result<Entry, SqlError> {
    let now = Timestamp::now();
    let offers = transaction.query(OFFER, &[shift.into()], RowLimit::HOST).await?;
    let offer = offers.rows.first().ok_or_else(|| SqlError::Refused("there is no such shift".to_owned()))?;
    let (start, end, role) = (offer.integer(0)?, offer.integer(1)?, offer.text(3)?);
    if offer.boolean(2)? || end < now.as_millisecond() || offer.boolean(4)? || offer.boolean(5)? {
        return Err(SqlError::Refused("not to be had".to_owned()));
    }
    let commitments = transaction.query(COMMITMENTS, &[account.into()], RowLimit::HOST).await?;
    for row in &commitments.rows {
        if !row.boolean(3)? && row.integer(1)? < end && start < row.integer(2)? {
            return Err(SqlError::Refused("collides".to_owned()));
        }
    }
    if transaction.execute(TAKE, &[shift.into(), role.into()]).await? != 1 {
        return Err(SqlError::Refused("occupied".to_owned()));
    }
    transaction.execute(KNOW, &[account.into(), account.into(), now.into()]).await?;
    let id = EventId::new().to_string();
    let row: [Value; 5] = [(&id).into(), shift.into(), role.into(), account.into(), now.into()];
    transaction.execute(ENTER, &row).await?;
    let told = json!({ "entry": id, "shift": shift, "account": account, "state": "signed_up" }).to_string();
    let event: [Value; 5] =
        [EventId::new().to_string().into(), "bench.entry.signed-up".into(), shift.into(), told.into(), now.into()];
    transaction.execute(TELL, &event).await?;
    Ok(Entry { id, state: "SIGNED_UP".to_owned() })
}
