//! The one wasmtime engine of a host: what WebAssembly may be, and the pool its instances come from.

use std::hash::{Hash as _, Hasher};

use sha2::{Digest as _, Sha256};
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use crate::memory::{CORE_INSTANCES, MEMORIES, TABLES};
use crate::ticker::{Ticker, Ticking};

const MIB: usize = 1 << 20;

/// Where instances' memories and stacks come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allocation {
    /// Address space for `calls` concurrent calls is reserved at the start: the fast way, and the default.
    Pool {
        /// How many calls may run at once in the whole host.
        calls: u32,
    },
    /// Every instance maps its own memory. For machines that refuse the pool's address space (`ulimit -v`, some sandboxes).
    OnDemand {
        /// How many calls may run at once in the whole host.
        calls: u32,
    },
}

impl Allocation {
    /// How many calls may run at once.
    #[must_use]
    pub const fn calls(self) -> u32 {
        match self {
            Self::Pool { calls } | Self::OnDemand { calls } => calls,
        }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The operating system refused the pool's address space.
    #[error(
        "the system refused the address space for {calls} concurrent plugin calls ({reason}); it is reserved, not used: let the host \
         have it, with `ulimit -v unlimited`"
    )]
    Pool {
        /// For how many calls.
        calls: u32,
        /// What the system said.
        reason: String,
    },
    /// The engine could not be set up at all.
    #[error("the WebAssembly engine could not be set up: {0}")]
    Setup(String),
}

/// The engine, with the thread that interrupts guests.
pub(crate) struct Engine {
    wasmtime: wasmtime::Engine,
    ticker: Ticker,
    compatibility: String,
}

impl Engine {
    pub(crate) fn new(allocation: Allocation) -> Result<Self, EngineError> {
        let wasmtime = wasmtime::Engine::new(&config(allocation)).map_err(|error| match allocation {
            Allocation::Pool { calls } => EngineError::Pool { calls, reason: format!("{error:#}") },
            Allocation::OnDemand { .. } => EngineError::Setup(format!("{error:#}")),
        })?;
        let ticker = Ticker::start(&wasmtime).map_err(|error| EngineError::Setup(error.to_string()))?;
        let compatibility = compatibility(&wasmtime);
        Ok(Self { wasmtime, ticker, compatibility })
    }

    pub(crate) const fn wasmtime(&self) -> &wasmtime::Engine {
        &self.wasmtime
    }

    /// Names everything that compiled code depends on: version, settings, processor features.
    pub(crate) fn compatibility(&self) -> &str {
        &self.compatibility
    }

    /// Guests are interruptible while the answer lives.
    pub(crate) fn ticking(&self) -> Ticking {
        self.ticker.ticking()
    }
}

fn config(allocation: Allocation) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .consume_fuel(false)
        .max_wasm_stack(512 << 10)
        .async_stack_size(MIB)
        .cranelift_opt_level(OptLevel::Speed)
        // Components of Python and JavaScript need several memories; nothing a plugin may do needs the rest.
        .wasm_multi_memory(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .concurrency_support(false);
    config.allocation_strategy(match allocation {
        Allocation::Pool { calls } => InstanceAllocationStrategy::Pooling(pool(calls)),
        Allocation::OnDemand { .. } => InstanceAllocationStrategy::OnDemand,
    });
    config
}

fn pool(calls: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    // Every call may be one of the largest component there can be, or a few plugins would use up what all share.
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(CORE_INSTANCES))
        .total_memories(calls.saturating_mul(MEMORIES))
        .total_tables(calls.saturating_mul(TABLES))
        // A conflict's re-run may start while the stack of the try before is still on its way back.
        .total_stacks(calls.saturating_add(16))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(8)
        .max_memories_per_module(MEMORIES)
        .table_elements(20_000)
        .max_memory_size(128 * MIB)
        .async_stack_keep_resident(64 << 10)
        .max_unused_warm_slots(16);
    // Where the kernel tells which pages were touched (Linux 6.7), wiping those beats unmapping and faulting them in anew.
    // Elsewhere the first pages would be wiped whether touched or not, which costs more than it saves.
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Auto).linear_memory_keep_resident(512 << 10).table_keep_resident(64 << 10);
    }
    pool
}

/// The hash wasmtime offers needs a hasher; this one is stable between runs.
struct Sha(Sha256);

impl Hasher for Sha {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

fn compatibility(engine: &wasmtime::Engine) -> String {
    let mut hasher = Sha(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hex::encode(hasher.0.finalize())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use wasmtime::Store;
    use wasmtime::component::{Component, Linker};

    use super::*;

    /// A component that instantiates `module` as often as this.
    fn component(module: &[u8], instances: u8) -> Vec<u8> {
        assert!(module.len() < 100 && instances < 128, "lengths are written in one byte");
        let module = [b"\0asm\x01\0\0\0", module].concat();
        // A core instance: of module 0, without arguments.
        let mut list = vec![instances];
        list.extend([0, 0, 0].repeat(usize::from(instances)));
        let byte = |number: usize| u8::try_from(number).unwrap();
        let length = [byte(list.len() % 128) | 0x80, byte(list.len() / 128)];
        [b"\0asm\x0d\0\x01\0", &[1, byte(module.len())][..], &module, &[2], &length, &list].concat()
    }

    #[tokio::test]
    async fn as_many_of_the_largest_components_as_there_may_be_calls() {
        let engine = Engine::new(Allocation::Pool { calls: 3 }).unwrap();
        let largest = [
            component(b"", u8::try_from(CORE_INSTANCES).unwrap()),
            // One table of one element, one memory of one page.
            component(b"\x04\x04\x01\x70\x00\x01", u8::try_from(TABLES).unwrap()),
            component(b"\x05\x03\x01\x00\x01", u8::try_from(MEMORIES).unwrap()),
        ];
        for bytes in largest {
            let component = Component::new(engine.wasmtime(), bytes).unwrap();
            let linker = Linker::new(engine.wasmtime());
            let mut stores = Vec::new();
            for _ in 0..3 {
                let mut store = Store::new(engine.wasmtime(), ());
                store.set_epoch_deadline(1);
                linker.instantiate_async(&mut store, &component).await.unwrap();
                stores.push(store);
            }
        }
    }

    #[test]
    fn a_refused_pool_says_what_to_do() {
        let error = EngineError::Pool { calls: 64, reason: "ENOMEM".to_owned() };
        expect!["the system refused the address space for 64 concurrent plugin calls (ENOMEM); it is reserved, not used: let the host have it, with `ulimit -v unlimited`"].assert_eq(&error.to_string());
    }
}
