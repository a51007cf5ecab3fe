//! What has to be done from time to time: what nobody will ask for again is forgotten, and what other hosts on the same database have
//! changed is taken over; as is what could not be loaded, once its package or its database is back.

use std::sync::Arc;
use std::time::Duration;

use conman_kernel::sql::SqlError;

use crate::parts::Parts;

const FORGET: Duration = Duration::from_secs(60 * 60);
const FOLLOW: Duration = Duration::from_secs(10);

/// Forgets ended sessions, expired tokens, and answers and events that nobody will repeat.
pub(crate) async fn forget(parts: Arc<Parts>) {
    while waited(&parts, FORGET).await {
        if let Err(error) = parts.identity.sweep().await {
            tracing::warn!(%error, "what has expired could not be swept away; trying again in an hour");
        }
        if let Err(error) = parts.runtime.prune().await {
            tracing::warn!(%error, "plugins' old answers and events could not be forgotten; trying again in an hour");
        }
    }
}

/// Takes over what other hosts have enabled and disabled, and what could not be loaded and now can be: also where there are no others.
pub(crate) async fn follow(parts: Arc<Parts>) {
    while waited(&parts, FOLLOW).await {
        if let Err(error) = catch_up(&parts).await {
            tracing::warn!(%error, "cannot see what is enabled now; trying again in a moment");
        }
    }
}

/// Brings what is at work here in line with what the database says is enabled, as far as it can be loaded.
pub(crate) async fn catch_up(parts: &Parts) -> Result<(), SqlError> {
    let concerned = parts.runtime.refresh().await?;
    for convention in &concerned {
        if let Err(fault) = parts.conventions.open(convention).await {
            let (message, detail) = (fault.message, fault.detail);
            tracing::error!(%convention, message, detail, "what is enabled does not compose here");
        }
    }
    if !concerned.is_empty() {
        parts.bus.subscriptions_changed();
    }
    Ok(())
}

/// Whether it is time again; no longer when the host stops.
async fn waited(parts: &Parts, period: Duration) -> bool {
    tokio::select! {
        () = parts.stop.cancelled() => false,
        () = tokio::time::sleep(period) => true,
    }
}
