//! Who may have documents read: few at a time on a host, and one at a time in a convention. Whoever asks for much waits for themselves, and
//! the others for no more than one of theirs.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use conman_kernel::fault::Fault;
use conman_kernel::id::ConventionId;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::READERS;

/// The places at which documents are read.
#[derive(Debug)]
pub(crate) struct Readers {
    all: Arc<Semaphore>,
    /// Of each convention of which somebody reads or waits.
    conventions: Mutex<HashMap<ConventionId, Weak<Semaphore>>>,
}

/// A place, for as long as it is kept.
#[derive(Debug)]
pub(crate) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_convention: OwnedSemaphorePermit,
}

impl Default for Readers {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(READERS)), conventions: Mutex::default() }
    }
}

impl Readers {
    /// Waits for a place.
    pub(crate) async fn place(&self, convention: &ConventionId) -> Result<Place, Fault> {
        // First the convention's own: who waits for it does not stand in others' way.
        let of_convention = self.of(convention).acquire_owned().await.map_err(Fault::internal)?;
        let of_all = Arc::clone(&self.all).acquire_owned().await.map_err(Fault::internal)?;
        Ok(Place { _of_all: of_all, _of_convention: of_convention })
    }

    fn of(&self, convention: &ConventionId) -> Arc<Semaphore> {
        let mut conventions = self.conventions.lock();
        if let Some(known) = conventions.get(convention).and_then(Weak::upgrade) {
            return known;
        }
        conventions.retain(|_, one| one.strong_count() > 0);
        let own = Arc::new(Semaphore::new(1));
        conventions.insert(convention.clone(), Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_convention_that_asks_for_much_leaves_room_for_others() {
        let readers = Arc::new(Readers::default());
        let (greedy, other) = (ConventionId::new(), ConventionId::new());
        let first = readers.place(&greedy).await.unwrap();
        let waiting: Vec<_> = (0..2 * READERS)
            .map(|_| {
                let (readers, greedy) = (Arc::clone(&readers), greedy.clone());
                tokio::spawn(async move { readers.place(&greedy).await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        let place = readers.place(&other).await.unwrap();
        assert!(waiting.iter().all(|one| !one.is_finished()));
        drop(first);
        for one in waiting {
            one.await.unwrap().unwrap();
        }
        drop(place);
        // Of those that are gone nothing is kept.
        drop(readers.place(&ConventionId::new()).await);
        assert_eq!(readers.conventions.lock().len(), 1);
    }
}
