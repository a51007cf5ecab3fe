//! Failed sign-ins make the next ones wait: per email, so that no password is guessed by trying, and per client address, so that
//! nobody tries one password on everybody. The counts are in the database, where a restart and other hosts find them.
//!
//! A try is counted before its password is checked and taken back when it was right: a hundred tries at once are a hundred failures,
//! not one.

use std::net::IpAddr;
use std::time::Duration;

use conman_kernel::actor::Actor;
use conman_kernel::sql::RowExt as _;
use jiff::Timestamp;
use moka::sync::Cache;

use crate::change::{Change, Touches};
use crate::error::{IdentityError, Result};
use crate::identity::{Identity, later};
use crate::input::Email;

/// When failed sign-ins lead to waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottleConfig {
    /// So many failures for one email cost nothing.
    pub free_per_email: u32,
    /// So many from one address; more, because a convention's visitors share one.
    pub free_per_address: u32,
    /// The first wait; each further failure doubles it,
    pub first_wait: Duration,
    /// up to this.
    pub longest_wait: Duration,
    /// After so long without failure all is forgotten.
    pub forget_after: Duration,
}

impl Default for ThrottleConfig {
    fn default() -> Self {
        Self {
            free_per_email: 5,
            free_per_address: 30,
            first_wait: Duration::from_secs(2),
            longest_wait: Duration::from_secs(15 * 60),
            forget_after: Duration::from_secs(24 * 3600),
        }
    }
}

impl ThrottleConfig {
    /// How long after the last of `failures` the next try is taken.
    fn wait(&self, failures: u32, free: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(free.max(1)) else { return Duration::ZERO };
        let factor = 1_u32.checked_shl(doublings.min(31)).unwrap_or(u32::MAX);
        self.first_wait.saturating_mul(factor).min(self.longest_wait)
    }
}

/// Refuses from memory what is known to be waiting, so that a flood does not reach the database.
pub(crate) struct Throttle {
    config: ThrottleConfig,
    until: Cache<String, Timestamp>,
}

/// A try that was counted, on whom.
pub(crate) struct Counted {
    email: String,
    address: Option<String>,
}

impl Throttle {
    pub(crate) fn new(config: ThrottleConfig) -> Self {
        Self { config, until: Cache::new(10_000) }
    }

    pub(crate) const fn forget_after(&self) -> Duration {
        self.config.forget_after
    }

    fn refuse_known(&self, subject: &str, now: Timestamp) -> Result<()> {
        match self.until.get(subject) {
            Some(until) if until > now => Err(too_many(until, now)),
            Some(_) => {
                self.until.invalidate(subject);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn too_many(until: Timestamp, now: Timestamp) -> IdentityError {
    IdentityError::TooManyTries { wait: until.duration_since(now).unsigned_abs() }
}

/// What counts as one address: an IPv6 customer has a whole /64.
fn address_subject(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("address:{address}"),
        IpAddr::V6(address) => format!("address:{:x}/64", u128::from(address) >> 64),
    }
}

impl Identity {
    /// Counts a try, or refuses it because of those before.
    pub(crate) async fn count_try(&self, email: &Email, address: Option<IpAddr>) -> Result<Counted> {
        let throttle = self.throttle();
        let counted = Counted { email: format!("email:{}", email.key), address: address.map(address_subject) };
        let now = self.now();
        let config = &throttle.config;
        let subjects: Vec<(&str, u32)> = [
            Some((counted.email.as_str(), config.free_per_email)),
            counted.address.as_deref().map(|address| (address, config.free_per_address)),
        ]
        .into_iter()
        .flatten()
        .collect();
        for (subject, _) in &subjects {
            throttle.refuse_known(subject, now)?;
        }
        let subjects = &subjects;
        let refused = self
            .change(&Actor::system(), Touches::Nothing, |mut change| {
                Box::pin(async move {
                    for (subject, free) in subjects {
                        let failures = failures(&mut change, subject, now, config).await?;
                        let until = later(failures.last_at, config.wait(failures.count, *free));
                        if failures.count > 0 && until > now {
                            return Ok(Some(((*subject).to_owned(), until)));
                        }
                    }
                    for (subject, _) in subjects {
                        count(&mut change, subject, now, config).await?;
                    }
                    Ok(None)
                })
            })
            .await?;
        match refused {
            None => Ok(counted),
            Some((subject, until)) => {
                throttle.until.insert(subject, until);
                Err(too_many(until, now))
            }
        }
    }

    /// Takes a try back that was right: the email's failures are forgotten, the address's are one fewer.
    pub(crate) async fn take_back(&self, counted: &Counted) -> Result<()> {
        self.change(&Actor::system(), Touches::Nothing, |mut change| {
            Box::pin(async move {
                let sql = "DELETE FROM identity_failure WHERE subject = $1";
                change.execute(sql, &[counted.email.as_str().into()]).await?;
                if let Some(address) = &counted.address {
                    let sql = "UPDATE identity_failure SET failures = failures - 1 WHERE subject = $1 AND failures > 0";
                    change.execute(sql, &[address.as_str().into()]).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

struct Failures {
    count: u32,
    last_at: Timestamp,
}

async fn failures(
    change: &mut Change<'_, '_>,
    subject: &str,
    now: Timestamp,
    config: &ThrottleConfig,
) -> Result<Failures> {
    let sql = "SELECT failures, last_at FROM identity_failure WHERE subject = $1";
    let rows = change.query(sql, &[subject.into()]).await?;
    let Some(row) = rows.rows.first() else { return Ok(Failures { count: 0, last_at: now }) };
    let last_at = row.timestamp(1)?;
    let count =
        if later(last_at, config.forget_after) <= now { 0 } else { u32::try_from(row.integer(0)?).unwrap_or(u32::MAX) };
    Ok(Failures { count, last_at })
}

async fn count(change: &mut Change<'_, '_>, subject: &str, now: Timestamp, config: &ThrottleConfig) -> Result<()> {
    let count = failures(change, subject, now, config).await?.count.saturating_add(1);
    let sql = "INSERT INTO identity_failure (subject, failures, last_at) VALUES ($1, $2, $3) \
               ON CONFLICT (subject) DO UPDATE SET failures = $2, last_at = $3";
    change.execute(sql, &[subject.into(), count.into(), now.into()]).await.map(drop)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_double_after_the_free_tries() {
        let config = ThrottleConfig::default();
        let waits: Vec<u64> = (3..9).map(|failures| config.wait(failures, 5).as_secs()).collect();
        assert_eq!(waits, [0, 0, 2, 4, 8, 16]);
    }

    #[test]
    fn one_ipv6_customer_is_one_address() {
        let one: IpAddr = "2001:db8:1:2:aaaa::1".parse().unwrap();
        let other: IpAddr = "2001:db8:1:2:bbbb::2".parse().unwrap();
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(address_subject(one), address_subject(other));
        assert_eq!(address_subject(mapped), "address:192.0.2.1");
    }

    proptest! {
        #[test]
        fn more_failures_never_wait_shorter_nor_longer_than_the_longest(failures in 0_u32..u32::MAX, free in 0_u32..100) {
            let config = ThrottleConfig::default();
            let wait = config.wait(failures, free);
            prop_assert!(wait <= config.wait(failures + 1, free));
            prop_assert!(wait <= config.longest_wait);
        }
    }
}
