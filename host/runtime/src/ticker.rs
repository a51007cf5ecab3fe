//! Advances the engine's epoch, so that a guest that never calls the host is interrupted all the same.
//!
//! It lives on an operating-system thread of its own: an async task would starve together with the guests it should interrupt.
//! It sleeps for good once nothing has run for a while, so that an idle host uses no processor, and keeps ticking through short
//! pauses, so that a busy one does not pay for waking it on every call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// How often the epoch advances: how late a guest is interrupted at most.
pub(crate) const TICK: Duration = Duration::from_millis(2);

/// How many ticks without a running call until the ticker sleeps.
const LINGER: u32 = 500;

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    asleep: AtomicBool,
    stopped: AtomicBool,
}

/// The thread that ticks.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
    join: Option<JoinHandle<()>>,
}

/// While one of these lives, the epoch advances.
pub(crate) struct Ticking(Arc<Shared>);

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (engine, of_thread) = (engine.weak(), Arc::clone(&shared));
        let join = thread::Builder::new().name("epoch-ticker".to_owned()).spawn(move || tick(&engine, &of_thread))?;
        Ok(Self { shared, thread: join.thread().clone(), join: Some(join) })
    }

    /// Keeps the epoch advancing for as long as the answer lives.
    pub(crate) fn ticking(&self) -> Ticking {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Ticking(Arc::clone(&self.shared))
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.thread.unpark();
        if let Some(join) = self.join.take() {
            // The thread only ticks: it cannot have panicked, and there would be nothing to do about it.
            let _ = join.join();
        }
    }
}

fn tick(engine: &EngineWeak, shared: &Shared) {
    let mut idle = 0;
    while !shared.stopped.load(Ordering::SeqCst) {
        if shared.running.load(Ordering::SeqCst) > 0 {
            idle = 0;
        } else if idle < LINGER {
            idle += 1;
        } else {
            // Said before looking once more: a call that starts in between either sees it and wakes us, or is seen.
            shared.asleep.store(true, Ordering::SeqCst);
            while shared.running.load(Ordering::SeqCst) == 0 && !shared.stopped.load(Ordering::SeqCst) {
                thread::park();
            }
            shared.asleep.store(false, Ordering::SeqCst);
            idle = 0;
        }
        thread::sleep(TICK);
        let Some(engine) = engine.upgrade() else { return };
        engine.increment_epoch();
    }
}
