//! Whether each variable may stand where it stands. The library has this rule, but its visitor never hands it the values.

use async_graphql_parser::types::{BaseType, Type, VariableDefinition};
use async_graphql_value::{ConstValue, Value};

use crate::model::{Model, Named};

/// The type the federation's representations have.
pub(crate) const ANY: &str = "_Any";

/// Checks the variables in a value for an argument or input field of the type `ty`.
pub(crate) fn check(
    model: &Model,
    ty: &Type,
    has_default: bool,
    value: &Value,
    definitions: &[&VariableDefinition],
) -> Result<(), String> {
    match value {
        Value::Variable(name) => {
            let Some(definition) = definitions.iter().find(|definition| definition.name.node == *name) else {
                return Ok(());
            };
            let given = &definition.var_type.node;
            let never_null =
                has_default || definition.default_value.as_ref().is_some_and(|value| value.node != ConstValue::Null);
            let fits = if never_null && given.nullable { bases_fit(given, ty) } else { fits(given, ty) };
            if fits {
                return Ok(());
            }
            Err(format!("`${name}` is `{given}`, but `{ty}` is expected here"))
        }
        Value::List(items) => match &ty.base {
            BaseType::List(item) => items.iter().try_for_each(|value| check(model, item, false, value, definitions)),
            BaseType::Named(_) => Ok(()),
        },
        Value::Object(fields) => {
            let Some(Named::Input(input)) = item_input(model, ty) else { return Ok(()) };
            fields.iter().try_for_each(|(name, value)| match input.fields.get(name.as_str()) {
                Some(field) => check(model, &field.ty, field.default.is_some(), value, definitions),
                None => Ok(()),
            })
        }
        _ => Ok(()),
    }
}

/// A single object may stand for a list of one.
fn item_input<'m>(model: &'m Model, ty: &Type) -> Option<Named<'m>> {
    match &ty.base {
        BaseType::Named(name) => model.named(name),
        BaseType::List(item) => item_input(model, item),
    }
}

fn fits(given: &Type, expected: &Type) -> bool {
    (expected.nullable || !given.nullable) && bases_fit(given, expected)
}

fn bases_fit(given: &Type, expected: &Type) -> bool {
    match (&given.base, &expected.base) {
        (BaseType::Named(given), BaseType::Named(expected)) => given == expected,
        (BaseType::List(given), BaseType::List(expected)) => fits(given, expected),
        _ => false,
    }
}
