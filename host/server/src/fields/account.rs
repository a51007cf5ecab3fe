//! Accounts: the entity that plugins extend, and what those who manage accounts do with them.

use std::collections::HashMap;

use conman_identity::{Account, AccountState};
use conman_kernel::actor::Principal;
use conman_kernel::dispatch::BatchAnswer;
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::AccountId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::session::entity;
use super::{Answer, Ask, Paging};

/// Loads accounts by id: people of this convention, and oneself. Others are `null`, as if they did not exist.
pub(super) async fn load(ask: Ask<'_>, parents: &[String]) -> Result<BatchAnswer, Fault> {
    #[derive(Deserialize)]
    struct Key {
        id: String,
    }
    let keys =
        parents.iter().map(|parent| serde_json::from_str::<Key>(parent).map(|key| AccountId::from_stored(key.id)));
    let keys =
        keys.collect::<Result<Vec<_>, _>>().map_err(|error| Fault::internal(format!("a key of Account: {error}")))?;
    let identity = &ask.desk.parts.identity;
    let mut names = match &ask.scope.convention {
        Some(convention) => identity.names(&convention.id, &keys).await?,
        None => HashMap::new(),
    };
    if let Some(own) = ask.scope.actor.account()
        && keys.contains(own)
        && !names.contains_key(own)
    {
        names.insert(own.clone(), ask.scope.actor.name.clone());
    }
    let answer = keys.iter().map(|id| match names.get(id) {
        Some(name) => Ok(json!({ "id": id, "name": name }).to_string()),
        None => Ok("null".to_owned()),
    });
    Ok(answer.collect())
}

fn details(account: &Account) -> Value {
    json!({
        "account": entity(account),
        "email": account.email,
        "active": account.state == AccountState::Active,
        "createdAt": account.created_at,
    })
}

pub(super) async fn list(ask: Ask<'_>) -> Answer {
    let page = ask.arguments::<Paging>()?.request()?;
    let page = ask.desk.parts.identity.accounts(&ask.scope.actor, &page).await?;
    Ok(json!({ "items": page.items.iter().map(details).collect::<Value>(), "next": page.next }))
}

pub(super) async fn create(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        email: String,
        name: String,
        #[serde(default)]
        password: Option<String>,
    }
    let Arguments { email, name, password } = ask.arguments()?;
    let created = ask.desk.parts.identity.create_account(&ask.scope.actor, &email, &name, password.as_deref()).await?;
    let password = created.password.as_ref().map(conman_identity::Secret::reveal);
    Ok(json!({ "account": entity(&created.account), "email": created.account.email, "password": password }))
}

pub(super) async fn reset_password(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        email: String,
    }
    let Arguments { email } = ask.arguments()?;
    let account = by_email(ask, &email).await?;
    let secret = ask.desk.parts.identity.reset_password(&ask.scope.actor, &account.id).await?;
    Ok(json!(secret.reveal()))
}

pub(super) async fn set_active(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        email: String,
        active: bool,
    }
    let Arguments { email, active } = ask.arguments()?;
    let account = by_email(ask, &email).await?;
    let state = if active { AccountState::Active } else { AccountState::Disabled };
    ask.desk.parts.identity.set_account_state(&ask.scope.actor, &account.id, state).await?;
    Ok(json!(true))
}

pub(super) async fn rename(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        name: String,
        #[serde(default)]
        account: Option<String>,
    }
    let Arguments { name, account } = ask.arguments()?;
    let id = own_or_named(ask, account).await?;
    Ok(entity(&ask.desk.parts.identity.rename_account(&ask.scope.actor, &id, &name).await?))
}

/// The account with that address, or the one that is asking.
pub(super) async fn own_or_named(ask: Ask<'_>, email: Option<String>) -> Result<AccountId, Fault> {
    match (email, ask.scope.actor.account()) {
        (Some(email), _) => Ok(by_email(ask, &email).await?.id),
        (None, Some(own)) => Ok(own.clone()),
        (None, None) if ask.scope.actor.principal == Principal::Anonymous => {
            Err(Fault::new(code::UNAUTHENTICATED, "sign in first; this is about the account that is asking"))
        }
        (None, None) => Err(Fault::new(code::INVALID, "say whose, by e-mail address").at("/account")),
    }
}

/// Finds an account by the address it signs in with.
pub(super) async fn by_email(ask: Ask<'_>, email: &str) -> Result<Account, Fault> {
    let found = ask.desk.parts.identity.account_by_email(&ask.scope.actor, email).await;
    found.map_err(|error| {
        let fault = Fault::from(error);
        if fault.code == code::NOT_FOUND { fault.at("/email") } else { fault }
    })
}
