//! What has to be done from time to time: sessions and tokens that have ended are forgotten.

use std::time::Duration;

use conman_identity::Identity;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(60 * 60);

pub(crate) async fn run(identity: Identity, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = identity.sweep().await {
            tracing::warn!(%error, "what has expired could not be swept away; trying again in an hour");
        }
    }
}
