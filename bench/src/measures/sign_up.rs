//! Sign-ups for shifts: each a transaction with checks, effects and an event.

use std::sync::Arc;
use std::time::Duration;

use conman_kernel::sql::{RowExt as _, SharedDatabase, read, transaction};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::convention::{Convention, Engine, body, path, request};
use crate::load::{Load, compare};
use crate::measures::{checked, native};
use crate::native::{Native, router};
use crate::report::{Aim, Figure, Report};

/// More than there are clients, so that most sign-ups do not compete for one shift.
const SHIFTS: usize = 64;
const PLACES: usize = 10_000;

const OURS: &str = "mutation($shift: ID!, $account: ID!) { signUp(shift: $shift, account: $account) { id state } }";
const BASELINE: &str =
    "mutation($shift: String!, $account: String!) { signUp(shift: $shift, account: $account) { id state } }";

pub(crate) async fn measure(engine: Engine, report: &mut Report) -> anyhow::Result<()> {
    let convention = Convention::with(engine, &["core-programming", "core-volunteer"]).await?;
    let shifts = Arc::new(shifts(&convention).await?);
    let token = Arc::new(convention.token("admin").await?);
    let database = convention.database("core-volunteer").await?;
    let durability = durability(&convention).await?;
    let baseline = router(Native { programme: database.clone(), volunteers: database.clone() });
    let convention = Arc::new(convention);
    let ours = {
        let (convention, shifts) = (Arc::clone(&convention), Arc::clone(&shifts));
        Load::new(move |made| {
            let (convention, shifts, token) = (Arc::clone(&convention), Arc::clone(&shifts), Arc::clone(&token));
            async move {
                let variables = variables(&shifts, "ours", made);
                let request = request(&path(), Some(&token), &json!({ "query": OURS, "variables": variables }))?;
                checked(body(convention.host.answer(request).await).await?).map(drop)
            }
        })
    };
    let theirs = Load::new(move |made| {
        let (baseline, shifts) = (baseline.clone(), Arc::clone(&shifts));
        async move {
            let variables = variables(&shifts, "native", made);
            native(&baseline, &json!({ "query": BASELINE, "variables": variables })).await.map(drop)
        }
    });
    let compared = compare(ours, theirs, async || settled(&database).await).await?;
    report.add(Figure::compared(
        format!("sign-up: {}", engine.name()),
        &compared,
        "async-graphql, the same statements in one transaction",
        Aim::Ratio(0.6),
        &durability,
    ));
    Convention::close(convention).await?;
    Ok(())
}

/// A new account each time, as at the opening of sign-up.
fn variables(shifts: &[String], side: &str, made: usize) -> Value {
    json!({ "shift": shifts.get(made % shifts.len()), "account": format!("{side}-{made}") })
}

/// Waits until the host has delivered its side's events, and takes away the baseline's, which it would deliver as well.
async fn settled(database: &SharedDatabase) -> anyhow::Result<()> {
    transaction(database.as_ref(), |transaction| {
        Box::pin(async move {
            transaction.execute("DELETE FROM conman_outbox WHERE topic LIKE 'bench.%'", &[]).await.map(drop)
        })
    })
    .await?;
    for _ in 0..3_000 {
        let left = read(database.as_ref(), "SELECT COUNT(*) FROM conman_outbox", &[]).await?;
        if left.rows.first().is_some_and(|row| row.integer(0).is_ok_and(|left| left == 0)) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("the events of the sign-ups were not delivered within 30 s")
}

/// What a commit means here; a server that does not write through is no place to measure sign-ups.
async fn durability(convention: &Convention) -> anyhow::Result<String> {
    let Some(url) = convention.postgres() else { return Ok("durable commits (synchronous = FULL)".to_owned()) };
    let mut connection = PgConnection::connect(&url).await?;
    let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut connection).await?;
    let commit: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut connection).await?;
    connection.close().await?;
    anyhow::ensure!(
        fsync == "on" && commit == "on",
        "this PostgreSQL runs with fsync = {fsync} and synchronous_commit = {commit}: unset CONMAN_TEST_POSTGRES, so that one \
         with durable commits is started"
    );
    Ok("durable commits (fsync and synchronous_commit on)".to_owned())
}

async fn shifts(convention: &Convention) -> anyhow::Result<Vec<String>> {
    let department = "mutation { made: createDepartment(input: { name: \"Desk\" }) { id } }";
    let department = convention.system(department, json!({})).await?["made"]["id"].take();
    let role = "mutation($department: ID!) { made: createVolunteerRole(input: { name: \"Desk\", department: $department }) { id } }";
    let role = convention.system(role, json!({ "department": department })).await?["made"]["id"].take();
    let shift = |at: usize| {
        json!({
            "department": department, "title": format!("Desk {at}"), "seats": [{ "role": role, "needed": PLACES }],
            "start": "2030-09-02T10:00:00-05:00", "end": "2030-09-02T14:00:00-05:00",
        })
    };
    let inputs: Vec<Value> = (0..SHIFTS).map(shift).collect();
    let operation = "mutation($inputs: [ShiftInput!]!) { createShifts(inputs: $inputs) { id } }";
    let made = convention.system(operation, json!({ "inputs": inputs })).await?;
    let ids = made["createShifts"].as_array().into_iter().flatten();
    Ok(ids.filter_map(|shift| shift["id"].as_str().map(str::to_owned)).collect())
}
