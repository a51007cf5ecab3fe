//! `conman graphql`

use serde_json::Value;

use crate::arguments::{Graphql, Where};
use crate::commands::{json_argument, text_argument};
use crate::door::{Door, Missing, first_error};
use crate::failure::{Failure, Outcome};
use crate::terminal::{Terminal, cell, new_table, pretty};

pub(crate) async fn run(place: &Where, graphql: Graphql, terminal: Terminal) -> Outcome {
    let operation = text_argument(&graphql.operation)?;
    let variables = json_argument(&graphql.variables, "--variables")?;
    let door = Door::find(place, Missing::Refuse).await?;
    let answer = door.graphql_answer(graphql.convention.as_deref(), &operation, variables).await;
    door.close().await;
    let answer = answer?;
    let data = answer.get("data").unwrap_or(&Value::Null);
    if let Some(failure) = first_error(&answer) {
        // All of it, so that nothing that did work is lost; then the first of what did not.
        terminal.print(&pretty(&answer))?;
        return Err(failure);
    }
    if !graphql.table {
        return terminal.print(&pretty(data));
    }
    let rows = first_list(data).ok_or_else(|| Failure::invalid("the answer holds no list to show as a table"))?;
    terminal.print(&table(rows))
}

/// The first list of objects, looking at the outermost fields first.
fn first_list(value: &Value) -> Option<&Vec<Value>> {
    let fields = value.as_object()?;
    let direct = fields.values().filter_map(Value::as_array).find(|items| items.iter().all(Value::is_object));
    direct.or_else(|| fields.values().find_map(first_list))
}

fn table(rows: &[Value]) -> String {
    let mut head: Vec<&str> = Vec::new();
    for key in rows.iter().filter_map(Value::as_object).flat_map(|row| row.keys()) {
        if !head.contains(&key.as_str()) {
            head.push(key);
        }
    }
    let mut table = new_table(&head);
    for row in rows {
        table.add_row(head.iter().map(|key| row.get(key).map(cell).unwrap_or_default()));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_outermost_list_is_the_table() {
        let value = json!({ "a": { "inner": [{ "x": 1 }] }, "b": [{ "y": "two", "z": { "name": "Zed" } }] });
        let rows = first_list(&value).unwrap();
        let text = table(rows);
        assert!(text.contains("two") && text.contains("Zed") && !text.contains("inner"), "{text}");
        assert!(first_list(&json!({ "a": 1 })).is_none());
    }
}
