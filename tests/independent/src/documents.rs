//! What lies beside the project, and what its checker makes of a problem and a solution that are documents.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::skipped;

/// A folder beside the project; none, with a line saying what is not tested, where it is absent.
#[must_use]
pub fn beside(folder: &str, untested: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    skipped(&format!("{} is not there, so {untested}", folder.display()));
    None
}

/// What the independent checker finds.
#[derive(Debug)]
pub struct Found {
    /// How many hard constraints are broken.
    pub broken: u64,
    /// The first of them, in its words.
    pub breaks: Vec<String>,
    /// `unplaced`, `soft` and `terms`, as solutions state their cost.
    pub cost: Value,
    /// Whether nothing is broken and the solution states the cost it has.
    pub passed: bool,
}

/// Checks a solution independently; none, with a line saying so, without the checker or Python.
#[must_use]
pub fn checked(problem: &Value, solution: &Value) -> Option<Found> {
    let checker = beside("tools", "no solution is checked independently")?.join("schedule_check.py");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, document: &Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, document.to_string()).unwrap();
        path
    };
    let files = [file("problem.json", problem), file("solution.json", solution)];
    let Ok(done) = Command::new("python3").arg(&checker).args(files).output() else {
        skipped("python3 is not installed, so no solution is checked independently");
        return None;
    };
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    // hard 0 unplaced 0 soft 12 {'overlap': 12}
    let verdict = told.lines().find(|line| line.starts_with("hard "));
    let verdict = verdict.unwrap_or_else(|| panic!("{told}{}", String::from_utf8_lossy(&done.stderr)));
    let (figures, terms) = verdict.split_once('{').unwrap();
    let figures: Vec<u64> = figures.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [broken, unplaced, soft] = figures[..] else { panic!("{verdict}") };
    let terms: Value = serde_json::from_str(&format!("{{{}", terms.replace('\'', "\""))).unwrap();
    Some(Found {
        broken,
        breaks: told.lines().filter_map(|line| line.strip_prefix("broken: ")).map(str::to_owned).collect(),
        cost: serde_json::json!({ "unplaced": unplaced, "soft": soft, "terms": terms }),
        passed: done.status.success(),
    })
}
