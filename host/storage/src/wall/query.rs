//! SELECT, in the portable subset.

use sqlparser::ast::{
    Cte, Distinct, Expr, GroupByExpr, Join, JoinConstraint, JoinOperator, LimitClause, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, TableAlias, TableFactor, TableWithJoins,
    Values,
};

use super::Output;
use super::expression::is_boolean;
use super::writer::{Writer, Written, checked, refuse};

/// Where a SELECT stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the statement: its columns get names.
    Whole,
    /// Inside of something.
    Part,
    /// The source of an INSERT with ON CONFLICT: SQLite takes the ON for a join's unless there is a WHERE.
    BeforeOn,
}

impl Writer {
    pub(super) fn query(&mut self, query: &Query, place: Place) -> Written {
        if !query.locks.is_empty() {
            return refuse("FOR UPDATE and the like are not needed: transactions are serializable. Leave it out");
        }
        if query.fetch.is_some() {
            return refuse("write LIMIT instead of FETCH");
        }
        if let Some(with) = &query.with {
            if with.recursive {
                return refuse(
                    "WITH RECURSIVE is not in the portable subset; read the rows and walk them in the plugin",
                );
            }
            self.within_with += 1;
            self.push("WITH ");
            self.list(&with.cte_tables, ", ", Self::cte)?;
            self.push(" ");
        }
        self.body(&query.body, place)?;
        if let Some(order) = &query.order_by {
            self.push(" ");
            self.order(order, &query.body)?;
        }
        self.within_with -= usize::from(query.with.is_some());
        match &query.limit_clause {
            None => Ok(()),
            Some(limit) => self.limit(limit),
        }
    }

    fn cte(&mut self, cte: &Cte) -> Written {
        if cte.materialized.is_some() {
            return refuse("leave MATERIALIZED out");
        }
        self.alias_name(&cte.alias)?;
        if !cte.alias.columns.is_empty() {
            self.push("(");
            self.list(&cte.alias.columns, ", ", |writer, column| writer.column(&column.name))?;
            self.push(")");
        }
        self.push(" AS (");
        self.query(&cte.query, Place::Part)?;
        self.push(")");
        Ok(())
    }

    fn alias_name(&mut self, alias: &TableAlias) -> Written {
        let name = checked(&alias.name)?;
        if super::names::is_reserved(&name) {
            return refuse(format!("`{name}` is a reserved name; choose another"));
        }
        self.name(&alias.name)
    }

    fn body(&mut self, body: &SetExpr, place: Place) -> Written {
        match body {
            SetExpr::Select(select) => self.select(select, place),
            SetExpr::Values(values) => self.values(values),
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                self.body(left, if place == Place::BeforeOn { Place::Part } else { place })?;
                self.push(match (op, set_quantifier) {
                    (SetOperator::Union, SetQuantifier::None) => " UNION ",
                    (SetOperator::Union, SetQuantifier::All) => " UNION ALL ",
                    (SetOperator::Except, SetQuantifier::None) => " EXCEPT ",
                    (SetOperator::Intersect, SetQuantifier::None) => " INTERSECT ",
                    _ => return refuse("of set operations there are UNION, UNION ALL, EXCEPT and INTERSECT"),
                });
                if matches!(**right, SetExpr::SetOperation { .. }) {
                    return refuse(
                        "the databases disagree on what INTERSECT after UNION or EXCEPT belongs to; put one of them into WITH",
                    );
                }
                self.body(right, if place == Place::BeforeOn { Place::BeforeOn } else { Place::Part })
            }
            SetExpr::Query(_) => {
                refuse("a SELECT in parentheses cannot stand here; write it as SELECT * FROM (…) AS name")
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) | SetExpr::Table(_) => {
                refuse("only SELECT and VALUES can stand inside a statement")
            }
        }
    }

    pub(super) fn values(&mut self, values: &Values) -> Written {
        self.push("VALUES ");
        self.list(&values.rows, ", ", |writer, row| {
            writer.push("(");
            writer.list(row, ", ", Self::expression)?;
            writer.push(")");
            Ok(())
        })
    }

    fn select(&mut self, select: &Select, place: Place) -> Written {
        self.push("SELECT ");
        match &select.distinct {
            None => {}
            Some(Distinct::Distinct) => self.push("DISTINCT "),
            Some(_) => return refuse("of DISTINCT there is only SELECT DISTINCT; use GROUP BY for DISTINCT ON"),
        }
        let whole = place == Place::Whole;
        for (number, item) in select.projection.iter().enumerate() {
            if number > 0 {
                self.push(", ");
            }
            self.item(item, whole.then_some(number + 1))?;
        }
        if !select.from.is_empty() {
            self.push(" FROM ");
            self.list(&select.from, ", ", Self::table_with_joins)?;
        }
        match &select.selection {
            Some(condition) => {
                self.push(" WHERE ");
                self.expression(condition)?;
            }
            None if place == Place::BeforeOn && !select.from.is_empty() && !self.plain() => self.push(" WHERE TRUE"),
            None => {}
        }
        match &select.group_by {
            GroupByExpr::Expressions(expressions, _) if expressions.is_empty() => {}
            GroupByExpr::Expressions(expressions, _) => {
                self.push(" GROUP BY ");
                self.list(expressions, ", ", Self::ordinal_or_expression)?;
            }
            GroupByExpr::All(_) => return refuse("write out what to GROUP BY"),
        }
        if let Some(condition) = &select.having {
            self.push(" HAVING ");
            self.expression(condition)?;
        }
        Ok(())
    }

    /// One column of an answer. Where it is the statement's own answer, `number` is its place and it gets a name, because
    /// the engines make up different ones.
    pub(super) fn item(&mut self, item: &SelectItem, number: Option<usize>) -> Written {
        match item {
            SelectItem::UnnamedExpr(expression) => {
                self.expression(expression)?;
                if let (Some(number), false) = (number, self.plain()) {
                    let name = name_of(expression, number)?;
                    self.push(&format!(" AS \"{name}\""));
                }
                Ok(())
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                self.expression(expr)?;
                self.push(" AS ");
                self.name(alias)
            }
            SelectItem::Wildcard(_) => {
                self.push("*");
                Ok(())
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                self.relation(name)?;
                self.push(".*");
                Ok(())
            }
            other => refuse(format!("`{other}` is no portable column of an answer")),
        }
    }

    pub(super) fn table_with_joins(&mut self, table: &TableWithJoins) -> Written {
        self.table(&table.relation)?;
        table.joins.iter().try_for_each(|join| self.join(join))
    }

    pub(super) fn table(&mut self, table: &TableFactor) -> Written {
        match table {
            TableFactor::Table { args: Some(_), name, .. } => {
                refuse(format!("`{name}(…)` is a function of one database only; select from tables"))
            }
            TableFactor::Table { name, alias, .. } => {
                self.relation(name)?;
                self.alias(alias.as_ref())
            }
            TableFactor::Derived { lateral: true, .. } => refuse("LATERAL is not in the portable subset; use a JOIN"),
            TableFactor::Derived { alias: None, .. } => {
                refuse("a SELECT in FROM needs a name: FROM (SELECT …) AS name")
            }
            TableFactor::Derived { subquery, alias, .. } => {
                self.push("(");
                self.query(subquery, Place::Part)?;
                self.push(")");
                self.alias(alias.as_ref())
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.push("(");
                self.table_with_joins(table_with_joins)?;
                self.push(")");
                Ok(())
            }
            other => refuse(format!("`{other}` is no portable source of rows; select from tables")),
        }
    }

    fn alias(&mut self, alias: Option<&TableAlias>) -> Written {
        let Some(alias) = alias else { return Ok(()) };
        if !alias.columns.is_empty() {
            return refuse("name the columns in WITH: WITH name(a, b) AS (…)");
        }
        self.push(if alias.explicit || !self.plain() { " AS " } else { " " });
        self.alias_name(alias)
    }

    fn join(&mut self, join: &Join) -> Written {
        let (words, constraint) = match &join.join_operator {
            JoinOperator::Join(constraint) => (" JOIN ", constraint),
            JoinOperator::Inner(constraint) => (" INNER JOIN ", constraint),
            JoinOperator::Left(constraint) => (" LEFT JOIN ", constraint),
            JoinOperator::LeftOuter(constraint) => (" LEFT OUTER JOIN ", constraint),
            JoinOperator::Right(constraint) => (" RIGHT JOIN ", constraint),
            JoinOperator::RightOuter(constraint) => (" RIGHT OUTER JOIN ", constraint),
            JoinOperator::FullOuter(constraint) => (" FULL JOIN ", constraint),
            JoinOperator::CrossJoin(constraint) => (" CROSS JOIN ", constraint),
            _ => return refuse("of joins there are JOIN, LEFT JOIN, RIGHT JOIN, FULL JOIN and CROSS JOIN"),
        };
        self.push(words);
        self.table(&join.relation)?;
        let cross = matches!(join.join_operator, JoinOperator::CrossJoin(_));
        match constraint {
            JoinConstraint::On(condition) if !cross => {
                self.push(" ON ");
                self.expression(condition)
            }
            JoinConstraint::Using(columns) if !cross => {
                self.push(" USING (");
                self.list(columns, ", ", Self::column_of)?;
                self.push(")");
                Ok(())
            }
            JoinConstraint::None if cross => Ok(()),
            JoinConstraint::Natural => {
                refuse("NATURAL JOIN changes its meaning with every new column; write ON or USING")
            }
            _ => refuse("a JOIN needs ON or USING; a CROSS JOIN has neither"),
        }
    }

    fn limit(&mut self, limit: &LimitClause) -> Written {
        match limit {
            LimitClause::LimitOffset { limit: Some(limit), offset, .. } => {
                self.push(" LIMIT ");
                self.expression(limit)?;
                if let Some(offset) = offset {
                    self.push(" OFFSET ");
                    self.expression(&offset.value)?;
                }
                Ok(())
            }
            LimitClause::LimitOffset { limit: None, .. } => refuse("OFFSET needs a LIMIT before it"),
            LimitClause::OffsetCommaLimit { .. } => refuse("write LIMIT count OFFSET start"),
        }
    }
}

/// The columns a statement answers, unless a `*` hides them.
pub(super) fn outputs(body: &SetExpr) -> Result<Option<Vec<Output>>, super::Refusal> {
    match body {
        SetExpr::Select(select) => items(&select.projection),
        SetExpr::SetOperation { left, .. } => outputs(left),
        _ => Ok(None),
    }
}

/// The columns of a list of items, unless a `*` hides them.
pub(super) fn items(items: &[SelectItem]) -> Result<Option<Vec<Output>>, super::Refusal> {
    let mut outputs = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        let (name, expression) = match item {
            SelectItem::UnnamedExpr(expression) => (name_of(expression, place + 1)?, expression),
            SelectItem::ExprWithAlias { expr, alias } => (checked(alias)?, expr),
            _ => return Ok(None),
        };
        outputs.push(Output { name, boolean: is_boolean(expression) });
    }
    Ok(Some(outputs))
}

/// What an unnamed column is called: as the column it is, or `column3` by its place.
fn name_of(expression: &Expr, number: usize) -> Result<String, super::Refusal> {
    match expression {
        Expr::Identifier(ident) => checked(ident),
        Expr::CompoundIdentifier(parts) => parts.last().map_or_else(|| Ok(format!("column{number}")), checked),
        _ => Ok(format!("column{number}")),
    }
}
