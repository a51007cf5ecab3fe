//! The command: serves a host, and does everything with one that people do at a terminal.

mod arguments;
mod commands;
mod doctor;
mod door;
mod failure;
mod ordered;
mod terminal;
mod whole_file;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::{Arguments, Command};
use crate::failure::{Failure, Outcome};
use crate::terminal::{Format, Terminal};

/// Rows and answers are many small allocations, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return misread(&error),
    };
    let terminal = Terminal { format: if arguments.json { Format::Json } else { Format::People } };
    let outcome = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(arguments, terminal)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            match terminal.format {
                Format::Json => eprintln!("{}", failure.json()),
                Format::People => eprintln!("conman: {failure}"),
            }
            failure.exit_code()
        }
    }
}

/// A command line that is none, or one that asks for help, which is an answer.
fn misread(error: &clap::Error) -> ExitCode {
    let for_programs =
        std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json");
    if for_programs && error.use_stderr() {
        // In one line: what is wrong, without the drawing of how to use it.
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default();
        let failure = Failure::usage(message.strip_prefix("error: ").unwrap_or(message));
        eprintln!("{}", failure.json());
        return failure.exit_code();
    }
    // Fails only when nobody reads it.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1))
}

async fn run(arguments: Arguments, terminal: Terminal) -> Outcome {
    let Arguments { place, command, .. } = arguments;
    if !matches!(command, Command::Serve(_)) {
        commands::quiet_logs();
    }
    match command {
        Command::Serve(serve) => commands::serve::run(&place, serve, terminal).await,
        Command::Convention(command) => commands::convention::run(&place, command, terminal).await,
        Command::Account(command) => commands::account::run(&place, command, terminal).await,
        Command::Token(command) => commands::token::run(&place, command, terminal).await,
        Command::Plugin(command) => commands::plugin::run(&place, command, terminal).await,
        Command::Import(import) => commands::import::run(&place, import, terminal).await,
        Command::Export(export) => commands::export::run(&place, export, terminal).await,
        Command::Graphql(graphql) => commands::graphql::run(&place, graphql, terminal).await,
        Command::Schedule(command) => commands::schedule::run(command, terminal).await,
        Command::Doctor => doctor::run(&place, terminal).await,
    }
}
