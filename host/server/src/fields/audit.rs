//! Who changed what: on the host, or in a convention, where the trails of its plugins are woven into the host's own.

use conman_identity::{AuditEntry, AuditFilter, Page, PageRequest, permission};
use conman_kernel::fault::Fault;
use conman_kernel::id::{ConventionId, PluginId};
use conman_storage::{DeedFilter, PluginDeed, Storage};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Ask, Paging};

/// A convention's trail at a convention's address; everything but what is done through plugins at the host's.
pub(super) async fn trail(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        #[serde(flatten)]
        paging: Paging,
        #[serde(default)]
        actor: Option<String>,
        #[serde(default)]
        action: Option<String>,
        #[serde(default)]
        since: Option<Timestamp>,
        #[serde(default)]
        until: Option<Timestamp>,
    }
    let Arguments { paging, actor, action, since, until } = ask.arguments()?;
    let page = paging.request()?;
    let parts = &ask.desk.parts;
    parts.identity.require(&ask.scope.actor, &ask.realm(None), permission::AUDIT_READ).await?;
    let convention = ask.scope.convention.as_ref().map(|convention| convention.id.clone());
    let filter = AuditFilter { convention, actor, action, since, until };
    let mut entries = if filter.action.as_deref().is_some_and(is_of_a_plugin) {
        Vec::new()
    } else {
        parts.identity.audit_trail(&ask.scope.actor, &filter, &page).await?
    };
    if let Some(convention) = &filter.convention {
        // Those that are disabled too: what was done through them has been done.
        for plugin in parts.storage.list(convention).await? {
            let done = done_through(&parts.storage, convention, &plugin, &filter, &page).await;
            entries.extend(done.map_err(|fault| unreadable(&plugin, fault))?);
        }
    }
    // The newest of all: each trail gave a page of its own at least, or all that it has.
    entries.sort_by(|a, b| b.id.cmp(&a.id));
    let Page { items, next } = page.cut(entries, |entry| entry.id.clone());
    Ok(json!({ "items": items.iter().map(entry_json).collect::<Value>(), "next": next }))
}

/// No action of the host's own has a slash, every plugin's id has one.
fn is_of_a_plugin(action: &str) -> bool {
    action.contains('/')
}

/// A page of what was done through a plugin, and one entry more where there is one.
async fn done_through(
    storage: &Storage,
    convention: &ConventionId,
    plugin: &PluginId,
    filter: &AuditFilter,
    page: &PageRequest,
) -> Result<Vec<AuditEntry>, Fault> {
    let action = match &filter.action {
        None => None,
        Some(action) => match action.strip_prefix(plugin.as_str()).and_then(|rest| rest.strip_prefix('.')) {
            None => return Ok(Vec::new()),
            Some("") => None,
            Some(action) => Some(action.to_owned()),
        },
    };
    // It may have been purged meanwhile.
    let Some(database) = storage.existing(convention, plugin).await? else { return Ok(Vec::new()) };
    let filter = DeedFilter {
        actor: filter.actor.clone(),
        action,
        since: filter.since,
        until: filter.until,
        after: page.after.clone(),
    };
    let deeds = database.deeds(&filter, page.reading()).await?;
    deeds.into_iter().map(|deed| entry(convention, plugin, deed)).collect()
}

fn entry(convention: &ConventionId, plugin: &PluginId, deed: PluginDeed) -> Result<AuditEntry, Fault> {
    let PluginDeed { id, at, actor, actor_name, action, detail } = deed;
    Ok(AuditEntry {
        after: serde_json::from_str(&detail).map_err(|error| Fault::internal(format!("{id} is damaged: {error}")))?,
        id,
        at,
        actor,
        actor_name,
        action: format!("{plugin}.{action}"),
        target: format!("plugin:{plugin}"),
        convention: Some(convention.clone()),
        before: Value::Null,
    })
}

/// A trail with a gap would tell that nothing was done there.
fn unreadable(plugin: &PluginId, fault: Fault) -> Fault {
    Fault { message: format!("what was done through {plugin} cannot be read: {}", fault.message), ..fault }
}

fn entry_json(entry: &AuditEntry) -> Value {
    let AuditEntry { id, at, actor, actor_name, action, target, before, after, .. } = entry;
    json!({ "id": id, "at": at, "actor": actor, "name": actor_name, "action": action, "target": target, "before": before, "after": after })
}
