//! Taking a place on a shift: the plugin's statements, its effects and its guarantees, in one serializable transaction. Of the
//! rules there are those that a new volunteer of a role without requirements meets.

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

const OFFER: &str = "SELECT s.id, s.title, s.department_id, s.starts_at, s.ends_at, s.cancelled, t.role_id, t.needed, t.taken, \
    r.name, r.description, r.department_id, r.needs_confirmation, r.over_18, r.licence FROM shift s \
    JOIN shift_seat t ON t.shift_id = s.id JOIN volunteer_role r ON r.id = t.role_id WHERE s.id = $1 ORDER BY r.name, t.role_id";
const TREE: &str = "SELECT d.id, d.parent_id, h.account_id FROM department d \
    LEFT JOIN department_head h ON h.department_id = d.id AND h.account_id = $1";
const VOLUNTEER: &str = "SELECT account_id, name, joined_at, arrived_at, adult_confirmed_at, pardoned_no_shows \
    FROM volunteer WHERE account_id = $1";
const COMMITMENTS: &str = "SELECT e.state, s.starts_at, s.ends_at, s.cancelled, e.id, e.shift_id, e.role_id, e.signed_up_at, \
    e.signed_up_by, e.changed_at, e.changed_by, e.comment, e.flag, e.flag_reason, e.flagged_at, e.agreed_start, e.agreed_end, s.title, \
    s.department_id, s.weight_percent FROM entry e JOIN shift s ON s.id = e.shift_id WHERE e.account_id = $1 ORDER BY s.starts_at, e.id";
const TAKE: &str = "UPDATE shift_seat SET taken = taken + 1 WHERE shift_id = $1 AND role_id = $2 AND taken < needed";
const KNOW: &str = "INSERT INTO volunteer (account_id, name, joined_at, pardoned_no_shows) VALUES ($1, $2, $3, 0) \
    ON CONFLICT (account_id) DO NOTHING";
const ENTER: &str = "INSERT INTO entry (id, shift_id, role_id, account_id, state, signed_up_at, signed_up_by, changed_at, \
    changed_by, comment, agreed_start, agreed_end) VALUES ($1, $2, $3, $4, 'signed_up', $5, $4, $5, $4, '', $6, $7)";
const TELL: &str =
    "INSERT INTO conman_outbox (id, topic, key, payload, emitted_at, hops) VALUES ($1, $2, $3, $4, $5, 0)";

async fn take(transaction: &mut dyn Transaction, shift: &str, account: &str) -> Result<Entry, SqlError> {
    let now = Timestamp::now();
    let offers = transaction.query(OFFER, &[shift.into()], RowLimit::HOST).await?;
    let offer = offers.rows.first().ok_or_else(|| SqlError::Refused("there is no such shift".to_owned()))?;
    let (start, end, role) = (offer.integer(3)?, offer.integer(4)?, offer.text(6)?);
    if offer.boolean(5)? || end < now.as_millisecond() || offer.boolean(12)? || offer.boolean(13)? {
        return Err(SqlError::Refused("not to be had".to_owned()));
    }
    let departments = transaction.query(TREE, &[account.into()], RowLimit::HOST).await?;
    let department = offer.text(2)?;
    if !departments.rows.iter().any(|row| row.text(0).is_ok_and(|id| id == department)) {
        return Err(SqlError::Refused("there is no such department".to_owned()));
    }
    let known = !transaction.query(VOLUNTEER, &[account.into()], RowLimit::HOST).await?.rows.is_empty();
    let commitments = transaction.query(COMMITMENTS, &[account.into()], RowLimit::HOST).await?;
    for row in &commitments.rows {
        if !row.boolean(3)? && row.integer(1)? < end && start < row.integer(2)? {
            return Err(SqlError::Refused("collides".to_owned()));
        }
    }
    if transaction.execute(TAKE, &[shift.into(), role.into()]).await? != 1 {
        return Err(SqlError::Refused("occupied".to_owned()));
    }
    if !known {
        transaction.execute(KNOW, &[account.into(), account.into(), now.into()]).await?;
    }
    let id = EventId::new().to_string();
    let row: [Value; 7] =
        [(&id).into(), shift.into(), role.into(), account.into(), now.into(), start.into(), end.into()];
    transaction.execute(ENTER, &row).await?;
    let told = json!({ "entry": id, "shift": shift, "account": account, "state": "signed_up" }).to_string();
    let event: [Value; 5] =
        [EventId::new().to_string().into(), "bench.entry.signed-up".into(), shift.into(), told.into(), now.into()];
    transaction.execute(TELL, &event).await?;
    Ok(Entry { id, state: "SIGNED_UP".to_owned() })
}
