//! Values from clients (variables, literals) and from schemas (defaults), held to their declared types and written as the JSON that
//! plugins get.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use async_graphql_parser::types::{BaseType, Type, VariableDefinition};
use async_graphql_value::{ConstValue, Number, Value};

use crate::model::{Enum, Input, InputValue, Model, Named};
use crate::nesting::{MAX_NESTING, deepest};
use crate::operation::position::ANY;
use crate::scalar::Scalar;
use crate::suggest::did_you_mean;

/// How large values may grow, of one operation all arguments together. Defaults within defaults multiply, and so does a variable that
/// stands in a literal often: what grows beyond this was made to.
pub(crate) const MAX_BYTES: usize = 4 << 20;

/// Why a value does not fit, and where (a JSON pointer from the top of what was coerced).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputError {
    pub(crate) pointer: String,
    pub(crate) message: String,
}

/// A request's variables, coerced: JSON by name. What was neither given nor has a default is absent.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Variables(BTreeMap<String, String>);

impl Variables {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// About how much memory they take.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len() + 64).sum()
    }
}

/// Coerces what a client gave for an operation's variables. Values for variables the operation does not have are passed over.
pub(crate) fn coerce_variables<'d>(
    model: &Model,
    definitions: impl IntoIterator<Item = &'d VariableDefinition>,
    given: &serde_json::Map<String, serde_json::Value>,
) -> Result<Variables, Vec<InputError>> {
    let mut variables = Variables::default();
    let mut errors = Vec::new();
    for definition in definitions {
        let name = definition.name.node.as_str();
        let ty = &definition.var_type.node;
        let source = match (given.get(name), &definition.default_value) {
            (Some(value), _) => Source::Json(value),
            (None, Some(default)) => Source::Constant(&default.node),
            (None, None) if ty.nullable => continue,
            (None, None) => {
                let message = format!("`${name}` of type `{ty}` is required; give it a value");
                errors.push(InputError { pointer: format!("/{name}"), message });
                continue;
            }
        };
        let mut coercion = Coercion::new(model, None);
        coercion.pointer.push('/');
        coercion.pointer.push_str(name);
        match coercion.value(ty, source) {
            Ok(()) => {
                variables.0.insert(name.to_owned(), coercion.out);
            }
            Err(error) => errors.push(InputError { message: format!("`${name}`: {}", error.message), ..error }),
        }
    }
    if errors.is_empty() { Ok(variables) } else { Err(errors) }
}

/// Writes one object of arguments: given values, and defaults where nothing is given. No more than `room` bytes.
pub(crate) fn coerce_arguments<'a>(
    model: &Model,
    arguments: impl IntoIterator<Item = (&'a InputValue, Option<&'a Value>)>,
    variables: Option<&Variables>,
    room: usize,
) -> Result<String, InputError> {
    let mut coercion = Coercion { room, ..Coercion::new(model, variables) };
    coercion.out.push('{');
    for (argument, value) in arguments {
        coercion.entry(argument, value.map(Source::Literal))?;
    }
    coercion.out.push('}');
    Ok(coercion.out)
}

/// Whether a schema's default fits its type.
pub(crate) fn check_default(model: &Model, ty: &Type, default: &ConstValue) -> Result<(), String> {
    Coercion::new(model, None).value(ty, Source::Constant(default)).map_err(|error| error.message)
}

/// Whether `value` has a variable in it.
pub(crate) fn has_variables(value: &Value) -> bool {
    match value {
        Value::Variable(_) => true,
        Value::List(items) => items.iter().any(has_variables),
        Value::Object(fields) => fields.values().any(has_variables),
        _ => false,
    }
}

/// Whether `value` nests deeper than anything written by hand; asked without recursing.
pub(crate) fn nests_too_deep(value: &serde_json::Value) -> bool {
    let mut open = vec![(value, 0)];
    while let Some((value, depth)) = open.pop() {
        if depth > MAX_NESTING {
            return true;
        }
        match value {
            serde_json::Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            serde_json::Value::Object(fields) => open.extend(fields.values().map(|field| (field, depth + 1))),
            _ => {}
        }
    }
    false
}

/// Where a value comes from.
#[derive(Clone, Copy)]
enum Source<'a> {
    Json(&'a serde_json::Value),
    Constant(&'a ConstValue),
    Literal(&'a Value),
}

/// One value, wherever it comes from.
enum View<'a> {
    Null,
    Boolean(bool),
    Number(&'a Number),
    Text(&'a str),
    /// An enum value; in JSON these are texts.
    Name(&'a str),
    List(Vec<Source<'a>>),
    Object(Vec<(&'a str, Source<'a>)>),
    Variable(&'a str),
}

impl<'a> Source<'a> {
    fn view(self) -> View<'a> {
        match self {
            Self::Json(value) => match value {
                serde_json::Value::Null => View::Null,
                serde_json::Value::Bool(value) => View::Boolean(*value),
                serde_json::Value::Number(number) => View::Number(number),
                serde_json::Value::String(text) => View::Text(text),
                serde_json::Value::Array(items) => View::List(items.iter().map(Source::Json).collect()),
                serde_json::Value::Object(fields) => {
                    View::Object(fields.iter().map(|(name, value)| (name.as_str(), Source::Json(value))).collect())
                }
            },
            Self::Constant(value) => match value {
                ConstValue::Null | ConstValue::Binary(_) => View::Null,
                ConstValue::Boolean(value) => View::Boolean(*value),
                ConstValue::Number(number) => View::Number(number),
                ConstValue::String(text) => View::Text(text),
                ConstValue::Enum(name) => View::Name(name),
                ConstValue::List(items) => View::List(items.iter().map(Source::Constant).collect()),
                ConstValue::Object(fields) => {
                    View::Object(fields.iter().map(|(name, value)| (name.as_str(), Source::Constant(value))).collect())
                }
            },
            Self::Literal(value) => match value {
                Value::Null | Value::Binary(_) => View::Null,
                Value::Boolean(value) => View::Boolean(*value),
                Value::Number(number) => View::Number(number),
                Value::String(text) => View::Text(text),
                Value::Enum(name) => View::Name(name),
                Value::List(items) => View::List(items.iter().map(Source::Literal).collect()),
                Value::Object(fields) => {
                    View::Object(fields.iter().map(|(name, value)| (name.as_str(), Source::Literal(value))).collect())
                }
                Value::Variable(name) => View::Variable(name),
            },
        }
    }

    /// Names of enum values are bare words in GraphQL and texts in JSON.
    const fn is_json(self) -> bool {
        matches!(self, Self::Json(_))
    }
}

impl View<'_> {
    const fn words(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Name(_) => "a bare word",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
            Self::Variable(_) => "a variable",
        }
    }
}

struct Coercion<'a> {
    model: &'a Model,
    variables: Option<&'a Variables>,
    pointer: String,
    depth: usize,
    room: usize,
    out: String,
}

impl<'a> Coercion<'a> {
    const fn new(model: &'a Model, variables: Option<&'a Variables>) -> Self {
        Self { model, variables, pointer: String::new(), depth: 0, room: MAX_BYTES, out: String::new() }
    }

    fn refuse(&self, message: impl Into<String>) -> InputError {
        InputError { pointer: self.pointer.clone(), message: message.into() }
    }

    fn too_deep(&self) -> InputError {
        self.refuse(format!("the value nests deeper than {MAX_NESTING}"))
    }

    fn value(&mut self, ty: &Type, source: Source<'_>) -> Result<(), InputError> {
        if self.depth > MAX_NESTING || self.out.len() > self.room {
            return Err(self.refuse("the value grows without end; some default contains itself"));
        }
        self.depth += 1;
        let result = self.value_within(ty, source);
        self.depth -= 1;
        result
    }

    fn value_within(&mut self, ty: &Type, source: Source<'_>) -> Result<(), InputError> {
        let view = source.view();
        if let View::Variable(name) = view {
            // Of a type that fits, as validation saw to; only null can still be wrong.
            if self.variable(name)? == "null" && !ty.nullable {
                return Err(self.refuse(format!("`${name}` is null here, where `{ty}` must have a value")));
            }
            return Ok(());
        }
        if matches!(view, View::Null) {
            if !ty.nullable {
                return Err(self.refuse(format!("null stands where `{ty}` must have a value")));
            }
            self.out.push_str("null");
            return Ok(());
        }
        match &ty.base {
            BaseType::List(item) => {
                self.out.push('[');
                match view {
                    View::List(items) => {
                        for (index, source) in items.into_iter().enumerate() {
                            if index > 0 {
                                self.out.push(',');
                            }
                            self.within(&index.to_string(), |this| this.value(item, source))?;
                        }
                    }
                    // A single value stands for a list of one.
                    _ => self.value(item, source)?,
                }
                self.out.push(']');
                Ok(())
            }
            BaseType::Named(name) if name == ANY => self.scalar(Scalar::Json, &view, source),
            BaseType::Named(name) => match self.model.named(name) {
                Some(Named::Scalar(scalar)) => self.scalar(scalar, &view, source),
                Some(Named::Enum(values)) => self.enumeration(values, &view, source),
                Some(Named::Input(input)) => self.object(input, view),
                Some(Named::Object(_)) | None => Err(self.refuse(format!("`{name}` is no input type"))),
            },
        }
    }

    fn within(
        &mut self,
        segment: &str,
        inside: impl FnOnce(&mut Self) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
        let result = inside(self);
        self.pointer.truncate(length);
        result
    }

    fn mismatch(&self, wanted: &str, view: &View<'_>) -> InputError {
        self.refuse(format!("{wanted} is expected here, not {}", view.words()))
    }

    fn scalar(&mut self, scalar: Scalar, view: &View<'_>, source: Source<'_>) -> Result<(), InputError> {
        match (scalar, view) {
            (Scalar::Int, View::Number(number))
                if number.as_i64().is_some_and(|value| i32::try_from(value).is_ok()) =>
            {
                self.display(number)
            }
            (Scalar::Long, View::Number(number)) if number.as_i64().is_some() => self.display(number),
            (Scalar::Long, View::Text(text)) if text.parse::<i64>().is_ok_and(|value| value.to_string() == *text) => {
                self.display(text)
            }
            (Scalar::Float, View::Number(number)) => self.display(number),
            (Scalar::Boolean, View::Boolean(value)) => self.display(value),
            (Scalar::Id, View::Number(number)) if number.is_i64() || number.is_u64() => self.text(&number.to_string()),
            (Scalar::Json, _) => return self.json(source),
            (Scalar::String | Scalar::Id | Scalar::DateTime | Scalar::Date | Scalar::Time, View::Text(text))
                if scalar.accepts_text(text) =>
            {
                self.text(text)
            }
            _ => {
                let wanted = format!("`{}`, {},", scalar.name(), scalar.meaning());
                return Err(match view {
                    View::Text(text) if !matches!(scalar, Scalar::Int | Scalar::Float | Scalar::Boolean) => {
                        self.refuse(format!("{wanted} is expected here, not \"{}\"", clip(text)))
                    }
                    View::Number(number) => self.refuse(format!("{wanted} is expected here, not {number}")),
                    _ => self.mismatch(&wanted, view),
                });
            }
        }
        Ok(())
    }

    fn enumeration(&mut self, values: &Enum, view: &View<'_>, source: Source<'_>) -> Result<(), InputError> {
        let name = match view {
            View::Name(name) => *name,
            View::Text(text) if source.is_json() => *text,
            _ => return Err(self.mismatch(&format!("a value of the enum `{}`", values.name), view)),
        };
        if !values.values.contains_key(name) {
            let names = values.values.keys().map(|name| &**name);
            let hint = did_you_mean(name, names.clone());
            let hint = if hint.is_empty() {
                format!("; it has {}", names.take(20).collect::<Vec<_>>().join(", "))
            } else {
                hint
            };
            return Err(self.refuse(format!("the enum `{}` has no value `{}`{hint}", values.name, clip(name))));
        }
        self.text(name);
        Ok(())
    }

    fn object(&mut self, input: &Input, view: View<'_>) -> Result<(), InputError> {
        let View::Object(entries) = view else {
            return Err(self.mismatch(&format!("an object of `{}`", input.name), &view));
        };
        for (name, _) in &entries {
            if !input.fields.contains_key(*name) {
                let hint = did_you_mean(name, input.fields.keys().map(|name| &**name));
                return Err(self.refuse(format!("`{}` has no field `{}`{hint}", input.name, clip(name))));
            }
        }
        self.out.push('{');
        for field in input.fields.values() {
            let source = entries.iter().find(|(name, _)| **name == *field.name).map(|(_, source)| *source);
            self.entry(field, source)?;
        }
        self.out.push('}');
        Ok(())
    }

    /// Writes `"name":value`, or nothing where nothing was given and there is no default.
    fn entry(&mut self, declared: &InputValue, source: Option<Source<'_>>) -> Result<(), InputError> {
        let given = source.filter(|source| match source.view() {
            View::Variable(name) => self.variables.is_some_and(|variables| variables.get(name).is_some()),
            _ => true,
        });
        let Some(source) = given.or_else(|| declared.default.as_ref().map(Source::Constant)) else {
            if declared.required() {
                return self.within(&declared.name, |this| {
                    Err(this
                        .refuse(format!("`{}` of type `{}` is required; give it a value", declared.name, declared.ty)))
                });
            }
            return Ok(());
        };
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        self.text(&declared.name);
        self.out.push(':');
        self.within(&declared.name, |this| this.value(&declared.ty, source))
    }

    fn display(&mut self, value: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{value}");
    }

    fn text(&mut self, text: &str) {
        self.display(serde_json::Value::from(text));
    }

    /// Writes a value of the scalar JSON as it is.
    fn json(&mut self, source: Source<'_>) -> Result<(), InputError> {
        match source.view() {
            View::Null => self.out.push_str("null"),
            View::Boolean(value) => self.display(value),
            View::Number(number) => self.display(number),
            View::Text(text) | View::Name(text) => self.text(text),
            View::Variable(name) => {
                self.variable(name)?;
            }
            View::List(items) => {
                self.out.push('[');
                for (index, item) in items.into_iter().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.json_within(item)?;
                }
                self.out.push(']');
            }
            View::Object(entries) => {
                self.out.push('{');
                for (index, (name, value)) in entries.into_iter().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.text(name);
                    self.out.push(':');
                    self.json_within(value)?;
                }
                self.out.push('}');
            }
        }
        Ok(())
    }

    /// Writes a variable's value and answers it. Neither the operation nor its variables nest too deep by themselves; one within the other
    /// may, and then whoever reads the arguments within something else (as in an audit trail) could not.
    fn variable(&mut self, name: &str) -> Result<&'a str, InputError> {
        let text = self.variables.and_then(|variables| variables.get(name)).unwrap_or("null");
        if self.out.len().saturating_add(text.len()) > self.room {
            let most = MAX_BYTES >> 20;
            return Err(self.refuse(format!(
                "all arguments together have at most {most} MiB, `${name}` counted wherever it stands"
            )));
        }
        // The variable stands within one bracket less than its depth: at the outermost, 1, there is none.
        if self.depth + deepest(text) > MAX_NESTING + 1 {
            return Err(self.too_deep());
        }
        self.out.push_str(text);
        Ok(text)
    }

    fn json_within(&mut self, source: Source<'_>) -> Result<(), InputError> {
        if self.depth > MAX_NESTING {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let result = self.json(source);
        self.depth -= 1;
        result
    }
}

/// Enough of a client's text to recognise it by.
fn clip(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(60).chain(['…']).collect() }
}
