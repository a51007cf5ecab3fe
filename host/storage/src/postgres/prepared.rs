//! Which parameter types a text was prepared with, per connection.
//!
//! PostgreSQL fixes the types of `$1`, `$2`, … when a text is prepared, and binary values of another type would be
//! misread. So this remembers, for every text a connection keeps prepared, what was announced; a call with other types
//! gets a text of its own, made different by a comment. NULL goes with every type; where nothing but NULL has been seen
//! PostgreSQL chooses, and a later value again gets a text of its own.

use std::collections::HashMap;
use std::sync::Arc;

use conman_kernel::sql::Value;

use super::value::Announced;
use crate::wall::Statement;

/// Texts a connection keeps prepared.
pub(super) const MOST_TEXTS: usize = 384;

/// Combinations of types per text.
const MOST_VARIANTS: usize = 8;

/// Texts longer than this, or with more parameters, are prepared each time.
const LONGEST_KEPT: usize = 32 * 1024;
const MOST_PARAMETERS_KEPT: usize = 256;

/// A text as it is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prepared {
    pub(super) text: Arc<str>,
    pub(super) types: Arc<[Announced]>,
    /// Whether the connection keeps it.
    pub(super) kept: bool,
}

/// What one connection keeps prepared.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    texts: HashMap<Arc<str>, Vec<Prepared>>,
    count: usize,
}

impl Shelf {
    /// Whether it is time to clear the connection's prepared statements, and this with them.
    pub(super) fn is_full(&self) -> bool {
        self.count >= MOST_TEXTS
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The text and types to run a statement with. `text` is what the statement is on this database.
    pub(super) fn prepare(&mut self, statement: &Statement, text: Arc<str>, parameters: &[Value]) -> Prepared {
        let text = with_nulls_written(statement, text, parameters);
        let natural = || -> Arc<[Announced]> {
            let written = |place: usize| statement.untyped.contains(&place);
            let of = |(place, value): (usize, &Value)| match value {
                // Written into the text as NULL, so that nothing else tells its type.
                Value::Null if written(place) => Announced::Text,
                value => Announced::of(value),
            };
            parameters.iter().enumerate().map(of).collect()
        };
        if text.len() > LONGEST_KEPT || parameters.len() > MOST_PARAMETERS_KEPT {
            return Prepared { text, types: natural(), kept: false };
        }
        let variants = self.texts.entry(Arc::clone(&text)).or_default();
        let fits = |prepared: &&Prepared| {
            prepared.types.iter().zip(parameters).all(|(announced, value)| announced.takes(value))
        };
        if let Some(prepared) = variants.iter().find(fits) {
            return prepared.clone();
        }
        let number = variants.len();
        if number >= MOST_VARIANTS {
            return Prepared { text: format!("{text} /*once*/").into(), types: natural(), kept: false };
        }
        let text = if number == 0 { text } else { format!("{text} /*{number}*/").into() };
        let prepared = Prepared { text, types: natural(), kept: true };
        variants.push(prepared.clone());
        self.count += 1;
        prepared
    }
}

/// The statement's text, with NULL written out for those parameters that are NULL and whose type PostgreSQL might not be
/// able to tell: `$1 IS NULL OR name = $1` is an error to it as long as nobody says what `$1` is.
fn with_nulls_written(statement: &Statement, text: Arc<str>, parameters: &[Value]) -> Arc<str> {
    let is_null = |place: &usize| matches!(parameters.get(*place), Some(Value::Null));
    if statement.untyped.iter().any(is_null) {
        let nulls: Vec<_> = statement.untyped.iter().copied().filter(is_null).collect();
        replaced(&text, &nulls).into()
    } else {
        text
    }
}

/// `text` with the parameters in `nulls` (counted from 0) replaced by NULL. Literals and names are left alone.
fn replaced(text: &str, nulls: &[usize]) -> String {
    let mut written = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut quote = None;
    while let Some(character) = characters.next() {
        match quote {
            Some(open) if character == open => quote = None,
            None if matches!(character, '\'' | '"') => quote = Some(character),
            None if character == '$' => {
                let mut number = String::new();
                while let Some(digit) = characters.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                let place = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                if place.is_some_and(|place| nulls.contains(&place)) {
                    written.push_str("NULL");
                } else {
                    written.push('$');
                    written.push_str(&number);
                }
                continue;
            }
            _ => {}
        }
        written.push(character);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::own;
    use crate::wall::Kind;

    fn texts(calls: &[&[Value]]) -> Vec<(String, bool)> {
        let statement = own(Kind::Query, "SELECT $1");
        let mut shelf = Shelf::default();
        calls
            .iter()
            .map(|call| shelf.prepare(&statement, Arc::clone(&statement.postgres), call))
            .map(|made| (made.text.to_string(), made.kept))
            .collect()
    }

    #[test]
    fn null_goes_with_any_type_and_types_do_not_go_with_one_another() {
        let (integer, text) = ([Value::Integer(1)], [Value::from("x")]);
        let made = texts(&[&integer, &[Value::Null], &text, &integer]);
        let made: Vec<_> = made.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(made, ["SELECT $1", "SELECT $1", "SELECT $1 /*1*/", "SELECT $1"]);
    }

    #[test]
    fn a_value_after_only_nulls_gets_a_text_of_its_own() {
        let made = texts(&[&[Value::Null], &[Value::Integer(1)], &[Value::Null]]);
        let made: Vec<_> = made.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(made, ["SELECT $1", "SELECT $1 /*1*/", "SELECT $1"]);
    }

    #[test]
    fn only_parameters_outside_of_quotes_become_null() {
        assert_eq!(
            replaced("$1 = '$1' AND \"$1\" = $11 OR $1 IS NULL", &[0]),
            "NULL = '$1' AND \"$1\" = $11 OR NULL IS NULL"
        );
        assert_eq!(replaced("'it''s $1' || $2", &[0]), "'it''s $1' || $2");
    }
}
