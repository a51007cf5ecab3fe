//! Sign-ups for shifts: each a transaction with checks, effects and an event.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::convention::{Convention, Engine, body, path, request};
use crate::load::Load;
use crate::measures::{checked, native};
use crate::native::{Native, router};
use crate::report::{Aim, Figure, Report};

/// More than there are clients, so that most sign-ups do not compete for one shift.
const SHIFTS: usize = 64;

const OURS: &str = "mutation($shift: ID!, $account: ID!) { signUp(shift: $shift, account: $account) { id state } }";
const BASELINE: &str =
    "mutation($shift: String!, $account: String!) { signUp(shift: $shift, account: $account) { id state } }";

pub(crate) async fn measure(engine: Engine, report: &mut Report) -> anyhow::Result<()> {
    let convention = Convention::with(engine, &["core-programming", "core-volunteer"]).await?;
    let shifts = Arc::new(shifts(&convention).await?);
    let token = Arc::new(convention.token("admin").await?);
    let database = convention.database("core-volunteer").await?;
    let baseline = router(Native { programme: database.clone(), volunteers: database, greeting: "" });
    let convention = Arc::new(convention);
    let ours = {
        let (convention, shifts) = (Arc::clone(&convention), Arc::clone(&shifts));
        Load::SHORT.run(move |client, made| {
            let (convention, shifts, token) = (Arc::clone(&convention), Arc::clone(&shifts), Arc::clone(&token));
            async move {
                let variables = variables(&shifts, "ours", client, made);
                let request = request(&path(), Some(&token), &json!({ "query": OURS, "variables": variables }))?;
                checked(body(convention.host.answer(request).await).await?).map(drop)
            }
        })
    };
    let ours = ours.await?;
    let theirs = Load::SHORT.run(move |client, made| {
        let (baseline, shifts) = (baseline.clone(), Arc::clone(&shifts));
        async move { native(&baseline, BASELINE, variables(&shifts, "native", client, made)).await.map(drop) }
    });
    let theirs = theirs.await?;
    report.add(Figure {
        name: format!("sign-up: {}", engine.name()),
        value: ours.per_second,
        unit: "requests/s",
        baseline: Some(theirs.per_second),
        compared_with: "async-graphql, the same checks in one transaction".to_owned(),
        aim: Aim::Ratio(0.6),
        how: format!(
            "4 clients for 4 s, durable commits; p50 {:.2} ms, p99 {:.2} ms",
            ours.quantile(0.5).as_secs_f64() * 1e3,
            ours.quantile(0.99).as_secs_f64() * 1e3
        ),
    });
    Ok(())
}

/// A new account each time, as at the opening of sign-up.
fn variables(shifts: &[String], side: &str, client: usize, made: usize) -> Value {
    let shift = shifts.get((client * 17 + made) % shifts.len());
    json!({ "shift": shift, "account": format!("{side}-{client}-{made}") })
}

async fn shifts(convention: &Convention) -> anyhow::Result<Vec<String>> {
    let department = "mutation { made: createDepartment(input: { name: \"Desk\" }) { id } }";
    let department = convention.system(department, json!({})).await?["made"]["id"].take();
    let role = "mutation($department: ID!) { made: createVolunteerRole(input: { name: \"Desk\", department: $department }) { id } }";
    let role = convention.system(role, json!({ "department": department })).await?["made"]["id"].take();
    let shift = |at: usize| {
        json!({
            "department": department, "title": format!("Desk {at}"), "seats": [{ "role": role, "needed": 1_000_000 }],
            "start": "2030-09-02T10:00:00-05:00", "end": "2030-09-02T14:00:00-05:00",
        })
    };
    let inputs: Vec<Value> = (0..SHIFTS).map(shift).collect();
    let operation = "mutation($inputs: [ShiftInput!]!) { createShifts(inputs: $inputs) { id } }";
    let made = convention.system(operation, json!({ "inputs": inputs })).await?;
    let ids = made["createShifts"].as_array().into_iter().flatten();
    Ok(ids.filter_map(|shift| shift["id"].as_str().map(str::to_owned)).collect())
}
