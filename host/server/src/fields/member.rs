//! Who has which role here, in the convention or in an organization, and what a convention lets a role do.

use conman_identity::{Membership, Override, Who};
use conman_kernel::actor::Role;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Ask, Paging};

#[derive(Deserialize)]
struct Change {
    email: String,
    role: String,
    #[serde(default)]
    organization: Option<String>,
}

pub(super) async fn list(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        #[serde(flatten)]
        paging: Paging,
        #[serde(default)]
        organization: Option<String>,
    }
    let Arguments { paging, organization } = ask.arguments()?;
    let realm = ask.realm(organization);
    let page = ask.desk.parts.identity.members(&ask.scope.actor, &realm, &paging.request()?).await?;
    Ok(json!({ "items": page.items.iter().map(grant_json).collect::<Value>(), "next": page.next }))
}

fn grant_json(membership: &Membership) -> Value {
    let Membership { account, name, email, role, granted_at, .. } = membership;
    json!({ "account": { "id": account, "name": name }, "email": email, "role": role, "grantedAt": granted_at })
}

pub(super) async fn grant(ask: Ask<'_>) -> Answer {
    let Change { email, role, organization } = ask.arguments()?;
    let realm = ask.realm(organization);
    ask.desk.parts.identity.grant(&ask.scope.actor, &realm, &Who::Email(email), &Role(role)).await?;
    Ok(json!(true))
}

pub(super) async fn revoke(ask: Ask<'_>) -> Answer {
    let Change { email, role, organization } = ask.arguments()?;
    let realm = ask.realm(organization);
    let revoked = ask.desk.parts.identity.revoke(&ask.scope.actor, &realm, &Who::Email(email), &Role(role)).await?;
    Ok(json!(revoked))
}

pub(super) async fn overrides(ask: Ask<'_>) -> Answer {
    let overrides = ask.desk.parts.identity.overrides(&ask.scope.actor, &ask.convention()?.id).await?;
    let shown = overrides.iter().map(|found| {
        let Override { role, permission, allowed } = found;
        json!({ "role": role, "permission": permission, "allowed": allowed })
    });
    Ok(shown.collect())
}

pub(super) async fn set_override(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        role: String,
        permission: String,
        #[serde(default)]
        allowed: Option<bool>,
    }
    let Arguments { role, permission, allowed } = ask.arguments()?;
    let convention = &ask.convention()?.id;
    ask.desk.parts.identity.set_override(&ask.scope.actor, convention, &Role(role), &permission, allowed).await?;
    Ok(json!(true))
}
