//! The little of WASI that languages' standard libraries need: clocks, random, streams, an empty environment, a file system with
//! nothing in it. No sockets, no arguments, no variables. What a guest prints becomes lines of its log.
//!
//! Most calls never touch it, so a call's WASI state is made when the guest first asks for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use conman_kernel::clock::Clock;
use parking_lot::Mutex;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream, WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi::{Deterministic, HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};

use crate::call_log::CallLog;
use crate::entropy::Entropy;
use crate::log_ring::LogLevel;
use crate::state::CallState;

/// More open streams and timers than any sane guest has.
const RESOURCES: usize = 1_000;

/// The WASI state of one call.
pub(crate) struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl Wasi {
    pub(crate) fn new(clock: &Arc<dyn Clock>, entropy: &Entropy, log: &Arc<CallLog>) -> Self {
        let mut builder = WasiCtx::builder();
        builder
            .wall_clock(WallClock(Arc::clone(clock)))
            .monotonic_clock(MonotonicClock(Instant::now()))
            .max_random_size(1 << 20)
            .stdout(Printed { log: Arc::clone(log), level: LogLevel::Info })
            .stderr(Printed { log: Arc::clone(log), level: LogLevel::Warn });
        if let Entropy::Seeded(_) = entropy {
            let mut seed = [0; 256];
            entropy.fill(&mut seed);
            let (low, _) = seed.split_at(16);
            builder
                .secure_random(Deterministic::new(seed.to_vec()))
                .insecure_random(Deterministic::new(seed.to_vec()))
                .insecure_random_seed(low.try_into().map_or(0, u128::from_le_bytes));
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        Self { ctx: builder.build(), table }
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Wasi { ctx, table } = self.wasi();
        WasiCtxView { ctx, table }
    }
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// Links everything above; wasmtime's own bundle would bring sockets.
pub(crate) fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    use wasmtime_wasi::p2::bindings::io;

    let table: fn(&mut CallState) -> &mut ResourceTable = |state| state.ctx().table;
    io::error::add_to_linker::<_, HasTable>(linker, table)?;
    io::poll::add_to_linker::<_, HasTable>(linker, table)?;
    io::streams::add_to_linker::<_, HasTable>(linker, table)?;
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(linker, CallState::clocks)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, CallState::clocks)?;
    random::random::add_to_linker::<_, WasiRandom>(linker, CallState::random)?;
    random::insecure::add_to_linker::<_, WasiRandom>(linker, CallState::random)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, CallState::random)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(linker, CallState::filesystem)?;
    filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, CallState::filesystem)
}

struct WallClock(Arc<dyn Clock>);

impl HostWallClock for WallClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        let now = self.0.now();
        Duration::from_millis(u64::try_from(now.as_millisecond()).unwrap_or_default())
    }
}

struct MonotonicClock(Instant);

impl HostMonotonicClock for MonotonicClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// `stdout` or `stderr`.
#[derive(Clone)]
struct Printed {
    log: Arc<CallLog>,
    level: LogLevel,
}

impl IsTerminal for Printed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printed {
    // Only WASI 0.3 asks for this form, and it is not linked.
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Printed {
    async fn ready(&mut self) {}
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Printed {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.log.print(self.level, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}

/// What was printed since the last line break, per stream.
#[derive(Default)]
pub(crate) struct PartialLines {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl PartialLines {
    /// Takes printed bytes and hands out the lines they complete. A line is kept up to `limit` bytes; the rest of it is dropped.
    pub(crate) fn complete(&mut self, level: LogLevel, bytes: &[u8], limit: usize, mut line: impl FnMut(&str)) {
        let partial = if level == LogLevel::Warn { &mut self.stderr } else { &mut self.stdout };
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            let room = (limit + 1).saturating_sub(partial.len()).min(text.len());
            partial.extend_from_slice(text.get(..room).unwrap_or_default());
            if ends {
                line(&String::from_utf8_lossy(partial));
                partial.clear();
            }
        }
    }

    /// Hands out what is left without a line break.
    pub(crate) fn rest(&mut self, mut line: impl FnMut(LogLevel, &str)) {
        for (level, partial) in [(LogLevel::Info, &mut self.stdout), (LogLevel::Warn, &mut self.stderr)] {
            if !partial.is_empty() {
                line(level, &String::from_utf8_lossy(partial));
                partial.clear();
            }
        }
    }
}

/// Both streams' partial lines, shared by all handles a guest opens.
pub(crate) type SharedPartialLines = Mutex<PartialLines>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_bytes_become_lines() {
        let (mut partial, mut lines) = (PartialLines::default(), Vec::new());
        partial.complete(LogLevel::Info, b"one\ntw", 5, |line| lines.push(line.to_owned()));
        partial.complete(LogLevel::Warn, b"other", 5, |line| lines.push(line.to_owned()));
        partial.complete(LogLevel::Info, b"o\nfar too long\nrest", 5, |line| lines.push(line.to_owned()));
        partial.rest(|_, line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "two", "far to", "rest", "other"]);
    }
}
