//! A host as a process: how soon it answers, and what it holds when idle.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::convention::{Convention, Engine};
use crate::report::{Aim, Figure, Report};

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let convention = Convention::with(Engine::Sqlite, &["core-programming", "core-volunteer"]).await?;
    let (folder, _database) = convention.close().await;
    // The second start finds everything compiled.
    let (mut host, _) = start(folder.path())?;
    stop(&mut host)?;
    let began = Instant::now();
    let (mut host, address) = start(folder.path())?;
    first_answer(&address)?;
    let elapsed = began.elapsed();
    report.add(Figure {
        name: "process: start to first answer".to_owned(),
        value: elapsed.as_secs_f64(),
        unit: "s",
        baseline: None,
        compared_with: String::new(),
        aim: Aim::AtMost(1.0),
        how: "conman serve with both plugins, warm cache, to the first /readyz".to_owned(),
    });
    // Long enough for what starts in the background; idle is what is measured.
    tokio::time::sleep(Duration::from_secs(3)).await;
    report.add(Figure {
        name: "process: memory of an idle host".to_owned(),
        value: resident_mb(host.id())?,
        unit: "MB",
        baseline: None,
        compared_with: String::new(),
        aim: Aim::AtMost(150.0),
        how: "VmRSS of conman serve with both plugins enabled, after 3 s".to_owned(),
    });
    stop(&mut host)
}

fn start(folder: &Path) -> anyhow::Result<(Child, String)> {
    let mut child = Command::new(conman()?)
        .arg("--data")
        .arg(folder)
        .args(["--json", "serve", "--log", "warn", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no pipe")?).read_line(&mut line)?;
    let said: serde_json::Value = serde_json::from_str(&line)?;
    Ok((child, said["address"].as_str().context("no address")?.to_owned()))
}

fn stop(host: &mut Child) -> anyhow::Result<()> {
    Command::new("kill").args(["-TERM", &host.id().to_string()]).status()?;
    host.wait()?;
    Ok(())
}

/// A plain request, so that starting a client is not part of the figure.
fn first_answer(address: &str) -> anyhow::Result<()> {
    use std::io::{Read as _, Write as _};
    let authority = address.strip_prefix("http://").context("not http")?;
    let mut socket = std::net::TcpStream::connect(authority)?;
    write!(socket, "GET /readyz HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "not ready: {answer}");
    Ok(())
}

fn resident_mb(process: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS")).context("no VmRSS")?;
    let kib: f64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
    Ok(kib / 1024.0)
}

/// The release build beside this program.
fn conman() -> anyhow::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("conman"))
}
