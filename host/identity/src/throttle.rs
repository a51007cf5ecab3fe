//! Failed sign-ins make the next ones wait: per email, so that no password is guessed by trying, and per client address, so that
//! nobody tries one password on everybody. The counts are in the database, where a restart and other hosts find them.
//!
//! For an email a try is counted before its password is checked and taken back when it was right: a hundred tries at once are a
//! hundred failures, not one. For an address only failures count, and they drain away: a whole convention may sit behind one address,
//! signs in at the same hour, and mistypes.

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
    /// So many from one address; more, because a convention's visitors share one,
    pub free_per_address: u32,
    /// and one of them is forgotten each time this passes.
    pub address_drains: Duration,
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
            address_drains: Duration::from_secs(10),
            first_wait: Duration::from_secs(2),
            longest_wait: Duration::from_secs(15 * 60),
            forget_after: Duration::from_secs(24 * 3600),
        }
    }
}

/// What is counted, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Subject {
    name: String,
    free: u32,
    /// A failure is forgotten each time this passes.
    drains: Option<Duration>,
}

impl ThrottleConfig {
    fn email(&self, email: &Email) -> Subject {
        Subject { name: format!("email:{}", email.key), free: self.free_per_email, drains: None }
    }

    fn address(&self, address: IpAddr) -> Subject {
        // An IPv6 customer has a whole /64.
        let name = match address.to_canonical() {
            IpAddr::V4(address) => format!("address:{address}"),
            IpAddr::V6(address) => format!("address:{:x}/64", u128::from(address) >> 64),
        };
        Subject { name, free: self.free_per_address, drains: Some(self.address_drains) }
    }

    /// How long after the last of `failures` the next try is taken.
    fn wait(&self, failures: u32, subject: &Subject) -> Duration {
        let Some(doublings) = failures.checked_sub(subject.free.max(1)) else { return Duration::ZERO };
        let factor = 1_u32.checked_shl(doublings.min(31)).unwrap_or(u32::MAX);
        let wait = self.first_wait.saturating_mul(factor).min(self.longest_wait);
        // No longer than it takes for the failures to drain away.
        subject.drains.map_or(wait, |drains| wait.min(drains.saturating_mul(doublings.saturating_add(1))))
    }

    /// How many of `failures` still count when the last of them is `age` old.
    fn remaining(&self, failures: u32, age: Duration, subject: &Subject) -> u32 {
        if age >= self.forget_after {
            return 0;
        }
        let drained = subject.drains.map_or(0, |drains| age.as_millis().checked_div(drains.as_millis()).unwrap_or(0));
        failures.saturating_sub(u32::try_from(drained).unwrap_or(u32::MAX))
    }
}

/// Refuses from memory what is known to be waiting, so that a flood does not reach the database.
pub(crate) struct Throttle {
    config: ThrottleConfig,
    until: Cache<String, Timestamp>,
    /// One at a time here: a whole convention behind one address would keep running into itself on that address's row.
    counting: tokio::sync::Mutex<()>,
}

/// A try that was let through, and on whom it is counted.
pub(crate) struct Counted {
    email: Subject,
    address: Option<Subject>,
}

impl Throttle {
    pub(crate) fn new(config: ThrottleConfig) -> Self {
        Self { config, until: Cache::new(10_000), counting: tokio::sync::Mutex::new(()) }
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

impl Identity {
    /// Lets a try through, or refuses it because of those before.
    pub(crate) async fn count_try(&self, email: &Email, address: Option<IpAddr>) -> Result<Counted> {
        let throttle = self.throttle();
        let config = &throttle.config;
        let now = self.now();
        let counted = Counted { email: config.email(email), address: address.map(|address| config.address(address)) };
        let subjects = || [Some(&counted.email), counted.address.as_ref()].into_iter().flatten();
        for subject in subjects() {
            throttle.refuse_known(&subject.name, now)?;
        }
        let _counting = throttle.counting.lock().await;
        let (email, subjects) = (&counted.email, &subjects);
        let refused = self
            .change(&Actor::system(), Touches::Nothing, |mut change| {
                Box::pin(async move {
                    for subject in subjects() {
                        if let Some(until) = waits_until(&mut change, config, subject, now).await? {
                            return Ok(Some((subject.name.clone(), until)));
                        }
                    }
                    count(&mut change, config, email, now).await?;
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

    /// The password was right: the email's failures are forgotten.
    pub(crate) async fn count_success(&self, counted: &Counted) -> Result<()> {
        let _counting = self.throttle().counting.lock().await;
        self.change(&Actor::system(), Touches::Nothing, |mut change| {
            Box::pin(async move {
                let sql = "DELETE FROM identity_failure WHERE subject = $1";
                change.execute(sql, &[counted.email.name.as_str().into()]).await.map(drop)
            })
        })
        .await
    }

    /// The password was wrong: the address has failed once more; the email was counted before.
    pub(crate) async fn count_failure(&self, counted: &Counted) -> Result<()> {
        let Some(address) = &counted.address else { return Ok(()) };
        let (config, now) = (&self.throttle().config, self.now());
        let _counting = self.throttle().counting.lock().await;
        self.change(&Actor::system(), Touches::Nothing, |mut change| {
            Box::pin(async move { count(&mut change, config, address, now).await })
        })
        .await
    }
}

/// Failures that still count, and when the last of them was.
async fn failures(
    change: &mut Change<'_, '_>,
    config: &ThrottleConfig,
    subject: &Subject,
    now: Timestamp,
) -> Result<Option<(u32, Timestamp)>> {
    let sql = "SELECT failures, last_at FROM identity_failure WHERE subject = $1";
    let rows = change.query(sql, &[subject.name.as_str().into()]).await?;
    let Some(row) = rows.rows.first() else { return Ok(None) };
    let stored = u32::try_from(row.integer(0)?).unwrap_or(u32::MAX);
    let last_at = row.timestamp(1)?;
    let age = Duration::try_from(now.duration_since(last_at)).unwrap_or_default();
    Ok(Some((config.remaining(stored, age, subject), last_at)))
}

async fn waits_until(
    change: &mut Change<'_, '_>,
    config: &ThrottleConfig,
    subject: &Subject,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let Some((failures, last_at)) = failures(change, config, subject, now).await? else { return Ok(None) };
    let until = later(last_at, config.wait(failures, subject));
    Ok((until > now).then_some(until))
}

async fn count(change: &mut Change<'_, '_>, config: &ThrottleConfig, subject: &Subject, now: Timestamp) -> Result<()> {
    let before = failures(change, config, subject, now).await?.map_or(0, |(failures, _)| failures);
    let sql = "INSERT INTO identity_failure (subject, failures, last_at) VALUES ($1, $2, $3) \
               ON CONFLICT (subject) DO UPDATE SET failures = $2, last_at = $3";
    let parameters = [subject.name.as_str().into(), before.saturating_add(1).into(), now.into()];
    change.execute(sql, &parameters).await.map(drop)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn email() -> Subject {
        ThrottleConfig::default().email(&Email::parse("ada@example.org").unwrap())
    }

    fn address(text: &str) -> Subject {
        ThrottleConfig::default().address(text.parse().unwrap())
    }

    #[test]
    fn waits_double_after_the_free_tries() {
        let config = ThrottleConfig::default();
        let waits = |subject: &Subject, failures: std::ops::Range<u32>| -> Vec<u64> {
            failures.map(|failures| config.wait(failures, subject).as_secs()).collect()
        };
        assert_eq!(waits(&email(), 3..9), [0, 0, 2, 4, 8, 16]);
        // An address never waits longer than its failures take to drain away.
        assert_eq!(waits(&address("192.0.2.1"), 29..37), [0, 2, 4, 8, 16, 32, 60, 70]);
    }

    #[test]
    fn an_addresss_failures_drain_away_and_an_emails_do_not() {
        let config = ThrottleConfig::default();
        let age = Duration::from_secs(100);
        assert_eq!(config.remaining(40, age, &address("192.0.2.1")), 30);
        assert_eq!(config.remaining(40, age, &email()), 40);
        assert_eq!(config.remaining(40, Duration::from_secs(24 * 3600), &email()), 0);
    }

    #[test]
    fn one_ipv6_customer_is_one_address() {
        assert_eq!(address("2001:db8:1:2:aaaa::1"), address("2001:db8:1:2:bbbb::2"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.2"), address("192.0.2.1"));
    }

    proptest! {
        #[test]
        fn more_failures_never_wait_shorter_nor_longer_than_the_longest(failures in 0_u32..u32::MAX) {
            let config = ThrottleConfig::default();
            for subject in [email(), address("192.0.2.1")] {
                let wait = config.wait(failures, &subject);
                prop_assert!(wait <= config.wait(failures + 1, &subject));
                prop_assert!(wait <= config.longest_wait);
            }
        }
    }
}
