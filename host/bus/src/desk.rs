//! What lies before the conductor: wake-ups, consignments and outcomes, put there by anyone at any time; and what it last knew, from which
//! anyone can tell whether there is anything left to do.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::SqlError;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use crate::carrier::{Carrier, Consignment};
use crate::delivery::DeliveryKey;
use crate::handling::Outcome;

/// Whose outbox.
pub(crate) type Publisher = (ConventionId, PluginId);

/// Something for the ledger.
pub(crate) enum Message {
    /// Events to take over; answered once they are safe.
    Consigned(Arc<Consignment>, oneshot::Sender<()>),
    /// A handler is through.
    Handled(DeliveryKey, Outcome),
}

/// Everything that lies there.
#[derive(Default)]
pub(crate) struct Papers {
    /// Publishers with something in their outbox.
    pub(crate) dirty: HashSet<Publisher>,
    /// Those being relayed.
    pub(crate) relaying: HashSet<Publisher>,
    /// For the next turn.
    pub(crate) messages: Vec<Message>,
    /// Whether a turn is wanted although nothing else asks for one.
    pub(crate) look: bool,
    /// Whether held deliveries may be wanted again.
    pub(crate) subscriptions_changed: bool,
    /// Whether the conductor is at work on what it took from here.
    pub(crate) working: bool,
    /// Whether it has looked at the ledger at all.
    pub(crate) looked: bool,
    /// Handlers that run, those included whose outcome is not yet in the ledger.
    pub(crate) in_flight: usize,
    /// When the first delivery in the ledger is due, claimed ones included.
    pub(crate) first_due: Option<Timestamp>,
    /// Whether the bus is shutting down.
    pub(crate) stopping: bool,
    /// Whether the conductor is gone.
    pub(crate) stopped: bool,
}

#[derive(Default)]
pub(crate) struct Desk {
    papers: Mutex<Papers>,
    /// Wakes the conductor.
    attention: Notify,
    /// Wakes those who wait for quiet.
    changed: Notify,
}

impl Papers {
    /// Nothing is being done, and nothing asked for.
    fn quiet(&self) -> bool {
        self.looked
            && !self.working
            && !self.look
            && !self.subscriptions_changed
            && self.dirty.is_empty()
            && self.relaying.is_empty()
            && self.messages.is_empty()
            && self.in_flight == 0
    }

    pub(crate) fn idle(&self) -> bool {
        self.stopped || (self.quiet() && self.first_due.is_none())
    }

    pub(crate) fn settled(&self, now: Timestamp) -> bool {
        self.stopped || (self.quiet() && self.first_due.is_none_or(|due| due > now))
    }
}

impl Desk {
    /// Puts something there and wakes the conductor.
    pub(crate) fn put(&self, change: impl FnOnce(&mut Papers)) {
        change(&mut self.papers.lock());
        self.attention.notify_one();
    }

    /// Notes what the conductor knows and wakes those who wait.
    pub(crate) fn note<T>(&self, change: impl FnOnce(&mut Papers) -> T) -> T {
        let answer = change(&mut self.papers.lock());
        self.changed.notify_waiters();
        answer
    }

    pub(crate) fn read<T>(&self, question: impl FnOnce(&Papers) -> T) -> T {
        question(&self.papers.lock())
    }

    pub(crate) fn attention(&self) -> impl Future<Output = ()> {
        self.attention.notified()
    }

    /// Waits until `question` is answered with yes.
    pub(crate) async fn wait(&self, question: impl Fn(&Papers) -> bool) {
        self.wait_for(|papers| question(papers).then_some(())).await;
    }

    async fn wait_for<T>(&self, attempt: impl Fn(&mut Papers) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that a change between looking and waiting is not missed.
            changed.as_mut().enable();
            if let Some(answer) = attempt(&mut self.papers.lock()) {
                return answer;
            }
            changed.await;
        }
    }

    /// Turns to relay whoever has something in their outbox and is not being relayed: one relay per publisher; who has something again
    /// meanwhile comes next. None while shutting down.
    pub(crate) fn turns(self: &Arc<Self>) -> Vec<RelayTurn> {
        let publishers: Vec<Publisher> = self.note(|papers| {
            if papers.stopping {
                return Vec::new();
            }
            let publishers: Vec<_> = papers.dirty.difference(&papers.relaying).cloned().collect();
            for publisher in &publishers {
                papers.dirty.remove(publisher);
                papers.relaying.insert(publisher.clone());
            }
            publishers
        });
        publishers.into_iter().map(|publisher| RelayTurn { desk: Arc::clone(self), publisher }).collect()
    }

    /// A turn to relay one publisher, when nobody else does and nobody is about to.
    ///
    /// # Errors
    /// When the conductor is gone: nothing could be handed to it.
    pub(crate) async fn turn(self: &Arc<Self>, publisher: Publisher) -> Result<RelayTurn, SqlError> {
        self.wait_for(|papers| {
            if papers.stopped {
                return Some(Err(stopped()));
            }
            let free = !papers.dirty.contains(&publisher) && papers.relaying.insert(publisher.clone());
            free.then_some(Ok(()))
        })
        .await?;
        Ok(RelayTurn { desk: Arc::clone(self), publisher })
    }
}

/// The right to relay one publisher's outbox, for as long as it is kept.
pub(crate) struct RelayTurn {
    desk: Arc<Desk>,
    pub(crate) publisher: Publisher,
}

impl Drop for RelayTurn {
    /// However the relay ends, the publisher is free for the next.
    fn drop(&mut self) {
        self.desk.put(|papers| {
            papers.relaying.remove(&self.publisher);
        });
    }
}

fn stopped() -> SqlError {
    SqlError::Unavailable("the event bus has stopped".to_owned())
}

/// The carrier that hands consignments to the conductor.
pub(crate) struct DeskCarrier(pub(crate) Arc<Desk>);

#[async_trait]
impl Carrier for DeskCarrier {
    async fn carry(&self, consignment: Consignment) -> Result<(), SqlError> {
        let (safe, answer) = oneshot::channel();
        self.0.put(|papers| {
            // Nobody would ever answer.
            if !papers.stopped {
                papers.messages.push(Message::Consigned(Arc::new(consignment), safe));
            }
        });
        answer.await.map_err(|_| stopped())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_publisher_is_relayed_by_one_at_a_time() {
        let desk = Arc::new(Desk::default());
        let publisher: Publisher = (ConventionId::new(), "conman/aa".parse().unwrap());
        let tell = || {
            desk.put(|papers| {
                papers.dirty.insert(publisher.clone());
            });
        };
        let asked = desk.turn(publisher.clone()).await.unwrap();
        tell();
        assert!(desk.turns().is_empty());
        drop(asked);
        let told = desk.turns();
        assert_eq!(told.len(), 1);
        let (asking, waiting) = (Arc::clone(&desk), publisher.clone());
        let asked = tokio::spawn(async move { asking.turn(waiting).await.map(drop) });
        tell();
        assert!(desk.turns().is_empty());
        drop(told);
        desk.note(|_| ());
        tokio::task::yield_now().await;
        assert!(!asked.is_finished(), "what was told meanwhile comes first");
        drop(desk.turns());
        desk.note(|_| ());
        asked.await.unwrap().unwrap();
        desk.note(|papers| papers.stopped = true);
        assert!(desk.turn(publisher).await.is_err());
    }
}
