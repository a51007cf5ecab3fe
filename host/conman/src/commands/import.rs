//! `conman import`

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Map, Value};

use crate::arguments::{Import, Where};
use crate::commands::formats::{self, Direction};
use crate::commands::{convention, list, read_file};
use crate::door::{Ask, Door, Missing, Reply};
use crate::failure::{Failure, Kind, Outcome};
use crate::terminal::{Terminal, cell, size};

pub(crate) async fn run(place: &Where, import: Import, terminal: Terminal) -> Outcome {
    let body = read_file(&import.file)?;
    let door = Door::find(place, Missing::Refuse, terminal).await?;
    let outcome = bring_in(&door, &import, body, terminal).await;
    door.close().await;
    outcome
}

async fn bring_in(door: &Door, import: &Import, body: Vec<u8>, terminal: Terminal) -> Outcome {
    let slug = convention(door, &import.place).await?;
    let formats = formats::of(door, &slug).await?;
    let format = formats::choose(
        &formats,
        Direction::In,
        import.format.as_deref(),
        import.plugin.as_deref(),
        Some(&import.file),
    )?;
    if let Some(largest) = format.largest.filter(|largest| body.len() > *largest) {
        let (file, is, may) = (import.file.display(), size(body.len()), size(largest));
        return Err(Failure::invalid(format!(
            "{file} has {is}; {} takes at most {may} as {}",
            format.plugin, format.name
        )));
    }
    let route = format.route(Direction::In).unwrap_or_default();
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))]);
    let ask = Ask { method: Method::POST, path: format.address(&slug, route), headers, body: body.into() };
    let what = format!("importing {} as {}", import.file.file_name().unwrap_or_default().display(), format.name);
    let reply = door
        .send(ask, what)
        .await
        .and_then(Reply::successful)
        .map_err(|failure| Failure { message: format!("{}: {}", import.file.display(), failure.message), ..failure })?;
    let report: Value = serde_json::from_slice(&reply.body).map_err(|_| {
        Failure::new(Kind::Failed, format!("{} answered with something that is no import report", format.plugin))
    })?;
    show(&report, terminal)
}

/// The report that every import route answers with.
fn show(report: &Value, terminal: Terminal) -> Outcome {
    terminal.answer(report)?;
    let counts = ["added", "changed", "removed"]
        .map(|change| report.get(change).and_then(Value::as_object).cloned().unwrap_or_default());
    let mut kinds: Vec<_> = counts.iter().flat_map(Map::keys).collect();
    kinds.sort();
    kinds.dedup();
    let rows = kinds.into_iter().map(|kind| {
        let [added, changed, removed] =
            counts.each_ref().map(|counts| counts.get(kind).map_or_else(|| "0".to_owned(), cell));
        [kind.clone(), added, changed, removed]
    });
    terminal.table(["", "Added", "Changed", "Removed"], rows)?;
    let unreadable = list(report, "unreadable");
    if !unreadable.is_empty() {
        let rows =
            unreadable.iter().map(|item| ["place", "message"].map(|key| item.get(key).map(cell).unwrap_or_default()));
        terminal.table(["Could not read", "Because"], rows)?;
    }
    for note in list(report, "notes") {
        terminal.say(cell(note))?;
    }
    Ok(())
}
