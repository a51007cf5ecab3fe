//! What a guest may hold: wasmtime limits each memory and table on its own, a call is limited by their sum.

use wasmtime::ResourceLimiter;

/// Counts the memories and tables of one call.
#[derive(Debug)]
pub(crate) struct HeldMemory {
    bytes: usize,
    byte_limit: usize,
    elements: usize,
    element_limit: usize,
    refused: bool,
}

/// Python and JavaScript components consist of many core instances.
pub(crate) const CORE_INSTANCES: u32 = 64;
pub(crate) const MEMORIES: u32 = 4;
pub(crate) const TABLES: u32 = 32;

impl HeldMemory {
    pub(crate) const fn new(byte_limit: usize, element_limit: usize) -> Self {
        Self { bytes: 0, byte_limit, elements: 0, element_limit, refused: false }
    }

    /// Whether the guest was refused more: a trap that follows is most likely its answer to that.
    pub(crate) const fn refused(&self) -> bool {
        self.refused
    }

    /// The limit, for messages.
    pub(crate) const fn byte_limit(&self) -> usize {
        self.byte_limit
    }
}

impl ResourceLimiter for HeldMemory {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let sum = self.bytes.saturating_add(desired.saturating_sub(current));
        let granted = sum <= self.byte_limit && maximum.is_none_or(|maximum| desired <= maximum);
        if granted {
            self.bytes = sum;
        } else {
            self.refused = true;
        }
        Ok(granted)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let sum = self.elements.saturating_add(desired.saturating_sub(current));
        let granted = sum <= self.element_limit && maximum.is_none_or(|maximum| desired <= maximum);
        if granted {
            self.elements = sum;
        } else {
            self.refused = true;
        }
        Ok(granted)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_memories_share_one_limit() {
        let mut held = HeldMemory::new(100, 10);
        assert!(held.memory_growing(0, 60, None).unwrap());
        assert!(!held.memory_growing(0, 60, None).unwrap());
        assert!(held.refused());
        assert!(held.memory_growing(0, 40, None).unwrap());
    }

    #[test]
    fn two_tables_share_one_limit() {
        let mut held = HeldMemory::new(10, 100);
        assert!(held.table_growing(0, 60, None).unwrap());
        assert!(!held.table_growing(60, 101, None).unwrap());
        assert!(!held.table_growing(0, 41, None).unwrap());
        assert!(held.refused());
        assert!(held.table_growing(0, 40, None).unwrap());
        assert!(!held.table_growing(40, 41, None).unwrap());
    }

    #[test]
    fn a_table_stays_below_its_own_maximum() {
        let mut held = HeldMemory::new(10, 100);
        assert!(!held.table_growing(0, 11, Some(10)).unwrap());
        assert!(held.refused());
        assert!(held.table_growing(0, 10, Some(10)).unwrap());
    }
}
