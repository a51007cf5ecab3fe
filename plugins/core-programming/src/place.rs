//! Where in a file something is: kept as a byte offset while reading, told as line and column.

use std::fmt;

/// A byte offset into the file. Two contents are equal wherever they stand, so places never differ in comparisons.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offset(pub usize);

impl PartialEq for Offset {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Offset {}

/// A line and a column, both counted from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// Where a file begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Finds lines and columns in one text; remembers where it was, so that ascending offsets cost one pass in all.
#[derive(Debug)]
pub struct Places<'t> {
    text: &'t str,
    seen: usize,
    line: usize,
    line_start: usize,
}

impl<'t> Places<'t> {
    /// Of this text.
    #[must_use]
    pub const fn of(text: &'t str) -> Self {
        Self { text, seen: 0, line: 1, line_start: 0 }
    }

    /// The place of an offset; the end of the text for one beyond it.
    pub fn at(&mut self, offset: usize) -> Place {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        if offset < self.seen {
            *self = Self::of(self.text);
        }
        let passed = self.text.get(self.seen..offset).unwrap_or_default();
        for (at, _) in passed.match_indices('\n') {
            self.line += 1;
            self.line_start = self.seen + at + 1;
        }
        self.seen = offset;
        let column = self.text.get(self.line_start..offset).map_or(0, |line| line.chars().count()) + 1;
        Place { line: self.line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let text = "ab\ncö d\n\nx";
        let mut places = Places::of(text);
        assert_eq!(places.at(0), Place::START);
        assert_eq!(places.at(text.find('d').unwrap()), Place { line: 2, column: 4 });
        assert_eq!(places.at(text.find('x').unwrap()), Place { line: 4, column: 1 });
        assert_eq!(places.at(1), Place { line: 1, column: 2 });
        assert_eq!(places.at(999), Place { line: 4, column: 2 });
    }
}
