//! Ids that stay: every session, person, room and track has a UUID, so that a repeated import finds what it brought before.
//!
//! Where a format brings a UUID it is kept. Where it brings `857` or a bare name, the UUID is computed from what identifies the
//! thing in its source, as RFC 9562's version 8 (SHA-256 of the parts).

use sha2::{Digest, Sha256};

/// A UUID in lower case, if the text is one.
#[must_use]
pub fn uuid(text: &str) -> Option<String> {
    let text = text.trim();
    let well_formed = text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() });
    well_formed.then(|| text.to_ascii_lowercase())
}

/// The UUID of what these parts identify.
#[must_use]
pub fn derived(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // The length first, so that no two lists of parts run together.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut bytes = [0_u8; 16];
    for (byte, from) in bytes.iter_mut().zip(digest.iter()) {
        *byte = *from;
    }
    from_bytes(bytes, 0x80)
}

/// A random UUID (version 4) from 16 random bytes.
#[must_use]
pub fn random(bytes: [u8; 16]) -> String {
    from_bytes(bytes, 0x40)
}

fn from_bytes(mut bytes: [u8; 16], version: u8) -> String {
    use std::fmt::Write as _;
    if let Some(byte) = bytes.get_mut(6) {
        *byte = (*byte & 0x0f) | version;
    }
    if let Some(byte) = bytes.get_mut(8) {
        *byte = (*byte & 0x3f) | 0x80;
    }
    let mut out = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// A number for what has none or a taken one: positive, 31 bits, steady for one id.
#[must_use]
pub fn number(id: &str) -> i64 {
    let digest = Sha256::digest(id.as_bytes());
    let mut value: i64 = 0;
    for byte in digest.iter().take(4) {
        value = (value << 8) | i64::from(*byte);
    }
    // High enough to stay clear of the small numbers systems count up.
    (value & 0x3fff_ffff) | 0x4000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_are_uuids_and_steady() {
        let id = derived(&["39c3", "session", "857"]);
        assert_eq!(uuid(&id).as_deref(), Some(id.as_str()));
        assert_eq!(id, derived(&["39c3", "session", "857"]));
        assert_ne!(derived(&["a", "bc"]), derived(&["ab", "c"]));
    }

    #[test]
    fn what_is_no_uuid_is_none() {
        for text in [
            "",
            "857",
            "0c8b0cb4-6cf9-5ff8-928a-0a0f49558c4",
            "0c8b0cb4-6cf9-5ff8-928a_0a0f49558c48",
            "0c8b0cb4-6cf9-5ff8-928a-0a0f49558c4g",
        ] {
            assert_eq!(uuid(text), None, "{text}");
        }
        assert_eq!(uuid(" 0C8B0CB4-6CF9-5FF8-928A-0A0F49558C48 ").unwrap(), "0c8b0cb4-6cf9-5ff8-928a-0a0f49558c48");
    }
}
