//! The program that the solver is measured next to (`xtask/peers`), on small problems: were its model of the format wrong, the comparison
//! would be worth nothing.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use conman_scheduler::check::{broken, cost};
use conman_scheduler::document::read_solution;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use crate::brute_force;
use crate::problems::{Size, problems, read};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A Python that has OR-Tools: where `cargo xtask bench schedule` puts one, or the system's.
fn python() -> Option<PathBuf> {
    let known = [root().join("target/bench-schedule/peer/bin/python"), PathBuf::from("python3")];
    let has_it = |python: &PathBuf| {
        let asked = Command::new(python).args(["-c", "import ortools.sat.python.cp_model"]).output();
        asked.is_ok_and(|asked| asked.status.success())
    };
    known.into_iter().find(has_it)
}

#[test]
fn the_peer_finds_the_optimum() {
    let Some(python) = python() else {
        let _ =
            writeln!(std::io::stderr(), "skipped: OR-Tools is not installed, so the benchmark's peer is not tested");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peer");
    std::fs::create_dir_all(&folder).unwrap();
    let [problem_file, solution_file] = ["problem.json", "solution.json"].map(|name| folder.join(name));
    let (mut runner, problems) = (TestRunner::deterministic(), problems(Size::SMALL));
    for _ in 0..16 {
        let document = problems.new_tree(&mut runner).unwrap().current();
        std::fs::write(&problem_file, document.to_string()).unwrap();
        // One thread would improve what it has until its time is up; two stop when nothing better is left.
        let mut solving = Command::new(&python);
        solving.arg(root().join("xtask/peers/cp_sat.py")).arg(&problem_file).arg("--output").arg(&solution_file);
        let solved = solving.args(["--seconds", "20", "--threads", "2", "--seed", "1"]).output().unwrap();
        assert!(solved.status.success(), "{document}\n{}", String::from_utf8_lossy(&solved.stderr));
        let told: serde_json::Value = serde_json::from_slice(&solved.stdout).unwrap();
        let problem = read(&document);
        let timetable = read_solution(&problem, &std::fs::read(&solution_file).unwrap()).unwrap().timetable;
        assert_eq!(broken(&problem, &timetable), [], "{document}");
        let (found, best) = (cost(&problem, &timetable), brute_force::optimum(&problem, &|_| true).unwrap());
        assert_eq!((found.unplaced, found.soft()), (best.unplaced, best.soft()), "{document}");
        // What it says of itself is so.
        let [_, unplaced, soft] = &told["improvements"].as_array().unwrap().last().unwrap().as_array().unwrap()[..]
        else {
            panic!("{told}")
        };
        assert_eq!(
            (unplaced.as_u64(), soft.as_u64()),
            (Some(best.unplaced.into()), Some(best.soft())),
            "{told} {document}"
        );
        assert!(told["bound"].as_f64().unwrap() <= best.soft() as f64, "{told} {document}");
    }
}
