//! Measures the host with real plugins next to the same work done natively, in one run, on one machine.
//!
//! Requests go through the host's whole router without a socket, and so do the baseline's: a client on the same two cores
//! would only blur the difference.

mod convention;
mod load;
mod machine;
mod measures;
mod native;
mod report;

use std::path::PathBuf;

use clap::Parser;

use report::Report;

#[derive(Parser)]
struct Arguments {
    /// Only measurements whose name contains this
    filter: Option<String>,
    /// Where the results go, as JSON and, beside it, as a table
    #[arg(long)]
    json: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut report = Report::new();
    measures::all(arguments.filter.as_deref().unwrap_or_default(), &mut report).await?;
    report.write(&arguments.json)?;
    println!("\nwritten to {}", arguments.json.display());
    Ok(())
}
