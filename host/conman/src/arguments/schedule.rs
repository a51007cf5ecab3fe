//! The command line of `conman schedule`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Look at a solution independently of how it was found: exit code 1 if it breaks a hard constraint or states another cost
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The problem, a file or `-` for standard input
    pub(crate) problem: PathBuf,
    /// The solution, a file or `-` for standard input
    pub(crate) solution: PathBuf,
}
