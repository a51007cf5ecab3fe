//! Programs that solve problems: this one, and others that are called in the same way.
//!
//! `COMMAND PROBLEM.json --seconds S --threads N --seed N --output SOLUTION.json`; what it prints on standard output is nothing, or a
//! JSON object with what `conman schedule solve --json` says of the search, all of it optional.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::run::{Seconds, Task};
use crate::commands::schedule::onlooker::Improvement;
use crate::failure::{Failure, Kind};

/// A program that solves problems.
#[derive(Debug)]
pub(super) struct Solver {
    /// For the table.
    pub(super) name: String,
    command: Vec<String>,
    /// How this build is called, when it is the one that measures.
    pub(super) version: Option<String>,
}

/// What a solver says of a search.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) seconds: Seconds,
    pub(super) iterations: Option<u64>,
    pub(super) memory: Option<u64>,
    pub(super) bound: Option<f64>,
    pub(super) version: Option<String>,
}

/// As it is printed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Printed {
    seconds: Times,
    /// Seconds since the search began, sessions without a place, soft cost.
    improvements: Vec<(f64, u64, u64)>,
    iterations: Option<u64>,
    memory: Option<u64>,
    bound: Option<f64>,
    version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Times {
    reading: Option<f64>,
    building: Option<f64>,
    solving: Option<f64>,
}

impl Solver {
    /// The solver of this build, in a process of its own, so that its memory can be told.
    pub(super) fn own() -> Result<Self, Failure> {
        let program = std::env::current_exe()?.to_string_lossy().into_owned();
        let command = [&program, "--json", "schedule", "solve"].map(str::to_owned).to_vec();
        Ok(Self {
            name: "conman".to_owned(),
            command,
            version: Some(concat!("conman ", env!("CARGO_PKG_VERSION")).to_owned()),
        })
    }

    /// `NAME=COMMAND`
    pub(super) fn peer(text: &str) -> Result<Self, Failure> {
        let wrong = || Failure::usage(format!("--peer \"{text}\": write NAME=COMMAND, such as cp-sat=./cp_sat.py"));
        let (name, command) = text.split_once('=').ok_or_else(wrong)?;
        let command: Vec<_> = command.split_whitespace().map(str::to_owned).collect();
        let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "-_.".contains(letter));
        if !is_name || command.is_empty() || name == "conman" {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), command, version: None })
    }

    /// Lets it solve a problem.
    pub(super) fn solve(&self, task: &Task<'_>) -> Result<Answer, Failure> {
        let failed = |what: String| Failure::new(Kind::Failed, format!("{} on {task}: {what}", self.name));
        let remarks = task.output.with_extension("stderr");
        let begun = Instant::now();
        let mut child = self.start(task, &remarks).map_err(|error| failed(format!("cannot be started: {error}")))?;
        let ended = until_end(&mut child, task.patience());
        let process = begun.elapsed().as_secs_f64();
        let (printed, status) = match ended {
            Ok(ended) => ended,
            Err(Late) => {
                let waited = task.patience().as_secs();
                return Err(failed(format!("it was stopped, because it had not ended after {waited} s")));
            }
        };
        if !status?.success() {
            let said = std::fs::read_to_string(&remarks).unwrap_or_default();
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
            return Err(failed(format!("it failed: {last}")));
        }
        std::fs::remove_file(&remarks)?;
        let printed: Printed = match printed.trim_ascii() {
            [] => Printed::default(),
            printed => serde_json::from_slice(printed).map_err(|error| {
                failed(format!(
                    "what it prints is neither nothing nor what `conman schedule solve --json` prints: {error}"
                ))
            })?,
        };
        Ok(printed.answer(process))
    }

    fn start(&self, task: &Task<'_>, remarks: &Path) -> std::io::Result<Child> {
        let (program, arguments) = self.command.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).arg(task.problem);
        command.args(["--seconds", &task.seconds.to_string(), "--threads", &task.threads.to_string()]);
        command.args(["--seed", &task.seed.to_string(), "--output"]).arg(task.output);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(remarks)?).spawn()
    }
}

/// A program that does not end.
struct Late;

/// What a program prints until its end, and how it ended. One that takes too long is stopped.
fn until_end(
    child: &mut Child,
    patience: Duration,
) -> Result<(Vec<u8>, std::io::Result<std::process::ExitStatus>), Late> {
    let (sender, printed) = mpsc::channel();
    if let Some(mut stdout) = child.stdout.take() {
        // It ends with the program that writes.
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stdout.read_to_end(&mut bytes);
            let _ = sender.send(bytes);
        });
    }
    match printed.recv_timeout(patience) {
        Ok(bytes) => Ok((bytes, child.wait())),
        Err(_) => {
            // It may just have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
            Err(Late)
        }
    }
}

impl Printed {
    /// With what follows from it; `process`: how long the program took in all, which counts as its search if it does not tell.
    fn answer(self, process: f64) -> Answer {
        let improvements = self.improvements.into_iter();
        let improvements = improvements.map(|(seconds, unplaced, soft)| Improvement { seconds, unplaced, soft });
        let (mut placed, mut settled): (Option<f64>, Option<Improvement>) = (None, None);
        for improvement in improvements {
            if improvement.unplaced == 0 && placed.is_none() {
                placed = Some(improvement.seconds);
            }
            if settled.is_none_or(|settled| improvement.matters_after(&settled)) {
                settled = Some(improvement);
            }
        }
        Answer {
            seconds: Seconds {
                reading: self.seconds.reading,
                building: self.seconds.building,
                solving: self.seconds.solving.unwrap_or(process),
                process,
                placed,
                settled: settled.map(|settled| settled.seconds),
            },
            iterations: self.iterations,
            memory: self.memory,
            bound: self.bound,
            version: self.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_settled_when_its_cost_hardly_falls_any_more() {
        let printed: Printed = serde_json::from_str(
            r#"{"improvements": [[0.1, 2, 50], [0.2, 0, 900], [0.3, 0, 300], [0.4, 0, 298], [0.5, 0, 296], [0.6, 0, 295]]}"#,
        )
        .unwrap();
        let seconds = printed.answer(1.5).seconds;
        assert_eq!((seconds.placed, seconds.settled, seconds.solving), (Some(0.2), Some(0.5), 1.5));
    }

    #[test]
    fn peers_have_a_name_and_a_command() {
        let peer = Solver::peer("cp-sat=python cp_sat.py --fast=1").unwrap();
        assert_eq!((peer.name.as_str(), peer.command.len()), ("cp-sat", 3));
        for wrong in ["", "python", "=python", "x=", "x= ", "a b=python", "conman=python"] {
            assert_eq!(Solver::peer(wrong).unwrap_err().kind, Kind::Usage, "{wrong}");
        }
    }
}
