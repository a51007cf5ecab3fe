//! Counts what lies in the event bus's ledger, for figures. Anybody may ask for those, and the ledger may be long: so it is counted once at a
//! time, and the answer serves everybody for some seconds.

use std::future::Future;
use std::time::Duration;

use conman_bus::Backlog;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long an answer serves: less than figures are usually asked for.
const KEPT: Duration = Duration::from_secs(5);

/// The last answer; none before the first. That nothing could be counted is an answer, too.
#[derive(Default)]
pub(crate) struct Stocktaking(Mutex<Option<(Instant, Option<Backlog>)>>);

impl Stocktaking {
    /// What lies there, by `count` if nobody has counted lately.
    pub(crate) async fn backlog(&self, count: impl Future<Output = Option<Backlog>>) -> Option<Backlog> {
        let mut last = self.0.lock().await;
        match *last {
            Some((at, backlog)) if at.elapsed() < KEPT => backlog,
            _ => {
                let backlog = count.await;
                *last = Some((Instant::now(), backlog));
                backlog
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_are_one_count() {
        let (stock, counts) = (Stocktaking::default(), AtomicU64::new(0));
        let ask = async || {
            let backlog = stock.backlog(async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Some(Backlog { ready: counts.fetch_add(1, Ordering::SeqCst), ..Backlog::default() })
            });
            backlog.await.unwrap().ready
        };
        assert_eq!(futures::join!(ask(), ask(), ask()), (0, 0, 0));
        tokio::time::advance(KEPT - Duration::from_millis(1)).await;
        assert_eq!(ask().await, 0);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(ask().await, 1);
    }
}
