//! A reader for data that is JavaScript rather than JSON.
//!
//! KonOpas and ConClár load their data with `<script>`: `var program = […]; var people = […];`, or a call `loaded([…])`. Written by
//! hand or by templates, it has unquoted keys, single quotes, trailing commas and comments. This reads exactly literals, in such
//! wrappings; anything that would have to be run is refused with its place. The items of a list are handed out one by one, so a
//! file is never held as one tree.

mod literal;

pub use literal::Literal;

use super::{Refusal, shortened};

/// How deep literals may nest.
pub const DEEPEST: usize = 64;

/// Reads literals out of a text.
#[derive(Debug)]
pub struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    /// From the beginning.
    #[must_use]
    pub const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Where it is.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.at
    }

    /// A refusal at this place.
    #[must_use]
    pub fn wrong(&self, message: impl Into<String>) -> Refusal {
        if self.at >= self.text.len() {
            return Refusal::at(self.text, self.text.len(), "the file ends in the middle; it was cut off");
        }
        Refusal::at(self.text, self.at, message)
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    /// Passes over whitespace and comments.
    ///
    /// # Errors
    /// When a comment does not end.
    pub fn space(&mut self) -> Result<(), Refusal> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
            self.at += rest.len() - trimmed.len();
            if let Some(comment) = trimmed.strip_prefix("//") {
                self.at += 2 + comment.find('\n').unwrap_or(comment.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                match comment.find("*/") {
                    Some(end) => self.at += 2 + end + 2,
                    None => return Err(self.wrong("this comment does not end")),
                }
            } else {
                return Ok(());
            }
        }
    }

    /// The next statement's wrapping, up to where its value begins: `var program =`, `window.people =`, `loaded(`, or nothing.
    /// Answers the name, if any; `None` at the end of the file.
    ///
    /// # Errors
    /// When something other than a wrapped literal stands there.
    pub fn statement(&mut self) -> Result<Option<String>, Refusal> {
        loop {
            self.space()?;
            if !(self.eat(';') || self.eat(')') || self.eat(',')) {
                break;
            }
        }
        let mut name = String::new();
        loop {
            self.space()?;
            match self.peek() {
                None if name.is_empty() => return Ok(None),
                Some('[' | '{') => return Ok(Some(name)),
                Some(c) if is_name_start(c) => {
                    let word = self.name();
                    match word {
                        "var" | "let" | "const" | "export" | "default" | "module" | "exports" | "window" | "self"
                        | "globalThis" | "return" => {}
                        "null" | "undefined" | "true" | "false" => {
                            return Err(self.wrong(format!("`{word}` stands where data was expected")));
                        }
                        word => word.clone_into(&mut name),
                    }
                }
                Some('.' | '=' | '(') => self.at += 1,
                // `typeof loaded === "function" && loaded(…)` and the like.
                Some('"' | '\'') if name == "use" || name.is_empty() => {
                    self.word()?;
                    name.clear();
                    self.space()?;
                    self.eat(';');
                }
                _ => return Err(self.wrong("this is program code; only data like `var program = [ … ];` can be read")),
            }
        }
    }

    /// Hands every item of the list that begins here to `item`, with its offset.
    ///
    /// # Errors
    /// When it is no list, is broken, or `item` fails.
    pub fn list(&mut self, mut item: impl FnMut(usize, Literal) -> Result<(), Refusal>) -> Result<(), Refusal> {
        self.space()?;
        if !self.eat('[') {
            return Err(self.wrong("a list `[ … ]` was expected"));
        }
        loop {
            self.space()?;
            if self.eat(']') {
                return Ok(());
            }
            // `[ , …]` and `[ … , ]`
            if self.eat(',') {
                continue;
            }
            let offset = self.at;
            let value = self.value(1)?;
            item(offset, value)?;
            self.separator(']')?;
        }
    }

    /// Hands every field of the object that begins here to `field`, which must read the value.
    ///
    /// # Errors
    /// When it is no object, is broken, or `field` fails.
    pub fn object(&mut self, mut field: impl FnMut(&mut Self, String) -> Result<(), Refusal>) -> Result<(), Refusal> {
        self.space()?;
        if !self.eat('{') {
            return Err(self.wrong("an object `{ … }` was expected"));
        }
        loop {
            self.space()?;
            if self.eat('}') {
                return Ok(());
            }
            if self.eat(',') {
                continue;
            }
            let key = self.key()?;
            self.space()?;
            field(self, key)?;
            self.separator('}')?;
        }
    }

    /// After an item: a comma, or the end coming.
    fn separator(&mut self, end: char) -> Result<(), Refusal> {
        self.space()?;
        if self.eat(',') || self.peek() == Some(end) {
            Ok(())
        } else {
            Err(self.wrong(format!("`,` or `{end}` was expected")))
        }
    }

    /// Whether a list begins here.
    ///
    /// # Errors
    /// When a comment before it does not end.
    pub fn at_list(&mut self) -> Result<bool, Refusal> {
        self.space()?;
        Ok(self.peek() == Some('['))
    }

    /// Any value.
    ///
    /// # Errors
    /// When it is broken, not a literal, or nests too deep.
    pub fn any(&mut self) -> Result<Literal, Refusal> {
        self.value(0)
    }

    fn value(&mut self, depth: usize) -> Result<Literal, Refusal> {
        self.space()?;
        if depth > DEEPEST {
            return Err(self.wrong(format!("data nests deeper than {DEEPEST}; no programme does")));
        }
        match self.peek() {
            Some('[') => {
                self.at += 1;
                let mut items = Vec::new();
                loop {
                    self.space()?;
                    if self.eat(']') {
                        return Ok(Literal::List(items));
                    }
                    if self.eat(',') {
                        continue;
                    }
                    items.push(self.value(depth + 1)?);
                    self.separator(']')?;
                }
            }
            Some('{') => {
                self.at += 1;
                let mut fields = Vec::new();
                loop {
                    self.space()?;
                    if self.eat('}') {
                        return Ok(Literal::Object(fields));
                    }
                    if self.eat(',') {
                        continue;
                    }
                    let key = self.key()?;
                    fields.push((key, self.value(depth + 1)?));
                    self.separator('}')?;
                }
            }
            Some('"' | '\'' | '`') => self.word().map(Literal::Word),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => {
                let rest = self.rest();
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+')))
                    .unwrap_or(rest.len());
                let number = rest.get(..end).unwrap_or_default();
                if number.parse::<f64>().is_err() {
                    return Err(self.wrong(format!("`{}` is no number", shortened(number))));
                }
                self.at += end;
                Ok(Literal::Word(number.to_owned()))
            }
            Some(c) if is_name_start(c) => {
                let start = self.at;
                match self.name() {
                    "null" | "undefined" => Ok(Literal::Nothing),
                    word @ ("true" | "false") => Ok(Literal::Word(word.to_owned())),
                    word => {
                        let message =
                            format!("`{}` is program code or an unquoted text; only data can be read", shortened(word));
                        self.at = start;
                        Err(self.wrong(message))
                    }
                }
            }
            _ => Err(self.wrong("a value was expected")),
        }
    }

    /// `"key":`, `'key':`, `key:` or `12:`.
    fn key(&mut self) -> Result<String, Refusal> {
        let key = match self.peek() {
            Some('"' | '\'') => self.word()?,
            Some(c) if is_name_start(c) || c.is_ascii_digit() => self.name().to_owned(),
            _ => return Err(self.wrong("a field name was expected")),
        };
        self.space()?;
        if self.eat(':') { Ok(key) } else { Err(self.wrong("`:` was expected")) }
    }

    fn name(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c: char| !(is_name_start(c) || c.is_ascii_digit())).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// A quoted string.
    fn word(&mut self) -> Result<String, Refusal> {
        let start = self.at;
        let Some(quote) = self.peek() else { return Err(self.wrong("a text was expected")) };
        self.at += quote.len_utf8();
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let Some(plain) = rest.find(|c: char| c == quote || c == '\\' || (c == '\n' && quote != '`')) else {
                self.at = self.text.len();
                return Err(self.wrong("this text does not end"));
            };
            out.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            match self.peek() {
                Some('\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                Some('\n') => {
                    self.at = start;
                    return Err(self.wrong("this text does not end on its line"));
                }
                Some(c) => {
                    self.at += c.len_utf8();
                    return Ok(out);
                }
                None => return Err(self.wrong("this text does not end")),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Refusal> {
        let Some(c) = self.peek() else { return Err(self.wrong("this text does not end")) };
        self.at += c.len_utf8();
        match c {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' | 'f' | 'v' | '0' => out.push(' '),
            'u' => {
                let first = self.code_unit()?;
                let c = match first {
                    0xD800..=0xDBFF => {
                        // The other half of a character beyond 16 bits; alone it means nothing.
                        if self.rest().starts_with("\\u") {
                            self.at += 2;
                            let second = self.code_unit()?;
                            char::decode_utf16([first, second]).next().and_then(Result::ok)
                        } else {
                            None
                        }
                    }
                    _ => char::from_u32(u32::from(first)),
                };
                out.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            'x' => {
                let unit = self.hex(2)?;
                out.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            '\r' => {
                self.eat('\n');
            }
            '\n' => {}
            c => out.push(c),
        }
        Ok(())
    }

    fn code_unit(&mut self) -> Result<u16, Refusal> {
        self.hex(4)
    }

    fn hex(&mut self, digits: usize) -> Result<u16, Refusal> {
        let value = self
            .rest()
            .get(..digits)
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u16::from_str_radix(hex, 16).ok());
        match value {
            Some(value) => {
                self.at += digits;
                Ok(value)
            }
            None => Err(self.wrong(format!("{digits} hexadecimal digits were expected"))),
        }
    }
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn check(text: &str, expected: Expect) {
        let mut reader = Reader::new(text);
        let mut out = String::new();
        loop {
            let step = reader.statement().and_then(|name| match name {
                Some(name) => reader.any().map(|value| Some((name, value))),
                None => Ok(None),
            });
            match step {
                Ok(Some((name, value))) => out += &format!("{name}: {value:?}\n"),
                Ok(None) => break,
                Err(refusal) => {
                    out += &format!("refused, {refusal}\n");
                    break;
                }
            }
        }
        expected.assert_eq(&out);
    }

    #[test]
    fn two_variables_without_a_semicolon() {
        check(
            "var program = [{id: '1', 'mins':60,}]\nvar people=[ ];",
            expect![[r#"
                program: List([Object([("id", Word("1")), ("mins", Word("60"))])])
                people: List([])
            "#]],
        );
    }

    #[test]
    fn comments_callbacks_and_escapes() {
        check(
            "/* made by hand */ window.onLoad({ // one\n a: 'it\\'s \\u00fc \\ud83d\\ude00', b: null, c: [1,,2,], d: true });",
            expect![[r#"
                onLoad: Object([("a", Word("it's ü 😀")), ("b", Nothing), ("c", List([Word("1"), Word("2")])), ("d", Word("true"))])
            "#]],
        );
    }

    #[test]
    fn code_is_refused_where_it_stands() {
        check(
            "var a = [1];\nfunction f() { return 1 }",
            expect![[r#"
            a: List([Word("1")])
            refused, line 2, column 12: this is program code; only data like `var program = [ … ];` can be read
        "#]],
        );
        check(
            "var a = [ new Date() ];",
            expect![[r#"
            refused, line 1, column 11: `new` is program code or an unquoted text; only data can be read
        "#]],
        );
        check(
            "alert('x')",
            expect![[r#"
            refused, line 1, column 7: this is program code; only data like `var program = [ … ];` can be read
        "#]],
        );
    }

    #[test]
    fn nesting_is_limited() {
        let text = "[".repeat(100_000);
        let mut reader = Reader::new(&text);
        assert!(reader.any().unwrap_err().to_string().contains("nests deeper"));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in r#"[\[\]{}"'`,:;=().\\/*a-zA-Z0-9 \n\-+üx€]{0,200}"#) {
            let mut reader = Reader::new(&text);
            for _ in 0..200 {
                match reader.statement() {
                    Ok(Some(_)) if reader.any().is_ok() => {}
                    _ => break,
                }
            }
        }

        #[test]
        fn json_is_read_as_it_is(text in any::<String>()) {
            let json = serde_json::to_string(&[&text]).unwrap();
            prop_assert_eq!(Reader::new(&json).any().unwrap(), Literal::List(vec![Literal::Word(text.replace(['\u{8}', '\u{c}'], " "))]));
        }
    }
}
