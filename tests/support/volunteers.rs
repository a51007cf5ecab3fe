//! A department with one shift, as several suites need it.

use serde_json::{Value, json};

use crate::Client;

/// Makes a convention that lies ahead, because shifts of the past cannot be taken.
pub async fn convention(system: &Client, slug: &str) {
    let operation = r#"mutation($slug: String!) { createConvention(slug: $slug, name: "Con", timeZone: "Europe/Berlin",
        startsOn: "2090-08-14", endsOn: "2090-08-16") { id } }"#;
    let _ = system.host(operation, json!({ "slug": slug })).await.data();
}

/// Makes a shift with so many places, and answers its id.
pub async fn shift(head: &Client, slug: &str, places: u32) -> String {
    let made = async |field: &str, variables: Value, declared: &str| {
        let operation = format!("mutation{declared} {{ made: {field} {{ id }} }}");
        let answer = head.convention(slug, &operation, variables).await;
        answer.data()["made"]["id"].as_str().unwrap().to_owned()
    };
    let department = made("createDepartment(input: { name: \"Desk\" })", json!({}), "").await;
    let role = "createVolunteerRole(input: { name: \"Desk\", department: $department })";
    let role = made(role, json!({ "department": department }), "($department: ID!)").await;
    let input = json!({
        "department": department, "title": "Morning", "seats": [{ "role": role, "needed": places }],
        "start": "2090-08-14T09:00:00+02:00", "end": "2090-08-14T12:00:00+02:00",
    });
    made("createShift(input: $input)", json!({ "input": input }), "($input: ShiftInput!)").await
}

/// The accounts with a place on the shift.
pub async fn taken(head: &Client, slug: &str, shift: &str) -> Vec<String> {
    let operation = "query($shift: ID!) { shift(id: $shift) { entries { account { id } } } }";
    let answer = head.convention(slug, operation, json!({ "shift": shift })).await;
    let entries = answer.data()["shift"]["entries"].as_array().unwrap().clone();
    entries.iter().map(|entry| entry["account"]["id"].as_str().unwrap().to_owned()).collect()
}

/// Takes a place for an account.
pub const SIGN_UP: &str =
    "mutation($shift: ID!, $account: ID!) { signUp(shift: $shift, account: $account) { id state } }";
