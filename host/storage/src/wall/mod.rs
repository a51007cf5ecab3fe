//! The first wall: every statement is parsed, held against the portable subset, and written anew for each engine.
//!
//! What runs is never the text that came in but the text written from what was understood, so nothing that the parser
//! reads one way and an engine another can slip through. The writer knows only the subset; that it left nothing out is
//! proved by parsing its plain text again and comparing. Writing anew is also what makes the engines agree: where they
//! differ (where NULL sorts, what `\` means to LIKE, what the SUM of integers is), the text for PostgreSQL says what
//! SQLite does, and the other way round.

mod call;
mod change;
mod depth;
mod expression;
pub(crate) mod functions;
pub(crate) mod names;
mod order;
mod query;
mod schema;
pub(crate) mod verdicts;
mod writer;

use std::collections::HashSet;
use std::sync::Arc;

use sqlparser::ast;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Tokenizer;

pub(crate) use order::NullsClause;
use query::Place;
pub(crate) use writer::{Author, Refusal};
use writer::{Parameters, Target, Writer, Written, refuse};

/// What a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// SELECT.
    Query,
    /// INSERT, UPDATE, DELETE.
    Change,
    /// CREATE, ALTER, DROP.
    Schema,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is computed as a truth value.
    pub(crate) boolean: bool,
}

/// A statement that was judged, as each engine is to run it.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) sqlite: Arc<str>,
    pub(crate) postgres: Arc<str>,
    pub(crate) kind: Kind,
    /// Whether it answers rows: a SELECT, or a change with RETURNING.
    pub(crate) answers_rows: bool,
    /// How many parameters it has, where that was counted.
    pub(crate) parameters: Option<usize>,
    /// The answer's columns, unless a `*` hides them.
    pub(crate) outputs: Option<Vec<Output>>,
    /// Parameters (from 0) whose type PostgreSQL may fail to tell when they are NULL: those of which `$n IS NULL` is asked,
    /// and those that stand in several places.
    pub(crate) untyped: Vec<usize>,
    /// What of the text for PostgreSQL may be left out, in the order of their places.
    pub(crate) nulls: Vec<NullsClause>,
}

/// The longest text there may be.
const LONGEST: usize = 512 * 1024;

/// Trees deeper than this are walked on a stack of their own.
const SHALLOW: usize = 30;

/// That stack. Its memory is only taken as far as it is used.
const STACK: usize = 32 << 20;

/// Judges a text of one or several statements. `tag` is a comment put behind what SQLite is given.
pub(crate) fn judge(sql: &str, author: Author, tag: &str) -> Result<Vec<Statement>, Refusal> {
    if sql.len() > LONGEST {
        return refuse(format!("the statement is longer than {LONGEST} bytes; split it, or pass values as parameters"));
    }
    if sql.contains('\0') {
        return refuse("the statement holds a NUL character");
    }
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize().map_err(|error| Refusal(error.to_string()))?;
    let depth = depth::bound(&tokens)?;
    let work = || {
        let mut parser = Parser::new(&PostgreSqlDialect {}).with_tokens(tokens);
        let statements = parser.parse_statements().map_err(|error| Refusal(error.to_string()))?;
        statements.iter().map(|statement| judge_one(statement, author, tag)).collect()
    };
    if depth > SHALLOW { stacker::grow(STACK, work) } else { work() }
}

fn judge_one(statement: &ast::Statement, author: Author, tag: &str) -> Result<Statement, Refusal> {
    let Writer { text: plain, parameters, .. } = write(statement, Target::Plain, author, false)?;
    let again = Parser::parse_sql(&PostgreSqlDialect {}, &plain).map_err(|error| Refusal(error.to_string()))?;
    if !matches!(again.as_slice(), [same] if same == statement) {
        return refuse(format!(
            "the statement holds something that is not in the portable subset; all that was understood of it is: {plain}"
        ));
    }
    let in_order = parameters.order.iter().copied().eq(1..=parameters.order.len());
    let Writer { text: mut sqlite, .. } = write(statement, Target::Sqlite, author, in_order)?;
    if !tag.is_empty() {
        sqlite.push(' ');
        sqlite.push_str(tag);
    }
    let Writer { text: postgres, nulls, .. } = write(statement, Target::Postgres, author, in_order)?;
    let (kind, answers_rows, outputs) = describe(statement)?;
    Ok(Statement {
        sqlite: sqlite.into(),
        postgres: postgres.into(),
        kind,
        answers_rows,
        parameters: Some(count(&parameters)?),
        outputs,
        untyped: untyped(&parameters),
        nulls,
    })
}

fn write(statement: &ast::Statement, target: Target, author: Author, in_order: bool) -> Result<Writer, Refusal> {
    let mut writer = Writer::new(target, author, in_order);
    writer.statement(statement)?;
    Ok(writer)
}

impl Writer {
    fn statement(&mut self, statement: &ast::Statement) -> Written {
        match statement {
            ast::Statement::Query(query) => self.query(query, Place::Whole),
            ast::Statement::Insert(insert) => self.insert(insert),
            ast::Statement::Update(update) => self.update(update),
            ast::Statement::Delete(delete) => self.delete(delete),
            ast::Statement::CreateTable(table) => self.create_table(table),
            ast::Statement::CreateIndex(index) => self.create_index(index),
            ast::Statement::AlterTable(table) => self.alter_table(table),
            ast::Statement::Drop { object_type, if_exists, names, .. } => self.drop_one(object_type, *if_exists, names),
            ast::Statement::StartTransaction { .. }
            | ast::Statement::Commit { .. }
            | ast::Statement::Rollback { .. }
            | ast::Statement::Savepoint { .. }
            | ast::Statement::ReleaseSavepoint { .. } => {
                refuse("the host opens and ends transactions; return an error to undo everything")
            }
            other => {
                let text = other.to_string();
                let verb: String = text.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
                refuse(format!(
                    "{verb} … is not in the portable subset; there are SELECT, INSERT, UPDATE and DELETE, and in migrations \
                     CREATE TABLE, CREATE INDEX, ALTER TABLE and DROP"
                ))
            }
        }
    }
}

/// What a statement is, whether it answers rows, and which columns they have.
fn describe(statement: &ast::Statement) -> Result<(Kind, bool, Option<Vec<Output>>), Refusal> {
    let returning = match statement {
        ast::Statement::Query(query) => return Ok((Kind::Query, true, query::outputs(&query.body)?)),
        ast::Statement::Insert(insert) => &insert.returning,
        ast::Statement::Update(update) => &update.returning,
        ast::Statement::Delete(delete) => &delete.returning,
        _ => return Ok((Kind::Schema, false, None)),
    };
    let outputs = returning.as_deref().map_or(Ok(None), query::items)?;
    Ok((Kind::Change, returning.is_some(), outputs))
}

/// See [`Statement::untyped`].
fn untyped(parameters: &Parameters) -> Vec<usize> {
    let mut seen = HashSet::new();
    let again = parameters.order.iter().filter(|number| !seen.insert(**number));
    let mut untyped: Vec<_> = again.chain(&parameters.null_tests).map(|number| number - 1).collect();
    untyped.sort_unstable();
    untyped.dedup();
    untyped
}

/// How many parameters there are, numbered without gaps.
fn count(parameters: &Parameters) -> Result<usize, Refusal> {
    let most = parameters.order.iter().copied().max().unwrap_or(0);
    let mut used = vec![false; most + 1];
    for number in &parameters.order {
        if let Some(used) = used.get_mut(*number) {
            *used = true;
        }
    }
    match used.iter().skip(1).position(|used| !used) {
        None => Ok(most),
        Some(missing) => refuse(format!("parameter ${} is missing; number them from $1 without gaps", missing + 1)),
    }
}

#[cfg(test)]
mod tests;
