//! The `conman` command as a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::skipped;

/// A command to be run.
#[derive(Debug)]
pub struct Conman(Command);

/// What it did.
#[derive(Debug)]
pub struct Done {
    /// Its exit code.
    pub code: i32,
    /// What it answered.
    pub stdout: String,
    /// What it remarked.
    pub stderr: String,
}

/// A `conman` command that knows nothing of this machine's settings.
#[must_use]
pub fn conman() -> Conman {
    let mut command = Command::new(binary());
    for variable in [
        "CONMAN_HOST",
        "CONMAN_TOKEN",
        "CONMAN_DATA",
        "CONMAN_POSTGRES",
        "CONMAN_CONVENTION",
        "CONMAN_LOG",
        "CONMAN_LOG_FORMAT",
        "CONMAN_LISTEN",
    ] {
        command.env_remove(variable);
    }
    Conman(command)
}

impl Conman {
    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(arguments);
        self
    }

    /// On a data folder.
    #[must_use]
    pub fn data(self, folder: &Path) -> Self {
        self.arg("--data").arg(folder)
    }

    /// With databases in PostgreSQL, if there is a URL.
    #[must_use]
    pub fn postgres(mut self, url: Option<String>) -> Self {
        if let Some(url) = url {
            self.0.env("CONMAN_POSTGRES", url);
        }
        self
    }

    /// In a terminal of its own, where what it answers and what it remarks come as one; none, with a line saying so, without util-linux.
    #[must_use]
    pub fn in_a_terminal(self) -> Option<Self> {
        let script = Command::new("script").arg("--version").output();
        if !script.is_ok_and(|script| String::from_utf8_lossy(&script.stdout).contains("util-linux")) {
            skipped("script (of util-linux) is not installed");
            return None;
        }
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        let words =
            words.map(|word| format!("'{}'", word.to_str().unwrap().replace('\'', r"'\''"))).collect::<Vec<_>>();
        let mut terminal = Command::new("script");
        terminal.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]);
        for (variable, value) in self.0.get_envs() {
            match value {
                Some(value) => terminal.env(variable, value),
                None => terminal.env_remove(variable),
            };
        }
        terminal.env("TERM", "xterm");
        Some(Self(terminal))
    }

    /// Begins to run it.
    #[must_use]
    pub fn spawn(mut self) -> Child {
        self.0.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs it to its end.
    #[must_use]
    pub fn run(self) -> Done {
        self.run_with_input("")
    }

    /// Runs it to its end, with something on standard input.
    #[must_use]
    pub fn run_with_input(mut self, input: &str) -> Done {
        let mut child = self.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Done { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Runs `serve` until it says where it serves.
    #[must_use]
    pub fn serve(mut self, folder: &Path) -> Served {
        self.0.args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
        let mut child = self.0.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut answer = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut answer).unwrap();
        let Ok(answer) = serde_json::from_str::<Value>(&answer) else {
            let mut why = String::new();
            let _ = child.stderr.take().unwrap().read_to_string(&mut why);
            panic!("the host does not serve: {answer}{why}");
        };
        let mut log = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = log.read_to_string(&mut text);
            text
        });
        Served { child, log: Some(log), address: answer["address"].as_str().unwrap().to_owned() }
    }
}

impl Done {
    /// The answer of a command that was given `--json`.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    /// That it has done what it was asked.
    #[track_caller]
    #[must_use]
    pub fn successful(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self
    }
}

/// A host in a process of its own; killed when dropped.
#[derive(Debug)]
pub struct Served {
    child: Child,
    log: Option<std::thread::JoinHandle<String>>,
    /// Where it serves.
    pub address: String,
}

impl Served {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end; answers its exit code and its log.
    #[must_use]
    pub fn wait(mut self) -> (i32, String) {
        let status = self.child.wait().unwrap();
        let log = self.log.take().map(|log| log.join().unwrap()).unwrap_or_default();
        (status.code().unwrap_or(-1), log)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command beside the test's own program, built when it is not there.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let binary = test.parent().and_then(Path::parent).unwrap().join("conman");
        if !binary.exists() {
            let built = Command::new(env!("CARGO")).args(["build", "--package", "conman"]).status().unwrap();
            assert!(built.success(), "conman does not build");
        }
        binary
    })
}
