//! How a call that went wrong is told: to the caller as a [`Fault`] with its exact code, to the plugin's author in its log.

use conman_kernel::fault::{Code, Fault, code};
use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

use crate::bindings::types::Error as GuestError;
use crate::limits::Budget;
use crate::log_ring::cut;
use crate::memory::HeldMemory;
use crate::transactions::Transactions;

/// Why the host ended a guest: travels through wasmtime as the error of a trap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Ended {
    /// Its processor time is used up.
    #[error("the host ended the call: its processor time is used up")]
    CpuLimit,
    /// Another transaction got in the way; the whole call runs again.
    #[error("the host ended the call: another transaction got in the way")]
    Conflict,
}

/// Longest message of a guest that is passed on.
const MESSAGE_BYTES: usize = 4 << 10;
const POINTER_BYTES: usize = 500;

/// A guest's own error, as a fault.
pub(crate) fn of_guest(error: GuestError) -> Fault {
    let mut fault = Fault::new(Code::from_plugin(&error.code), cut(&error.message, MESSAGE_BYTES));
    fault.retryable = error.retryable;
    cut(&error.pointer, POINTER_BYTES).clone_into(&mut fault.pointer);
    fault
}

/// A fault, as a guest reads it. The detail is for the host's log only.
pub(crate) fn for_guest(fault: &Fault) -> GuestError {
    GuestError {
        code: fault.code.as_str().to_owned(),
        message: fault.message.clone(),
        retryable: fault.retryable,
        pointer: fault.pointer.clone(),
    }
}

/// A trap, or whatever else ended a guest, as a fault.
pub(crate) fn of_trap(error: &wasmtime::Error, memory: &HeldMemory, budget: Budget) -> Fault {
    let detail = format!("{error:?}");
    if let Some(ended) = error.downcast_ref::<Ended>() {
        return match ended {
            Ended::CpuLimit => cpu_limit(budget),
            Ended::Conflict => conflict(),
        }
        .with_detail(detail);
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return overloaded().with_detail(detail);
    }
    if memory.refused() {
        return memory_limit(memory.byte_limit()).with_detail(detail);
    }
    let what = match (error.downcast_ref::<Trap>(), error.downcast_ref::<I32Exit>()) {
        (Some(Trap::StackOverflow), _) => "its recursion went too deep (the stack has 512 KiB)".to_owned(),
        (Some(Trap::UnreachableCodeReached), _) => "it panicked or aborted".to_owned(),
        (Some(Trap::OutOfFuel | Trap::Interrupt), _) => return cpu_limit(budget).with_detail(detail),
        (Some(trap), _) => format!("{trap}"),
        (None, Some(exit)) => format!("it called exit({})", exit.0),
        (None, None) => "it broke the rules of its interface".to_owned(),
    };
    Fault::new(
        code::PLUGIN_TRAPPED,
        format!("the plugin crashed: {what}; nothing of this call was kept. The plugin's log has the details"),
    )
    .with_detail(detail)
}

/// Whether a fault says that the plugin itself is broken: what its breaker counts.
pub(crate) fn is_breakdown(fault: &Fault) -> bool {
    [code::PLUGIN_TRAPPED, code::CPU_LIMIT, code::MEMORY_LIMIT, code::TIMEOUT].contains(&fault.code)
}

pub(crate) fn cpu_limit(budget: Budget) -> Fault {
    let milliseconds = budget.cpu.as_millis();
    Fault::new(
        code::CPU_LIMIT,
        format!(
            "the plugin used more than {milliseconds} ms of processor time, which is what such a call may use; nothing of it was kept"
        ),
    )
}

pub(crate) fn timeout(budget: Budget) -> Fault {
    let seconds = budget.wall.as_secs_f32();
    Fault::new(code::TIMEOUT, format!("the plugin did not answer within {seconds} s; nothing of this call was kept"))
        .retryable()
}

/// The wall time is over. A call that only waited for others was kept from answering by them.
pub(crate) fn late(transactions: &Transactions, budget: Budget) -> Fault {
    if transactions.is_waiting() { overloaded() } else { timeout(budget) }
}

pub(crate) fn memory_limit(bytes: usize) -> Fault {
    let mebibytes = bytes >> 20;
    Fault::new(
        code::MEMORY_LIMIT,
        format!(
            "the plugin needed more than the {mebibytes} MiB of memory that a call may use; nothing of it was kept"
        ),
    )
}

pub(crate) fn conflict() -> Fault {
    Fault::new(code::CONFLICT, "others changed the same data at the same moment, again and again; try again")
        .retryable()
}

pub(crate) fn overloaded() -> Fault {
    Fault::new(code::OVERLOADED, "the plugin is busy with other calls; try again in a moment").retryable()
}

pub(crate) fn quota(message: String) -> Fault {
    Fault::new(code::QUOTA, message)
}

pub(crate) fn bad_answer(message: impl Into<String>) -> Fault {
    Fault::new(code::BAD_ANSWER, message)
}

pub(crate) fn unavailable() -> Fault {
    Fault::new(code::UNAVAILABLE, "the host is shutting down; try again in a moment").retryable()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};

    use super::*;

    const BUDGET: Budget = Budget { cpu: Duration::from_millis(200), wall: Duration::from_secs(2) };

    fn check(error: wasmtime::Error, expected: Expect) {
        expected.assert_eq(&of_trap(&error, &HeldMemory::new(1, 1), BUDGET).to_string());
    }

    #[test]
    fn every_end_has_its_code_and_says_what_happened() {
        check(
            Ended::CpuLimit.into(),
            expect![
                "cpu-limit: the plugin used more than 200 ms of processor time, which is what such a call may use; nothing of it was kept"
            ],
        );
        check(
            Trap::StackOverflow.into(),
            expect![
                "plugin-trapped: the plugin crashed: its recursion went too deep (the stack has 512 KiB); nothing of this call was kept. The plugin's log has the details"
            ],
        );
        check(
            Trap::UnreachableCodeReached.into(),
            expect![
                "plugin-trapped: the plugin crashed: it panicked or aborted; nothing of this call was kept. The plugin's log has the details"
            ],
        );
        check(
            I32Exit(3).into(),
            expect![
                "plugin-trapped: the plugin crashed: it called exit(3); nothing of this call was kept. The plugin's log has the details"
            ],
        );
        check(
            wasmtime::Error::msg("invalid utf-8"),
            expect![
                "plugin-trapped: the plugin crashed: it broke the rules of its interface; nothing of this call was kept. The plugin's log has the details"
            ],
        );
    }

    #[test]
    fn a_guest_that_was_refused_memory_and_then_crashed_ran_out_of_memory() {
        use wasmtime::ResourceLimiter as _;
        let mut memory = HeldMemory::new(64 << 20, 1);
        assert!(!memory.memory_growing(0, 65 << 20, None).unwrap());
        let fault = of_trap(&Trap::UnreachableCodeReached.into(), &memory, BUDGET);
        expect![
            "memory-limit: the plugin needed more than the 64 MiB of memory that a call may use; nothing of it was kept"
        ]
        .assert_eq(&fault.to_string());
    }
}
