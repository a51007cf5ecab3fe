//! Runs a sequence of host calls and tells what each answered: `[["begin"], ["execute", "INSERT …", 1, "a"], ["trap"]]`.

use serde_json::{Value, json};

use crate::conman::host::{database, events, log, scheduler};
use crate::conman::types::types::Error;
use crate::{error, hoard, spin};

/// Answers a JSON array with one outcome per step. A step's error is an outcome too; only `fail` ends the script with one.
pub(crate) fn run(steps: &[Value]) -> Result<String, Error> {
    let (mut outcomes, mut started) = (Vec::new(), String::new());
    for step in steps {
        let word = |at: usize| step[at].as_str().unwrap_or_default();
        let outcome = match word(0) {
            "execute" => database::execute(word(1), &parameters(step)).map(|touched| json!(touched)),
            "query" => database::query(word(1), &parameters(step)).map(|rows| rows_json(&rows)),
            "emit" => events::emit(word(1), word(2), word(3)).map(|_| json!("emitted")),
            "log" => {
                log::write(log::Level::Info, word(1), "{}");
                Ok(json!("logged"))
            }
            // A problem may be written as JSON or as text, and filled up to so many bytes; `$job` is the job started last in this script.
            "start" => scheduler::start(&filled(document(&step[1]), &step[3]), &document(&step[2])).map(|job| {
                started.clone_from(&job);
                json!(job)
            }),
            "status" => scheduler::status(job(word(1), &started)).map(parsed),
            "solution" => scheduler::solution(job(word(1), &started)).map(parsed),
            "cancel" => scheduler::cancel(job(word(1), &started)).map(|()| json!("cancelled")),
            "forget" => scheduler::forget(job(word(1), &started)).map(|()| json!("forgotten")),
            "explain" => scheduler::explain(&document(&step[1]), &document(&step[2])).map(parsed),
            "begin" => database::begin().map(|()| json!("begun")),
            "commit" => database::commit().map(|()| json!("committed")),
            "rollback" => database::rollback().map(|()| json!("rolled back")),
            // The first refusal of a step before ends the script with it.
            "must" => match outcomes.iter().find_map(|outcome: &Value| outcome["error"].as_str()) {
                Some(code) => return Err(error(code, "a step before was refused")),
                None => Ok(json!(true)),
            },
            "repeat" => {
                for _ in 1..step[1].as_u64().unwrap_or(1) {
                    let _ = database::query(word(2), &[]);
                }
                database::query(word(2), &[]).map(|rows| json!(rows.cells.len() / rows.columns.len().max(1)))
            }
            "sleep" => {
                std::thread::sleep(std::time::Duration::from_millis(step[1].as_u64().unwrap_or_default()));
                Ok(json!("slept"))
            }
            "trap" => panic!("a bug in the plugin"),
            "spin" => spin(),
            "hoard" => hoard(),
            "garbage" => return Ok("{\"not\": json".to_owned()),
            "fail" => return Err(error(word(1), "as you asked")),
            other => Err(error("no-step", other)),
        };
        outcomes.push(match outcome {
            Ok(value) => value,
            Err(refusal) if refusal.pointer.is_empty() => {
                json!({ "error": refusal.code, "message": refusal.message })
            }
            Err(refusal) => {
                json!({ "error": refusal.code, "message": refusal.message, "pointer": refusal.pointer })
            }
        });
    }
    Ok(Value::Array(outcomes).to_string())
}

fn document(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn filled(mut text: String, bytes: &Value) -> String {
    let missing = (bytes.as_u64().unwrap_or_default() as usize).saturating_sub(text.len());
    text.reserve_exact(missing);
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

fn job<'j>(word: &'j str, started: &'j str) -> &'j str {
    if word == "$job" { started } else { word }
}

fn parsed(json: String) -> Value {
    serde_json::from_str(&json).unwrap_or(Value::String(json))
}

fn parameters(step: &Value) -> Vec<database::Value> {
    let all = step.as_array().map_or(&[][..], Vec::as_slice);
    all.iter().skip(2).map(parameter).collect()
}

fn parameter(value: &Value) -> database::Value {
    match value {
        Value::Null => database::Value::Null,
        Value::Bool(flag) => database::Value::Boolean(*flag),
        Value::Number(number) => number
            .as_i64()
            .map_or_else(|| database::Value::Real(number.as_f64().unwrap_or_default()), database::Value::Integer),
        Value::String(text) => database::Value::Text(text.clone()),
        other => database::Value::Text(other.to_string()),
    }
}

fn rows_json(rows: &database::Rows) -> Value {
    let cell = |cell: &database::Cell| match cell {
        database::Cell::Null => Value::Null,
        database::Cell::Boolean(flag) => json!(flag),
        database::Cell::Integer(number) => json!(number),
        database::Cell::Real(number) => json!(number),
        database::Cell::Text(span) => {
            json!(String::from_utf8_lossy(&rows.data[span.start as usize..][..span.length as usize]))
        }
        database::Cell::Bytes(span) => json!(span.length),
    };
    rows.cells
        .chunks(rows.columns.len().max(1))
        .map(|row| row.iter().map(cell).collect::<Vec<_>>())
        .collect::<Vec<_>>()
        .into()
}
