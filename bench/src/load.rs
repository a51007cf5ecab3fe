//! Closed loops: a few clients, each with one request under way, for a fixed time after a warm-up; and two of them in turns.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: usize = 4;
const WARM_UP: Duration = Duration::from_millis(150);
/// Short, and many of them: a machine shared with others changes its speed from one second to the next, and both sides are to see the same.
const SLICE: Duration = Duration::from_millis(600);
/// Odd, so that the median is one that was measured.
const ROUNDS: usize = 17;

/// How it was done, for the report.
pub(crate) const HOW: &str = "4 clients, 17 slices of 0.6 s in turns (in brackets the middle half of their ratios)";

/// What is asked over and over; it gets a number that no other request of this load had.
pub(crate) struct Load<F> {
    request: Arc<F>,
    made: Arc<AtomicUsize>,
}

/// What came out of a load.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Requests answered in each second of each slice.
    rates: Vec<f64>,
    /// How long each request took.
    latencies: Vec<Duration>,
}

/// What came out of two.
pub(crate) struct Comparison {
    pub(crate) ours: Outcome,
    pub(crate) theirs: Outcome,
}

impl<F, R> Load<F>
where
    F: Fn(usize) -> R + Send + Sync + 'static,
    R: Future<Output = anyhow::Result<()>> + Send,
{
    pub(crate) fn new(request: F) -> Self {
        Self { request: Arc::new(request), made: Arc::default() }
    }

    /// All slices, one after the other.
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::default();
        for _ in 0..ROUNDS {
            self.slice(&mut outcome).await?;
        }
        Ok(outcome)
    }

    async fn slice(&self, outcome: &mut Outcome) -> anyhow::Result<()> {
        let (measuring, over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let client = || {
            let (request, made) = (Arc::clone(&self.request), Arc::clone(&self.made));
            let (measuring, over) = (Arc::clone(&measuring), Arc::clone(&over));
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let counts = measuring.load(Ordering::Relaxed);
                    let began = Instant::now();
                    request(made.fetch_add(1, Ordering::Relaxed)).await?;
                    if counts {
                        latencies.push(began.elapsed());
                    }
                    // As a socket would: an answer that waits for nothing must not keep the thread from everybody else.
                    tokio::task::yield_now().await;
                }
                anyhow::Ok(latencies)
            })
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| client()).collect();
        tokio::time::sleep(WARM_UP).await;
        measuring.store(true, Ordering::Relaxed);
        let began = Instant::now();
        tokio::time::sleep(SLICE).await;
        over.store(true, Ordering::Relaxed);
        let mut answered = 0;
        for client in clients {
            let mut latencies = client.await??;
            answered += latencies.len();
            outcome.latencies.append(&mut latencies);
        }
        // Requests under way at the end count whole, and so does the time until they were answered.
        outcome.rates.push(per_second(answered, began.elapsed()));
        Ok(())
    }
}

/// Runs both in turns, so that both see the same machine. `settle` runs before each slice and is not measured: what one side
/// leaves to be done is not the other's load.
pub(crate) async fn compare<F, G, R, S, T>(
    ours: Load<F>,
    theirs: Load<G>,
    settle: impl Fn() -> T,
) -> anyhow::Result<Comparison>
where
    F: Fn(usize) -> R + Send + Sync + 'static,
    G: Fn(usize) -> S + Send + Sync + 'static,
    R: Future<Output = anyhow::Result<()>> + Send,
    S: Future<Output = anyhow::Result<()>> + Send,
    T: Future<Output = anyhow::Result<()>>,
{
    let mut comparison = Comparison { ours: Outcome::default(), theirs: Outcome::default() };
    for _ in 0..ROUNDS {
        settle().await?;
        ours.slice(&mut comparison.ours).await?;
        settle().await?;
        theirs.slice(&mut comparison.theirs).await?;
    }
    Ok(comparison)
}

impl Outcome {
    /// The median of the slices.
    pub(crate) fn per_second(&self) -> f64 {
        median(&self.rates)
    }

    /// The latency in milliseconds that `share` of the requests stayed under.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = ((sorted.len() as f64 - 1.0) * share).round() as usize;
        sorted.get(index).copied().unwrap_or_default().as_secs_f64() * 1e3
    }
}

impl Comparison {
    /// Ours by theirs of each round: what a quarter of the rounds stay under, what half do, what three quarters do.
    pub(crate) fn ratios(&self) -> [f64; 3] {
        let mut ratios: Vec<f64> = self.ours.rates.iter().zip(&self.theirs.rates).map(|(a, b)| a / b).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let last = ratios.len().saturating_sub(1);
        [1, 2, 3].map(|quarter| ratios.get(last * quarter / 4).copied().unwrap_or_default())
    }
}

/// The middle one.
fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a count of requests")]
fn per_second(answered: usize, elapsed: Duration) -> f64 {
    answered as f64 / elapsed.as_secs_f64()
}
