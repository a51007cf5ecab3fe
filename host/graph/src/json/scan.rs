//! Finds the tokens of RFC 8259 in bytes. Strings are skipped eight bytes at a time: they are most of what plugins answer.

use std::fmt;

/// Why a text is no JSON, and where (a byte offset).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadJson {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

impl fmt::Display for BadJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGHS: u64 = ONES << 7;

/// The high bit of every byte that is `"`, `\` or a control character; exact for the lowest such byte, which is all that is used.
const fn ends_plain_text(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    (is_quote | is_backslash | is_control) & HIGHS
}

/// The first byte at or after `at` that is not white space.
pub(super) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// From after the opening quote: where the closing quote is, and whether there are escapes.
pub(super) fn string(bytes: &[u8], from: usize) -> Result<(usize, bool), BadJson> {
    let mut at = from;
    let mut escaped = false;
    loop {
        while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let found = ends_plain_text(u64::from_le_bytes(*chunk));
            if found != 0 {
                at += (found.trailing_zeros() / 8) as usize;
                break;
            }
            at += 8;
        }
        match bytes.get(at) {
            None => return Err(BadJson { at, what: "a string does not end" }),
            Some(b'"') => return Ok((at, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = escape(bytes, at)?;
            }
            Some(0..0x20) => return Err(BadJson { at, what: "a control character stands in a string" }),
            Some(_) => at += 1,
        }
    }
}

/// From a backslash: where the text goes on. Surrogates must come in pairs, or no client could read the text.
fn escape(bytes: &[u8], at: usize) -> Result<usize, BadJson> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match unit(bytes, at)? {
            0xD800..0xDC00 => {
                let low = at + 6;
                let paired = bytes.get(low) == Some(&b'\\')
                    && bytes.get(low + 1) == Some(&b'u')
                    && (0xDC00..0xE000).contains(&unit(bytes, low)?);
                if paired { Ok(low + 6) } else { Err(BadJson { at, what: "half a surrogate pair stands in a string" }) }
            }
            0xDC00..0xE000 => Err(BadJson { at, what: "half a surrogate pair stands in a string" }),
            _ => Ok(at + 6),
        },
        _ => Err(BadJson { at, what: "an unknown escape stands in a string" }),
    }
}

/// The four hex digits of the `\u` escape at `at`.
fn unit(bytes: &[u8], at: usize) -> Result<u32, BadJson> {
    let digits = bytes.get(at + 2..at + 6).unwrap_or_default();
    let mut unit = 0;
    for digit in digits {
        let Some(value) = char::from(*digit).to_digit(16) else {
            return Err(BadJson { at, what: "an unknown escape stands in a string" });
        };
        unit = unit * 16 + value;
    }
    if digits.len() == 4 { Ok(unit) } else { Err(BadJson { at, what: "a string does not end" }) }
}

/// Where the number at `from` ends, and whether it is whole (no fraction, no exponent).
pub(super) fn number(bytes: &[u8], from: usize) -> Result<(usize, bool), BadJson> {
    let bad = |at| BadJson { at, what: "a number is not written as JSON writes them" };
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let first = from + usize::from(bytes.get(from) == Some(&b'-'));
    let mut end = match bytes.get(first) {
        Some(b'0') => first + 1,
        Some(b'1'..=b'9') => digits(first + 1),
        _ => return Err(bad(from)),
    };
    if bytes.get(end).is_some_and(u8::is_ascii_digit) {
        return Err(bad(from));
    }
    let mut whole = true;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if fraction == end + 1 {
            return Err(bad(from));
        }
        (end, whole) = (fraction, false);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent == end + 1 + sign {
            return Err(bad(from));
        }
        (end, whole) = (exponent, false);
    }
    Ok((end, whole))
}
