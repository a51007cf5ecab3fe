//! `conman export`

use http::{HeaderMap, Method};
use serde_json::json;

use crate::arguments::{Export, Where};
use crate::commands::convention;
use crate::commands::formats::{self, Direction, Format};
use crate::door::{Ask, Door, Missing, Reply};
use crate::failure::{Failure, Kind, Outcome};
use crate::terminal::{self, Terminal, size};

pub(crate) async fn run(place: &Where, export: Export, terminal: Terminal) -> Outcome {
    // Before a door is opened, which may take long.
    if export.format.is_some() && export.output.is_none() && terminal.format == terminal::Format::Json {
        return Err(Failure::usage(
            "without -o the file itself is the answer, and nothing is said about it in JSON; leave --json out, or name a file with -o",
        ));
    }
    let door = Door::find(place, Missing::Refuse, terminal).await?;
    let outcome = get_out(&door, &export, terminal).await;
    door.close().await;
    outcome
}

async fn get_out(door: &Door, export: &Export, terminal: Terminal) -> Outcome {
    let slug = convention(door, &export.place).await?;
    let formats = formats::of(door, &slug).await?;
    if export.format.is_none() && export.output.is_none() {
        return list(&formats, terminal);
    }
    let format = formats::choose(
        &formats,
        Direction::Out,
        export.format.as_deref(),
        export.plugin.as_deref(),
        export.output.as_deref(),
    )?;
    let route = format.route(Direction::Out).unwrap_or_default();
    let ask = Ask {
        method: Method::GET,
        path: format.address(&slug, route),
        headers: HeaderMap::new(),
        body: Vec::new().into(),
    };
    let reply = door.send(ask, format!("exporting as {}", format.name)).await.and_then(Reply::successful)?;
    let Some(path) = &export.output else { return terminal.bytes(&reply.body) };
    let cannot = |error| Failure::new(Kind::Failed, format!("cannot write {}: {error}", path.display()));
    std::fs::write(path, &reply.body).map_err(cannot)?;
    terminal
        .answer(&json!({ "file": path, "bytes": reply.body.len(), "format": format.id, "plugin": format.plugin }))?;
    terminal.say(format!("wrote {} ({})", path.display(), size(reply.body.len())))
}

fn list(formats: &[Format], terminal: Terminal) -> Outcome {
    let out: Vec<_> = formats.iter().filter(|format| format.export.is_some()).collect();
    let json = out.iter().map(|format| json!({ "id": format.id, "name": format.name, "plugin": format.plugin, "extensions": format.extensions }));
    terminal.answer(&json.collect())?;
    terminal.table(
        ["Format", "Name", "Endings", "Plugin"],
        out.into_iter().map(|format| {
            [format.id.clone(), format.name.clone(), format.extensions.join(", "), format.plugin.clone()]
        }),
    )?;
    terminal.note("choose one with --format; it goes to standard output unless -o names a file");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::In;

    #[tokio::test]
    async fn a_file_that_would_be_mixed_with_json_is_refused_before_anything_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let place = Where { host: None, token: None, data: folder.path().join("none"), postgres: None };
        let export = |format: Option<&str>| Export {
            format: format.map(str::to_owned),
            plugin: None,
            output: None,
            place: In { convention: None },
        };
        let terminal = Terminal { format: terminal::Format::Json };
        let refused = run(&place, export(Some("icalendar")), terminal).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Usage, "{refused}");
        // The folder that is not there is found missing when there is something to ask of it.
        let refused = run(&place, export(None), terminal).await.unwrap_err();
        assert_ne!(refused.kind, Kind::Usage, "{refused}");
    }
}
