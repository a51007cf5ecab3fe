//! Answers for many parents at once: one statement fetches rows for all of them, these functions spread the rows over the parents.

use std::collections::HashMap;
use std::hash::Hash;

use crate::error::Result;

/// Each parent's own answer, in the order of the parents; or an error of the whole batch.
pub type Batch<T> = Result<Vec<Result<T>>>;

/// Every parent's rows, in the order they come.
///
/// # Errors
/// None; the type lets it stand at the end of a batched resolver.
pub fn lists<K, R, T>(parents: &[K], rows: impl IntoIterator<Item = (R, T)>) -> Batch<Vec<T>>
where
    K: Eq + Hash,
    R: Into<K>,
    T: Clone,
{
    let mut answer: Vec<Vec<T>> = parents.iter().map(|_| Vec::new()).collect();
    let places = Places::of(parents);
    for (key, item) in rows {
        places.give(&key.into(), item, &mut answer, Vec::push);
    }
    Ok(answer.into_iter().map(Ok).collect())
}

/// Every parent's row, or nothing. Of several the first counts.
///
/// # Errors
/// None; the type lets it stand at the end of a batched resolver.
pub fn optional<K, R, T>(parents: &[K], rows: impl IntoIterator<Item = (R, T)>) -> Batch<Option<T>>
where
    K: Eq + Hash,
    R: Into<K>,
    T: Clone,
{
    let mut answer: Vec<Option<T>> = parents.iter().map(|_| None).collect();
    let places = Places::of(parents);
    for (key, item) in rows {
        places.give(&key.into(), item, &mut answer, |slot, item| {
            slot.get_or_insert(item);
        });
    }
    Ok(answer.into_iter().map(Ok).collect())
}

/// Every parent's row, or `default`: for counts and sums.
///
/// # Errors
/// None; the type lets it stand at the end of a batched resolver.
pub fn values<K, R, T>(parents: &[K], rows: impl IntoIterator<Item = (R, T)>, default: T) -> Batch<T>
where
    K: Eq + Hash,
    R: Into<K>,
    T: Clone,
{
    let mut answer = vec![default; parents.len()];
    let places = Places::of(parents);
    for (key, item) in rows {
        places.give(&key.into(), item, &mut answer, |slot, item| *slot = item);
    }
    Ok(answer.into_iter().map(Ok).collect())
}

/// Where each key stands among the parents; more than once is possible, and then an item is cloned.
struct Places<'k, K> {
    first: HashMap<&'k K, usize>,
    again: HashMap<&'k K, Vec<usize>>,
}

impl<'k, K: Eq + Hash> Places<'k, K> {
    fn of(parents: &'k [K]) -> Self {
        let mut places = Self { first: HashMap::with_capacity(parents.len()), again: HashMap::new() };
        for (place, key) in parents.iter().enumerate() {
            if *places.first.entry(key).or_insert(place) != place {
                places.again.entry(key).or_default().push(place);
            }
        }
        places
    }

    fn give<S, T: Clone>(&self, key: &K, item: T, answer: &mut [S], put: impl Fn(&mut S, T)) {
        for place in self.again.get(key).into_iter().flatten() {
            if let Some(slot) = answer.get_mut(*place) {
                put(slot, item.clone());
            }
        }
        if let Some(slot) = self.first.get(key).and_then(|place| answer.get_mut(*place)) {
            put(slot, item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwrapped<T>(batch: Batch<T>) -> Vec<T> {
        batch.unwrap().into_iter().map(Result::unwrap).collect()
    }

    #[test]
    fn rows_go_to_their_parents_and_strangers_nowhere() {
        let parents = ["a".to_owned(), "b".to_owned(), "a".to_owned()];
        let rows = [("a", 1), ("c", 2), ("a", 3)];
        assert_eq!(unwrapped(lists(&parents, rows)), [vec![1, 3], vec![], vec![1, 3]]);
        assert_eq!(unwrapped(optional(&parents, rows)), [Some(1), None, Some(1)]);
        assert_eq!(unwrapped(values(&parents, rows, 0)), [3, 0, 3]);
    }
}
