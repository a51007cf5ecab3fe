//! The composed schema as SDL: plain for people, and as a subgraph of Apollo Federation v2 for gateways.

use std::fmt::Write;

use indexmap::IndexMap;

use crate::model::{Definition, Deprecated, Field, InputValue, Model, Root};
use crate::scalar::Scalar;

/// For whom the SDL is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Person,
    Gateway,
}

/// Writes the whole schema. What only the host acts on (`@permission`, `@cache`, …) is left out.
pub(super) fn print(model: &Model, reader: Reader) -> String {
    let mut out = String::new();
    if reader == Reader::Gateway {
        out.push_str("extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\"])\n\n");
    }
    for scalar in Scalar::HOST {
        description(&mut out, "", Some(scalar.description()));
        line(&mut out, format_args!("scalar {}\n", scalar.name()));
    }
    for root in Root::ALL {
        let fields = model.root(root);
        if !fields.is_empty() {
            line(&mut out, format_args!("type {} {{", root.name()));
            print_fields(&mut out, fields);
            out.push_str("}\n\n");
        }
    }
    for definition in model.types.values() {
        print_definition(&mut out, definition, reader);
    }
    let length = out.trim_end().len();
    out.truncate(length);
    out.push('\n');
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

fn print_definition(out: &mut String, definition: &Definition, reader: Reader) {
    match definition {
        Definition::Object(object) => {
            description(out, "", object.description.as_deref());
            match &object.key {
                Some(key) if reader == Reader::Gateway => {
                    line(out, format_args!("type {} @key(fields: \"{}\") {{", object.name, key.join(" ")))
                }
                _ => line(out, format_args!("type {} {{", object.name)),
            }
            print_fields(out, &object.fields);
        }
        Definition::Input(input) => {
            description(out, "", input.description.as_deref());
            line(out, format_args!("input {} {{", input.name));
            for value in input.fields.values() {
                description(out, "  ", value.description.as_deref());
                line(out, format_args!("  {}", input_value(value)));
            }
        }
        Definition::Enum(values) => {
            description(out, "", values.description.as_deref());
            line(out, format_args!("enum {} {{", values.name));
            for (name, value) in values.values.iter() {
                description(out, "  ", value.description.as_deref());
                line(out, format_args!("  {name}{}", deprecated(value.deprecated.as_ref())));
            }
        }
    }
    out.push_str("}\n\n");
}

fn print_fields(out: &mut String, fields: &IndexMap<std::sync::Arc<str>, Field>) {
    for field in fields.values() {
        description(out, "  ", field.description.as_deref());
        let arguments: Vec<String> = field.arguments.values().map(input_value).collect();
        let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        line(
            out,
            format_args!("  {}{arguments}: {}{}", field.name, field.exposed, deprecated(field.deprecated.as_ref())),
        );
    }
}

fn input_value(value: &InputValue) -> String {
    let default = value.default.as_ref().map_or_else(String::new, |default| format!(" = {default}"));
    format!("{}: {}{default}{}", value.name, value.ty, deprecated(value.deprecated.as_ref()))
}

fn deprecated(deprecated: Option<&Deprecated>) -> String {
    match deprecated {
        None => String::new(),
        Some(Deprecated(None)) => " @deprecated".to_owned(),
        Some(Deprecated(Some(reason))) => format!(" @deprecated(reason: {})", quoted(reason)),
    }
}

fn description(out: &mut String, indent: &str, text: Option<&str>) {
    match text.filter(|text| !text.trim().is_empty()) {
        None => {}
        Some(text) if text.contains('\n') => {
            line(out, format_args!("{indent}\"\"\""));
            for part in text.lines() {
                line(out, format_args!("{}", format!("{indent}{}", part.replace("\"\"\"", "\\\"\"\"")).trim_end()));
            }
            line(out, format_args!("{indent}\"\"\""));
        }
        Some(text) => line(out, format_args!("{indent}{}", quoted(text))),
    }
}

/// JSON's escapes are GraphQL's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
