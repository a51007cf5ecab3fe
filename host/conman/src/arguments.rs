//! The command line, as clap reads it.

mod schedule;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use schedule::{Bench, Check, Explain, ScheduleCommand, Solve};

/// Runs a convention on sandboxed plugins.
#[derive(Debug, Parser)]
#[command(name = "conman", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong command line, 3 not found, 4 refused, 5 data folder in use, 6 host unreachable, 7 wrong input."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) place: Where,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which host the command is about
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Where")]
pub(crate) struct Where {
    /// A running host's address; without it, the data folder says which host works on it, or is opened itself when none does
    #[arg(long, global = true, env = "CONMAN_HOST", value_name = "URL")]
    pub(crate) host: Option<String>,
    /// A session or API token for that host
    #[arg(long, global = true, env = "CONMAN_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// The data folder
    #[arg(long, global = true, env = "CONMAN_DATA", value_name = "DIR", default_value = "conman-data")]
    pub(crate) data: PathBuf,
    /// Keep databases in PostgreSQL instead of in the data folder
    #[arg(long, global = true, env = "CONMAN_POSTGRES", value_name = "URL", hide_env_values = true)]
    pub(crate) postgres: Option<String>,
}

/// A convention, for commands that are about one
#[derive(Debug, Clone, Args)]
pub(crate) struct In {
    /// The convention's short name; may be left out when there is only one
    #[arg(long, short, env = "CONMAN_CONVENTION", value_name = "SLUG")]
    pub(crate) convention: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the host
    Serve(Serve),
    /// Make and look at conventions
    #[command(subcommand)]
    Convention(ConventionCommand),
    /// Make accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Make and revoke API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Build, install and enable plugins
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Bring a file in through a plugin that reads its format
    Import(Import),
    /// Get a file out through a plugin that writes its format
    Export(Export),
    /// Run a GraphQL operation
    Graphql(Graphql),
    /// Solve timetabling problems and check solutions, without a host
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Find out what is amiss
    Doctor,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Serve {
    /// Where to listen
    #[arg(long, env = "CONMAN_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Development: GraphiQL at every GraphQL address; the page loads it from a public CDN
    #[arg(long)]
    pub(crate) dev: bool,
    /// Take the client's address from X-Forwarded-For, which a reverse proxy in front must set
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    /// How logs are written
    #[arg(long, value_enum, default_value_t = LogFormat::Human, env = "CONMAN_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    /// What is logged, as `tracing` directives
    #[arg(long, default_value = "info", env = "CONMAN_LOG", value_name = "DIRECTIVES")]
    pub(crate) log: String,
    /// How long running calls may take to finish when the host is stopped
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    pub(crate) grace: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConventionCommand {
    /// Make a convention
    Create(ConventionCreate),
    /// List the conventions of a host
    List,
    /// Show one, with its plugins
    Show {
        /// Its short name
        slug: Option<String>,
    },
    /// Correct one's facts; what is not named stays
    Update(ConventionUpdate),
    /// Open, close or reopen one
    State {
        /// Its short name
        slug: String,
        #[arg(value_enum)]
        state: State,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    Draft,
    Live,
    Archived,
}

#[derive(Debug, Args)]
pub(crate) struct ConventionCreate {
    /// Its short name in addresses: lower-case letters, digits, `-`
    pub(crate) slug: String,
    /// Its name for people; the short name when left out
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// IANA time zone
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    pub(crate) time_zone: String,
    /// First day, 2026-08-14
    #[arg(long, value_name = "DATE")]
    pub(crate) starts_on: String,
    /// Last day, inclusive
    #[arg(long, value_name = "DATE")]
    pub(crate) ends_on: String,
    /// What happens before this time belongs to the day before
    #[arg(long, default_value = "05:00", value_name = "TIME")]
    pub(crate) day_change: String,
    /// Open it at once
    #[arg(long)]
    pub(crate) live: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConventionUpdate {
    /// Its short name
    pub(crate) slug: String,
    /// Another short name; the old address is gone
    #[arg(long, value_name = "SLUG")]
    pub(crate) new_slug: Option<String>,
    /// Its name for people
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// IANA time zone
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
    /// First day, 2026-08-14
    #[arg(long, value_name = "DATE")]
    pub(crate) starts_on: Option<String>,
    /// Last day, inclusive
    #[arg(long, value_name = "DATE")]
    pub(crate) ends_on: Option<String>,
    /// What happens before this time belongs to the day before
    #[arg(long, value_name = "TIME")]
    pub(crate) day_change: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account. The password is read from standard input with --password-stdin, and otherwise generated and shown once
    Create(AccountCreate),
    /// Give an account a role, in a convention or (without one) on the whole host
    Grant(Grant),
    /// Take a role away again
    Revoke(Grant),
}

#[derive(Debug, Args)]
pub(crate) struct AccountCreate {
    /// The e-mail address to sign in with
    pub(crate) email: String,
    /// The name people see
    #[arg(long)]
    pub(crate) name: String,
    /// Read the password from standard input
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// A role to give: `admin`, `staff`, `volunteer`, `attendee`, …
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Vec<String>,
    /// Where the roles are given; the whole host when left out
    #[arg(long, short, value_name = "SLUG")]
    pub(crate) convention: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Grant {
    /// Whose
    pub(crate) email: String,
    /// Which
    pub(crate) role: String,
    /// Where; the whole host when left out
    #[arg(long, short, value_name = "SLUG")]
    pub(crate) convention: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make an API token for the account that is asking, or for another
    Create(TokenCreate),
    /// Make a token useless at once
    Revoke {
        /// Its id
        id: String,
    },
    /// List one's tokens
    List {
        /// Whose, when not one's own
        #[arg(long, value_name = "EMAIL")]
        account: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TokenCreate {
    /// What it is for
    pub(crate) name: String,
    /// What it may do, `shift.manage` or `shift.*`; all that its owner may when left out
    #[arg(long, value_name = "PERMISSION")]
    pub(crate) scope: Vec<String>,
    /// How long it lasts
    #[arg(long, default_value_t = 90)]
    pub(crate) days: u32,
    /// Whose, when not one's own; needed on the data folder itself
    #[arg(long, value_name = "EMAIL")]
    pub(crate) account: Option<String>,
    /// Bind it to one convention
    #[arg(long, short, value_name = "SLUG")]
    pub(crate) convention: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Build a plugin's folder into one package
    Build(PluginBuild),
    /// Put a package on the host
    Install {
        /// The package, a `.wasm` file
        package: PathBuf,
    },
    /// Take a package that is enabled nowhere off the host; what its plugin has stored is kept
    Uninstall {
        /// `publisher/name`
        id: String,
        /// Which of its packages, when several are installed
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
        /// Which of them, when several have that version: how its digest begins
        #[arg(long, value_name = "DIGEST")]
        digest: Option<String>,
    },
    /// Enable an installed plugin in a convention, or change its version or configuration
    Enable {
        /// `publisher/name`
        id: String,
        #[command(flatten)]
        place: In,
        /// Which version; without it the one installed last, or with --config alone the one that is enabled
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
        /// Its configuration: JSON, or `@file`
        #[arg(long, value_name = "JSON")]
        config: Option<String>,
    },
    /// Take a plugin out of a convention; its data is kept
    Disable {
        /// `publisher/name`
        id: String,
        #[command(flatten)]
        place: In,
    },
    /// List installed packages, and what a convention has enabled
    List {
        #[command(flatten)]
        place: In,
    },
    /// Show what a plugin has logged
    Logs {
        /// `publisher/name`
        id: String,
        #[command(flatten)]
        place: In,
        /// How many lines
        #[arg(long, short = 'n', default_value_t = 200)]
        last: u32,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PluginBuild {
    /// The plugin's folder, with its `plugin.toml`
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Where the package goes: a folder, or a file ending in `.wasm`; beside the build's other output when left out
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file
    pub(crate) file: PathBuf,
    /// Its format, when the file's ending does not tell
    #[arg(long, value_name = "ID")]
    pub(crate) format: Option<String>,
    /// The plugin, when two read the format
    #[arg(long, value_name = "ID")]
    pub(crate) plugin: Option<String>,
    #[command(flatten)]
    pub(crate) place: In,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The format; all of them are listed when it is left out
    #[arg(long, value_name = "ID")]
    pub(crate) format: Option<String>,
    /// The plugin, when two write the format
    #[arg(long, value_name = "ID")]
    pub(crate) plugin: Option<String>,
    /// Where to write; when left out, the file itself is the answer on standard output, so not with --json
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: In,
}

#[derive(Debug, Args)]
pub(crate) struct Graphql {
    /// The operation, `@file`, or `-` for standard input
    pub(crate) operation: String,
    /// Its variables: a JSON object, or `@file`
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(crate) variables: String,
    /// Show the first list of the answer as a table; not with --json
    #[arg(long)]
    pub(crate) table: bool,
    /// The convention; the host's own schema when left out
    #[arg(long, short, env = "CONMAN_CONVENTION", value_name = "SLUG")]
    pub(crate) convention: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
