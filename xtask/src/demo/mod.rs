//! From a clone to a running convention, with nothing but embedded defaults.

mod check;
mod conman;
mod sample;
mod volunteers;

use std::fs::{self, TryLockError};
use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::command::headline;
use crate::{plugins, workspace};
use conman::Conman;
use sample::SignIn;

/// How to run it.
#[derive(Args)]
pub struct Arguments {
    /// Run the same path once and stop: start, read the schedule, sign a volunteer up, read it back
    #[arg(long)]
    check: bool,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    // A folder of its own for the check, so that it leaves alone what somebody tries out next to it.
    let folder = workspace::target().join(if arguments.check { "demo-check" } else { "demo" });
    unclaimed(&folder)?;
    if !arguments.check {
        free(&arguments.listen)?;
    }
    let built = plugins::build(plugins::Build::Command, plugins::Which::Features)?;
    // The demo is made anew each time, so that its sign-ins can be shown. A build is time enough for somebody to have started another.
    unclaimed(&folder)?;
    if folder.exists() {
        headline("discarding what the last demo left");
        fs::remove_dir_all(&folder)?;
    }
    let conman = Conman { program: built.conman, data: folder };
    headline("making the sample convention");
    let sign_ins = sample::make(&conman, &built.packages)?;
    let listen = if arguments.check { "127.0.0.1:0" } else { arguments.listen.as_str() };
    let mut host = conman.serve(listen)?;
    if arguments.check {
        let checked = check::run(&conman, &sign_ins);
        host.stop()?;
        return checked;
    }
    print_addresses(host.address(), &sign_ins);
    host.wait()
}

/// That no host works on the folder: it would lose its data.
fn unclaimed(folder: &Path) -> anyhow::Result<()> {
    let Ok(lock) = fs::File::open(folder.join("lock")) else { return Ok(()) };
    match lock.try_lock_shared() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => bail!("another demo is running on {}; stop it first", folder.display()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("could not read {}", folder.display())),
    }
}

/// That nobody listens there yet, seen before minutes of building.
fn free(listen: &str) -> anyhow::Result<()> {
    TcpListener::bind(listen).map(drop).with_context(|| {
        format!("cannot listen on {listen}; stop what listens there, or choose another address with --listen")
    })
}

fn print_addresses(address: &str, sign_ins: &[SignIn]) {
    let graphql = format!("{address}/c/{}/graphql", sample::SLUG);
    let routes = format!("{address}/c/{}/x/core-programming", sample::SLUG);
    println!("\n{} is running. Stop it with Ctrl-C.\n", sample::NAME);
    println!("  GraphQL, with GraphiQL        {graphql}");
    println!("  Host's GraphQL                {address}/graphql");
    println!("  Schedule as frab JSON         {routes}/schedule.json");
    println!("  Schedule as a calendar        {routes}/schedule.ics");
    println!("  Health, figures               {address}/healthz {address}/metrics\n");
    println!("Sign-ins (made just now; the tokens last a day):");
    for sign_in in sign_ins {
        println!("  {:<10} {:<28} password {}", sign_in.role, sign_in.email, sign_in.password);
        println!("  {:<10} Authorization: Bearer {}", "", sign_in.token);
    }
    println!(
        "\nTry:\n  curl -s {graphql} -H 'content-type: application/json' \\\n    -d '{{\"query\":\"{}\"}}'",
        sample::EXAMPLE
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_a_host_works_on_is_left_alone() {
        let folder = std::env::temp_dir().join(format!("conman-demo-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(unclaimed(&folder).is_ok(), "nobody has ever worked on it");
        let lock = fs::File::create(folder.join("lock")).unwrap();
        lock.lock().unwrap();
        let refused = unclaimed(&folder).unwrap_err().to_string();
        assert!(refused.contains("another demo is running"), "{refused}");
        drop(lock);
        assert!(unclaimed(&folder).is_ok(), "the host is gone");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn an_address_in_use_is_refused() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let refused = free(&address).unwrap_err().to_string();
        assert!(refused.contains(&address) && refused.contains("--listen"), "{refused}");
        drop(taken);
        assert!(free(&address).is_ok());
    }
}
