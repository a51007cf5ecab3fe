//! A host as a process: how soon it answers, and what it holds when idle.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;

use crate::convention::{Convention, Engine, path};
use crate::report::{Figure, Report};

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let convention = Convention::with(Engine::Sqlite, &["core-programming", "core-volunteer"]).await?;
    let (folder, _database) = Convention::close(convention).await?;
    // The second start finds everything compiled.
    let (mut host, _) = start(folder.path())?;
    stop(&mut host)?;
    let began = Instant::now();
    let (mut host, address) = start(folder.path())?;
    first_answer(&address)?;
    let elapsed = began.elapsed();
    report.add(Figure::alone(
        "process: start to a plugin's first answer",
        (elapsed.as_secs_f64(), "s"),
        1.0,
        "conman serve with both plugins, warm cache, to the answer of `{ rooms { id } }`".to_owned(),
    ));
    // Long enough for what starts in the background; idle is what is measured.
    tokio::time::sleep(Duration::from_secs(3)).await;
    report.add(Figure::alone(
        "process: memory of an idle host",
        (resident_mb(host.id())?, "MB"),
        150.0,
        "VmRSS of conman serve with both plugins enabled and one of them asked, 3 s later".to_owned(),
    ));
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
    let (path, question) = (path(), json!({ "query": "{ rooms { id } }" }).to_string());
    write!(
        socket,
        "POST {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{question}",
        question.len()
    )?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"rooms\":["), "no answer: {answer}");
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
