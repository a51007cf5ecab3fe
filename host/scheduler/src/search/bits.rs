//! Sets of small numbers as rows of machine words: slots of an event, rooms of a venue.

/// Rows of bits, all of one width, in one allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BitRows {
    words: usize,
    bits: Vec<u64>,
}

impl BitRows {
    /// `rows` empty rows that hold numbers below `width`.
    pub(crate) fn new(rows: usize, width: usize) -> Self {
        let words = width.div_ceil(64).max(1);
        Self { words, bits: vec![0; rows * words] }
    }

    /// What such rows take of memory.
    pub(crate) fn bytes(rows: u64, width: u64) -> u64 {
        rows * width.div_ceil(64).max(1) * 8
    }

    /// Words in a row.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    pub(crate) fn row(&self, row: usize) -> &[u64] {
        &self.bits[row * self.words..(row + 1) * self.words]
    }

    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [u64] {
        &mut self.bits[row * self.words..(row + 1) * self.words]
    }

    pub(crate) fn has(&self, row: usize, bit: usize) -> bool {
        has(self.row(row), bit)
    }

    pub(crate) fn insert(&mut self, row: usize, bit: usize) {
        self.bits[row * self.words + bit / 64] |= 1 << (bit % 64);
    }

    pub(crate) fn remove(&mut self, row: usize, bit: usize) {
        self.bits[row * self.words + bit / 64] &= !(1 << (bit % 64));
    }

    /// Puts `from..until` into a row.
    pub(crate) fn insert_span(&mut self, row: usize, from: usize, until: usize) {
        for_words(from, until, |word, mask| self.bits[row * self.words + word] |= mask);
    }

    /// Takes `from..until` out of a row.
    pub(crate) fn remove_span(&mut self, row: usize, from: usize, until: usize) {
        for_words(from, until, |word, mask| self.bits[row * self.words + word] &= !mask);
    }

    /// Whether a row holds all of `from..until`.
    pub(crate) fn has_span(&self, row: usize, from: usize, until: usize) -> bool {
        let mut lacking = 0;
        for_words(from, until, |word, mask| lacking |= !self.bits[row * self.words + word] & mask);
        lacking == 0
    }

    /// Whether a row holds nothing of `from..until`.
    pub(crate) fn lacks_span(&self, row: usize, from: usize, until: usize) -> bool {
        let mut found = 0;
        for_words(from, until, |word, mask| found |= self.bits[row * self.words + word] & mask);
        found == 0
    }
}

/// Leaves in a row what is in another too.
pub(crate) fn and(row: &mut [u64], other: &[u64]) {
    row.iter_mut().zip(other).for_each(|(word, other)| *word &= other);
}

/// Takes `from..until` out of a row.
pub(crate) fn remove_span(row: &mut [u64], from: usize, until: usize) {
    for_words(from, until, |word, mask| row[word] &= !mask);
}

/// Whether a row has a bit.
pub(crate) fn has(row: &[u64], bit: usize) -> bool {
    row[bit / 64] >> (bit % 64) & 1 == 1
}

/// The numbers in a row, in order.
pub(crate) fn ones(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().flat_map(|(word, &bits)| Ones { bits, base: word * 64 })
}

/// How many numbers a row holds.
pub(crate) fn count(row: &[u64]) -> u32 {
    row.iter().map(|word| word.count_ones()).sum()
}

/// The number that `skip` others in a row come before.
pub(crate) fn nth(row: &[u64], mut skip: u32) -> Option<usize> {
    for (word, &bits) in row.iter().enumerate() {
        let here = bits.count_ones();
        if skip < here {
            let mut bits = bits;
            for _ in 0..skip {
                bits &= bits - 1;
            }
            return Some(word * 64 + bits.trailing_zeros() as usize);
        }
        skip -= here;
    }
    None
}

/// Leaves in `row` the numbers `n` of it for which `n..n + length` are all in it.
pub(crate) fn erode(row: &mut [u64], length: u32) {
    // `row` already stands for runs of `have`; each step makes them longer, at most twice as long.
    let mut have = 1;
    while have < length {
        let step = have.min(length - have);
        and_shifted_down(row, step);
        have += step;
    }
}

/// `row &= row >> by`.
fn and_shifted_down(row: &mut [u64], by: u32) {
    let (words, bits) = ((by / 64) as usize, by % 64);
    for word in 0..row.len() {
        let low = row.get(word + words).copied().unwrap_or(0);
        let high = row.get(word + words + 1).copied().unwrap_or(0);
        // What is above `word` has not been changed yet.
        row[word] &= if bits == 0 { low } else { low >> bits | high << (64 - bits) };
    }
}

/// Moves every number of a row up; what leaves it is gone.
pub(crate) fn shift_up(row: &mut [u64], by: u32) {
    if by == 0 {
        return;
    }
    let (words, bits) = ((by / 64) as usize, by % 64);
    for word in (0..row.len()).rev() {
        let high = word.checked_sub(words).map_or(0, |from| row[from]);
        let low = word.checked_sub(words + 1).map_or(0, |from| row[from]);
        row[word] = if bits == 0 { high } else { high << bits | low >> (64 - bits) };
    }
}

struct Ones {
    bits: u64,
    base: usize,
}

impl Iterator for Ones {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.bits == 0 {
            return None;
        }
        let bit = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(self.base + bit)
    }
}

fn for_words(from: usize, until: usize, mut visit: impl FnMut(usize, u64)) {
    if from >= until {
        return;
    }
    let (first, last) = (from / 64, (until - 1) / 64);
    let head = u64::MAX << (from % 64);
    let tail = u64::MAX >> (63 - (until - 1) % 64);
    if first == last {
        visit(first, head & tail);
        return;
    }
    visit(first, head);
    for word in first + 1..last {
        visit(word, u64::MAX);
    }
    visit(last, tail);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(width: usize, numbers: &[usize]) -> BitRows {
        let mut rows = BitRows::new(1, width);
        for &number in numbers {
            rows.insert(0, number);
        }
        rows
    }

    #[test]
    fn runs_are_found_across_words() {
        let mut rows = BitRows::new(1, 200);
        rows.insert_span(0, 60, 70);
        rows.insert_span(0, 125, 195);
        erode(rows.row_mut(0), 4);
        assert_eq!(ones(rows.row(0)).collect::<Vec<_>>(), (60..67).chain(125..192).collect::<Vec<_>>());
    }

    #[test]
    fn rows_move_up_by_any_distance() {
        for by in [0, 1, 63, 64, 65, 130] {
            let mut rows = row(256, &[0, 1, 63, 64, 100]);
            shift_up(rows.row_mut(0), by);
            let expected: Vec<usize> =
                [0, 1, 63, 64, 100].iter().map(|n| n + by as usize).filter(|&n| n < 256).collect();
            assert_eq!(ones(rows.row(0)).collect::<Vec<_>>(), expected, "by {by}");
        }
    }

    #[test]
    fn numbers_are_found_by_their_rank() {
        let rows = row(200, &[3, 64, 65, 199]);
        assert_eq!(
            (0..5).map(|rank| nth(rows.row(0), rank)).collect::<Vec<_>>(),
            [Some(3), Some(64), Some(65), Some(199), None]
        );
        assert_eq!(count(rows.row(0)), 4);
    }

    #[test]
    fn spans_are_put_in_and_taken_out() {
        let mut rows = BitRows::new(2, 192);
        rows.insert_span(1, 10, 180);
        rows.remove_span(1, 64, 128);
        assert!(rows.lacks_span(1, 64, 128) && !rows.lacks_span(1, 63, 64) && !rows.lacks_span(1, 128, 129));
        assert!(rows.lacks_span(0, 0, 192));
    }
}
