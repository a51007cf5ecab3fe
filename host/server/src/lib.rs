//! The host as a server: all crates wired together, the host's own GraphQL fields, and HTTP.
//!
//! [`Host::open`] claims a data folder and starts everything; [`Host::serve`] adds a listening socket. The command line sends its requests
//! through the same router without one.

mod config;
mod conventions;
mod data_folder;
mod desk;
mod events;
mod faults;
mod fields;
mod host;
mod http;
mod jobs;
mod listen;
mod metrics;
mod parts;
mod stalling;
mod stocktaking;
mod upkeep;

pub use config::{HostConfig, Limits, Mode};
pub use data_folder::{Claim, ClaimError, DataFolder, DatabaseKind, Held, Owner};
pub use host::{Finished, Host, OpenError, Running};
pub use listen::ConnectionLimits;
