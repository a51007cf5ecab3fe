//! What has to be done from time to time: sessions that have ended are forgotten, and so are answers and events that nobody will repeat.

use std::time::Duration;

use conman_identity::Identity;
use conman_runtime::Runtime;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(60 * 60);

pub(crate) async fn run(identity: Identity, runtime: Runtime, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = identity.sweep().await {
            tracing::warn!(%error, "what has expired could not be swept away; trying again in an hour");
        }
        if let Err(error) = runtime.prune().await {
            tracing::warn!(%error, "plugins' old answers and events could not be forgotten; trying again in an hour");
        }
    }
}
