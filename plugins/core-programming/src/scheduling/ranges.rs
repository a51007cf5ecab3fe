//! Sets of slots as sorted ranges `[from, to)` that neither touch nor overlap.

/// Some slots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges(Vec<[u32; 2]>);

impl Ranges {
    /// These slots, in whatever order and however they overlap.
    #[must_use]
    pub fn of(ranges: impl IntoIterator<Item = [u32; 2]>) -> Self {
        let mut sorted: Vec<[u32; 2]> = ranges.into_iter().filter(|[from, to]| from < to).collect();
        sorted.sort_unstable();
        let mut merged: Vec<[u32; 2]> = Vec::with_capacity(sorted.len());
        for [from, to] in sorted {
            match merged.last_mut() {
                Some([_, end]) if *end >= from => *end = to.max(*end),
                _ => merged.push([from, to]),
            }
        }
        Self(merged)
    }

    /// These and those.
    #[must_use]
    pub fn with(&self, others: impl IntoIterator<Item = [u32; 2]>) -> Self {
        Self::of(self.0.iter().copied().chain(others))
    }

    /// These without those.
    #[must_use]
    pub fn without(&self, others: impl IntoIterator<Item = [u32; 2]>) -> Self {
        let gone = Self::of(others);
        let mut left = Vec::with_capacity(self.0.len());
        let mut gone = gone.0.into_iter().peekable();
        for &[from, to] in &self.0 {
            let mut from = from;
            while let Some(&[start, end]) = gone.peek()
                && start < to
            {
                if from < start {
                    left.push([from, start]);
                }
                from = from.max(end);
                if end > to {
                    break;
                }
                gone.next();
            }
            if from < to {
                left.push([from, to]);
            }
        }
        Self(left)
    }

    /// What is in both.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        let reach = self.0.last().map_or(0, |range| range[1]);
        self.without(Self::of([[0, reach]]).without(other.0.iter().copied()).0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As the exchange format has it.
    #[must_use]
    pub fn list(&self) -> Vec<[u32; 2]> {
        self.0.clone()
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = [u32; 2]> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slots(ranges: &Ranges) -> Vec<bool> {
        (0..40).map(|slot| ranges.iter().any(|[from, to]| from <= slot && slot < to)).collect()
    }

    fn some() -> impl Strategy<Value = Vec<[u32; 2]>> {
        prop::collection::vec((0_u32..40, 0_u32..40).prop_map(|(from, to)| [from, to]), 0..6)
    }

    proptest! {
        #[test]
        fn sets_are_what_they_are_slot_by_slot(one in some(), other in some()) {
            let (a, b) = (Ranges::of(one), Ranges::of(other.clone()));
            let pairs: Vec<(bool, bool)> = slots(&a).into_iter().zip(slots(&b)).collect();
            let each = |combine: fn((bool, bool)) -> bool| pairs.iter().copied().map(combine).collect::<Vec<_>>();
            prop_assert_eq!(slots(&a.with(other.clone())), each(|(a, b)| a || b));
            prop_assert_eq!(slots(&a.without(other)), each(|(a, b)| a && !b));
            prop_assert_eq!(slots(&a.both(&b)), each(|(a, b)| a && b));
            prop_assert!(a.0.windows(2).all(|pair| pair[0][1] < pair[1][0]));
        }
    }
}
