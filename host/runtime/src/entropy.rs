//! Randomness: the machine's in a host, a seed's in tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where random bytes come from.
#[derive(Debug, Clone)]
pub enum Entropy {
    /// The operating system. Fit for secrets.
    System,
    /// A sequence that a seed determines. For tests; never fit for secrets.
    Seeded(Arc<AtomicU64>),
}

impl Entropy {
    /// The sequence of `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(AtomicU64::new(seed)))
    }

    /// Fills `bytes`.
    pub(crate) fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System => {
                if let Err(error) = getrandom::fill(bytes) {
                    // A Linux that has booted always has randomness; without it no secret could be made, so better none at all.
                    tracing::error!(%error, "the operating system gives no randomness");
                    std::process::abort();
                }
            }
            Self::Seeded(state) => {
                for chunk in bytes.chunks_mut(8) {
                    let word = split_mix(state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)).to_le_bytes();
                    for (byte, random) in chunk.iter_mut().zip(word) {
                        *byte = random;
                    }
                }
            }
        }
    }
}

/// The output function of SplitMix64 (Steele, Lea, Flood 2014).
const fn split_mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_the_bytes() {
        let draw = |seed| {
            let mut bytes = [0; 20];
            Entropy::seeded(seed).fill(&mut bytes);
            bytes
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
