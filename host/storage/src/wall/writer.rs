//! Writes a parsed statement down again: plainly, to prove that it was understood whole, or for one engine.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use super::names;
use super::order::NullsClause;
use crate::session::MOST_PARAMETERS;

/// Why a statement is not let through: what is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

/// What writing answers.
pub(super) type Written = Result<(), Refusal>;

/// Refuses, with a text.
pub(super) fn refuse<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(text.into()))
}

/// For whom a statement is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// As it came in. Parsed again it has to be the same statement; if not, it holds something this wall does not know.
    Plain,
    /// For SQLite.
    Sqlite,
    /// For PostgreSQL.
    Postgres,
}

/// Who wrote the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// The host: it may name its own tables inside a plugin's database.
    Host,
    /// A plugin.
    Guest,
}

/// The parameters of a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    /// In the order of their appearance, counted from 1.
    pub(super) order: Vec<usize>,
    /// Those of which `$n IS NULL` is asked, counted from 1.
    pub(super) null_tests: Vec<usize>,
}

/// See the module.
pub(super) struct Writer {
    pub(super) target: Target,
    pub(super) author: Author,
    pub(super) parameters: Parameters,
    /// Whether the parameters appear as $1, $2, … each once. SQLite then takes plain `?`, whose binding costs no search.
    pub(super) in_order: bool,
    pub(super) text: String,
    /// What of the text for PostgreSQL may be left out.
    pub(super) nulls: Vec<NullsClause>,
    /// Within how many WITHs the writer is: names of tables may be theirs there.
    pub(super) within_with: usize,
}

/// Columns the engines have without anybody declaring them.
const HIDDEN_COLUMNS: &[&str] = &["rowid", "_rowid_", "oid", "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

impl Writer {
    pub(super) fn new(target: Target, author: Author, in_order: bool) -> Self {
        Self {
            target,
            author,
            parameters: Parameters::default(),
            in_order,
            text: String::new(),
            nulls: Vec::new(),
            within_with: 0,
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn plain(&self) -> bool {
        self.target == Target::Plain
    }

    pub(super) fn postgres(&self) -> bool {
        self.target == Target::Postgres
    }

    pub(super) fn sqlite(&self) -> bool {
        self.target == Target::Sqlite
    }

    /// Writes `items` with `between` between them.
    pub(super) fn list<T>(
        &mut self,
        items: &[T],
        between: &str,
        mut write: impl FnMut(&mut Self, &T) -> Written,
    ) -> Written {
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.push(between);
            }
            write(self, item)?;
        }
        Ok(())
    }

    /// A name. Engines get it quoted and in lower case, so that none of their own keywords is meant by it.
    pub(super) fn name(&mut self, ident: &Ident) -> Written {
        let name = checked(ident)?;
        match (self.target, ident.quote_style) {
            (Target::Plain, Some(_)) => self.push(&format!("\"{}\"", ident.value)),
            (Target::Plain, None) => self.push(&ident.value),
            _ => self.push(&format!("\"{name}\"")),
        }
        Ok(())
    }

    /// A column's name.
    pub(super) fn column(&mut self, ident: &Ident) -> Written {
        let name = checked(ident)?;
        if HIDDEN_COLUMNS.contains(&name.as_str()) {
            return refuse(format!(
                "`{name}` is a hidden column of one database only; declare a key column of your own"
            ));
        }
        if name == "default" && ident.quote_style.is_none() {
            return refuse("DEFAULT is no value; leave the column out to get its default");
        }
        self.name(ident)
    }

    /// A column's name where the grammar has a possibly qualified one.
    pub(super) fn column_of(&mut self, name: &ObjectName) -> Written {
        match only(name) {
            Some(ident) => self.column(ident),
            None => refuse(format!("`{name}` is qualified; name the column alone here")),
        }
    }

    /// A table's or an index's name: never qualified, never reserved.
    pub(super) fn relation(&mut self, name: &ObjectName) -> Written {
        let Some(ident) = only(name) else {
            return refuse(format!(
                "`{name}` is qualified; a plugin has one database, so write the table's name alone"
            ));
        };
        let text = checked(ident)?;
        if names::is_engines(&text) {
            return refuse(format!("`{text}` belongs to the database itself; a plugin reaches only its own tables"));
        }
        if self.author == Author::Guest && names::is_hosts(&text) {
            return refuse(format!("`{text}` is reserved: names starting with `conman_` belong to the host"));
        }
        self.name(ident)
    }

    /// `$n`.
    pub(super) fn parameter(&mut self, text: &str) -> Written {
        let number = text
            .strip_prefix('$')
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok());
        let Some(number @ 1..=MOST_PARAMETERS) = number else {
            return refuse(format!("`{text}` is no parameter; write $1, $2, … up to ${MOST_PARAMETERS}"));
        };
        self.parameters.order.push(number);
        match (self.target, self.in_order) {
            (Target::Sqlite, true) => self.push("?"),
            (Target::Sqlite, false) => self.push(&format!("?{number}")),
            _ => self.push(&format!("${number}")),
        }
        Ok(())
    }

    /// A text literal.
    pub(super) fn literal(&mut self, text: &str) {
        self.push("'");
        self.push(&text.replace('\'', "''"));
        self.push("'");
    }
}

/// The one part of a name that has one.
pub(super) fn only(name: &ObjectName) -> Option<&Ident> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Some(ident),
        _ => None,
    }
}

/// A name in lower case, if it is one both engines read alike.
pub(super) fn checked(ident: &Ident) -> Result<String, Refusal> {
    let text = &ident.value;
    let start = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !start || text.len() > 60 || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return refuse(format!(
            "`{text}` is no portable name; use up to 60 letters, digits and `_`, not starting with a digit"
        ));
    }
    match ident.quote_style {
        None => Ok(text.to_ascii_lowercase()),
        Some('"') if !text.bytes().any(|b| b.is_ascii_uppercase()) => Ok(text.clone()),
        Some('"') => refuse(format!(
            "\"{text}\" has capital letters, which the databases treat differently in quotes; write it in lower case"
        )),
        Some(_) => refuse(format!("write {text} without quotes, or in double quotes")),
    }
}
