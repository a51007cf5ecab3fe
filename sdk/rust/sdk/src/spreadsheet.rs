//! Cells of tables that people open in a spreadsheet: a spreadsheet runs what begins like a formula, so a name like `=HYPERLINK(…)`
//! would act on whoever opens the list.

use std::borrow::Cow;

/// What a formula begins with, and the apostrophe that keeps a spreadsheet from running it.
const LEADING: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// The cell with an apostrophe before it where a spreadsheet would run it. A number stays a number, also a negative one.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    let is_number = || cell.parse::<f64>().is_ok_and(f64::is_finite);
    if cell.starts_with(LEADING) && !is_number() { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// What [`guarded`] was given.
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(LEADING) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_texts_and_read_back() {
        for (cell, written) in [
            ("plain", "plain"),
            ("", ""),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("-2.5", "-2.5"),
            ("+49 30 1234", "'+49 30 1234"),
            ("-inf", "'-inf"),
            ("@home", "'@home"),
            ("'tis", "''tis"),
            ("'-5", "''-5"),
            ("\t=1", "'\t=1"),
        ] {
            assert_eq!(guarded(cell), written);
            assert_eq!(unguarded(written), cell);
        }
        assert_eq!(unguarded("'a word of its own"), "'a word of its own");
    }
}
