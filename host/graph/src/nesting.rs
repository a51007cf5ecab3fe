//! How deeply a GraphQL text nests, measured before anything recursive reads it.
//!
//! The parser descends once per bracket, so a megabyte of `{` would end the process, not the request. A single pass over the
//! bytes that knows only strings, comments and brackets settles it first.

/// Schemas and operations may nest brackets this deep. Written by people they stay below a dozen.
pub(crate) const MAX_NESTING: usize = 64;

/// The deepest nesting of `{`, `[` and `(` outside strings and comments.
pub(crate) fn deepest(text: &str) -> usize {
    let mut depth: usize = 0;
    let mut deepest = 0;
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
                tail
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                tail
            }
            b'#' => after_comment(tail),
            b'"' => match tail.strip_prefix(b"\"\"") {
                Some(block) => after_block_string(block),
                None => after_string(tail),
            },
            _ => tail,
        };
    }
    deepest
}

fn after_comment(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

/// A string ends at its quote or at the end of the line, where the parser would refuse it: what follows is counted again.
fn after_string(mut text: &[u8]) -> &[u8] {
    while let Some((&byte, tail)) = text.split_first() {
        text = match byte {
            b'"' => return tail,
            b'\n' | b'\r' => return tail,
            b'\\' => tail.get(1..).unwrap_or_default(),
            _ => tail,
        };
    }
    text
}

fn after_block_string(mut text: &[u8]) -> &[u8] {
    while !text.is_empty() {
        if let Some(rest) = text.strip_prefix(b"\"\"\"") {
            return rest;
        }
        let skip = if text.starts_with(b"\\\"\"\"") { 4 } else { 1 };
        text = text.get(skip..).unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_only_where_they_are_syntax() {
        for (text, expected) in [
            ("{ a(b: [1, [2]]) { c } }", 4),
            ("{ a(b: \"{{{{\") }", 2),
            ("{ a # {{{{{\n }", 1),
            ("{ a(b: \"\"\"{{ \\\"\"\" {{\"\"\") }", 2),
            ("}}}{", 1),
            ("\"unclosed {{\n{{", 2),
            ("{ a(b: \"\\\"{{{\") }", 2),
        ] {
            assert_eq!(deepest(text), expected, "{text}");
        }
    }

    #[test]
    fn a_megabyte_of_brackets_is_only_counted() {
        assert_eq!(deepest(&"{".repeat(1_000_000)), 1_000_000);
    }
}
