//! The small things the host offers: time, randomness, configuration.

/// Time. Real in a host, fixed in tests.
pub mod clock {
    use jiff::Timestamp;

    /// Now.
    #[must_use]
    pub fn now() -> Timestamp {
        // The host's clock is inside jiff's calendar, which ends in the year 9999.
        Timestamp::from_millisecond(crate::bindings::conman::host::clock::now()).unwrap_or(Timestamp::MAX)
    }
}

/// Randomness fit for secrets. Real in a host, seeded in tests.
pub mod random {
    use crate::bindings::conman::host::random as host;

    /// A new id: a ULID in lower case, sorting by the time it was made.
    #[must_use]
    pub fn id() -> String {
        host::id()
    }

    /// `length` random bytes, at most 4096.
    #[must_use]
    pub fn bytes(length: u32) -> Vec<u8> {
        host::bytes(length)
    }

    /// A random number below `end`, each equally likely; 0 when `end` is 0.
    #[must_use]
    pub fn below(end: u64) -> u64 {
        // The largest multiple of `end`: what lies above would favour small numbers.
        let Some(limit) = u64::MAX.checked_rem(end).map(|rest| u64::MAX - rest) else { return 0 };
        loop {
            let number = bytes(8).into_iter().fold(0_u64, |number, byte| number << 8 | u64::from(byte));
            if number < limit {
                return number.checked_rem(end).unwrap_or(0);
            }
        }
    }
}

/// What an admin of the convention configured.
pub mod config {
    use serde::de::DeserializeOwned;

    use crate::error::{Error, Result};

    /// The configuration, as the plugin's own struct.
    ///
    /// # Errors
    /// Code `bad-config` naming what does not fit; give fields `#[serde(default)]` that a configuration may lack.
    pub fn get<T: DeserializeOwned>() -> Result<T> {
        parse(&crate::bindings::conman::host::config::get())
    }

    pub(crate) fn parse<T: DeserializeOwned>(json: &str) -> Result<T> {
        serde_json::from_str(json)
            .map_err(|error| Error::new("bad-config", format!("the plugin's configuration does not fit: {error}")))
    }
}
