//! What the host knows of one running call: the data of its wasmtime store.

use std::sync::Arc;

use conman_kernel::clock::Clock;
use conman_kernel::id::DeedIds;
use conman_solving::documents::Documents;

use crate::call_log::CallLog;
use crate::cpu::CpuMeter;
use crate::enabled::Enabled;
use crate::entropy::Entropy;
use crate::memory::HeldMemory;
use crate::transactions::Transactions;
use crate::wasi::Wasi;

/// What all calls share.
pub(crate) struct Surroundings {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
    pub(crate) deed_ids: DeedIds,
    pub(crate) documents: Documents,
}

/// The state of one try of one call.
pub(crate) struct CallState {
    pub(crate) enabled: Arc<Enabled>,
    pub(crate) surroundings: Arc<Surroundings>,
    pub(crate) log: Arc<CallLog>,
    pub(crate) memory: HeldMemory,
    pub(crate) meter: Arc<CpuMeter>,
    pub(crate) transactions: Transactions,
    wasi: Option<Box<Wasi>>,
}

impl CallState {
    pub(crate) fn new(
        enabled: Arc<Enabled>,
        surroundings: Arc<Surroundings>,
        log: Arc<CallLog>,
        transactions: Transactions,
    ) -> Self {
        let limits = &enabled.plugin.limits;
        let memory = HeldMemory::new(limits.memory, limits.table_elements);
        Self { enabled, surroundings, log, memory, meter: Arc::default(), transactions, wasi: None }
    }

    pub(crate) fn wasi(&mut self) -> &mut Wasi {
        self.wasi
            .get_or_insert_with(|| Box::new(Wasi::new(&self.surroundings.clock, &self.surroundings.entropy, &self.log)))
    }
}
