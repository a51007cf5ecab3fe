//! A PostgreSQL of our own: data in a private folder, a random password, a free port on loopback.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::command::{headline, install_system_packages, is_root, run, succeeds, user};
use crate::workspace;

/// Whether a commit waits for the disk: tests that only kill our own processes need not, benchmarks must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As a convention would run it.
    On,
    /// Survives a killed client, not a power cut.
    Off,
}

impl Durability {
    const fn settings(self) -> &'static str {
        match self {
            Self::On => "",
            Self::Off => "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n",
        }
    }

    const fn folder_name(self) -> &'static str {
        match self {
            Self::On => "postgres-durable",
            Self::Off => "postgres",
        }
    }
}

/// Starts it unless it runs, and answers its URL.
pub fn up(durability: Durability) -> anyhow::Result<String> {
    let binaries = match binaries() {
        Some(binaries) => binaries,
        None => {
            install_system_packages(&["postgresql"])?;
            binaries()
                .context("PostgreSQL was installed, but no initdb is in /usr/lib/postgresql/*/bin or on the PATH")?
        }
    };
    let folder = made(durability)?;
    let data = folder.join("data");
    let url_file = folder.join("url");
    if let Ok(url) = fs::read_to_string(&url_file)
        && succeeds(&mut owner(Command::new(binaries.join("pg_ctl")).arg("status").arg("-D").arg(&data)))
    {
        return Ok(url);
    }
    headline("starting PostgreSQL");
    remove_data(&binaries, &data)?;
    let password = random_password()?;
    let password_file = folder.join("password");
    write_owned(&password_file, &password)?;
    run(owner(
        Command::new(binaries.join("initdb"))
            .args(["--username=conman", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .arg(format!("--pwfile={}", password_file.display()))
            .arg("-D")
            .arg(&data),
    )
    .stdout(Stdio::null()))?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let settings = format!(
        "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 400\nshared_buffers = 128MB\n{}",
        durability.settings()
    );
    // Before it starts: whoever is interrupted finds the server again.
    let url = format!("postgres://conman:{password}@127.0.0.1:{port}/postgres");
    write_owned(&url_file, &url)?;
    let started = run(owner(
        Command::new(binaries.join("pg_ctl"))
            .args(["start", "--wait", "--silent", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(folder.join("log"))
            .arg("-o")
            .arg(settings_as_options(&settings)),
    )
    .stdin(Stdio::null())
    .stdout(Stdio::null()));
    if let Err(error) = started {
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        bail!("{error}; its log says:\n{log}");
    }
    Ok(url)
}

/// Stops it and removes its data.
pub fn down() -> anyhow::Result<()> {
    let parent = parent()?;
    for durability in [Durability::On, Durability::Off] {
        let folder = parent.join(durability.folder_name());
        if !folder.exists() {
            continue;
        }
        if let Some(binaries) = binaries() {
            remove_data(&binaries, &folder.join("data"))?;
        }
        fs::remove_dir_all(&folder).with_context(|| format!("could not remove {}", folder.display()))?;
    }
    match fs::remove_dir(&parent) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove {}", parent.display()))
        }
        _ => Ok(()),
    }
}

/// Never from under a server that runs, as one does whose start was interrupted.
fn remove_data(binaries: &Path, data: &Path) -> anyhow::Result<()> {
    if !data.exists() {
        return Ok(());
    }
    // Not running is as good as stopped.
    succeeds(&mut owner(Command::new(binaries.join("pg_ctl")).args(["stop", "--mode=immediate", "-D"]).arg(data)));
    fs::remove_dir_all(data).with_context(|| format!("could not remove {}", data.display()))
}

/// `name = value` lines as `-c name=value`, so that nothing has to be edited into the server's own file.
fn settings_as_options(settings: &str) -> String {
    settings
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, value)| format!("-c {name}={}", value.trim_matches('\'')))
        .collect::<Vec<_>>()
        .join(" ")
}

/// PostgreSQL refuses to run as root; its package brings a user for it.
fn owner(command: &mut Command) -> Command {
    let mut wrapped = if is_root() {
        let mut wrapped = Command::new("runuser");
        wrapped.args(["-u", "postgres", "--"]).arg(command.get_program());
        wrapped
    } else {
        Command::new(command.get_program())
    };
    wrapped.args(command.get_args()).current_dir("/");
    wrapped
}

fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().map(|(_, bin)| bin).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").exists())
    })
}

/// Not below the workspace: a clone in root's home is closed to the server's user. One folder per person and workspace, so that two
/// clones do not share a server.
fn parent() -> anyhow::Result<PathBuf> {
    let workspace = workspace::root();
    let mark = workspace
        .to_string_lossy()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    Ok(Path::new("/var/tmp").join(format!("conman-services-{}-{mark:016x}", user()?)))
}

/// The server's folder, closed to everybody else: it holds a superuser's password.
fn made(durability: Durability) -> anyhow::Result<PathBuf> {
    let parent = parent()?;
    // Passable, because root's server runs as somebody else.
    fs::DirBuilder::new().recursive(true).mode(0o711).create(&parent)?;
    if fs::symlink_metadata(&parent)?.uid() != user()? {
        bail!("{} belongs to somebody else", parent.display());
    }
    let folder = parent.join(durability.folder_name());
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(&folder))?;
    }
    Ok(folder)
}

fn write_owned(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut child =
        owner(Command::new("sh").args(["-c", "umask 077; cat > \"$0\""]).arg(path)).stdin(Stdio::piped()).spawn()?;
    child.stdin.take().context("no pipe")?.write_all(text.as_bytes())?;
    if !child.wait()?.success() {
        bail!("could not write {}", path.display());
    }
    Ok(())
}

fn random_password() -> anyhow::Result<String> {
    let mut bytes = [0; 24];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
