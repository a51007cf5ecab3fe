//! The one task per host that works on the ledger. It takes what lies on its desk, does it in one turn, starts handlers for what it
//! claimed, and sleeps until something is put there or becomes due. One writer per host means that a host never conflicts with itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use conman_kernel::sql::{SqlError, transaction};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::claim::ClaimPlan;
use crate::config::BusConfig;
use crate::delivery::{Delivery, DeliveryKey};
use crate::desk::{Desk, DeskCarrier, Message, RelayTurn};
use crate::figures::Counters;
use crate::handling::{Outcome, handle};
use crate::ledger::{self, Entry, Fate, Turn, Turned};
use crate::parts::BusParts;
use crate::relay::relay;
use crate::retry::Verdict;

/// How long after a failed turn the next one is tried.
const AFTER_FAILURE: Duration = Duration::from_millis(250);
/// How often a relay is tried before it is left to the next poll, and a turn during shutdown before it is left to the next start.
const PATIENCE: u32 = 5;

pub(crate) struct Conductor {
    parts: BusParts,
    config: BusConfig,
    desk: Arc<Desk>,
    counters: Arc<Counters>,
    /// Cancelled when the bus is dropped without shutdown: everything stops where it is, as in a crash.
    dropped: CancellationToken,
    relays: Arc<Semaphore>,
    flights: HashMap<DeliveryKey, Flight>,
    first_due: Option<Timestamp>,
    next_due: Option<Timestamp>,
    next_poll: Instant,
    /// Whether what a killed host of this name had claimed is free.
    freed: bool,
    failed_turns: u32,
    not_before: Option<Instant>,
}

/// A handler that runs.
struct Flight {
    delivery: Delivery,
    /// When the claim ends, unless it is prolonged.
    until: Timestamp,
}

impl Conductor {
    pub(crate) fn new(
        parts: BusParts,
        config: BusConfig,
        desk: Arc<Desk>,
        counters: Arc<Counters>,
        dropped: CancellationToken,
    ) -> Self {
        Self {
            relays: Arc::new(Semaphore::new(config.relays.max(1))),
            parts,
            config,
            desk,
            counters,
            dropped,
            flights: HashMap::new(),
            first_due: None,
            next_due: None,
            next_poll: Instant::now(),
            freed: false,
            failed_turns: 0,
            not_before: None,
        }
    }

    /// Works until shut down or dropped.
    pub(crate) async fn run(mut self) {
        let dropped = self.dropped.clone();
        tokio::select! {
            () = dropped.cancelled() => {}
            () = self.work() => {}
        }
    }

    async fn work(&mut self) {
        loop {
            self.desk.note(|papers| papers.working = true);
            self.upkeep().await;
            self.start_relays();
            self.turn_if_wanted().await;
            if self.rest() {
                return;
            }
            let attention = self.desk.attention();
            let pause = self.pause();
            tokio::select! {
                () = attention => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Notes what is known; answers whether everything is done and the bus is to stop.
    fn rest(&self) -> bool {
        self.desk.note(|papers| {
            papers.working = false;
            papers.in_flight = self.flights.len();
            papers.first_due = self.first_due;
            let done = papers.messages.is_empty() && papers.relaying.is_empty() && self.flights.is_empty();
            papers.stopping && (done || self.failed_turns >= PATIENCE)
        })
    }

    /// How long there is nothing to do unless something comes.
    fn pause(&self) -> Duration {
        let now = self.parts.clock.now();
        let due = [self.next_due, self.next_prolongation()].into_iter().flatten().min();
        // At least a millisecond: the clock is finer than what is stored.
        let until_due = due.map(|due| due.duration_since(now)).map(|wait| {
            if wait.is_negative() {
                Duration::from_millis(1)
            } else {
                wait.unsigned_abs().max(Duration::from_millis(1))
            }
        });
        let until_poll = self.next_poll.saturating_duration_since(Instant::now());
        let pause = until_due.map_or(until_poll, |due| due.min(until_poll));
        match self.not_before {
            Some(at) => at.saturating_duration_since(Instant::now()),
            None => pause,
        }
    }

    fn next_prolongation(&self) -> Option<Timestamp> {
        let first = self.flights.values().map(|flight| flight.until).min()?;
        first.saturating_sub(self.config.claim / 2).ok()
    }

    fn now(&self) -> Timestamp {
        // To the millisecond, as stored.
        let now = self.parts.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// Now and then: looks for what nobody told of.
    async fn upkeep(&mut self) {
        let poll = Instant::now() >= self.next_poll;
        let (asked, stopping) =
            self.desk.note(|papers| (std::mem::take(&mut papers.subscriptions_changed), papers.stopping));
        if stopping || !(poll || asked) {
            return;
        }
        if poll {
            self.next_poll = Instant::now() + self.config.poll;
            match self.parts.outboxes.all().await {
                Ok(publishers) => self.desk.note(|papers| papers.dirty.extend(publishers)),
                Err(error) => {
                    tracing::warn!(%error, "the list of outboxes cannot be read; trying again at the next poll")
                }
            }
        }
        match self.upkeep_ledger().await {
            Ok(()) => self.desk.note(|papers| papers.look = true),
            Err(error) => {
                tracing::warn!(%error, "the event bus cannot look after its table; trying again soon");
                self.next_poll = self.next_poll.min(Instant::now() + AFTER_FAILURE);
            }
        }
    }

    async fn upkeep_ledger(&mut self) -> Result<(), SqlError> {
        let now = self.now();
        if !self.freed {
            let host: Arc<str> = self.config.host.as_str().into();
            let freed = transaction(self.parts.database.as_ref(), |transaction| {
                let host = Arc::clone(&host);
                Box::pin(async move { ledger::free_own(transaction, &host, now).await })
            })
            .await?;
            if freed > 0 {
                tracing::info!(freed, "deliveries that were under way when the host stopped go on");
            }
            self.freed = true;
        }
        let before = now.saturating_sub(self.config.remember).unwrap_or(Timestamp::MIN);
        let subscriptions = Arc::clone(&self.parts.subscriptions);
        transaction(self.parts.database.as_ref(), |transaction| {
            let subscriptions = Arc::clone(&subscriptions);
            Box::pin(async move {
                ledger::forget_done(transaction, before).await?;
                for held in ledger::held(transaction).await? {
                    let (convention, subscriber, topic) = &held;
                    if subscriptions.takes(convention, subscriber, topic) {
                        ledger::release(transaction, &held, now).await?;
                    }
                }
                Ok(())
            })
        })
        .await
    }

    fn start_relays(&self) {
        for turn in self.desk.turns() {
            let relaying = Relaying {
                parts: self.parts.clone(),
                desk: Arc::clone(&self.desk),
                counters: Arc::clone(&self.counters),
                permits: Arc::clone(&self.relays),
                batch: self.config.batch.max(1),
                turn,
            };
            let dropped = self.dropped.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = dropped.cancelled() => {}
                    () = relaying.run() => {}
                }
            });
        }
    }

    async fn turn_if_wanted(&mut self) {
        if self.not_before.is_some_and(|at| Instant::now() < at) {
            return;
        }
        let now = self.now();
        let due = self.next_due.is_some_and(|due| due <= now) || self.next_prolongation().is_some_and(|at| at <= now);
        let (messages, look, stopping) = self
            .desk
            .note(|papers| (std::mem::take(&mut papers.messages), std::mem::take(&mut papers.look), papers.stopping));
        if messages.is_empty() && !look && !due {
            return;
        }
        let turn = Arc::new(self.plan(&messages, now, stopping));
        let turned = transaction(self.parts.database.as_ref(), |transaction| {
            let turn = Arc::clone(&turn);
            Box::pin(async move { turn.take(transaction).await })
        })
        .await;
        match turned {
            Ok(turned) => {
                self.failed_turns = 0;
                self.not_before = None;
                self.conclude(&turn, messages, turned);
            }
            Err(error) => {
                tracing::warn!(%error, "the event bus cannot write to its table; trying again");
                self.failed_turns += 1;
                self.not_before = Some(Instant::now() + AFTER_FAILURE);
                self.desk.note(|papers| {
                    let newer = std::mem::replace(&mut papers.messages, messages);
                    papers.messages.extend(newer);
                    papers.look = true;
                });
            }
        }
    }

    fn plan(&self, messages: &[Message], now: Timestamp, stopping: bool) -> Turn {
        let mut consignments = Vec::new();
        let mut entries = Vec::new();
        let mut landed = std::collections::HashSet::new();
        for message in messages {
            match message {
                Message::Consigned(consignment, _) => consignments.push(Arc::clone(consignment)),
                Message::Handled(key, outcome) => {
                    if let Some(flight) = self.flights.get(key) {
                        landed.insert(key);
                        entries.push(entry(&flight.delivery, self.fate(&flight.delivery, outcome)));
                    }
                }
            }
        }
        let mut taken: HashMap<_, usize> = HashMap::new();
        for (key, flight) in &self.flights {
            if landed.contains(key) {
                continue;
            }
            *taken.entry((key.convention.clone(), key.subscriber.clone())).or_default() += 1;
            if flight.until.saturating_sub(self.config.claim / 2).is_ok_and(|at| at <= now) {
                entries.push(entry(&flight.delivery, Fate::Prolonged));
            }
        }
        let running = self.flights.len() - landed.len();
        let places = if stopping { 0 } else { self.config.concurrency.max(1).saturating_sub(running) };
        let claim = ClaimPlan {
            host: self.config.host.clone(),
            places,
            per_subscriber: self.config.per_subscriber.max(1),
            taken,
            lasts: self.config.claim,
            retry: self.config.retry.clone(),
        };
        Turn { now, consignments, entries, claim }
    }

    fn fate(&self, delivery: &Delivery, outcome: &Outcome) -> Fate {
        match outcome {
            Outcome::Delivered => Fate::Done,
            Outcome::Unwanted => Fate::Held,
            Outcome::Failed(fault) => {
                let jitter = self.config.jitter.next();
                match self.config.retry.judge(fault, delivery.attempts, delivery.deferrals, jitter) {
                    Verdict::Again { after, counted } => Fate::Again { after, counted, fault: fault.clone() },
                    Verdict::Dead => Fate::Dead(fault.clone()),
                }
            }
        }
    }

    /// What follows from a turn that is in the ledger.
    fn conclude(&mut self, turn: &Turn, messages: Vec<Message>, turned: Turned) {
        for entry in &turn.entries {
            if let Fate::Prolonged = entry.fate {
                if let Some(flight) = self.flights.get_mut(&entry.key) {
                    flight.until = turn.now.saturating_add(self.config.claim).unwrap_or(Timestamp::MAX);
                }
            } else {
                self.flights.remove(&entry.key);
                self.tell(entry);
            }
        }
        for message in messages {
            if let Message::Consigned(_, safe) = message {
                // Nobody waits any more when the relay was dropped; the events are safe all the same.
                let _ = safe.send(());
            }
        }
        self.counters.dead_lettered.fetch_add(turned.given_up, Ordering::Relaxed);
        self.first_due = turned.first_due;
        self.next_due = turned.next_due;
        let until = turn.now.saturating_add(self.config.claim).unwrap_or(Timestamp::MAX);
        for delivery in turned.claimed {
            self.flights.insert(delivery.key.clone(), Flight { delivery: delivery.clone(), until });
            let parts = self.parts.clone();
            let desk = Arc::clone(&self.desk);
            tokio::spawn(async move {
                let outcome = handle(&parts, &delivery).await;
                desk.put(|papers| papers.messages.push(Message::Handled(delivery.key, outcome)));
            });
        }
        self.desk.note(|papers| papers.looked = true);
    }

    fn tell(&self, entry: &Entry) {
        let (event, subscriber, attempts) = (&entry.key.event, &entry.key.subscriber, entry.attempts);
        match &entry.fate {
            Fate::Done => {
                self.counters.delivered.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%event, %subscriber, attempts, "event delivered");
            }
            Fate::Again { after, fault, .. } => {
                self.counters.retried.fetch_add(1, Ordering::Relaxed);
                tracing::info!(%event, %subscriber, attempts, ?after, %fault, detail = fault.detail, "event not delivered; trying again");
            }
            Fate::Dead(fault) => {
                self.counters.dead_lettered.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%event, %subscriber, attempts, %fault, detail = fault.detail, "event given up; it is in the dead-letter list");
            }
            Fate::Held => tracing::info!(%event, %subscriber, "event held until its subscriber can take it"),
            Fate::Prolonged => {}
        }
    }
}

impl Drop for Conductor {
    /// However it ends, nobody must wait for it any longer: nor for what lies there still to be taken over.
    fn drop(&mut self) {
        let left = self.desk.note(|papers| {
            papers.stopped = true;
            std::mem::take(&mut papers.messages)
        });
        drop(left);
    }
}

fn entry(delivery: &Delivery, fate: Fate) -> Entry {
    Entry { key: delivery.key.clone(), lane: delivery.lane.clone(), attempts: delivery.attempts, fate }
}

/// The relaying of one publisher's outbox.
struct Relaying {
    parts: BusParts,
    desk: Arc<Desk>,
    counters: Arc<Counters>,
    permits: Arc<Semaphore>,
    batch: u32,
    turn: RelayTurn,
}

impl Relaying {
    async fn run(self) {
        let (convention, publisher) = &self.turn.publisher;
        let carrier = DeskCarrier(Arc::clone(&self.desk));
        for attempt in 1..=PATIENCE {
            let outcome = match self.permits.acquire().await {
                Ok(_permit) => relay(&self.parts, &carrier, convention, publisher, self.batch).await,
                Err(_) => return,
            };
            match outcome {
                Ok(relayed) => {
                    self.counters.relayed.fetch_add(relayed, Ordering::Relaxed);
                    return;
                }
                Err(error) => {
                    tracing::warn!(%convention, %publisher, attempt, %error, "an outbox cannot be relayed");
                    if self.desk.read(|papers| papers.stopping) {
                        return;
                    }
                    tokio::time::sleep(AFTER_FAILURE * attempt).await;
                }
            }
        }
        tracing::error!(%convention, %publisher, "an outbox cannot be relayed; it is left to the next poll");
    }
}
