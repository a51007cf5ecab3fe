//! Expressions, in the portable subset.

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, UnaryOperator, Value, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowType,
};

use super::functions::{self, Shape};
use super::query::Place;
use super::writer::{Target, Writer, Written, checked, only, refuse};

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

    fn within(&mut self, before: &str, inner: &Expr, after: &str) -> Written {
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
    fn small_integer(&mut self, inner: &Expr) -> Written {
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

    fn function(&mut self, function: &Function) -> Written {
        let Some(ident) = only(&function.name) else {
            return refuse(format!("`{}` is qualified; name the function alone", function.name));
        };
        if ident.quote_style.is_some() {
            return refuse(format!("write {} without quotes", function.name));
        }
        let name = checked(ident)?;
        if matches!(function.args, FunctionArguments::None) {
            return refuse(format!(
                "`{name}` means something to the databases; write \"{name}\" for a column, and {}",
                functions::remedy(&name)
            ));
        }
        let Some(shape) = functions::shape(&name) else {
            return refuse(format!("the function {name} is not in the portable subset; {}", functions::remedy(&name)));
        };
        let FunctionArguments::List(list) = &function.args else {
            return refuse(format!("{name} needs its arguments in parentheses"));
        };
        let star = matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) && name == "count";
        let (least, most) = match shape {
            Shape::Scalar { least, most } | Shape::Window { least, most } => (least, most),
            Shape::Aggregate(count) => (count, count),
        };
        if !(least..=most).contains(&list.args.len()) {
            let remedy = if matches!(name.as_str(), "min" | "max") {
                functions::remedy("greatest")
            } else {
                "see the list of portable functions"
            };
            return refuse(format!("{name} takes {least} to {most} arguments here; {remedy}"));
        }
        match (shape, &function.over, &function.filter) {
            (Shape::Scalar { .. }, Some(_), _) | (Shape::Scalar { .. } | Shape::Window { .. }, _, Some(_)) => {
                return refuse(format!("{name} is not an aggregate function"));
            }
            (Shape::Window { .. }, None, _) => return refuse(format!("{name} needs OVER (…)")),
            _ => {}
        }
        let (opening, closing) = self.call(ident.value.as_str(), &name);
        self.push(&opening);
        self.push("(");
        match list.duplicate_treatment {
            None => {}
            Some(DuplicateTreatment::Distinct) if matches!(shape, Shape::Aggregate(1)) && !star => {
                self.push("DISTINCT ")
            }
            Some(_) => return refuse("DISTINCT stands only before the one argument of an aggregate function"),
        }
        for (place, argument) in list.args.iter().enumerate() {
            if place > 0 {
                self.push(", ");
            }
            self.argument(&name, place, argument, star)?;
        }
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::OrderBy(terms) if name == "string_agg" => {
                    self.push(" ORDER BY ");
                    self.order_terms(terms)?;
                }
                other => return refuse(format!("`{other}` is not portable inside {name}(…)")),
            }
        }
        self.push(")");
        if let Some(condition) = &function.filter {
            self.within(" FILTER (WHERE ", condition, ")")?;
        }
        if let Some(window) = &function.over {
            self.window(window)?;
        }
        self.push(closing);
        Ok(())
    }

    /// What a function is called on the engine, and what has to follow the whole call.
    ///
    /// PostgreSQL sums BIGINT into decimals and averages likewise, and counts characters in 32 bits; `conman_sum` is an
    /// aggregate of this crate's that adds integers to an integer.
    fn call(&self, written: &str, name: &str) -> (String, &'static str) {
        match (self.target, name) {
            (Target::Plain, _) => (written.to_owned(), ""),
            (Target::Postgres, "sum") => ("conman_sum".to_owned(), ""),
            (Target::Postgres, "avg") => ("CAST(AVG".to_owned(), " AS DOUBLE PRECISION)"),
            (Target::Postgres, "length") => ("CAST(LENGTH".to_owned(), " AS BIGINT)"),
            _ => (name.to_ascii_uppercase(), ""),
        }
    }

    fn argument(&mut self, name: &str, place: usize, argument: &FunctionArg, star: bool) -> Written {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if star => {
                self.push("*");
                Ok(())
            }
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => match (name, place) {
                // Only ASCII letters change, as SQLite has it, whatever the database's locale.
                ("lower" | "upper", _) if self.postgres() => self.within("(", expression, ") COLLATE \"C\""),
                ("lag" | "lead", 1) | ("substr", 1 | 2) => self.small_integer(expression),
                _ => self.expression(expression),
            },
            other => refuse(format!("`{other}` is no portable argument")),
        }
    }

    fn window(&mut self, window: &WindowType) -> Written {
        let WindowType::WindowSpec(spec) = window else {
            return refuse("write the window out after OVER");
        };
        self.push(" OVER (");
        if !spec.partition_by.is_empty() {
            self.push("PARTITION BY ");
            self.list(&spec.partition_by, ", ", Self::expression)?;
            self.push(" ");
        }
        if !spec.order_by.is_empty() {
            self.push("ORDER BY ");
            self.order_terms(&spec.order_by)?;
        }
        if let Some(frame) = &spec.window_frame {
            self.frame(frame)?;
        }
        self.push(")");
        Ok(())
    }

    fn frame(&mut self, frame: &WindowFrame) -> Written {
        let WindowFrame { units: WindowFrameUnits::Rows, start_bound, end_bound: Some(end) } = frame else {
            return refuse("of window frames there is ROWS BETWEEN … AND …");
        };
        self.push(" ROWS BETWEEN ");
        self.bound(start_bound)?;
        self.push(" AND ");
        self.bound(end)
    }

    fn bound(&mut self, bound: &WindowFrameBound) -> Written {
        match bound {
            WindowFrameBound::CurrentRow => self.push("CURRENT ROW"),
            WindowFrameBound::Preceding(None) => self.push("UNBOUNDED PRECEDING"),
            WindowFrameBound::Following(None) => self.push("UNBOUNDED FOLLOWING"),
            WindowFrameBound::Preceding(Some(count)) => self.within("", count, " PRECEDING")?,
            WindowFrameBound::Following(Some(count)) => self.within("", count, " FOLLOWING")?,
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
