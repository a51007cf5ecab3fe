//! ORDER BY, and where NULL goes.
//!
//! NULL sorts before everything, as SQLite has it. PostgreSQL has to be told so, with NULLS FIRST or LAST at every term;
//! but its indexes on primary keys are not made that way, and it would sort a whole table where following the index would
//! do. So where a term is plainly a column of a table, the clause is written down together with what has to be known for
//! leaving it out: that the column is never NULL.

use std::collections::HashMap;
use std::ops::Range;

use sqlparser::ast::{
    Expr, JoinOperator, OrderBy, OrderByExpr, OrderByKind, OrderBySort, Select, SelectItem, SetExpr, TableFactor,
};

use super::writer::{Writer, Written, checked, only, refuse};

/// A NULLS clause that may be left out of the text for PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NullsClause {
    /// Where in the text it stands.
    pub(crate) place: Range<usize>,
    /// The column, if it is never NULL in those of these tables that have it …
    pub(crate) column: String,
    pub(crate) solid: Vec<String>,
    /// … and none of these, which outer joins fill with NULL, has it.
    pub(crate) loose: Vec<String>,
}

/// The tables a SELECT reads, by what they are called in it.
#[derive(Debug, Default)]
struct Sources {
    solid: HashMap<String, String>,
    loose: HashMap<String, String>,
}

impl Writer {
    pub(super) fn order(&mut self, order: &OrderBy, body: &SetExpr) -> Written {
        let OrderByKind::Expressions(terms) = &order.kind else {
            return refuse("write out what to ORDER BY");
        };
        let select = match body {
            SetExpr::Select(select) if self.postgres() && self.within_with == 0 => Some(select),
            _ => None,
        };
        let sources = select.and_then(|select| Some((sources(select)?, select)));
        self.push("ORDER BY ");
        self.list(terms, ", ", |writer, term| {
            writer.ordinal_or_expression(&term.expr)?;
            let clause = sources.as_ref().and_then(|(sources, select)| sources.clause(&term.expr, select));
            writer.direction(term, clause)
        })
    }

    /// The terms of an order inside of an expression.
    pub(super) fn order_terms(&mut self, terms: &[OrderByExpr]) -> Written {
        self.list(terms, ", ", |writer, term| {
            writer.ordinal_or_expression(&term.expr)?;
            writer.direction(term, None)
        })
    }

    /// Up or down, and where NULL goes. `clause` is what allows to leave the latter to PostgreSQL.
    pub(super) fn direction(&mut self, term: &OrderByExpr, clause: Option<NullsClause>) -> Written {
        let descending = match &term.options.sort {
            None => false,
            Some(OrderBySort::Asc) => {
                self.push(" ASC");
                false
            }
            Some(OrderBySort::Desc) => {
                self.push(" DESC");
                true
            }
            Some(OrderBySort::Using(_)) => return refuse("of orders there are ASC and DESC"),
        };
        match term.options.nulls_first {
            Some(true) => self.push(" NULLS FIRST"),
            Some(false) => self.push(" NULLS LAST"),
            None if self.postgres() => {
                let start = self.text.len();
                self.push(if descending { " NULLS LAST" } else { " NULLS FIRST" });
                let place = start..self.text.len();
                self.nulls.extend(clause.map(|clause| NullsClause { place, ..clause }));
            }
            None => {}
        }
        Ok(())
    }
}

impl NullsClause {
    /// A clause about a column of one table, its place yet unknown.
    pub(super) fn of(table: &str, column: String) -> Self {
        Self { place: 0..0, column, solid: vec![table.to_owned()], loose: Vec::new() }
    }
}

impl Sources {
    /// What has to be known of a term, if it is plainly a column of these tables.
    fn clause(&self, term: &Expr, select: &Select) -> Option<NullsClause> {
        match term {
            Expr::Identifier(name) => {
                let column = checked(name).ok()?;
                if !select.projection.iter().all(|item| is_that_column_or_another_name(item, &column)) {
                    return None;
                }
                let tables = |tables: &HashMap<String, String>| tables.values().cloned().collect();
                Some(NullsClause { place: 0..0, column, solid: tables(&self.solid), loose: tables(&self.loose) })
            }
            Expr::CompoundIdentifier(parts) => {
                let [table, column] = parts.as_slice() else { return None };
                let table = self.solid.get(&checked(table).ok()?)?;
                Some(NullsClause::of(table, checked(column).ok()?))
            }
            _ => None,
        }
    }

    fn add(&mut self, table: &TableFactor, solid: bool) -> Option<()> {
        let TableFactor::Table { name, alias, .. } = table else { return None };
        let name = checked(only(name)?).ok()?;
        let called = alias.as_ref().map_or_else(|| Some(name.clone()), |alias| checked(&alias.name).ok())?;
        if solid {
            self.solid.insert(called, name)
        } else {
            self.loose.insert(called, name)
        };
        Some(())
    }
}

/// The tables of a SELECT that reads nothing but tables, and joins them only so that the first ones keep their rows.
fn sources(select: &Select) -> Option<Sources> {
    let mut sources = Sources::default();
    for table in &select.from {
        sources.add(&table.relation, true)?;
        for join in &table.joins {
            let solid = match join.join_operator {
                JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => true,
                JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => false,
                _ => return None,
            };
            sources.add(&join.relation, solid)?;
        }
    }
    Some(sources)
}

/// Whether an answered column is called otherwise, or is the column that it is called.
fn is_that_column_or_another_name(item: &SelectItem, column: &str) -> bool {
    let SelectItem::ExprWithAlias { expr, alias } = item else { return true };
    if !alias.value.eq_ignore_ascii_case(column) {
        return true;
    }
    match expr {
        Expr::Identifier(name) => name.value.eq_ignore_ascii_case(column),
        Expr::CompoundIdentifier(parts) => parts.last().is_some_and(|name| name.value.eq_ignore_ascii_case(column)),
        _ => false,
    }
}
