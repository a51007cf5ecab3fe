//! What has ended is swept away now and then: nothing here is needed for correctness, only for small tables.

use conman_kernel::actor::Actor;
use conman_kernel::sql::Value;
use jiff::Timestamp;

use crate::change::Touches;
use crate::error::Result;
use crate::identity::Identity;

/// How many rows were swept away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions past their end, or idle too long.
    pub sessions: u64,
    /// API tokens past their end.
    pub tokens: u64,
    /// Failed sign-ins long ago.
    pub failures: u64,
}

impl Identity {
    /// Sweeps away what has ended. Meant to run about every hour.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn sweep(&self) -> Result<Swept> {
        let now = self.now();
        let before = |age: std::time::Duration| Value::from(now.saturating_sub(age).unwrap_or(Timestamp::MIN));
        // Stamps are written late: an idle session is kept for as long as its stamp may lag behind.
        let idle = before(self.config().session_idle.saturating_add(self.config().stamp_every));
        let idle = &idle;
        let forgotten = &before(self.throttle().forget_after());
        self.change(&Actor::system(), Touches::Nothing, |mut change| {
            Box::pin(async move {
                let sql = "DELETE FROM identity_session WHERE expires_at <= $1 OR used_at <= $2";
                let sessions = change.execute(sql, &[now.into(), idle.clone()]).await?;
                let sql = "DELETE FROM identity_token WHERE expires_at <= $1";
                let tokens = change.execute(sql, &[now.into()]).await?;
                let sql = "DELETE FROM identity_failure WHERE last_at <= $1";
                let failures = change.execute(sql, std::slice::from_ref(forgotten)).await?;
                Ok(Swept { sessions, tokens, failures })
            })
        })
        .await
    }
}
