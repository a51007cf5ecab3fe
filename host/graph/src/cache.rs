//! Whole responses, served again while nothing they depend on has changed.
//!
//! An entry holds the revision of every plugin it was computed from, read before the computation: a commit in between makes it stale
//! at once, never late. Requests that miss together compute once; whoever waits with other revisions in mind computes for itself.

use std::collections::HashMap;
use std::sync::Arc;

use conman_kernel::id::ConventionId;
use jiff::Timestamp;
use moka::sync::Cache;
use parking_lot::Mutex;

use crate::operation::input::Variables;
use crate::request::{CacheControl, Outcome, Response};

/// All that a response depends on but the plugins' data.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey {
    /// The prepared operation, and with it the schema's generation, the text and the operation's name.
    pub(crate) operation: u64,
    pub(crate) convention: Option<ConventionId>,
    pub(crate) variables: Variables,
    /// The actor, where the answer is theirs alone.
    pub(crate) actor: Option<String>,
    /// Which of the operation's permissions the actor has.
    pub(crate) granted: Vec<bool>,
    pub(crate) languages: Arc<[String]>,
}

struct Entry {
    revisions: Vec<u64>,
    until: Timestamp,
    response: Response,
}

type Flight = Arc<tokio::sync::Mutex<Option<Response>>>;
type FlightKey = (CacheKey, Vec<u64>);

/// The cache of one host, bounded by bytes.
pub(crate) struct ResponseCache {
    entries: Cache<CacheKey, Arc<Entry>>,
    flights: Mutex<HashMap<FlightKey, Flight>>,
}

impl ResponseCache {
    pub(crate) fn new(bytes: u64) -> Self {
        let entries = Cache::builder()
            .max_capacity(bytes)
            .weigher(|key: &CacheKey, entry: &Arc<Entry>| {
                let size =
                    entry.response.body.len() + key.variables.bytes() + key.actor.as_ref().map_or(0, String::len) + 256;
                u32::try_from(size).unwrap_or(u32::MAX)
            })
            .build();
        Self { entries, flights: Mutex::new(HashMap::new()) }
    }

    /// A response that is still true.
    fn get(&self, key: &CacheKey, revisions: &[u64], now: Timestamp) -> Option<Response> {
        let entry = self.entries.get(key)?;
        let fresh = entry.revisions == revisions && now < entry.until;
        fresh.then(|| Response { outcome: Outcome::Cached, ..entry.response.clone() })
    }

    /// The response from the cache, from a computation that runs already, or from `compute`.
    pub(crate) async fn serve(
        &self,
        key: CacheKey,
        revisions: Vec<u64>,
        control: CacheControl,
        now: Timestamp,
        compute: impl Future<Output = Response>,
    ) -> Response {
        if let Some(response) = self.get(&key, &revisions, now) {
            return response;
        }
        let flight_key = (key, revisions);
        let flight = Arc::clone(self.flights.lock().entry(flight_key.clone()).or_default());
        // Whoever holds the lock computes. If its client hangs up, the next in line computes.
        let mut landed = flight.lock().await;
        if let Some(response) = &*landed {
            return Response { outcome: Outcome::Cached, ..response.clone() };
        }
        let _landing = Landing { flights: &self.flights, key: &flight_key, flight: &flight };
        let response = compute.await;
        if response.errors == 0 {
            let until = now.saturating_add(control.max_age).unwrap_or(Timestamp::MAX);
            let (key, revisions) = flight_key.clone();
            self.entries.insert(key, Arc::new(Entry { revisions, until, response: response.clone() }));
        }
        *landed = Some(response.clone());
        response
    }
}

/// Takes a computation off the list when it ends, however it ends.
struct Landing<'a> {
    flights: &'a Mutex<HashMap<FlightKey, Flight>>,
    key: &'a FlightKey,
    flight: &'a Flight,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        if flights.get(self.key).is_some_and(|flight| Arc::ptr_eq(flight, self.flight)) {
            flights.remove(self.key);
        }
    }
}
