//! INSERT, UPDATE and DELETE, in the portable subset.

use sqlparser::ast::{
    Assignment, AssignmentTarget, ConflictTarget, Delete, FromTable, Insert, OnConflictAction, OnInsert, SelectItem,
    SetExpr, TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};

use super::query::Place;
use super::writer::{Writer, Written, refuse};

impl Writer {
    pub(super) fn insert(&mut self, insert: &Insert) -> Written {
        if insert.or.is_some() || insert.replace_into {
            return refuse("write INSERT … ON CONFLICT (columns) DO UPDATE or DO NOTHING instead of OR");
        }
        if !insert.into {
            return refuse("write INSERT INTO");
        }
        let TableObject::TableName(table) = &insert.table else {
            return refuse("INSERT INTO takes a table");
        };
        self.push("INSERT INTO ");
        self.relation(table)?;
        if !insert.columns.is_empty() {
            self.push(" (");
            self.list(&insert.columns, ", ", Self::column_of)?;
            self.push(")");
        }
        self.push(" ");
        match &insert.source {
            None => self.push("DEFAULT VALUES"),
            Some(query) => {
                let plain_select = query.order_by.is_none()
                    && query.limit_clause.is_none()
                    && !matches!(*query.body, SetExpr::Values(_));
                let place = if insert.on.is_some() && plain_select { Place::BeforeOn } else { Place::Part };
                self.query(query, place)?;
            }
        }
        match &insert.on {
            None => {}
            Some(OnInsert::OnConflict(conflict)) => {
                self.push(" ON CONFLICT");
                match &conflict.conflict_target {
                    None => {}
                    Some(ConflictTarget::Columns(columns)) => {
                        self.push("(");
                        self.list(columns, ", ", Self::column)?;
                        self.push(")");
                    }
                    Some(ConflictTarget::OnConstraint(_)) => return refuse("name the columns: ON CONFLICT (columns)"),
                }
                match &conflict.action {
                    OnConflictAction::DoNothing => self.push(" DO NOTHING"),
                    OnConflictAction::DoUpdate(_) if conflict.conflict_target.is_none() => {
                        return refuse("DO UPDATE needs the columns in conflict: ON CONFLICT (columns) DO UPDATE");
                    }
                    OnConflictAction::DoUpdate(update) => {
                        self.push(" DO UPDATE SET ");
                        self.list(&update.assignments, ", ", Self::assignment)?;
                        self.condition(update.selection.as_ref())?;
                    }
                }
            }
            Some(_) => return refuse("write ON CONFLICT (columns) DO UPDATE or DO NOTHING"),
        }
        self.returning(insert.returning.as_deref())
    }

    pub(super) fn update(&mut self, update: &Update) -> Written {
        if update.or.is_some() {
            return refuse("UPDATE OR … is not in the portable subset");
        }
        if !update.order_by.is_empty() || update.limit.is_some() {
            return refuse("UPDATE has no ORDER BY or LIMIT; choose the rows with WHERE id IN (SELECT …)");
        }
        self.push("UPDATE ");
        self.one_table(&update.table)?;
        self.push(" SET ");
        self.list(&update.assignments, ", ", Self::assignment)?;
        match &update.from {
            None => {}
            Some(UpdateTableFromKind::AfterSet(tables)) => {
                self.push(" FROM ");
                self.list(tables, ", ", Self::table_with_joins)?;
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => return refuse("write UPDATE table SET … FROM other WHERE …"),
        }
        self.condition(update.selection.as_ref())?;
        self.returning(update.returning.as_deref())
    }

    pub(super) fn delete(&mut self, delete: &Delete) -> Written {
        if !delete.order_by.is_empty() || delete.limit.is_some() {
            return refuse("DELETE has no ORDER BY or LIMIT; choose the rows with WHERE id IN (SELECT …)");
        }
        if delete.using.is_some() {
            return refuse("DELETE has no USING; choose the rows with WHERE id IN (SELECT …)");
        }
        let FromTable::WithFromKeyword(tables) = &delete.from else {
            return refuse("write DELETE FROM");
        };
        let [table] = tables.as_slice() else {
            return refuse("DELETE takes one table");
        };
        self.push("DELETE FROM ");
        self.one_table(table)?;
        self.condition(delete.selection.as_ref())?;
        self.returning(delete.returning.as_deref())
    }

    fn one_table(&mut self, table: &TableWithJoins) -> Written {
        match (&table.relation, table.joins.as_slice()) {
            (TableFactor::Table { .. }, []) => self.table(&table.relation),
            _ => refuse("name one table to change"),
        }
    }

    fn assignment(&mut self, assignment: &Assignment) -> Written {
        let AssignmentTarget::ColumnName(column) = &assignment.target else {
            return refuse("set columns one by one: a = …, b = …");
        };
        self.column_of(column)?;
        self.push(" = ");
        self.expression(&assignment.value)
    }

    fn condition(&mut self, condition: Option<&sqlparser::ast::Expr>) -> Written {
        let Some(condition) = condition else { return Ok(()) };
        self.push(" WHERE ");
        self.expression(condition)
    }

    fn returning(&mut self, items: Option<&[SelectItem]>) -> Written {
        let Some(items) = items else { return Ok(()) };
        self.push(" RETURNING ");
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.push(", ");
            }
            self.item(item, Some(place + 1))?;
        }
        Ok(())
    }
}
