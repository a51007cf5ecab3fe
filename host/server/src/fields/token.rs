//! API tokens: for programs, made by people.

use std::time::Duration;

use conman_identity::{ApiToken, NewToken};
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::{AccountId, TokenId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Ask, account};

const LONGEST_DAYS: i64 = 3660;

pub(super) async fn list(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        #[serde(default)]
        account: Option<String>,
    }
    let Arguments { account } = ask.arguments()?;
    let owner = account::own_or_named(ask, account).await?;
    let tokens = ask.desk.parts.identity.tokens(&ask.scope.actor, &owner).await?;
    Ok(tokens.iter().map(token_json).collect())
}

fn token_json(token: &ApiToken) -> Value {
    let ApiToken { id, name, scopes, created_at, expires_at, used_at, .. } = token;
    json!({ "id": id, "name": name, "scopes": scopes, "createdAt": created_at, "expiresAt": expires_at, "usedAt": used_at })
}

pub(super) async fn create(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        name: String,
        scopes: Vec<String>,
        days: i64,
        #[serde(default)]
        account: Option<String>,
    }
    let Arguments { name, scopes, days, account } = ask.arguments()?;
    let days = u64::try_from(days).ok().filter(|_| (1..=LONGEST_DAYS).contains(&days));
    let days =
        days.ok_or_else(|| Fault::new(code::INVALID, format!("a token lasts 1 to {LONGEST_DAYS} days")).at("/days"))?;
    let expires_at = ask.desk.parts.clock.now().saturating_add(Duration::from_secs(days * 24 * 60 * 60)).ok();
    let wanted = NewToken {
        account: owner(ask, account).await?,
        name,
        scopes: if scopes.is_empty() { vec!["*".to_owned()] } else { scopes },
        convention: ask.scope.convention.as_ref().map(|convention| convention.id.clone()),
        expires_at,
    };
    let created = ask.desk.parts.identity.create_token(&ask.scope.actor, &wanted).await?;
    Ok(json!({ "id": created.token.id, "secret": created.secret.reveal(), "expiresAt": created.token.expires_at }))
}

pub(super) async fn revoke(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        id: String,
    }
    let Arguments { id } = ask.arguments()?;
    ask.desk.parts.identity.revoke_token(&ask.scope.actor, &TokenId::from_stored(id)).await?;
    Ok(json!(true))
}

/// Whose token, when it is to be somebody else's.
async fn owner(ask: Ask<'_>, email: Option<String>) -> Result<Option<AccountId>, Fault> {
    match email {
        Some(email) => Ok(Some(account::by_email(ask, &email).await?.id)),
        None => Ok(None),
    }
}
