//! A department with one shift, as the other tests need it.

use conman_tests::Client;
use serde_json::{Value, json};

/// The convention of these tests: it lies ahead, because shifts of the past cannot be taken.
pub(crate) const CONVENTION: &str = r#"mutation { createConvention(slug: "con", name: "Con", timeZone: "Europe/Berlin",
    startsOn: "2090-08-14", endsOn: "2090-08-16") { id } }"#;

/// Makes a shift with so many places, and answers its id.
pub(crate) async fn shift(system: &Client, places: u32) -> String {
    let department = made(system, "createDepartment(input: { name: \"Desk\" })", json!({}), "").await;
    let role = "createVolunteerRole(input: { name: \"Desk\", department: $department })";
    let role = made(system, role, json!({ "department": department }), "($department: ID!)").await;
    let input = json!({
        "department": department, "title": "Morning", "seats": [{ "role": role, "needed": places }],
        "start": "2090-08-14T09:00:00+02:00", "end": "2090-08-14T12:00:00+02:00",
    });
    made(system, "createShift(input: $input)", json!({ "input": input }), "($input: ShiftInput!)").await
}

async fn made(system: &Client, field: &str, variables: Value, declared: &str) -> String {
    let operation = format!("mutation{declared} {{ made: {field} {{ id }} }}");
    let answer = system.convention("con", &operation, variables).await;
    answer.data()["made"]["id"].as_str().unwrap().to_owned()
}

/// The accounts with a place on the shift.
pub(crate) async fn taken(system: &Client, shift: &str) -> Vec<String> {
    let operation = "query($shift: ID!) { shift(id: $shift) { entries { account { id } } } }";
    let answer = system.convention("con", operation, json!({ "shift": shift })).await;
    let entries = answer.data()["shift"]["entries"].as_array().unwrap().clone();
    entries.iter().map(|entry| entry["account"]["id"].as_str().unwrap().to_owned()).collect()
}

/// Takes a place for an account.
pub(crate) const SIGN_UP: &str =
    "mutation($shift: ID!, $account: ID!) { signUp(shift: $shift, account: $account) { id state } }";
