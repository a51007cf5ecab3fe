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
    /// Measure the solver, and other programs beside it, on problems of your own or on those of a plan
    Bench(Box<Bench>),
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

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Problems, as files
    #[arg(required_unless_present = "plan", conflicts_with = "plan")]
    pub(crate) problems: Vec<PathBuf>,
    /// What is measured, as a TOML file, instead of problems
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// Where the plan's problems are; without it they are beside the plan
    #[arg(long, value_name = "DIR", requires = "plan")]
    pub(crate) folder: Option<PathBuf>,
    /// Only this section of the plan; may be given more than once
    #[arg(long, value_name = "SECTION", requires = "plan")]
    pub(crate) only: Vec<String>,
    /// How long to search, such as `1` or `0.5,1,10`
    #[arg(long, value_name = "SECONDS", value_parser = seconds, value_delimiter = ',', default_value = "1", conflicts_with = "plan")]
    pub(crate) seconds: Vec<Duration>,
    /// How many threads search side by side
    #[arg(long, value_name = "N", default_value = "1", conflicts_with = "plan")]
    pub(crate) threads: NonZeroU16,
    /// With how many seeds each is solved
    #[arg(long, value_name = "N", default_value = "5", conflicts_with = "plan")]
    pub(crate) seeds: NonZeroU16,
    /// How many problems are solved side by side. Figures are only as good as this many are undisturbed by one another
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) jobs: NonZeroU16,
    /// Another program to measure, `NAME=COMMAND`, split at spaces: called as `conman schedule solve` is, with the same arguments. May be
    /// given more than once
    #[arg(long, value_name = "NAME=COMMAND")]
    pub(crate) peer: Vec<String>,
    /// Measure the peers alone
    #[arg(long, requires = "peer")]
    pub(crate) peers_only: bool,
    /// A program that looks at every solution too, split at spaces: called with the problem's file and the solution's, it fails when
    /// something is wrong
    #[arg(long, value_name = "COMMAND")]
    pub(crate) checker: Option<String>,
    /// What the table says of the measured build besides its version, such as its commit
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Where the figures go, as JSON and, beside it, as a table in Markdown. What it has of other sections is kept
    #[arg(long, short, value_name = "FILE.json")]
    pub(crate) output: Option<PathBuf>,
    /// Where the solutions go; without it they are not kept
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Measure nothing, and write the table anew from the figures there are
    #[arg(long, requires = "plan", requires = "output", conflicts_with_all = ["only", "peer"])]
    pub(crate) table: bool,
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
