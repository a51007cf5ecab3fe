//! Expressions, in the portable subset.

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator,
    Value,
};

use super::functions;
use super::query::Place;
use super::writer::{Target, Writer, Written, only, refuse};

impl Writer {
    pub(super) fn expression(&mut self, expression: &Expr) -> Written {
        match expression {
            Expr::Identifier(name) => self.column(name),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, column] => {
                    self.name(table)?;
                    self.push(".");
                    self.column(column)
                }
                _ => refuse(format!("`{expression}` is qualified too far; write table.column")),
            },
            Expr::Value(value) => self.value(&value.value),
            Expr::Nested(inner) => self.within("(", inner, ")"),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::UnaryOp { op, expr } => {
                self.push(match op {
                    UnaryOperator::Not => "NOT ",
                    UnaryOperator::Minus => "- ",
                    UnaryOperator::Plus => "+ ",
                    _ => return refuse(format!("the operator `{op}` is not in the portable subset")),
                });
                self.expression(expr)
            }
            Expr::IsNull(inner) => self.null_test(inner, " IS NULL"),
            Expr::IsNotNull(inner) => self.null_test(inner, " IS NOT NULL"),
            Expr::IsTrue(inner) => self.within("", inner, " IS TRUE"),
            Expr::IsNotTrue(inner) => self.within("", inner, " IS NOT TRUE"),
            Expr::IsFalse(inner) => self.within("", inner, " IS FALSE"),
            Expr::IsNotFalse(inner) => self.within("", inner, " IS NOT FALSE"),
            Expr::IsDistinctFrom(left, right) => self.between(left, " IS DISTINCT FROM ", right),
            Expr::IsNotDistinctFrom(left, right) => self.between(left, " IS NOT DISTINCT FROM ", right),
            Expr::Between { expr, negated, low, high } => {
                self.within("", expr, if *negated { " NOT BETWEEN " } else { " BETWEEN " })?;
                self.between(low, " AND ", high)
            }
            Expr::InList { list, .. } if list.is_empty() => {
                refuse("an empty IN () means nothing on one of the databases; leave the query out")
            }
            Expr::InList { expr, list, negated } => {
                self.within("", expr, if *negated { " NOT IN (" } else { " IN (" })?;
                self.list(list, ", ", Self::expression)?;
                self.push(")");
                Ok(())
            }
            Expr::InSubquery { expr, subquery, negated } => {
                self.operand(expr)?;
                self.push(if *negated { " NOT IN (" } else { " IN (" });
                self.query(subquery, Place::Part)?;
                self.push(")");
                Ok(())
            }
            Expr::Exists { subquery, negated } => {
                self.push(if *negated { "NOT EXISTS (" } else { "EXISTS (" });
                self.query(subquery, Place::Part)?;
                self.push(")");
                Ok(())
            }
            Expr::Subquery(query) => {
                self.push("(");
                self.query(query, Place::Part)?;
                self.push(")");
                Ok(())
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.within("", expr, if *negated { " NOT LIKE " } else { " LIKE " })?;
                self.expression(pattern)?;
                self.escape(escape_char.as_deref())
            }
            Expr::ILike { .. } => {
                refuse("ILIKE is not in the portable subset; write LOWER(column) LIKE LOWER(pattern)")
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                self.push("CASE");
                if let Some(operand) = operand {
                    self.within(" ", operand, "")?;
                }
                for case in conditions {
                    self.within(" WHEN ", &case.condition, " THEN ")?;
                    self.expression(&case.result)?;
                }
                if let Some(result) = else_result {
                    self.within(" ELSE ", result, "")?;
                }
                self.push(" END");
                Ok(())
            }
            Expr::Cast { kind: CastKind::Cast, expr, data_type, .. } => self.cast(expr, data_type),
            Expr::Cast { expr, data_type, .. } => refuse(format!("write CAST({expr} AS {data_type})")),
            Expr::Substring { expr, substring_from: Some(from), substring_for, special: true, shorthand } => {
                self.push(if *shorthand { "SUBSTR(" } else { "SUBSTRING(" });
                self.expression(expr)?;
                for part in std::iter::once(from).chain(substring_for) {
                    self.push(", ");
                    self.small_integer(part)?;
                }
                self.push(")");
                Ok(())
            }
            Expr::Substring { .. } => refuse("write SUBSTR(text, start, count)"),
            Expr::Trim { expr, trim_where: None, trim_what: None, trim_characters: None } => {
                self.within("TRIM(", expr, ")")
            }
            Expr::Trim { .. } => refuse("of TRIM there is only TRIM(text), which takes spaces away on both sides"),
            Expr::Function(function) => self.function(function),
            Expr::Tuple(_) => {
                refuse("rows in parentheses can only be compared, (a, b) > ($1, $2), or be left of IN (SELECT …)")
            }
            Expr::Ceil { .. } | Expr::Floor { .. } => refuse(format!("`{expression}`: {}", functions::remedy("floor"))),
            Expr::Extract { .. } | Expr::Interval(_) | Expr::AtTimeZone { .. } => {
                refuse(format!("`{expression}`: {}", functions::remedy("extract")))
            }
            other => refuse(format!("`{}` is not in the portable subset", shortened(other))),
        }
    }

    pub(super) fn within(&mut self, before: &str, inner: &Expr, after: &str) -> Written {
        self.push(before);
        self.expression(inner)?;
        self.push(after);
        Ok(())
    }

    fn between(&mut self, left: &Expr, operator: &str, right: &Expr) -> Written {
        self.expression(left)?;
        self.push(operator);
        self.expression(right)
    }

    fn null_test(&mut self, inner: &Expr, test: &str) -> Written {
        let before = self.parameters.order.len();
        self.expression(inner)?;
        let mut bare = inner;
        while let Expr::Nested(within) = bare {
            bare = within;
        }
        if matches!(bare, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)))
            && let Some(number) = self.parameters.order.get(before)
        {
            self.parameters.null_tests.push(*number);
        }
        self.push(test);
        Ok(())
    }

    /// One side of a comparison: an expression, or several in parentheses.
    fn operand(&mut self, expression: &Expr) -> Written {
        match expression {
            Expr::Tuple(parts) => {
                self.push("(");
                self.list(parts, ", ", Self::expression)?;
                self.push(")");
                Ok(())
            }
            other => self.expression(other),
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Written {
        let operator = match op {
            BinaryOperator::Plus => " + ",
            BinaryOperator::Minus => " - ",
            BinaryOperator::Multiply => " * ",
            BinaryOperator::Divide => " / ",
            BinaryOperator::Modulo => " % ",
            BinaryOperator::StringConcat => " || ",
            BinaryOperator::BitwiseAnd => " & ",
            BinaryOperator::BitwiseOr => " | ",
            BinaryOperator::And => " AND ",
            BinaryOperator::Or => " OR ",
            BinaryOperator::Eq => " = ",
            BinaryOperator::NotEq => " <> ",
            BinaryOperator::Lt => " < ",
            BinaryOperator::LtEq => " <= ",
            BinaryOperator::Gt => " > ",
            BinaryOperator::GtEq => " >= ",
            _ => return refuse(format!("the operator `{op}` is not in the portable subset")),
        };
        if is_comparison(op) {
            self.operand(left)?;
            self.push(operator);
            return self.operand(right);
        }
        self.expression(left)?;
        self.push(operator);
        // Dividing by zero is NULL on SQLite and an error on PostgreSQL.
        if self.postgres()
            && matches!(op, BinaryOperator::Divide | BinaryOperator::Modulo)
            && !is_other_than_zero(right)
        {
            self.within("NULLIF(", right, ", 0)")
        } else {
            self.expression(right)
        }
    }

    /// PostgreSQL gives `\` a meaning in patterns unless told otherwise.
    fn escape(&mut self, escape: Option<&Expr>) -> Written {
        match escape {
            None if self.postgres() => self.push(" ESCAPE ''"),
            None => {}
            Some(Expr::Value(value)) => match &value.value {
                Value::SingleQuotedString(text) if text.chars().count() == 1 => {
                    self.push(" ESCAPE ");
                    self.literal(text);
                }
                _ => return refuse("ESCAPE takes one character in quotes"),
            },
            Some(_) => return refuse("ESCAPE takes one character in quotes"),
        }
        Ok(())
    }

    fn cast(&mut self, inner: &Expr, data_type: &DataType) -> Written {
        let name = match (data_type, self.target) {
            (DataType::Text, Target::Postgres) => return self.cast_to_text(inner),
            (DataType::Text, _) => "TEXT",
            (DataType::BigInt(None), _) => "BIGINT",
            (DataType::Boolean, _) => "BOOLEAN",
            (DataType::DoublePrecision, _) => "DOUBLE PRECISION",
            (DataType::Bytea, Target::Sqlite) => "BLOB",
            (DataType::Bytea, _) => "BYTEA",
            _ => return refuse(format!("`{data_type}` is no portable type; {TYPES}")),
        };
        self.push("CAST(");
        self.expression(inner)?;
        self.push(" AS ");
        self.push(name);
        self.push(")");
        Ok(())
    }

    /// Texts sort by their bytes, as SQLite has it, also those that are no column's.
    fn cast_to_text(&mut self, inner: &Expr) -> Written {
        self.within("(CAST(", inner, " AS TEXT) COLLATE \"C\")")
    }

    /// An argument that PostgreSQL wants as a 32-bit integer.
    pub(super) fn small_integer(&mut self, inner: &Expr) -> Written {
        if self.postgres() { self.within("CAST(", inner, " AS INTEGER)") } else { self.expression(inner) }
    }

    /// A column's number in ORDER BY or GROUP BY, or an expression.
    pub(super) fn ordinal_or_expression(&mut self, expression: &Expr) -> Written {
        match expression {
            Expr::Value(value) => match &value.value {
                Value::Number(digits, false) if is_integer(digits) => {
                    self.push(digits);
                    Ok(())
                }
                _ => refuse("sorting or grouping by a constant means nothing; name a column"),
            },
            other => self.expression(other),
        }
    }

    fn value(&mut self, value: &Value) -> Written {
        match value {
            Value::Number(digits, false) => self.number(digits),
            Value::SingleQuotedString(text) => {
                self.literal(text);
                Ok(())
            }
            Value::Boolean(true) => {
                self.push("TRUE");
                Ok(())
            }
            Value::Boolean(false) => {
                self.push("FALSE");
                Ok(())
            }
            Value::Null => {
                self.push("NULL");
                Ok(())
            }
            Value::Placeholder(text) => self.parameter(text),
            other => refuse(format!(
                "`{other}` is no portable literal; write 'text', 12, 1.5, TRUE, FALSE or NULL, or pass a parameter"
            )),
        }
    }

    /// Integers are 64 bits wide and everything else is a double. PostgreSQL would start with 32 bits and with decimals.
    fn number(&mut self, digits: &str) -> Written {
        if is_integer(digits) {
            if digits.parse::<i64>().is_err() {
                return refuse(format!("{digits} does not fit a BIGINT"));
            }
            return self.typed(digits, "BIGINT");
        }
        let wellformed = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
        if !wellformed || !digits.parse::<f64>().is_ok_and(f64::is_finite) {
            return refuse(format!("`{digits}` is no portable number"));
        }
        self.typed(digits, "DOUBLE PRECISION")
    }

    fn typed(&mut self, digits: &str, data_type: &str) -> Written {
        if self.postgres() {
            self.push(&format!("CAST({digits} AS {data_type})"));
        } else {
            self.push(digits);
        }
        Ok(())
    }
}

/// What types there are.
pub(super) const TYPES: &str = "the types are TEXT, BIGINT, BOOLEAN, DOUBLE PRECISION and BYTEA";

/// Whether an expression is a truth value, as far as it shows without knowing the tables.
pub(super) fn is_boolean(expression: &Expr) -> bool {
    match expression {
        Expr::Nested(inner) => is_boolean(inner),
        Expr::Value(value) => matches!(value.value, Value::Boolean(_)),
        Expr::UnaryOp { op, .. } => *op == UnaryOperator::Not,
        Expr::BinaryOp { op, .. } => is_comparison(op) || matches!(op, BinaryOperator::And | BinaryOperator::Or),
        Expr::Cast { data_type, .. } => *data_type == DataType::Boolean,
        Expr::Case { conditions, else_result, .. } => {
            let mut results = conditions.iter().map(|case| &case.result).chain(else_result.as_deref());
            results.clone().any(is_boolean) && results.all(|result| is_boolean(result) || is_null(result))
        }
        Expr::Function(function) => is_boolean_function(function),
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::Between { .. }
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Exists { .. }
        | Expr::Like { .. } => true,
        _ => false,
    }
}

/// `COALESCE(flag_expression, FALSE)`: one argument that shows it is a truth value tells about all.
fn is_boolean_function(function: &Function) -> bool {
    let coalesce = only(&function.name).is_some_and(|name| name.value.eq_ignore_ascii_case("coalesce"));
    let FunctionArguments::List(list) = &function.args else { return false };
    coalesce
        && list
            .args
            .iter()
            .any(|argument| matches!(argument, FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) if is_boolean(inner)))
}

fn is_null(expression: &Expr) -> bool {
    matches!(expression, Expr::Value(value) if value.value == Value::Null)
}

const fn is_comparison(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
    )
}

fn is_integer(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_other_than_zero(expression: &Expr) -> bool {
    matches!(expression, Expr::Value(value) if matches!(&value.value, Value::Number(digits, _) if digits.parse::<f64>().is_ok_and(|number| number != 0.0)))
}

fn shortened(expression: &Expr) -> String {
    expression.to_string().chars().take(60).collect()
}
