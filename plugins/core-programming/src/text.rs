//! Texts come from everywhere; what is stored is clean, so that every format can say it and every search finds it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest text a field takes, in bytes.
pub const LONGEST_TEXT: usize = 200_000;
/// The longest single-line text (a title, a name), in bytes.
pub const LONGEST_LINE: usize = 2_000;

/// A text of several lines: line ends become `\n`, control characters and the outer whitespace go.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\t' => out.push(c),
            c if unspeakable(c) => {}
            c => out.push(c),
        }
    }
    trimmed(out)
}

/// A text of one line: all whitespace becomes single spaces.
#[must_use]
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace()) {
        let before = out.len();
        if before > 0 {
            out.push(' ');
        }
        let start = out.len();
        out.extend(word.chars().filter(|&c| !unspeakable(c)));
        if out.len() == start {
            out.truncate(before);
        }
    }
    out
}

/// XML 1.0 cannot say most control characters nor the two non-characters; nobody means them.
fn unspeakable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}' | '\u{FEFF}')
}

fn trimmed(text: String) -> String {
    let inner = text.trim();
    if inner.len() == text.len() { text } else { inner.to_owned() }
}

/// Folds a text for searching: lower case, accents and ligatures opened, everything but letters and digits a space.
///
/// The result holds no `%` and no `_`, so it can stand in a `LIKE` pattern as it is.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd() {
        if is_combining_mark(c) {
            continue;
        }
        for c in c.to_lowercase() {
            match c {
                'ß' => out.push_str("ss"),
                'æ' => out.push_str("ae"),
                'œ' => out.push_str("oe"),
                'ø' => out.push('o'),
                'ł' => out.push('l'),
                'đ' | 'ð' => out.push('d'),
                'þ' => out.push_str("th"),
                'ı' => out.push('i'),
                c if is_combining_mark(c) => {}
                c if c.is_alphanumeric() => out.push(c),
                _ => {
                    if !out.ends_with(' ') && !out.is_empty() {
                        out.push(' ');
                    }
                }
            }
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A list without what is in it already, in any case.
#[must_use]
pub fn each_once(list: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    list.into_iter().filter(|text| seen.insert(text.to_lowercase())).collect()
}

/// What a reader without HTML shows: tags go, the common entities are resolved, paragraphs become line breaks.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some((tag, after)) = tag(from) {
            let name =
                tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "br" | "p" | "div" | "li" | "tr" | "h1" | "h2" | "h3" | "h4"
                    if !out.ends_with('\n') && !out.is_empty() =>
                {
                    out.push('\n')
                }
                _ => {}
            }
            rest = after;
        } else if let Some((c, after)) = entity(from) {
            out.push(c);
            rest = after;
        } else {
            let mut chars = from.chars();
            out.extend(chars.next());
            rest = chars.as_str();
        }
    }
    out.push_str(rest);
    clean(&out)
}

/// `<em …>` at the start: its inside, and what follows. A `<` before a space or a digit is just that.
fn tag(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    if !inner.trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    inner.split_once('>').filter(|(inside, _)| !inside.contains('<'))
}

fn entity(text: &str) -> Option<(char, &str)> {
    let (name, after) = text.strip_prefix('&')?.split_once(';')?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "mdash" => '—',
        "ndash" => '–',
        "hellip" => '…',
        "rsquo" => '’',
        "lsquo" => '‘',
        "rdquo" => '”',
        "ldquo" => '“',
        _ => {
            let code = name.strip_prefix('#')?;
            let code = match code.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => code.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((c, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folding_opens_accents_ligatures_and_case() {
        assert_eq!(fold("Łódź – CAFÉ Œuvre, Straße! ﬁn"), "lodz cafe oeuvre strasse fin");
        assert_eq!(fold("100% _x_"), "100 x");
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("  Tamora \r\n Pierce\u{0} \u{7} "), "Tamora Pierce");
    }

    #[test]
    fn html_becomes_what_people_read() {
        assert_eq!(
            plain("<p>Data&#39;s cat &amp; <em>Spot</em></p><p>2 < 3 &mdash; &unknown;</p>"),
            "Data's cat & Spot\n2 < 3 — &unknown;"
        );
    }

    proptest! {
        #[test]
        fn cleaning_is_done_after_once(text in any::<String>()) {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once.clone());
            let once = line(&text);
            prop_assert_eq!(line(&once), once.clone());
            prop_assert_eq!(clean(&once), once.clone());
            prop_assert!(!fold(&text).contains(['%', '_']));
            prop_assert!(plain(&text).len() <= text.len() * 4);
        }
    }
}
