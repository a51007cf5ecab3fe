//! Somebody who listens to a subscription.

use std::time::Duration;

use conman_graph::Subscription;
use conman_kernel::fault::{Fault, code};
use futures::StreamExt as _;
use serde_json::Value;

use crate::failure::Failure;

/// How long a test waits for an answer that may never come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running subscription.
#[derive(Debug)]
pub struct Listener(Subscription);

impl Listener {
    pub(crate) const fn new(subscription: Subscription) -> Self {
        Self(subscription)
    }

    /// Waits for the next answer: its `data`.
    ///
    /// # Errors
    /// When the answer has errors, when the subscription has ended, and when nothing comes for ten seconds.
    pub async fn next(&mut self) -> Result<Value, Failure> {
        match tokio::time::timeout(PATIENCE, self.0.next()).await {
            Ok(Some(response)) => Failure::of_bytes(&response),
            Ok(None) => Err(Fault::new(code::UNAVAILABLE, "the subscription has ended").into()),
            Err(_) => Err(Fault::new(code::TIMEOUT, "nothing came for ten seconds").into()),
        }
    }
}
