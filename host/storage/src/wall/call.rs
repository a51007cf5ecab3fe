//! Calls of functions, in the portable subset.

use sqlparser::ast::{
    DuplicateTreatment, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, WindowFrame,
    WindowFrameBound, WindowFrameUnits, WindowType,
};

use super::functions::{self, Shape};
use super::writer::{Target, Writer, Written, checked, only, refuse};

impl Writer {
    pub(super) fn function(&mut self, function: &Function) -> Written {
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
