//! CREATE, ALTER and DROP, in the portable subset: for migrations only.
//!
//! SQLite stores anything in any column and leaves keys nullable; the text for SQLite carries checks, so that a plugin
//! learns on either database that it stored a text as a number. On PostgreSQL text columns sort by their bytes.

use sqlparser::ast::{
    AlterTable, AlterTableOperation, ColumnDef, ColumnOption, ColumnOptionDef, CreateIndex, CreateTable, DataType,
    Expr, ForeignKeyConstraint, Ident, IndexColumn, ObjectName, ObjectType, ReferentialAction, RenameTableNameKind,
    TableConstraint, UnaryOperator,
};

use super::expression::TYPES;
use super::order::NullsClause;
use super::writer::{Target, Writer, Written, checked, only, refuse};

impl Writer {
    pub(super) fn create_table(&mut self, table: &CreateTable) -> Written {
        if table.temporary || table.query.is_some() || table.like.is_some() {
            return refuse("write CREATE TABLE name (columns), without TEMPORARY, AS or LIKE");
        }
        self.push("CREATE TABLE ");
        if table.if_not_exists {
            self.push("IF NOT EXISTS ");
        }
        self.relation(&table.name)?;
        if table.columns.is_empty() {
            return refuse("a table needs columns");
        }
        self.push(" (");
        let key = table.constraints.iter().find_map(|constraint| match constraint {
            TableConstraint::PrimaryKey(key) => Some(key.columns.as_slice()),
            _ => None,
        });
        self.list(&table.columns, ", ", |writer, column| {
            let in_key = key.is_some_and(|key| key.iter().any(|part| is_column(part, &column.name)));
            writer.column_definition(column, in_key)
        })?;
        for constraint in &table.constraints {
            self.push(", ");
            self.table_constraint(constraint)?;
        }
        self.push(")");
        Ok(())
    }

    fn column_definition(&mut self, column: &ColumnDef, in_key: bool) -> Written {
        self.column(&column.name)?;
        let (name, class) = match (&column.data_type, self.target) {
            (DataType::Text, Target::Postgres) => ("TEXT COLLATE \"C\"", "text"),
            (DataType::Text, _) => ("TEXT", "text"),
            (DataType::BigInt(None), _) => ("BIGINT", "integer"),
            (DataType::Boolean, _) => ("BOOLEAN", "boolean"),
            (DataType::DoublePrecision, _) => ("DOUBLE PRECISION", "real"),
            (DataType::Bytea, Target::Sqlite) => ("BLOB", "blob"),
            (DataType::Bytea, _) => ("BYTEA", "blob"),
            (other, _) => return refuse(format!("`{other}` is no portable type (column {}); {TYPES}", column.name)),
        };
        self.push(" ");
        self.push(name);
        for option in &column.options {
            self.column_option(option)?;
        }
        if self.sqlite() {
            self.sqlite_checks(column, class, in_key)?;
        }
        Ok(())
    }

    fn sqlite_checks(&mut self, column: &ColumnDef, class: &str, in_key: bool) -> Written {
        let name = checked(&column.name)?;
        let has = |wanted: fn(&ColumnOption) -> bool| column.options.iter().any(|option| wanted(&option.option));
        let key = in_key || has(|option| matches!(option, ColumnOption::PrimaryKey(_)));
        if key && !has(|option| matches!(option, ColumnOption::NotNull)) {
            self.push(" NOT NULL");
        }
        let test = if class == "boolean" {
            format!("\"{name}\" IN (0, 1)")
        } else {
            format!("typeof(\"{name}\") IN ('{class}', 'null')")
        };
        self.push(&format!(" CONSTRAINT \"{name} is {}\" CHECK ({test})", column.data_type));
        Ok(())
    }

    fn column_option(&mut self, option: &ColumnOptionDef) -> Written {
        self.push(" ");
        self.constraint_name(option.name.as_ref())?;
        match &option.option {
            ColumnOption::Null => self.push("NULL"),
            ColumnOption::NotNull => self.push("NOT NULL"),
            ColumnOption::Default(value) => {
                if !is_constant(value) {
                    return refuse(format!(
                        "DEFAULT {value}: a default is a constant; pass other values in the INSERT"
                    ));
                }
                self.push("DEFAULT ");
                self.expression(value)?;
            }
            ColumnOption::PrimaryKey(_) => self.push("PRIMARY KEY"),
            ColumnOption::Unique(_) => self.push("UNIQUE"),
            ColumnOption::Check(check) => {
                self.push("CHECK (");
                self.expression(&check.expr)?;
                self.push(")");
            }
            ColumnOption::ForeignKey(key) => self.references(key)?,
            other => return refuse(format!("`{other}` is no portable property of a column")),
        }
        Ok(())
    }

    fn constraint_name(&mut self, name: Option<&Ident>) -> Written {
        let Some(name) = name else { return Ok(()) };
        self.push("CONSTRAINT ");
        self.name(name)?;
        self.push(" ");
        Ok(())
    }

    fn table_constraint(&mut self, constraint: &TableConstraint) -> Written {
        match constraint {
            TableConstraint::PrimaryKey(key) => {
                self.constraint_name(key.name.as_ref())?;
                self.push("PRIMARY KEY (");
                self.key_columns(&key.columns)?;
                self.push(")");
                Ok(())
            }
            TableConstraint::Unique(key) => {
                self.constraint_name(key.name.as_ref())?;
                self.push("UNIQUE (");
                self.key_columns(&key.columns)?;
                self.push(")");
                Ok(())
            }
            TableConstraint::Check(check) => {
                self.constraint_name(check.name.as_ref())?;
                self.push("CHECK (");
                self.expression(&check.expr)?;
                self.push(")");
                Ok(())
            }
            TableConstraint::ForeignKey(key) => {
                self.constraint_name(key.name.as_ref())?;
                self.push("FOREIGN KEY (");
                self.list(&key.columns, ", ", Self::column)?;
                self.push(") ");
                self.references(key)
            }
            other => refuse(format!(
                "`{other}` is no portable constraint; there are PRIMARY KEY, UNIQUE, CHECK and FOREIGN KEY"
            )),
        }
    }

    fn key_columns(&mut self, columns: &[IndexColumn]) -> Written {
        self.list(columns, ", ", |writer, column| match &column.column.expr {
            Expr::Identifier(name) => writer.column(name),
            other => refuse(format!("`{other}`: keys are made of columns")),
        })
    }

    fn references(&mut self, key: &ForeignKeyConstraint) -> Written {
        self.push("REFERENCES ");
        self.relation(&key.foreign_table)?;
        if !key.referred_columns.is_empty() {
            self.push(" (");
            self.list(&key.referred_columns, ", ", Self::column)?;
            self.push(")");
        }
        for (words, action) in [(" ON DELETE ", &key.on_delete), (" ON UPDATE ", &key.on_update)] {
            let Some(action) = action else { continue };
            self.push(words);
            self.push(match action {
                ReferentialAction::Restrict => "RESTRICT",
                ReferentialAction::Cascade => "CASCADE",
                ReferentialAction::SetNull => "SET NULL",
                ReferentialAction::NoAction => "NO ACTION",
                ReferentialAction::SetDefault => "SET DEFAULT",
            });
        }
        Ok(())
    }

    pub(super) fn create_index(&mut self, index: &CreateIndex) -> Written {
        let Some(name) = &index.name else {
            return refuse("an index needs a name");
        };
        self.push(if index.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
        if index.if_not_exists {
            self.push("IF NOT EXISTS ");
        }
        self.relation(name)?;
        self.push(" ON ");
        self.relation(&index.table_name)?;
        let table = only(&index.table_name).map_or_else(|| Ok(String::new()), checked)?;
        self.push("(");
        self.list(&index.columns, ", ", |writer, column| {
            // PostgreSQL wants everything but a column in parentheses of its own.
            let bare = matches!(column.column.expr, Expr::Identifier(_)) || !writer.postgres();
            writer.push(if bare { "" } else { "(" });
            writer.expression(&column.column.expr)?;
            writer.push(if bare { "" } else { ")" });
            let clause = match &column.column.expr {
                Expr::Identifier(name) => Some(NullsClause::of(&table, checked(name)?)),
                _ => None,
            };
            writer.direction(&column.column, clause)
        })?;
        self.push(")");
        if let Some(condition) = &index.predicate {
            self.push(" WHERE ");
            self.expression(condition)?;
        }
        Ok(())
    }

    pub(super) fn alter_table(&mut self, table: &AlterTable) -> Written {
        let [operation] = table.operations.as_slice() else {
            return refuse("ALTER TABLE takes one change at a time");
        };
        self.push("ALTER TABLE ");
        self.relation(&table.name)?;
        match operation {
            AlterTableOperation::AddColumn { if_not_exists: false, column_keyword, column_def, .. } => {
                self.push(if *column_keyword || !self.plain() { " ADD COLUMN " } else { " ADD " });
                self.column_definition(column_def, false)
            }
            AlterTableOperation::RenameColumn { old_column_name, new_column_name } => {
                self.push(" RENAME COLUMN ");
                self.column(old_column_name)?;
                self.push(" TO ");
                self.column(new_column_name)
            }
            AlterTableOperation::RenameTable { table_name: RenameTableNameKind::To(name) } => {
                self.push(" RENAME TO ");
                self.relation(name)
            }
            AlterTableOperation::DropColumn {
                if_exists: false,
                drop_behavior: None,
                column_names,
                has_column_keyword,
            } => {
                let [column] = column_names.as_slice() else {
                    return refuse("drop one column at a time");
                };
                self.push(if *has_column_keyword || !self.plain() { " DROP COLUMN " } else { " DROP " });
                self.column(column)
            }
            other => refuse(format!(
                "`{other}`: of changes to a table there are ADD COLUMN, DROP COLUMN, RENAME COLUMN and RENAME TO; for others make a new table and copy"
            )),
        }
    }

    pub(super) fn drop_one(&mut self, kind: &ObjectType, if_exists: bool, names: &[ObjectName]) -> Written {
        self.push(match kind {
            ObjectType::Table => "DROP TABLE ",
            ObjectType::Index => "DROP INDEX ",
            other => {
                return refuse(format!(
                    "DROP {other} is not in the portable subset; there are DROP TABLE and DROP INDEX"
                ));
            }
        });
        if if_exists {
            self.push("IF EXISTS ");
        }
        let [name] = names else {
            return refuse("drop one thing at a time");
        };
        self.relation(name)
    }
}

fn is_column(part: &IndexColumn, name: &Ident) -> bool {
    matches!(&part.column.expr, Expr::Identifier(ident) if ident.value.eq_ignore_ascii_case(&name.value))
}

fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::Value(_) => true,
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } | Expr::Nested(expr) => is_constant(expr),
        _ => false,
    }
}
