//! How a job is to be solved, in the plugin's words.

use std::num::NonZeroU16;

use conman_kernel::fault::{Fault, code};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::limits::{LEAST_SECONDS, MOST_SECONDS, MOST_THREADS, SECONDS};

/// How a job is solved: checked, and with nothing left out but what may stay open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Options {
    pub(crate) seconds: f64,
    pub(crate) threads: u16,
    pub(crate) seed: u64,
    pub(crate) iterations: Option<u64>,
    /// So many sessions of the incumbent may be elsewhere; none: as many as that is worth to.
    #[serde(default)]
    pub(crate) moves: Option<u32>,
}

impl Options {
    /// Reads what a plugin asks for.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let wrong =
            |pointer: String, what: String| Fault::new(code::INVALID, format!("the options: {what}")).at(pointer);
        let read: Value =
            serde_json::from_str(text).map_err(|error| wrong(String::new(), format!("they are no JSON ({error})")))?;
        let Value::Object(members) = read else {
            return Err(wrong(String::new(), "write a JSON object, {} for none".to_owned()));
        };
        let mut options = Self { seconds: SECONDS, threads: 1, seed: 1, iterations: None, moves: None };
        for (name, value) in &members {
            let refuse = |what: String| Err(wrong(format!("/{name}"), format!("`{name}` {what}")));
            match name.as_str() {
                "seconds" => match value.as_f64().filter(|seconds| (LEAST_SECONDS..=MOST_SECONDS).contains(seconds)) {
                    Some(seconds) => options.seconds = seconds,
                    None => return refuse(format!("is a number from {LEAST_SECONDS} to {MOST_SECONDS}")),
                },
                "threads" => {
                    let threads = value.as_u64().and_then(|threads| u16::try_from(threads).ok());
                    match threads.filter(|threads| (1..=MOST_THREADS).contains(threads)) {
                        Some(threads) => options.threads = threads,
                        None => return refuse(format!("is a whole number from 1 to {MOST_THREADS}")),
                    }
                }
                "seed" => match value.as_u64() {
                    Some(seed) => options.seed = seed,
                    None => return refuse("is a whole number, 0 or more".to_owned()),
                },
                "iterations" if value.is_null() => {}
                "iterations" => match value.as_u64().filter(|iterations| *iterations > 0) {
                    Some(iterations) => options.iterations = Some(iterations),
                    None => return refuse("is a whole number, 1 or more".to_owned()),
                },
                "moves" if value.is_null() => {}
                "moves" => match value.as_u64().and_then(|moves| u32::try_from(moves).ok()) {
                    Some(moves) => options.moves = Some(moves),
                    None => return refuse("is a whole number, 0 or more".to_owned()),
                },
                _ => {
                    let known = "`seconds`, `threads`, `seed`, `iterations` and `moves`";
                    return refuse(format!("is none of {known}; remove it or correct its name"));
                }
            }
        }
        Ok(options)
    }

    /// Threads that search.
    pub(crate) fn threads(&self) -> NonZeroU16 {
        NonZeroU16::new(self.threads).unwrap_or(NonZeroU16::MIN)
    }

    /// As they are stored.
    pub(crate) fn stored(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let fault = Options::read(text).unwrap_err();
        expected.assert_eq(&format!("{} {}", fault.pointer, fault.message));
    }

    #[test]
    fn what_is_left_out_is_as_is_said() {
        let options = Options { seconds: SECONDS, threads: 1, seed: 1, iterations: None, moves: None };
        assert_eq!(Options::read("{}"), Ok(options.clone()));
        let asked = Options { seconds: 0.5, threads: 2, seed: 7, iterations: Some(9), moves: Some(0) };
        assert_eq!(Options::read(&asked.stored()), Ok(asked));
        assert!(serde_json::from_str::<Options>(&options.stored()).is_ok_and(|stored| stored == options));
        let before = r#"{"seconds":10.0,"threads":1,"seed":1,"iterations":null}"#;
        assert!(serde_json::from_str::<Options>(before).is_ok_and(|stored| stored.moves.is_none()));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        check("[]", expect![" the options: write a JSON object, {} for none"]);
        check(r#"{"seconds":61}"#, expect!["/seconds the options: `seconds` is a number from 0.1 to 60"]);
        check(r#"{"threads":0}"#, expect!["/threads the options: `threads` is a whole number from 1 to 2"]);
        check(r#"{"seed":-1}"#, expect!["/seed the options: `seed` is a whole number, 0 or more"]);
        check(r#"{"iterations":1.5}"#, expect!["/iterations the options: `iterations` is a whole number, 1 or more"]);
        check(r#"{"moves":-1}"#, expect!["/moves the options: `moves` is a whole number, 0 or more"]);
        check(
            r#"{"second":1}"#,
            expect![
                "/second the options: `second` is none of `seconds`, `threads`, `seed`, `iterations` and `moves`; remove it or correct its name"
            ],
        );
    }
}
