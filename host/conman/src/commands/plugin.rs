//! `conman plugin`

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use crate::arguments::{In, PluginCommand, Where};
use crate::commands::{convention, json_argument, list, read_file, take};
use crate::door::{Ask, Door, Missing, Reply};
use crate::failure::{Failure, Kind, Outcome};
use crate::terminal::{Terminal, cell};

mod build;

/// How much of a digest is shown: enough to tell packages apart.
const SHOWN_DIGITS: usize = 12;

pub(crate) async fn run(place: &Where, command: PluginCommand, terminal: Terminal) -> Outcome {
    if let PluginCommand::Build(build) = command {
        return build::run(build, terminal);
    }
    let missing = if matches!(command, PluginCommand::Install { .. }) { Missing::Create } else { Missing::Refuse };
    let door = Door::find(place, missing, terminal).await?;
    let outcome = match command {
        PluginCommand::Build(_) => Ok(()),
        PluginCommand::Install { package } => install(&door, &package, terminal).await,
        PluginCommand::Uninstall { id, version, digest } => uninstall(&door, &id, version, digest, terminal).await,
        PluginCommand::Enable { id, place, version, config } => {
            enable(&door, &id, place, version, config, terminal).await
        }
        PluginCommand::Disable { id, place } => disable(&door, &id, place, terminal).await,
        PluginCommand::List { place } => list_all(&door, place, terminal).await,
        PluginCommand::Logs { id, place, last } => logs(&door, &id, place, last, terminal).await,
    };
    door.close().await;
    outcome
}

async fn install(door: &Door, package: &std::path::Path, terminal: Terminal) -> Outcome {
    let bytes = read_file(package)?;
    let what = format!("installing {}", package.file_name().unwrap_or_default().display());
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/wasm"))]);
    let ask = Ask { method: Method::POST, path: "/api/packages".to_owned(), headers, body: bytes.into() };
    let reply = door
        .send(ask, what)
        .await
        .and_then(Reply::successful)
        .map_err(|failure| Failure { message: format!("{}: {}", package.display(), failure.message), ..failure })?;
    let installed: Value = serde_json::from_slice(&reply.body)
        .map_err(|_| Failure::new(Kind::Failed, "the host did not say what it installed"))?;
    terminal.answer(&installed)?;
    let fact = |key: &str| installed.get(key).map(cell).unwrap_or_default();
    terminal.say(format!("installed {} {} ({})", fact("id"), fact("version"), fact("digest")))?;
    for capability in list(&installed, "capabilities") {
        let part = |key: &str| capability.get(key).map(cell).unwrap_or_default();
        let reason = if part("reason").is_empty() { String::new() } else { format!(": {}", part("reason")) };
        terminal.say(format!("  can use {}{reason}", part("name")))?;
    }
    Ok(())
}

async fn uninstall(
    door: &Door,
    id: &str,
    version: Option<String>,
    digest: Option<String>,
    terminal: Terminal,
) -> Outcome {
    let data = door.graphql(None, "{ packages { id version digest } }", json!({})).await?;
    let fact = |package: &Value, key: &str| package.get(key).map(cell).unwrap_or_default();
    let told = |packages: &[&Value]| {
        let told = packages.iter().map(|package| {
            let digest: String = fact(package, "digest").chars().take(SHOWN_DIGITS).collect();
            format!("{} (digest {digest})", fact(package, "version"))
        });
        told.collect::<Vec<_>>().join(", ")
    };
    let of_plugin: Vec<&Value> = list(&data, "packages").iter().filter(|package| fact(package, "id") == id).collect();
    let is_meant = |package: &&Value| {
        version.as_ref().is_none_or(|version| fact(package, "version") == *version)
            && digest.as_ref().is_none_or(|digest| fact(package, "digest").starts_with(digest.as_str()))
    };
    let meant: Vec<&Value> = of_plugin.iter().copied().filter(is_meant).collect();
    let package = match meant.as_slice() {
        [package] => *package,
        [] if of_plugin.is_empty() => {
            return Err(Failure::not_found(format!("no package of {id} is installed; see `conman plugin list`")));
        }
        [] => {
            let message = format!("no such package of {id} is installed; there is {}", told(&of_plugin));
            return Err(Failure::not_found(message));
        }
        several => {
            let message = format!(
                "several packages of {id} are installed; say which with --version or --digest: {}",
                told(several)
            );
            return Err(Failure::usage(message));
        }
    };
    let operation = "mutation($digest: String!) { uninstallPackage(digest: $digest) }";
    let _ = door.graphql(None, operation, json!({ "digest": fact(package, "digest") })).await?;
    terminal.answer(package)?;
    terminal.say(format!("{id} {} is no longer installed; what it has stored is kept", fact(package, "version")))
}

async fn enable(
    door: &Door,
    id: &str,
    place: In,
    version: Option<String>,
    config: Option<String>,
    terminal: Terminal,
) -> Outcome {
    let slug = convention(door, &place).await?;
    let config = config.map(|config| json_argument(&config, "--config")).transpose()?;
    let operation = "mutation($id: String!, $version: String, $config: JSON) { \
                     enablePlugin(id: $id, version: $version, config: $config) { id version name digest } }";
    let variables = json!({ "id": id, "version": version, "config": config });
    let data = door.graphql_saying(format!("enabling {id} in {slug}"), Some(&slug), operation, variables).await?;
    let enabled = take(data, "enablePlugin");
    terminal.answer(&enabled)?;
    let fact = |key: &str| enabled.get(key).map(cell).unwrap_or_default();
    terminal.say(format!("{} {} is at work in {slug}", fact("name"), fact("version")))
}

async fn disable(door: &Door, id: &str, place: In, terminal: Terminal) -> Outcome {
    let slug = convention(door, &place).await?;
    let data =
        door.graphql(Some(&slug), "mutation($id: String!) { disablePlugin(id: $id) }", json!({ "id": id })).await?;
    terminal.answer(&data)?;
    terminal.say(format!("{id} is no longer at work in {slug}; its data is kept"))
}

async fn list_all(door: &Door, place: In, terminal: Terminal) -> Outcome {
    let packages = door.graphql(None, "{ packages { id version name summary digest } }", json!({})).await?;
    let slug = match convention(door, &place).await {
        Ok(slug) => Some(slug),
        // Packages can be listed before there is a convention, and when there are several.
        Err(failure) if place.convention.is_none() && matches!(failure.kind, Kind::NotFound | Kind::Usage) => None,
        Err(failure) => return Err(failure),
    };
    let enabled = match &slug {
        Some(slug) => take(
            door.graphql(Some(slug), "{ plugins { id version name digest capabilities { name } } }", json!({})).await?,
            "plugins",
        ),
        None => json!([]),
    };
    terminal.answer(&json!({ "packages": packages.get("packages"), "convention": slug, "enabled": enabled }))?;
    let enabled = enabled.as_array().map_or(&[][..], Vec::as_slice);
    let rows = list(&packages, "packages").iter().map(|package| {
        let fact = |key: &str| package.get(key).map(cell).unwrap_or_default();
        let at_work = enabled.iter().find(|plugin| plugin.get("digest") == package.get("digest"));
        let state = if at_work.is_some() { "enabled" } else { "installed" };
        let capabilities = at_work.and_then(|plugin| plugin.get("capabilities")).map(cell).unwrap_or_default();
        [fact("id"), fact("version"), fact("name"), state.to_owned(), capabilities]
    });
    let here = slug.map_or_else(|| "State".to_owned(), |slug| format!("In {slug}"));
    terminal.table(["Plugin", "Version", "Name", &here, "Can use"], rows)
}

async fn logs(door: &Door, id: &str, place: In, last: u32, terminal: Terminal) -> Outcome {
    let slug = convention(door, &place).await?;
    let operation = "query($plugin: String!, $last: Int!) { pluginLogs(plugin: $plugin, last: $last) { at level message fields request } }";
    let data = door.graphql(Some(&slug), operation, json!({ "plugin": id, "last": last })).await?;
    terminal.answer(&list(&data, "pluginLogs").iter().map(with_fields).collect())?;
    for line in list(&data, "pluginLogs") {
        let fact = |key: &str| line.get(key).map(cell).unwrap_or_default();
        let line = format!("{} {:5} {} {}", fact("at"), fact("level"), fact("message"), fact("fields"));
        terminal.say(line.trim_end())?;
    }
    if door.opened_here() {
        terminal.warn(
            "no host runs on this data folder, and what plugins log is kept by the running host only; start one with `conman serve`, or name one with --host",
        );
    }
    Ok(())
}

/// A line of the log for programs: the host passes its fields on as the text that the plugin wrote, which is none when it gave none and
/// JSON unless the plugin is at fault. What cannot be read stays text.
fn with_fields(line: &Value) -> Value {
    let mut line = line.clone();
    if let Some(fields) = line.get_mut("fields")
        && let Some(text) = fields.as_str()
    {
        let read = if text.is_empty() { Ok(json!({})) } else { serde_json::from_str(text) };
        if let Ok(read) = read {
            *fields = read;
        }
    }
    line
}
