//! `conman serve`

use std::time::Duration;

use conman_server::{DataFolder, Host, HostConfig, Mode};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::arguments::{LogFormat, Serve, Where};
use crate::door::opening;
use crate::failure::{Failure, Kind, Outcome};
use crate::terminal::{Format, Terminal};

pub(crate) async fn run(place: &Where, serve: Serve, terminal: Terminal) -> Outcome {
    log(&serve)?;
    if place.host.is_some() {
        return Err(Failure::usage(
            "`serve` runs a host itself; leave --host (CONMAN_HOST) out, and say where to listen with --listen",
        ));
    }
    let mut config = HostConfig::new(DataFolder::at(&place.data), place.postgres.clone());
    config.mode = if serve.dev { Mode::Development } else { Mode::Production };
    config.behind_proxy = serve.behind_proxy;
    config.grace = Duration::from_secs(serve.grace);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let host = {
        let _progress = terminal.progress(opening(&place.data));
        Host::open(config).await.map_err(|error| match error {
            conman_server::OpenError::Claim(error) => Failure::from(error),
            error => Failure::new(Kind::Failed, error.to_string()),
        })?
    };
    let listener = TcpListener::bind(serve.listen).await.map_err(|error| {
        Failure::new(
            Kind::Failed,
            format!("cannot listen on {}: {error}; choose another address with --listen", serve.listen),
        )
    })?;
    let running = host.serve(listener).await.map_err(|error| Failure::new(Kind::Failed, error.to_string()))?;
    let address = running.address().to_owned();
    if terminal.format == Format::Json {
        // One line: whoever started this reads it and goes on while the host serves.
        terminal.print(&json!({ "address": address, "data": place.data, "pid": std::process::id() }).to_string())?;
    }
    terminal.say(format!("serving {} on {address}", place.data.display()))?;

    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    tracing::info!(signal = name, "stopping: running calls may finish");
    tokio::select! {
        finished = running.stop() => {
            if finished.is_clean() {
                tracing::info!("stopped");
                return Ok(());
            }
            Err(Failure::new(Kind::Failed, "stopped before everything had finished; events that were not delivered will be after the next start"))
        }
        _ = terminate.recv() => Err(stopped_at_once()),
        _ = interrupt.recv() => Err(stopped_at_once()),
    }
}

fn stopped_at_once() -> Failure {
    Failure::new(Kind::Failed, "stopped at once, on a second signal")
}

fn log(serve: &Serve) -> Outcome {
    let filter =
        EnvFilter::try_new(&serve.log).map_err(|error| Failure::usage(format!("--log {}: {error}", serve.log)))?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match serve.log_format {
        LogFormat::Human => logs.try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
    Ok(())
}
