//! Measures the host with real plugins next to the same work done natively, in one run, on one machine.
//!
//! Requests go through the host's whole router without a socket, and so do the baseline's: a client on the same two cores
//! would only blur the difference. Only what is served as it lies goes over sockets too, because serving is all there is to it.

mod convention;
mod load;
mod machine;
mod measures;
mod native;
mod report;
mod wire;

use std::path::PathBuf;

use clap::Parser;

use report::Report;

/// What the command uses, for both sides of each comparison.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Arguments {
    /// Only this group: trivial, programme, sign-up, import, cached, export, life or process
    only: Option<String>,
    /// Where the results go, as JSON and, beside it, as a table; without it they are only printed
    #[arg(long)]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // On a worker of the runtime, as a server's connections are: from outside, each task it starts would wake a thread.
    let report = tokio::spawn(async move {
        let mut report = Report::new();
        measures::all(arguments.only.as_deref(), &mut report).await?;
        anyhow::Ok(report)
    });
    let report = report.await??;
    if let Some(json) = arguments.json {
        report.write(&json)?;
        println!("\nwritten to {}", json.display());
    }
    Ok(())
}
