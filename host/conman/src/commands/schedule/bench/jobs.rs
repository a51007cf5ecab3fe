//! Work that is done side by side.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::failure::Failure;

/// Does all of it, so many at a time, and answers what came of each, in order. After a failure nothing more is begun, and the first one
/// is answered.
pub(super) fn side_by_side<T: Send>(
    many: usize,
    at_a_time: usize,
    each: impl Fn(usize) -> Result<T, Failure> + Sync,
) -> Result<Vec<T>, Failure> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new((0..many).map(|_| None).collect::<Vec<_>>());
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= many {
                return;
            }
            let result = each(index);
            if result.is_err() {
                next.store(many, Ordering::Relaxed);
            }
            if let Some(place) = results.lock().unwrap_or_else(PoisonError::into_inner).get_mut(index) {
                *place = Some(result);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..at_a_time.min(many) {
            scope.spawn(work);
        }
        work();
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Kind;

    #[test]
    fn results_are_in_order_and_the_first_failure_ends_it() {
        for at_a_time in [1, 3, 50] {
            let doubled = side_by_side(20, at_a_time, |index| Ok(index * 2)).unwrap();
            assert_eq!(doubled, (0..20).map(|index| index * 2).collect::<Vec<_>>());
        }
        let done = AtomicUsize::new(0);
        let failed = side_by_side(20, 1, |index| {
            done.fetch_add(1, Ordering::Relaxed);
            if index == 3 { Err(Failure::new(Kind::Failed, "three")) } else { Ok(()) }
        });
        assert_eq!((failed.unwrap_err().message.as_str(), done.into_inner()), ("three", 4));
    }
}
