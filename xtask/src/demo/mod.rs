//! From a clone to a running convention, with nothing but embedded defaults.

mod check;
mod conman;
mod sample;
mod volunteers;

use std::fs;

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
    let packages = plugins::build(plugins::Build::Command)?;
    let folder = workspace::target().join("demo");
    if folder.exists() {
        // The demo is made anew each time, so that its sign-ins can be shown.
        fs::remove_dir_all(&folder)?;
    }
    let conman = Conman { program: plugins::conman(plugins::Build::Command)?, data: folder };
    headline("making the sample convention");
    let sign_ins = sample::make(&conman, &packages)?;
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
