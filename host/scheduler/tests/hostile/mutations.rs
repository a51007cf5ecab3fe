//! Changes to documents: to what they say, which most readers trip over, and to their bytes.

use crate::sample::Chance;
use crate::tree::Tree;

/// Values that are put in the place of others.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-0.0",
    "-1",
    "1",
    "2",
    "7",
    "1.0",
    "0.5",
    "1e0",
    "1e2",
    "1e-400",
    "1e308",
    "1e999",
    "-1e999",
    "NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "inf",
    "01",
    "+1",
    ".5",
    "5.",
    "0x10",
    "1_000",
    "65535",
    "65536",
    "1000000",
    "1000001",
    "1000000000",
    "1000000001",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "100000000000000000000000000000000000000000",
    "\"\"",
    "\"3\"",
    "\"s3\"",
    "\"r3\"",
    "\"p3\"",
    "\"soft\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\ud83c\\udf89\"",
    "\"\\x\"",
    "\"\u{202e}\"",
    "\"\u{7f}\"",
    "\"\u{1b}[31m\"",
    "'s3'",
    "[]",
    "{}",
    "[null]",
    "[[]]",
    "[0,1]",
    "[1,0]",
    "[[0,0]]",
    "[[1,0]]",
    "[[0,4294967297]]",
    "[[0,1],[0,1]]",
    "{\"start\":0}",
    "{\"\":{}}",
    "",
];

/// Keys that are put where they may not belong.
const KEYS: &[&str] = &[
    "\"id\"",
    "\"rooms\"",
    "\"people\"",
    "\"sessions\"",
    "\"after\"",
    "\"pin\"",
    "\"start\"",
    "\"starts\"",
    "\"room\"",
    "\"days\"",
    "\"weights\"",
    "\"unpreferred\"",
    "\"conflicts\"",
    "\"overlap\"",
    "\"capacity\"",
    "\"audience\"",
    "\"duration\"",
    "\"reasons\"",
    "\"terms\"",
    "\"format\"",
    "\"\"",
    "\"a/b~c~1\"",
    "\"\\n\"",
    "\"\\u001b[31m\"",
    "\"\\ud800\"",
    "\"\\u0069d\"",
];

/// Pieces that are put anywhere.
const PIECES: &[&str] =
    &["{", "}", "[", "]", ",", ":", "\"", "\\", "//", "/* */", "\u{feff}", "é", " ", "\0", "\n", "\u{2028}"];

/// A document with something else in a few places.
pub fn mutated(document: &str, chance: &mut Chance) -> Vec<u8> {
    let mut tree = Tree::of(document);
    let kind = chance.below(4);
    for _ in 0..=chance.below(3) {
        if kind > 0 {
            change(&mut tree, chance);
        }
    }
    let mut bytes = tree.to_string().into_bytes();
    for _ in 0..chance.below(3) {
        if kind < 2 {
            scratch(&mut bytes, chance);
        }
    }
    bytes
}

fn one<'a>(of: &[&'a str], chance: &mut Chance) -> &'a str {
    of[below(chance, of.len())]
}

fn below(chance: &mut Chance, bound: usize) -> usize {
    chance.below(bound as u64) as usize
}

/// Changes what a document says.
fn change(tree: &mut Tree, chance: &mut Chance) {
    let count = tree.count();
    // Something else of the document.
    let other = tree.nth_mut(below(chance, count)).map_or_else(|| Tree::Leaf("0".to_owned()), |other| other.clone());
    let Some(here) = tree.nth_mut(below(chance, count)) else { return };
    match (chance.below(12), here) {
        (0, here) => *here = other,
        (1, here) => *here = Tree::List(vec![here.clone()]),
        (2, here) if chance.below(8) == 0 => *here = Tree::Leaf(deep(chance)),
        (3 | 4, Tree::List(list)) if !list.is_empty() => {
            let (from, to) = (below(chance, list.len()), below(chance, list.len()));
            match chance.below(4) {
                0 => _ = list.remove(from),
                1 => list.swap(from, to),
                2 => list.insert(to, list[from].clone()),
                _ => list.extend(std::iter::repeat_n(list[from].clone(), below(chance, 40))),
            }
        }
        (3..7, Tree::Object(members)) if !members.is_empty() => {
            let (from, to) = (below(chance, members.len()), below(chance, members.len()));
            match chance.below(6) {
                0 => _ = members.remove(from),
                1 => members.swap(from, to),
                2 => members.insert(to, members[from].clone()),
                3 => members[from].0 = one(KEYS, chance).to_owned(),
                4 => members[from].1 = members[to].1.clone(),
                _ => members.insert(to, (one(KEYS, chance).to_owned(), other)),
            }
        }
        // A number near another one.
        (5..9, Tree::Leaf(text)) if text.parse::<u64>().is_ok() => *text = chance.below(20).to_string(),
        (_, here) => *here = Tree::Leaf(one(VALUES, chance).to_owned()),
    }
}

/// Something in something, in something.
fn deep(chance: &mut Chance) -> String {
    let depth = [5, 120, 126, 127, 128, 129, 5_000][below(chance, 7)];
    let (open, close) = [("[", "]"), ("{\"a\":", "}"), ("[{\"id\":", "}]")][below(chance, 3)];
    let close = if chance.below(4) == 0 { String::new() } else { close.repeat(depth) };
    format!("{}0{close}", open.repeat(depth))
}

/// Changes bytes, whatever they say.
fn scratch(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let from = below(chance, bytes.len() + 1);
    let to = (from + below(chance, 12)).min(bytes.len());
    let piece = one(if chance.below(2) == 0 { PIECES } else { VALUES }, chance).as_bytes().to_vec();
    match chance.below(9) {
        0 => _ = bytes.splice(from..to, []),
        1 => _ = bytes.splice(from..from, piece),
        2 => _ = bytes.splice(from..to, piece),
        3 => bytes.iter_mut().skip(from).take(1).for_each(|byte| *byte ^= 1 << chance.below(8)),
        4 => bytes.iter_mut().skip(from).take(1).for_each(|byte| *byte = chance.below(256) as u8),
        5 if chance.below(4) == 0 => bytes.truncate(from),
        // A piece from elsewhere in the document.
        6 => _ = bytes.splice(from..from, bytes[from.saturating_sub(30)..from].to_vec()),
        _ => {
            let digit = bytes.iter_mut().skip(from).find(|byte| byte.is_ascii_digit());
            digit.into_iter().for_each(|digit| *digit = b'0' + chance.below(10) as u8);
        }
    }
}
