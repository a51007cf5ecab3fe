//! Sets of slots as sorted ranges that do not overlap.

use std::ops::Range;

use crate::problem::Slot;

pub(super) type Ranges = Vec<Range<Slot>>;

/// What is in both.
pub(super) fn intersect(one: &[Range<Slot>], other: &[Range<Slot>]) -> Ranges {
    let (mut a, mut b, mut both) = (0, 0, Vec::new());
    while let (Some(left), Some(right)) = (one.get(a), other.get(b)) {
        let (from, to) = (left.start.max(right.start), left.end.min(right.end));
        if from < to {
            both.push(from..to);
        }
        if left.end <= right.end {
            a += 1;
        } else {
            b += 1;
        }
    }
    both
}

/// What is left without `taken`.
pub(super) fn subtract(ranges: &[Range<Slot>], taken: &Range<Slot>) -> Ranges {
    let pieces = ranges
        .iter()
        .flat_map(|range| [range.start..range.end.min(taken.start), range.start.max(taken.end)..range.end]);
    pieces.filter(|piece| piece.start < piece.end).collect()
}

/// What is in any of them, in whatever order they are.
pub(super) fn unite(mut ranges: Ranges) -> Ranges {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut united: Ranges = Vec::new();
    for range in ranges {
        match united.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => united.push(range),
        }
    }
    united
}

/// Ranges that are gathered, in no more memory than a few times what they are when they are united.
#[derive(Default)]
pub(super) struct Gathered {
    ranges: Ranges,
    united: usize,
}

impl Gathered {
    /// So many that are not united yet are no matter.
    const FEW: usize = 64;

    pub(super) fn add(&mut self, more: impl IntoIterator<Item = Range<Slot>>) {
        self.ranges.extend(more);
        if self.ranges.len() > 2 * self.united + Self::FEW {
            self.ranges = unite(std::mem::take(&mut self.ranges));
            self.united = self.ranges.len();
        }
    }

    pub(super) fn united(self) -> Ranges {
        unite(self.ranges)
    }
}

/// Slots in all.
pub(super) fn length(ranges: &[Range<Slot>]) -> u32 {
    ranges.iter().map(|range| range.end - range.start).sum()
}

/// The slots from which `before` slots earlier and `after` slots on lie in one of the ranges.
pub(super) fn starts_within(ranges: &[Range<Slot>], before: u32, after: u32) -> Ranges {
    let starts = ranges.iter().map(|range| range.start + before..(range.end + 1).saturating_sub(after));
    starts.filter(|starts| starts.start < starts.end).collect()
}

/// The starts at which what takes `before` slots earlier and `after` slots on would touch `taken`.
pub(super) fn starts_touching(taken: &Range<Slot>, before: u32, after: u32) -> Range<Slot> {
    (taken.start + 1).saturating_sub(after)..taken.end + before
}

/// Whether a slot is in one of them.
pub(super) fn contains(ranges: &[Range<Slot>], slot: Slot) -> bool {
    ranges.get(ranges.partition_point(|range| range.end <= slot)).is_some_and(|range| range.start <= slot)
}

/// The slots covered by what starts at one of `starts`, takes `before` slots earlier and `after` slots on.
pub(super) fn covered(starts: &[Range<Slot>], before: u32, after: u32) -> Ranges {
    unite(starts.iter().map(|range| range.start.saturating_sub(before)..range.end - 1 + after).collect())
}
