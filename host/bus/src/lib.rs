//! Events between plugins: from the outbox that a transaction filled to every subscriber, in order, until it worked or a person looks.
//!
//! ```text
//!  a plugin's database           the host's database
//!  ┌──────────────┐   relay    ┌──────────────┐  conductor   ┌────────────┐
//!  │ rows + outbox│ ─────────▶ │ bus_delivery │ ───────────▶ │ dispatcher │
//!  └──────────────┘            └──────────────┘ ◀─────────── └────────────┘
//! ```
//!
//! The relay copies outbox rows into one row per subscriber and only then deletes them: a crash between repeats the copy, which
//! changes nothing. The conductor claims rows, lets the dispatcher handle them and writes down what came of it. Delivery is
//! at least once; effects are once, because a handler's transaction records the event's id.
//!
//! Order holds in a *lane*: one convention, subscriber, publisher and key. The first event of a lane is tried until it is handled or
//! dead; those behind it wait. Lanes do not wait for one another, and no subscriber may take all the places.
//!
//! A plugin that is disabled gets no new events. What was already on its way is held, in order, and goes on when the plugin is back. So is
//! what is emitted while a plugin is enabled and cannot be loaded.
//!
//! Several hosts may work on one database: whoever delivers holds a claim that ends by itself, so that a crashed host's work goes on
//! elsewhere.

mod bus;
mod carrier;
mod claim;
mod conductor;
mod config;
mod dead_letter;
mod delivery;
mod desk;
mod error;
mod figures;
mod handling;
mod ledger;
mod outbox;
mod parts;
mod relay;
mod retry;

pub use bus::{Bus, COMPONENT, MIGRATIONS, Waker};
pub use config::BusConfig;
pub use dead_letter::DeadLetter;
pub use error::BusError;
pub use figures::{Backlog, BusFigures};
pub use parts::{BusParts, Outboxes, Scopes, Subscriptions};
pub use retry::{Jitter, RetrySchedule};
