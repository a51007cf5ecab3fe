//! What one call of a plugin may use. The host sets the measure; a manifest may lower it, never raise it.

use std::time::Duration;

use conman_kernel::dispatch::CallKind;

use crate::figures::CallSort;
use crate::package::ManifestLimits;

const MIB: usize = 1 << 20;

/// The limits of a plugin's calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all linear memories together.
    pub memory: usize,
    /// Elements of all tables together.
    pub table_elements: usize,
    /// Guest processor time and wall time by kind of call.
    pub query: Budget,
    /// Routes that only read: a file of everything there is takes longer than a field of a page.
    pub reading_route: Budget,
    /// Mutations and event handlers.
    pub mutation: Budget,
    /// Actions.
    pub action: Budget,
    /// SQL statements.
    pub statements: u32,
    /// Rows read, in all: a bound for the database's work and for what each row costs besides its values.
    pub rows: usize,
    /// Bytes of rows read, in all: a bound for memory. A value counts eight at least.
    pub row_bytes: usize,
    /// Log lines; further ones are counted and dropped.
    pub log_lines: u32,
    /// Bytes of one log line; the rest is cut.
    pub log_line_bytes: usize,
    /// Events emitted.
    pub events: u32,
    /// Problems for the scheduler that the host reads, to start a job or to explain a solution.
    pub problems: u32,
    /// Bytes of a field's answer, or of all answers of a batch.
    pub answer: usize,
    /// Bytes of a route's answer.
    pub route_answer: usize,
}

/// Time that a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Guest processor time. Waiting for the host or for a turn is free.
    pub cpu: Duration,
    /// From the permit to the answer, tries after conflicts included.
    pub wall: Duration,
}

impl Limits {
    /// The host's measure.
    #[must_use]
    pub const fn host() -> Self {
        Self {
            memory: 64 * MIB,
            table_elements: 20_000,
            query: Budget { cpu: Duration::from_millis(200), wall: Duration::from_secs(2) },
            reading_route: Budget { cpu: Duration::from_secs(1), wall: Duration::from_secs(10) },
            mutation: Budget { cpu: Duration::from_secs(1), wall: Duration::from_secs(10) },
            action: Budget { cpu: Duration::from_secs(10), wall: Duration::from_secs(60) },
            statements: 200,
            // A convention of 5,000 sessions with 12,000 people in them is read whole, for exports, in some 20,000.
            rows: 50_000,
            row_bytes: 8 * MIB,
            log_lines: 200,
            log_line_bytes: 8 << 10,
            events: 100,
            problems: 4,
            answer: 4 * MIB,
            route_answer: 16 * MIB,
        }
    }

    /// These limits, lowered by what a manifest asks for.
    #[must_use]
    pub fn lowered(&self, by: &ManifestLimits) -> Self {
        let mut lowered = self.clone();
        if let Some(mebibytes) = by.memory_mib {
            lowered.memory = lowered.memory.min(usize::from(mebibytes) * MIB);
        }
        if let Some(statements) = by.statements {
            lowered.statements = lowered.statements.min(statements);
        }
        if let Some(rows) = by.rows {
            lowered.rows = lowered.rows.min(rows);
        }
        if let Some(events) = by.events {
            lowered.events = lowered.events.min(events);
        }
        for (budget, cpu) in [
            (&mut lowered.query, by.query_cpu_ms),
            (&mut lowered.reading_route, by.query_cpu_ms),
            (&mut lowered.mutation, by.mutation_cpu_ms),
            (&mut lowered.action, by.action_cpu_ms),
        ] {
            if let Some(milliseconds) = cpu {
                budget.cpu = budget.cpu.min(Duration::from_millis(u64::from(milliseconds)));
            }
        }
        lowered
    }

    /// The time a call may take.
    #[must_use]
    pub const fn budget(&self, kind: CallKind, sort: CallSort) -> Budget {
        match (kind, sort) {
            (CallKind::Query, CallSort::Route) => self.reading_route,
            (CallKind::Query, _) => self.query,
            (CallKind::Mutation, _) => self.mutation,
            (CallKind::Action, _) => self.action,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_lowers_and_never_raises() {
        let host = Limits::host();
        let asked = ManifestLimits {
            memory_mib: Some(512),
            statements: Some(10),
            query_cpu_ms: Some(500),
            ..ManifestLimits::default()
        };
        let lowered = host.lowered(&asked);
        assert_eq!((lowered.memory, lowered.statements), (64 * MIB, 10));
        let cpu = |sort| lowered.budget(CallKind::Query, sort).cpu.as_millis();
        assert_eq!((cpu(CallSort::Query), cpu(CallSort::Route)), (200, 500));
    }
}
