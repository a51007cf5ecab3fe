//! One try of one delivery.

use std::panic::AssertUnwindSafe;

use conman_kernel::dispatch::Handled;
use conman_kernel::fault::Fault;
use futures::FutureExt as _;

use crate::delivery::Delivery;
use crate::parts::BusParts;

/// What came of a try.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// The handler ran, or had run before.
    Delivered,
    /// It failed.
    Failed(Fault),
    /// The subscriber cannot take it just now, or no longer wants the topic: nothing was tried.
    Unwanted,
}

/// Lets the subscriber handle the event.
pub(crate) async fn handle(parts: &BusParts, delivery: &Delivery) -> Outcome {
    let convention = &delivery.key.convention;
    let subscriber = &delivery.key.subscriber;
    let event = &delivery.event;
    if !parts.subscriptions.takes(convention, subscriber, &event.topic) {
        return Outcome::Unwanted;
    }
    let attempt = async {
        let scope = parts.scopes.scope(convention, event).await?;
        parts.dispatcher.handle(&scope, subscriber, event).await
    };
    // A panic in whoever dispatches must cost this try, not the lane: nobody would ever tell its outcome.
    match AssertUnwindSafe(attempt).catch_unwind().await {
        Ok(Ok(Handled::Now | Handled::Before)) => Outcome::Delivered,
        Ok(Err(fault)) => Outcome::Failed(fault),
        Err(_) => Outcome::Failed(Fault::internal("the dispatcher panicked while it handled an event").retryable()),
    }
}
