//! The newcomer's path, once, over HTTP: read the schedule, take a shift, read it back.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::conman::Conman;
use super::sample::{EXAMPLE, SignIn};
use crate::command::headline;

pub fn run(conman: &Conman, sign_ins: &[SignIn]) -> anyhow::Result<()> {
    headline("reading the schedule, taking a shift, reading it back");
    let attendee = token(sign_ins, "attendee")?;
    let schedule = conman.graphql(Some(attendee), EXAMPLE, &json!({}))?;
    let sessions = schedule["sessions"]["nodes"].as_array().context("the schedule has no sessions")?;
    ensure!(sessions.len() == 5, "asked for 5 sessions, got {}", sessions.len());
    println!("{} sessions, the first is {}", sessions.len(), sessions[0]["title"]);

    let volunteer = token(sign_ins, "volunteer")?;
    let free = "{ shifts(filter: { freeForMe: true }, limit: 1) { id title decision { code role { id } } } }";
    let shift = conman.graphql(Some(volunteer), free, &json!({}))?["shifts"][0].take();
    ensure!(shift["decision"]["code"] == "FREE", "no shift is free for the volunteer: {shift}");
    let sign_up = "mutation($shift: ID!, $role: ID!) { signUp(shift: $shift, role: $role) { id state } }";
    let variables = json!({ "shift": shift["id"], "role": shift["decision"]["role"]["id"] });
    let entry = conman.graphql(Some(volunteer), sign_up, &variables)?;

    let mine = conman.graphql(Some(volunteer), "{ myShifts { id state shift { id title } } }", &json!({}))?;
    let found = mine["myShifts"].as_array().into_iter().flatten().any(|mine: &Value| {
        mine["id"] == entry["signUp"]["id"] && mine["shift"]["id"] == shift["id"] && mine["state"] == "SIGNED_UP"
    });
    ensure!(found, "the volunteer took {shift}, but reads back {mine}");
    println!("took {} and read it back", shift["title"]);
    Ok(())
}

fn token<'a>(sign_ins: &'a [SignIn], role: &str) -> anyhow::Result<&'a str> {
    let found = sign_ins.iter().find(|sign_in| sign_in.role == role);
    Ok(&found.with_context(|| format!("no sign-in for the role {role}"))?.token)
}
