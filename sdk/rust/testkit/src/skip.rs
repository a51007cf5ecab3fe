//! Tests that cannot run here say so.

use std::fmt::Display;
use std::io::Write as _;

/// Says that a test, or a part of it, is not run here and why; the test itself passes. What was not tested has to be seen, so this goes
/// around the test runner, which swallows what a passing test prints.
pub fn skipped(reason: impl Display) {
    // In one piece, because other tests write at the same time. Without a standard error there is nobody to tell.
    let _ = std::io::stderr().write_all(format!("skipped: {reason}\n").as_bytes());
}
