//! A closed loop: a few clients, each with one request under way, for a fixed time after a warm-up.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What came out.
pub(crate) struct Outcome {
    /// Requests answered in the measured time, for each second of it.
    pub(crate) per_second: f64,
    /// How long each took, sorted.
    latencies: Vec<Duration>,
}

impl Outcome {
    /// The latency that `share` of the requests stayed under.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = ((self.latencies.len() as f64 - 1.0) * share).round() as usize;
        self.latencies.get(index).copied().unwrap_or_default()
    }
}

/// How hard and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) clients: usize,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

impl Load {
    pub(crate) const SHORT: Self =
        Self { clients: 4, warm_up: Duration::from_millis(700), measured: Duration::from_secs(4) };

    /// Runs `request` over and over; each call gets its client's number and how many it has made.
    pub(crate) async fn run<F, R>(self, request: F) -> anyhow::Result<Outcome>
    where
        F: Fn(usize, usize) -> R + Send + Sync + 'static,
        R: Future<Output = anyhow::Result<()>> + Send,
    {
        let request = Arc::new(request);
        let (measuring, over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let clients: Vec<_> = (0..self.clients)
            .map(|client| {
                let (request, measuring, over) = (Arc::clone(&request), Arc::clone(&measuring), Arc::clone(&over));
                tokio::spawn(async move {
                    let mut latencies = Vec::new();
                    let mut made = 0;
                    while !over.load(Ordering::Relaxed) {
                        let counts = measuring.load(Ordering::Relaxed);
                        let began = Instant::now();
                        request(client, made).await?;
                        made += 1;
                        if counts {
                            latencies.push(began.elapsed());
                        }
                    }
                    anyhow::Ok(latencies)
                })
            })
            .collect();
        tokio::time::sleep(self.warm_up).await;
        measuring.store(true, Ordering::Relaxed);
        let began = Instant::now();
        tokio::time::sleep(self.measured).await;
        let elapsed = began.elapsed();
        over.store(true, Ordering::Relaxed);
        let mut latencies = Vec::new();
        for client in clients {
            latencies.append(&mut client.await??);
        }
        latencies.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let per_second = latencies.len() as f64 / elapsed.as_secs_f64();
        Ok(Outcome { per_second, latencies })
    }
}
