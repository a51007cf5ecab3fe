//! `conman token`

use serde_json::json;

use crate::arguments::{TokenCommand, TokenCreate, Where};
use crate::commands::{at, list, take};
use crate::door::{Door, Missing};
use crate::failure::Outcome;
use crate::terminal::{Terminal, cell};

pub(crate) async fn run(place: &Where, command: TokenCommand, terminal: Terminal) -> Outcome {
    let door = Door::find(place, Missing::Refuse, terminal).await?;
    let outcome = match command {
        TokenCommand::Create(create) => self::create(&door, create, terminal).await,
        TokenCommand::Revoke { id } => revoke(&door, &id, terminal).await,
        TokenCommand::List { account } => show(&door, account, terminal).await,
    };
    door.close().await;
    outcome
}

async fn create(door: &Door, create: TokenCreate, terminal: Terminal) -> Outcome {
    let operation = "mutation($name: String!, $scopes: [String!]!, $days: Int!, $account: String) {
        createToken(name: $name, scopes: $scopes, days: $days, account: $account) { id secret expiresAt } }";
    let variables =
        json!({ "name": create.name, "scopes": create.scope, "days": create.days, "account": create.account });
    let made = take(door.graphql(create.convention.as_deref(), operation, variables).await?, "createToken");
    terminal.answer(&made)?;
    terminal.say(format!("token {}, valid until {}", cell(at(&made, "id")), cell(at(&made, "expiresAt"))))?;
    terminal.say(format!("secret, shown only now: {}", cell(at(&made, "secret"))))
}

async fn revoke(door: &Door, id: &str, terminal: Terminal) -> Outcome {
    let data = door.graphql(None, "mutation($id: ID!) { revokeToken(id: $id) }", json!({ "id": id })).await?;
    terminal.answer(&data)?;
    terminal.say(format!("token {id} no longer works"))
}

async fn show(door: &Door, account: Option<String>, terminal: Terminal) -> Outcome {
    let operation =
        "query($account: String) { apiTokens(account: $account) { id name scopes createdAt expiresAt usedAt } }";
    let data = door.graphql(None, operation, json!({ "account": account })).await?;
    terminal.answer(at(&data, "apiTokens"))?;
    let rows = list(&data, "apiTokens")
        .iter()
        .map(|token| ["id", "name", "scopes", "createdAt", "expiresAt", "usedAt"].map(|key| cell(at(token, key))));
    terminal.table(["Token", "Name", "Scopes", "Made", "Valid until", "Last used"], rows)
}
