//! Tests a plugin as it will run: its component, in the host's runtime with the host's limits, on a real database, behind the host's
//! GraphQL and event bus. Only time and randomness are the test's: a clock that stands still until it is moved, and a seed.
//!
//! ```no_run
//! # async fn test() -> Result<(), conman_testkit::Failure> {
//! use conman_testkit::{Testkit, json};
//!
//! let kit = Testkit::build(env!("CARGO_MANIFEST_DIR")).await;
//! kit.run(r#"mutation { sign(name: "Ada") { id } }"#).await?;
//! assert_eq!(kit.run("{ guests { name } }").await?, json!({ "guests": [{ "name": "Ada" }] }));
//! # Ok(())
//! # }
//! ```
//!
//! A plugin that refers to others' types is tested together with them ([`Setup::plugin`]), or with a [`StandIn`] where they are not at
//! hand. What goes wrong while a kit is set up ends the test with a message that says what to do: there is nothing to go on with.
//!
//! Jobs of the scheduler are searched for real, and no test waits for them without asking: see [`Testkit::solved`].

mod failure;
mod folder;
mod kit;
mod listener;
mod package;
mod people;
mod setup;
mod skip;
mod stand_in;
mod wiring;

pub use conman_kernel::dispatch::RouteAnswer;
pub use conman_kernel::event::Event;
pub use conman_runtime::LogLine;
pub use failure::{Failure, Problem};
pub use kit::Testkit;
pub use listener::Listener;
pub use people::{admin, attendee, nobody, person};
pub use serde_json::{Value, json};
pub use setup::{Engine, Setup, engines};
pub use skip::skipped;
pub use stand_in::StandIn;
