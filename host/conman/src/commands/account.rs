//! `conman account`

use serde_json::json;

use crate::arguments::{AccountCommand, AccountCreate, Grant, Where};
use crate::commands::{at, take};
use crate::door::{Door, Missing};
use crate::failure::{Failure, Outcome};
use crate::terminal::{Terminal, cell};

pub(crate) async fn run(place: &Where, command: AccountCommand, terminal: Terminal) -> Outcome {
    let missing = if matches!(command, AccountCommand::Create(_)) { Missing::Create } else { Missing::Refuse };
    let door = Door::find(place, missing, terminal).await?;
    let outcome = match command {
        AccountCommand::Create(create) => self::create(&door, create, terminal).await,
        AccountCommand::Grant(grant) => change(&door, "grantRole", grant, terminal).await,
        AccountCommand::Revoke(grant) => change(&door, "revokeRole", grant, terminal).await,
    };
    door.close().await;
    outcome
}

async fn create(door: &Door, create: AccountCreate, terminal: Terminal) -> Outcome {
    let password = create.password_stdin.then(|| -> Result<String, Failure> {
        let text = std::io::read_to_string(std::io::stdin())?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    });
    let variables = json!({ "email": create.email, "name": create.name, "password": password.transpose()? });
    let operation = "mutation($email: String!, $name: String!, $password: String) {
        createAccount(email: $email, name: $name, password: $password) { account { id name } email password } }";
    let made = take(door.graphql(None, operation, variables).await?, "createAccount");
    // Shown before anything else can fail: a generated password is to be had only now.
    terminal.answer(&made)?;
    terminal.say(format!(
        "made an account for {} ({})",
        cell(at(at(&made, "account"), "name")),
        cell(at(&made, "email"))
    ))?;
    if !at(&made, "password").is_null() {
        terminal.say(format!("password, shown only now: {}", cell(at(&made, "password"))))?;
    }
    for role in create.role {
        let grant = Grant { email: create.email.clone(), role, convention: create.convention.clone() };
        send(door, "grantRole", &grant).await?;
        terminal.note(&format!("given the role {}", grant.role));
    }
    Ok(())
}

async fn change(door: &Door, field: &str, grant: Grant, terminal: Terminal) -> Outcome {
    let changed = send(door, field, &grant).await?;
    terminal.answer(&json!({ "changed": changed }))?;
    let place = grant.convention.as_deref().unwrap_or("the whole host");
    let Grant { email, role, .. } = &grant;
    terminal.say(match (field, changed) {
        ("grantRole", _) => format!("{email} has the role {role} in {place}"),
        (_, true) => format!("{email} no longer has the role {role} in {place}"),
        (_, false) => format!("{email} did not have the role {role} in {place}"),
    })
}

async fn send(door: &Door, field: &str, grant: &Grant) -> Result<bool, Failure> {
    let operation =
        format!("mutation($email: String!, $role: String!) {{ changed: {field}(email: $email, role: $role) }}");
    let data = door
        .graphql(grant.convention.as_deref(), &operation, json!({ "email": grant.email, "role": grant.role }))
        .await?;
    Ok(at(&data, "changed").as_bool().unwrap_or_default())
}
