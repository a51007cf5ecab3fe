//! Values at the bottom of a response: held to their declared type, then copied as they are written.

use indexmap::IndexMap;
use std::sync::Arc;

use crate::json::{Kind, Node, Tape};
use crate::model::EnumValue;
use crate::scalar::Scalar;

/// Writes a scalar, or says what is wrong with it.
pub(super) fn scalar(scalar: Scalar, tape: &Tape, node: Node, out: &mut Vec<u8>) -> Result<(), String> {
    let fits = match (scalar, node.kind) {
        (Scalar::String, Kind::Text | Kind::Escaped)
        | (Scalar::Boolean, Kind::True | Kind::False)
        | (Scalar::Json, _) => true,
        (Scalar::Id, Kind::Text | Kind::Escaped) => true,
        (Scalar::Id, Kind::Integer) => {
            out.push(b'"');
            out.extend_from_slice(tape.raw(node).as_bytes());
            out.push(b'"');
            return Ok(());
        }
        (Scalar::Int, Kind::Integer) => tape.raw(node).parse::<i32>().is_ok(),
        (Scalar::Long, Kind::Integer) => tape.raw(node).parse::<i64>().is_ok(),
        // Digits without an exponent are finite whatever their number, as long as there are few enough of them.
        (Scalar::Float, Kind::Integer | Kind::Decimal) => tape.raw(node).parse::<f64>().is_ok_and(f64::is_finite),
        (Scalar::DateTime | Scalar::Date | Scalar::Time, Kind::Text) => scalar.accepts_text(tape.raw(node)),
        (Scalar::DateTime | Scalar::Date | Scalar::Time, Kind::Escaped) => {
            tape.text(node).is_some_and(|text| scalar.accepts_text(&text))
        }
        _ => false,
    };
    if fits {
        out.extend_from_slice(tape.json(node).as_bytes());
        return Ok(());
    }
    Err(format!("{} (`{}`) is declared, but the answer has {}", scalar.meaning(), scalar.name(), shown(tape, node)))
}

/// Writes an enum's value, or says what is wrong with it.
pub(super) fn enumeration(
    name: &str,
    values: &IndexMap<Arc<str>, EnumValue>,
    tape: &Tape,
    node: Node,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    if node.kind == Kind::Text && values.contains_key(tape.raw(node)) {
        out.extend_from_slice(tape.json(node).as_bytes());
        return Ok(());
    }
    Err(format!("a value of the enum `{name}` is declared, but the answer has {}", shown(tape, node)))
}

/// Enough of a value to find it in the plugin; long ones are cut.
fn shown(tape: &Tape, node: Node) -> String {
    match node.kind {
        Kind::List | Kind::Object | Kind::Null => node.kind.words().to_owned(),
        _ => {
            let json = tape.json(node);
            if json.chars().count() <= 60 { json.to_owned() } else { json.chars().take(60).chain(['…']).collect() }
        }
    }
}
