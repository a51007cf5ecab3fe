//! What the end-to-end suites share: a real host on a temporary data folder, on either database, and the clients that talk to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod apart;
mod client;
mod database;
mod host;
mod operator;
mod packages;
pub mod plans;
mod process;
mod socket;
mod until;
pub mod volunteers;

pub use apart::HostApart;
pub use client::{Answer, Client};
pub use conman_independent::{Found, beside, checked as checked_independently, skipped};
pub use database::Database;
pub use host::TestHost;
pub use operator::Operator;
pub use packages::{misbehaving, package, repacked};
pub use process::{Conman, Done, Served, conman};
pub use socket::Socket;
pub use tempfile;
pub use until::until;

/// Declares one test for each database: `name::sqlite` and `name::postgres`. The body gets a fresh [`Database`].
#[macro_export]
macro_rules! on_each_database {
    ($(#[$attribute:meta])* async fn $name:ident($database:ident: $kind:ty) $body:block) => {
        $(#[$attribute])*
        mod $name {
            use super::*;

            async fn run($database: $kind) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                run($crate::Database::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                if let Some(database) = $crate::Database::postgres().await {
                    run(database).await;
                }
            }
        }
    };
}
