//! The real servers the suites use, from the system's packages, started without systemd, as root or not.

mod postgres;

use clap::Subcommand;

pub use postgres::Durability;

/// What to do with them.
#[derive(Subcommand)]
pub enum Chore {
    /// Install what is missing and start what is not running; prints their addresses
    Up,
    /// Stop them and remove their data
    Down,
}

pub fn run(chore: &Chore) -> anyhow::Result<()> {
    match chore {
        Chore::Up => {
            let url = postgres(Durability::Off)?;
            println!("export {VARIABLE}={url}");
            Ok(())
        }
        Chore::Down => postgres::down(),
    }
}

/// Names a PostgreSQL for the suites; when unset one is started.
pub const VARIABLE: &str = "CONMAN_TEST_POSTGRES";

/// The URL of a PostgreSQL whose role may create databases and roles: the one the environment names, or one of our own.
pub fn postgres(durability: Durability) -> anyhow::Result<String> {
    match std::env::var(VARIABLE) {
        Ok(url) if !url.is_empty() => Ok(url),
        _ => postgres::up(durability),
    }
}
