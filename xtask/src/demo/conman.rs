//! The `conman` command, driven as a person would drive it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::command::{command, output};

/// The command and the data folder it works on.
pub struct Conman {
    pub program: PathBuf,
    pub data: PathBuf,
}

impl Conman {
    fn command(&self) -> Command {
        let mut command = command(&self.program);
        command.arg("--data").arg(&self.data).arg("--json");
        // The demo is about its own folder, whatever the shell is set up for.
        for variable in ["CONMAN_HOST", "CONMAN_TOKEN", "CONMAN_DATA", "CONMAN_POSTGRES", "CONMAN_CONVENTION"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs a command and answers the JSON it printed.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let text = output(self.command().args(arguments))?;
        serde_json::from_str(&text)
            .with_context(|| format!("conman {} did not print JSON: {text}", arguments.join(" ")))
    }

    /// Runs a GraphQL operation in the sample convention, as whoever the token belongs to.
    pub fn graphql(&self, token: Option<&str>, operation: &str, variables: &Value) -> anyhow::Result<Value> {
        let mut command = self.command();
        if let Some(token) = token {
            command.env("CONMAN_TOKEN", token);
        }
        let variables = variables.to_string();
        command.args(["graphql", operation, "--variables", &variables, "--convention", super::sample::SLUG]);
        Ok(serde_json::from_str(&output(&mut command)?)?)
    }

    /// Starts a host and waits until it says where it listens.
    pub fn serve(&self, listen: &str) -> anyhow::Result<Serving> {
        let mut child = self
            .command()
            .args(["serve", "--dev", "--log", "warn", "--listen", listen])
            .stdout(Stdio::piped())
            .spawn()
            .context("could not start conman serve")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no pipe")?).read_line(&mut line)?;
        let said: Value =
            serde_json::from_str(&line).context("the host stopped before it was ready; its reason is above")?;
        let address = said["address"].as_str().context("the host did not say where it listens")?.to_owned();
        Ok(Serving { child, address })
    }
}

/// A running host; stopped when dropped.
pub struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    /// `http://127.0.0.1:8080`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Until someone stops it.
    pub fn wait(&mut self) -> anyhow::Result<()> {
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, as a service manager would, and sees that it does so cleanly.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        crate::command::run(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                if !status.success() {
                    bail!("the host stopped with {status}");
                }
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the host did not stop within 30 seconds")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A path as an argument.
pub fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}
