//! Passwords as argon2id. Hashing takes 19 MiB and tens of milliseconds by design, so few run at once and few may wait: a flood of
//! sign-ins is turned away instead of eating the machine.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::error::{IdentityError, Result};

/// The shortest password taken: NIST SP 800-63B asks for 8, most guides by now for more.
const SHORTEST: usize = 10;
/// The longest, in bytes: enough for any passphrase, too short to hash as an attack.
const LONGEST: usize = 512;
/// How many may wait for a turn before the next is told to come back.
const QUEUE: usize = 64;

/// What one hash costs. The default is OWASP's recommendation for argon2id (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl PasswordCost {
    /// OWASP's recommendation.
    pub const OWASP: Self = Self { memory_kib: 19 * 1024, passes: 2 };
}

/// Hashes and checks passwords.
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// The hash that is checked when there is no account, so that knowing takes as long as not knowing.
    decoy: Mutex<Option<Arc<str>>>,
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost, at_once: usize) -> Self {
        let (memory, passes) = (cost.memory_kib.max(Params::MIN_M_COST), cost.passes.max(Params::MIN_T_COST));
        // One lane and the standard output length leave nothing that could be refused.
        let params = Params::new(memory, passes, 1, None).unwrap_or(Params::DEFAULT);
        let at_once = at_once.max(1);
        Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            turns: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + QUEUE)),
            decoy: Mutex::new(None),
        }
    }

    /// The PHC text of a new password.
    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        let argon2 = self.argon2.clone();
        let password = password.to_owned();
        self.in_turn(move || {
            let hash: PasswordHash = argon2
                .hash_password(password.as_bytes())
                .map_err(|error| IdentityError::Internal(format!("hashing a password failed: {error}")))?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` belongs to `stored`; without a stored hash the answer is no and takes just as long.
    pub(crate) async fn verify(&self, password: &str, stored: Option<String>) -> Result<bool> {
        // Made in either case, so that the first stranger does not take longer either.
        let decoy = self.decoy().await?;
        let known = stored.is_some();
        let hash: Arc<str> = stored.map_or(decoy, Into::into);
        let argon2 = self.argon2.clone();
        let password = password.to_owned();
        let right = self
            .in_turn(move || {
                let hash = PasswordHash::new(&hash)
                    .map_err(|error| IdentityError::Internal(format!("a stored password hash is damaged: {error}")))?;
                Ok(password.len() <= LONGEST && argon2.verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(known && right)
    }

    async fn decoy(&self) -> Result<Arc<str>> {
        if let Some(decoy) = self.decoy.lock().clone() {
            return Ok(decoy);
        }
        let decoy: Arc<str> = self.hash("a password nobody has").await?.into();
        *self.decoy.lock() = Some(Arc::clone(&decoy));
        Ok(decoy)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let _place = self.places.try_acquire().map_err(|_| IdentityError::Busy)?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| IdentityError::Internal("the password queue is closed".to_owned()))?;
        tokio::task::spawn_blocking(move || {
            // Held by the thread: a caller that hangs up must not let more threads hash than there are turns.
            let _turn = turn;
            work()
        })
        .await
        .map_err(|error| IdentityError::Internal(format!("hashing a password stopped: {error}")))?
    }
}

/// Refuses passwords too short to protect anything, or long enough to be an attack.
pub(crate) fn acceptable(password: &str) -> Result<()> {
    if password.chars().count() < SHORTEST {
        Err(IdentityError::invalid(
            "/password",
            format!("the password is too short; use at least {SHORTEST} characters"),
        ))
    } else if password.len() > LONGEST {
        Err(IdentityError::invalid("/password", format!("the password is too long; use at most {LONGEST} bytes")))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick() -> Passwords {
        Passwords::new(PasswordCost { memory_kib: 64, passes: 1 }, 1)
    }

    #[tokio::test]
    async fn only_the_right_password_opens() {
        let passwords = quick();
        let stored = passwords.hash("correct horse battery").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        assert!(passwords.verify("correct horse battery", Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse", Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn without_an_account_nothing_opens_not_even_the_decoys_password() {
        assert!(!quick().verify("a password nobody has", None).await.unwrap());
    }

    #[tokio::test]
    async fn a_flood_is_turned_away() {
        let passwords = quick();
        let _all = passwords.places.acquire_many(u32::try_from(1 + QUEUE).unwrap()).await.unwrap();
        assert!(matches!(passwords.hash("correct horse battery").await, Err(IdentityError::Busy)));
    }

    #[test]
    fn the_default_cost_is_owasps() {
        let passwords = Passwords::new(PasswordCost::OWASP, 1);
        assert_eq!((passwords.argon2.params().m_cost(), passwords.argon2.params().t_cost()), (19_456, 2));
    }
}
