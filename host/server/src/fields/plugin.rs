//! Plugins: what is installed, what is enabled, what they log.

use conman_identity::{Deed, Realm, permission};
use conman_kernel::actor::{Actor, Principal};
use conman_kernel::digest::Digest;
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::PluginId;
use conman_kernel::sql::SqlError;
use conman_runtime::package::{About, Manifest};
use conman_runtime::{Capability, EnableError, EnabledPlugin, Installed, Wanted};
use conman_storage::Unsent;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Ask};
use crate::faults::of_enabling;

async fn allowed(ask: Ask<'_>) -> Result<(), Fault> {
    let realm = ask.realm(None);
    Ok(ask.desk.parts.identity.require(&ask.scope.actor, &realm, permission::PLUGIN_MANAGE).await?)
}

pub(super) fn plugin_id(text: &str, pointer: &str) -> Result<PluginId, Fault> {
    text.parse()
        .map_err(|error: conman_kernel::id::InvalidPluginId| Fault::new(code::INVALID, error.to_string()).at(pointer))
}

pub(super) async fn packages(ask: Ask<'_>) -> Answer {
    allowed(ask).await?;
    let runtime = &ask.desk.parts.runtime;
    let mut packages = Vec::new();
    for package in runtime.packages().await? {
        // Reading the whole file is only worth it when somebody wants to know.
        let damage = match ask.wants("damage") {
            true => runtime.package_bytes(package.digest).await.err().map(|error| error.to_string()),
            false => None,
        };
        // One that cannot be read must not hide the others.
        let (name, summary, license, damage) = match Manifest::parse(&package.manifest) {
            Ok(Manifest { about: About { name, summary, license, .. }, .. }) => (name, summary, license, damage),
            Err(error) => (package.id.to_string(), String::new(), String::new(), Some(error.to_string())),
        };
        packages.push(json!({
            "id": package.id, "version": package.version, "name": name, "summary": summary, "license": license, "digest": package.digest,
            "size": package.size, "installedAt": package.installed_at, "installedBy": package.installed_by, "damage": damage,
        }));
    }
    Ok(packages.into())
}

/// What an upload answers.
pub(crate) fn installed_json(installed: &Installed) -> Value {
    let Installed { id, version, digest, manifest, capabilities } = installed;
    json!({
        "id": id, "version": version.to_string(), "name": manifest.about.name, "digest": digest, "capabilities": capabilities_json(capabilities),
    })
}

fn capabilities_json(capabilities: &[Capability]) -> Value {
    capabilities.iter().map(|capability| json!({ "name": capability.what, "reason": capability.reason })).collect()
}

fn enabled_json(plugin: &EnabledPlugin) -> Value {
    let About { name, summary, .. } = &plugin.manifest().about;
    let formats = plugin.manifest().formats.iter().map(|format| {
        let largest = format
            .import
            .as_deref()
            .and_then(|path| plugin.manifest().route("POST", path))
            .map(|route| route.body_limit);
        json!({
            "plugin": plugin.id(), "id": format.id, "name": format.name, "extensions": format.extensions,
            "import": format.import, "importBytes": largest, "export": format.export,
        })
    });
    json!({
        "id": plugin.id(), "version": plugin.version().to_string(), "name": name, "summary": summary, "digest": plugin.digest(),
        "capabilities": capabilities_json(plugin.capabilities()), "enabledAt": plugin.enabled_at(), "formats": formats.collect::<Value>(),
    })
}

pub(super) fn enabled(ask: Ask<'_>) -> Answer {
    let open = ask.desk.parts.conventions.get(&ask.convention()?.id);
    Ok(open.iter().flat_map(|open| &open.plugins).map(enabled_json).collect())
}

pub(super) async fn logs(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        plugin: String,
        last: i64,
    }
    allowed(ask).await?;
    let Arguments { plugin, last } = ask.arguments()?;
    let plugin = plugin_id(&plugin, "/plugin")?;
    let last =
        usize::try_from(last).map_err(|_| Fault::new(code::INVALID, "`last` must not be negative").at("/last"))?;
    let lines = ask.desk.parts.runtime.logs(&ask.convention()?.id, &plugin, last);
    let lines = lines.iter().map(|line| json!({ "at": line.at, "level": line.level, "message": line.message, "fields": line.fields, "request": line.request }));
    Ok(lines.collect())
}

pub(super) async fn enable(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        id: String,
        #[serde(default)]
        version: Option<String>,
        #[serde(default)]
        config: Option<Value>,
    }
    let Arguments { id, version, config } = ask.arguments()?;
    let id = plugin_id(&id, "/id")?;
    allowed(ask).await?;
    let convention = ask.convention()?;
    let parts = &ask.desk.parts;
    let before = parts
        .conventions
        .get(&convention.id)
        .and_then(|open| open.plugins.iter().find(|plugin| *plugin.id() == id).cloned());
    let config = config.map(|config| config.to_string());
    let package = match (&version, &config) {
        (Some(version), _) => Wanted::Version(version),
        // To configure a plugin is not to upgrade it.
        (None, Some(_)) => Wanted::Current,
        (None, None) => Wanted::Newest,
    };
    let open = parts.conventions.enable(convention, &id, package, config.as_deref(), &ask.scope.actor).await?;
    parts.bus.subscriptions_changed();
    let plugin = open.plugins.iter().find(|plugin| *plugin.id() == id);
    let plugin = plugin.ok_or_else(|| Fault::internal(format!("{id} was enabled and is not there")))?;
    let mut after = state(plugin);
    if let (Some(before), Value::Object(after)) = (&before, &mut after) {
        let changed = changed_keys(before.config(), plugin.config());
        if !changed.is_empty() {
            after.insert("configured".to_owned(), changed.into());
        }
    }
    record(ask, "plugin.enabled", &id, before.as_ref().map(state), Some(after)).await?;
    Ok(enabled_json(plugin))
}

pub(super) async fn disable(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        id: String,
    }
    let Arguments { id } = ask.arguments()?;
    let id = plugin_id(&id, "/id")?;
    allowed(ask).await?;
    let convention = ask.convention()?;
    let parts = &ask.desk.parts;
    let before = parts
        .conventions
        .get(&convention.id)
        .and_then(|open| open.plugins.iter().find(|plugin| *plugin.id() == id).map(state));
    parts.conventions.disable(&convention.id, &id).await?;
    parts.solving.withdraw(&convention.id, &id).await;
    parts.bus.subscriptions_changed();
    record(ask, "plugin.disabled", &id, before, None).await?;
    Ok(json!(true))
}

/// Deletes what a disabled plugin has stored.
pub(super) async fn purge(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Arguments {
        id: String,
        lose_events: bool,
    }
    let Arguments { id, lose_events } = ask.arguments()?;
    let id = plugin_id(&id, "/id")?;
    allowed(ask).await?;
    let convention = &ask.convention()?.id;
    let parts = &ask.desk.parts;
    let purging = parts.runtime.begin_purge(convention, &id).await.map_err(of_enabling)?;
    parts.solving.withdraw(convention, &id).await;
    // What it has told others is theirs.
    if let Err(error) = parts.bus.take_over(convention, &id).await {
        if !lose_events {
            return Err(kept(&id, error));
        }
        tracing::warn!(plugin = %id, %convention, %error, "what the plugin told others last is deleted with it");
    }
    let unsent = if lose_events { Unsent::Lost } else { Unsent::Kept };
    purging.finish(unsent).await.map_err(|error| match error {
        EnableError::Database(error @ SqlError::Serialization(_)) if !lose_events => kept(&id, error),
        error => of_enabling(error),
    })?;
    // Before anything else can fail: it is gone.
    record(ask, "plugin.purged", &id, None, lose_events.then(|| json!({ "loseEvents": true }))).await?;
    // What is held for it belongs to what is gone.
    parts.bus.forget(convention, &id).await?;
    Ok(json!(true))
}

/// Refuses to delete what is owed to others.
fn kept(plugin: &PluginId, reason: impl std::fmt::Display) -> Fault {
    let message = format!(
        "nothing was deleted: {plugin} may have told others of changes, and that cannot be handed on just now; try again in a moment, or \
         give it up with `loseEvents: true`"
    );
    Fault::new(code::UNAVAILABLE, message).retryable().with_detail(reason.to_string())
}

/// Takes a package off the host.
pub(super) async fn uninstall(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        digest: String,
    }
    let Arguments { digest } = ask.arguments()?;
    allowed(ask).await?;
    let runtime = &ask.desk.parts.runtime;
    let missing = || {
        let message = "no package with that digest is installed; `conman plugin list` shows which are";
        Fault::new(code::NOT_FOUND, message).at("/digest")
    };
    let wanted: Digest = digest.parse().map_err(|_| missing())?;
    let package = runtime.packages().await?.into_iter().find(|package| package.digest == wanted).ok_or_else(missing)?;
    runtime.uninstall(&package.id, package.digest).await.map_err(of_enabling)?;
    let before = json!({ "version": package.version, "digest": package.digest });
    let target = format!("package:{}", package.id);
    let deed = Deed { action: "package.uninstalled", target, convention: None, before, after: Value::Null };
    ask.desk.parts.identity.audit().record(&ask.scope.actor, &deed).await?;
    Ok(json!(true))
}

/// What the audit trail keeps. Not the configuration: it may hold secrets.
fn state(plugin: &EnabledPlugin) -> Value {
    json!({ "version": plugin.version().to_string(), "digest": plugin.digest() })
}

/// The outermost keys in which two configurations differ: enough to see what somebody changed, without the values.
fn changed_keys(before: &str, after: &str) -> Vec<String> {
    let read = |text| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
    let (before, after) = (read(before), read(after));
    let mut changed: Vec<String> =
        before.keys().chain(after.keys()).filter(|key| before.get(*key) != after.get(*key)).cloned().collect();
    changed.sort();
    changed.dedup();
    changed
}

async fn record(
    ask: Ask<'_>,
    action: &str,
    plugin: &PluginId,
    before: Option<Value>,
    after: Option<Value>,
) -> Result<(), Fault> {
    let convention = Some(ask.convention()?.id.clone());
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let deed = Deed { action, target: format!("plugin:{plugin}"), convention, before, after };
    Ok(ask.desk.parts.identity.audit().record(&ask.scope.actor, &deed).await?)
}

/// Refuses whoever may not put packages on this host.
pub(crate) async fn may_install(parts: &crate::parts::Parts, actor: &Actor) -> Result<(), Fault> {
    if actor.principal == Principal::Anonymous {
        return Err(Fault::new(
            code::UNAUTHENTICATED,
            "packages are installed by those who may; send a token of theirs",
        ));
    }
    Ok(parts.identity.require(actor, &Realm::host(), permission::PLUGIN_MANAGE).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_configuration_is_told_by_its_keys() {
        let changed = changed_keys(r#"{"a":1,"b":{"c":"secret"},"d":4}"#, r#"{"a":1,"b":{"c":"other"},"e":null}"#);
        assert_eq!(changed, ["b", "d", "e"]);
        assert!(changed_keys("{}", "{}").is_empty());
    }
}
