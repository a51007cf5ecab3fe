//! `conman graphql`

use serde_json::Value;

use crate::arguments::{Graphql, Where};
use crate::commands::{json_argument, text_argument};
use crate::door::{Door, Missing, first_error, not_ours};
use crate::failure::{Failure, Outcome};
use crate::ordered::Ordered;
use crate::terminal::{Format, Terminal, new_table, pretty};

pub(crate) async fn run(place: &Where, graphql: Graphql, terminal: Terminal) -> Outcome {
    let operation = text_argument(&graphql.operation)?;
    let variables = json_argument(&graphql.variables, "--variables")?;
    let door = Door::find(place, Missing::Refuse, terminal).await?;
    let reply = door.graphql_reply("running the operation", graphql.convention.as_deref(), &operation, variables).await;
    door.close().await;
    let reply = reply?;
    let answer: Ordered = serde_json::from_slice(&reply.body).map_err(|_| not_ours(&reply))?;
    if answer.get("errors").is_some() {
        // All of it, so that nothing that did work is lost; then the first of what did not.
        terminal.print(&pretty(&answer))?;
        let value: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        return Err(first_error(&value).unwrap_or_else(|| not_ours(&reply)));
    }
    let data = answer.get("data").unwrap_or(&Ordered::Scalar(Value::Null));
    // A program that asks for JSON gets it, whatever else it asks for.
    if !graphql.table || terminal.format == Format::Json {
        return terminal.print(&pretty(data));
    }
    let rows = first_list(data).ok_or_else(|| Failure::invalid("the answer holds no list to show as a table"))?;
    terminal.print(&table(rows))
}

/// The first list of objects, looking at the outermost fields first.
fn first_list(value: &Ordered) -> Option<&[Ordered]> {
    let lists = value.fields().iter().filter_map(|(_, value)| match value {
        Ordered::List(items) if items.iter().all(|item| matches!(item, Ordered::Object(_))) => Some(items.as_slice()),
        _ => None,
    });
    lists.take(1).next().or_else(|| value.fields().iter().find_map(|(_, value)| first_list(value)))
}

fn table(rows: &[Ordered]) -> String {
    let mut head: Vec<&str> = Vec::new();
    for (key, _) in rows.iter().flat_map(Ordered::fields) {
        if !head.contains(&key.as_str()) {
            head.push(key);
        }
    }
    let mut table = new_table(&head);
    for row in rows {
        table.add_row(head.iter().map(|key| row.get(key).map(Ordered::cell).unwrap_or_default()));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_list_is_the_table_and_columns_stay_in_order() {
        let text = r#"{ "a": { "inner": [{ "x": 1 }] }, "b": [{ "y": "two", "c": { "name": "Zed" } }] }"#;
        let value: Ordered = serde_json::from_str(text).unwrap();
        let text = table(first_list(&value).unwrap());
        assert!(text.contains("two") && text.contains("Zed") && !text.contains("inner"), "{text}");
        assert!(text.find(" y") < text.find(" c"), "{text}");
        let none: Ordered = serde_json::from_str(r#"{ "a": 1 }"#).unwrap();
        assert!(first_list(&none).is_none());
    }
}
