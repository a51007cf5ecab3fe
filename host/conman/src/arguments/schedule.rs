//! The command line of `conman schedule`.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Place a problem's sessions in rooms and time
    Solve(Solve),
    /// Look at a solution independently of how it was found: exit code 1 if it breaks a hard constraint or states another cost
    Check(Check),
    /// Tell what each broken wish of a solution costs and what would mend it, and why sessions have no place
    Explain(Explain),
}

#[derive(Debug, Args)]
pub(crate) struct Solve {
    /// The problem, a file or `-` for standard input
    pub(crate) problem: PathBuf,
    /// How long to search; 1 without --iterations, and as long as it takes with it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) seconds: Option<Duration>,
    /// After how many proposals to stop. With one thread, the same number and seed find the same solution
    #[arg(long, value_name = "N")]
    pub(crate) iterations: Option<u64>,
    /// How many threads search side by side
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) threads: NonZeroU16,
    /// Where chance begins
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Where to write the solution; `-` for standard output, which is also where it goes when left out, so not with --json
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(crate) output: PathBuf,
    /// Tell also what fewer and more moves from the problem's incumbent would come to. The effort is spent a second time for it
    #[arg(long)]
    pub(crate) trade_offs: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The problem, a file or `-` for standard input
    pub(crate) problem: PathBuf,
    /// The solution, a file or `-` for standard input
    pub(crate) solution: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The problem, a file or `-` for standard input
    pub(crate) problem: PathBuf,
    /// The solution, a file or `-` for standard input
    pub(crate) solution: PathBuf,
}

/// More than this is no search but a mistake.
const LONGEST: f64 = 7.0 * 24.0 * 3600.0;

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "write a number, such as 0.5 or 60".to_owned())?;
    if seconds > 0.0 && seconds <= LONGEST {
        Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
    } else {
        Err(format!("choose more than 0 and at most {LONGEST}"))
    }
}
