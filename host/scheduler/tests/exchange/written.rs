//! Documents as they are written, of any size.

use std::fmt::Write as _;

/// A problem with these members.
pub(crate) fn document(members: &str) -> String {
    format!(r#"{{"format": "conman-schedule-problem/1", {members}}}"#)
}

/// A list of so many elements.
pub(crate) fn list(count: usize, element: impl Fn(usize) -> String) -> String {
    let mut list = "[".to_owned();
    for number in 0..count {
        let _ = write!(list, "{}{}", if number > 0 { "," } else { "" }, element(number));
    }
    list + "]"
}
