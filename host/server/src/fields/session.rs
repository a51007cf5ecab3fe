//! Who is asking, and sessions: signing in and out, where one is signed in.

use conman_identity::{Account, Session};
use conman_kernel::actor::Permissions;
use conman_kernel::fault::{Fault, code};
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::own_or_named;
use super::{Answer, Ask};

pub(super) async fn me(ask: Ask<'_>) -> Answer {
    let actor = &ask.scope.actor;
    let account = ask.desk.parts.identity.own_account(actor).await?;
    let permissions = match &actor.permissions {
        Permissions::All => Vec::new(),
        Permissions::Only(permissions) => permissions.iter().cloned().collect(),
    };
    Ok(json!({
        "kind": actor.kind(),
        "name": actor.name,
        "account": account.as_ref().map(entity),
        "email": account.as_ref().map(|account| &account.email),
        "roles": actor.roles,
        "permissions": permissions,
        "everything": actor.permissions == Permissions::All,
    }))
}

/// An account as everybody may see it.
pub(super) fn entity(account: &Account) -> Value {
    json!({ "id": account.id, "name": account.name })
}

pub(super) async fn sign_in(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        email: String,
        password: String,
    }
    let Arguments { email, password } = ask.arguments()?;
    let signed_in = ask.desk.parts.identity.sign_in(&email, &password, &ask.desk.caller.client).await?;
    let Session { expires_at, .. } = &signed_in.session;
    Ok(json!({ "token": signed_in.secret.reveal(), "expiresAt": expires_at, "account": entity(&signed_in.account) }))
}

pub(super) async fn sign_out(ask: Ask<'_>) -> Answer {
    let Some(bearer) = &ask.desk.caller.bearer else {
        return Err(Fault::new(
            code::UNAUTHENTICATED,
            "nobody is signed in; send the session's token as `Authorization: Bearer …`",
        ));
    };
    ask.desk.parts.identity.sign_out(bearer).await?;
    Ok(json!(true))
}

pub(super) async fn change_password(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        current: String,
        new: String,
    }
    let Arguments { current, new } = ask.arguments()?;
    ask.desk.parts.identity.change_password(&ask.scope.actor, &current, &new).await?;
    Ok(json!(true))
}

#[derive(Deserialize)]
struct Whose {
    #[serde(default)]
    account: Option<String>,
}

pub(super) async fn list(ask: Ask<'_>) -> Answer {
    let Whose { account } = ask.arguments()?;
    let account = own_or_named(ask, account).await?;
    let sessions = ask.desk.parts.identity.sessions(&ask.scope.actor, &account).await?;
    let sessions = sessions.iter().map(|session| {
        let Session { id, agent, created_at, used_at, expires_at, .. } = session;
        json!({ "id": id, "agent": agent, "createdAt": created_at, "usedAt": used_at, "expiresAt": expires_at })
    });
    Ok(sessions.collect())
}

pub(super) async fn sign_out_everywhere(ask: Ask<'_>) -> Answer {
    let Whose { account } = ask.arguments()?;
    let account = own_or_named(ask, account).await?;
    Ok(json!(ask.desk.parts.identity.sign_out_everywhere(&ask.scope.actor, &account).await?))
}
