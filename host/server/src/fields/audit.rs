//! Who changed what.

use conman_identity::{AuditEntry, AuditFilter};
use serde_json::{Value, json};

use super::{Answer, Ask, Paging};

/// A convention's own trail at a convention's address; everything at the host's.
pub(super) async fn trail(ask: Ask<'_>) -> Answer {
    let page = ask.arguments::<Paging>()?.request()?;
    let filter = AuditFilter {
        convention: ask.scope.convention.as_ref().map(|convention| convention.id.clone()),
        ..AuditFilter::default()
    };
    let page = ask.desk.parts.identity.audit_trail(&ask.scope.actor, &filter, &page).await?;
    Ok(json!({ "items": page.items.iter().map(entry_json).collect::<Value>(), "next": page.next }))
}

fn entry_json(entry: &AuditEntry) -> Value {
    let AuditEntry { id, at, actor, actor_name, action, target, before, after, .. } = entry;
    json!({ "id": id, "at": at, "actor": actor, "name": actor_name, "action": action, "target": target, "before": before, "after": after })
}
