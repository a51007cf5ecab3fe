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
    let mut entries = Vec::new();
    if !filter.action.as_deref().is_some_and(is_of_a_plugin) {
        let own = parts.identity.audit_trail(&ask.scope.actor, &filter, &page).await?;
        entries.extend(own.into_iter().map(Entry::Own));
    }
    if let Some(convention) = &filter.convention {
        // Those that are disabled too: what was done through them has been done.
        for plugin in parts.storage.list(convention).await? {
            let done = done_through(&parts.storage, convention, &plugin, &filter, &page).await;
            entries.extend(done.map_err(|fault| unreadable(&plugin, fault))?);
        }
    }
    // The newest of all: each trail gave a page of its own at least, or all that it has.
    entries.sort_by(|a, b| b.id().cmp(a.id()));
    let Page { items, next } = page.cut(entries, |entry| entry.id().to_owned());
    Ok(json!({ "items": items.into_iter().map(Entry::json).collect::<Value>(), "next": next }))
}

/// An entry as it was read. Of every plugin's page most entries are older than those that are shown, so that they are read no further.
enum Entry {
    Own(AuditEntry),
    Through(PluginId, PluginDeed),
}

impl Entry {
    fn id(&self) -> &str {
        match self {
            Self::Own(entry) => &entry.id,
            Self::Through(_, deed) => &deed.id,
        }
    }

    fn json(self) -> Value {
        match self {
            Self::Own(AuditEntry { id, at, actor, actor_name, action, target, before, after, .. }) => {
                json!({ "id": id, "at": at, "actor": actor, "name": actor_name, "action": action, "target": target, "before": before, "after": after })
            }
            Self::Through(plugin, PluginDeed { id, at, actor, actor_name, action, detail }) => {
                // One that cannot be read must not hide the others: it is shown as it is.
                let after = serde_json::from_str(&detail).unwrap_or(Value::String(detail));
                json!({
                    "id": id, "at": at, "actor": actor, "name": actor_name, "action": format!("{plugin}.{action}"),
                    "target": format!("plugin:{plugin}"), "before": null, "after": after,
                })
            }
        }
    }
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
) -> Result<Vec<Entry>, Fault> {
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
    let deeds = match database.deeds(&filter, page.reading()).await {
        // One that is open here may be gone all the same: another host has purged it.
        Err(_) if matches!(storage.has(convention, plugin).await, Ok(false)) => return Ok(Vec::new()),
        deeds => deeds?,
    };
    Ok(deeds.into_iter().map(|deed| Entry::Through(plugin.clone(), deed)).collect())
}

/// A trail with a gap would tell that nothing was done there.
fn unreadable(plugin: &PluginId, fault: Fault) -> Fault {
    Fault { message: format!("what was done through {plugin} cannot be read: {}", fault.message), ..fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_shown_as_it_is() {
        let shown = |detail: &str| {
            let deed = PluginDeed {
                id: "1".to_owned(),
                at: Timestamp::UNIX_EPOCH,
                actor: "system".to_owned(),
                actor_name: String::new(),
                action: "sign".to_owned(),
                detail: detail.to_owned(),
            };
            Entry::Through("examples/hello".parse().unwrap(), deed).json()["after"].take()
        };
        assert_eq!(shown(r#"{"request":"r"}"#), json!({ "request": "r" }));
        let too_deep = "[".repeat(200) + &"]".repeat(200);
        assert_eq!(shown(&too_deep), json!(too_deep));
    }
}
