//! A guest that does what its caller says: one field per behaviour, and `script` for sequences of host calls.
//!
//! It talks to the host through the generated bindings and nothing else, so that what the tests see is the contract itself.

#![allow(missing_docs, unsafe_code, unreachable_pub, unused_qualifications, reason = "generated code")]
#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "to misbehave is its business"
)]

mod repeat;
mod script;

use std::hint::black_box;

use serde_json::{Value, json};

wit_bindgen::generate!({
    path: ["../../../wit/types", "../../../wit/host", "../../../wit/plugin", "../../../wit/worlds"],
    inline: "
        package tests:probe;
        world probe {
            include conman:worlds/imports@1.1.0;
            export conman:plugin/resolvers@1.1.0;
            export conman:plugin/event-handler@1.1.0;
            export conman:plugin/routes@1.1.0;
            export conman:plugin/lifecycle@1.1.0;
        }
    ",
    world: "tests:probe/probe",
    generate_all,
});

use conman::host::{clock, config, database, events, log, random};
use conman::types::types::{Context, Error};
use exports::conman::plugin::{event_handler, lifecycle, resolvers, routes};

struct Probe;

pub(crate) fn error(code: &str, message: &str) -> Error {
    Error { code: code.to_owned(), message: message.to_owned(), retryable: false, pointer: String::new() }
}

impl resolvers::Guest for Probe {
    fn resolve(ctx: Context, request: resolvers::FieldRequest) -> Result<String, Error> {
        let arguments: Value =
            serde_json::from_str(&request.arguments).map_err(|e| error("invalid", &e.to_string()))?;
        behave(&ctx, &request, &arguments)
    }

    fn resolve_batch(
        _: Context,
        request: resolvers::FieldRequest,
        parents: Vec<String>,
    ) -> Result<Vec<Result<String, Error>>, Error> {
        match request.field.as_str() {
            // One answer too few.
            "short" => Ok(parents.into_iter().skip(1).map(Ok).collect()),
            // Every second parent has a fault of its own.
            "some" => Ok(parents
                .into_iter()
                .enumerate()
                .map(|(n, parent)| if n % 2 == 0 { Ok(parent) } else { Err(error("odd", "an odd one")) })
                .collect()),
            _ => Ok(parents.into_iter().map(Ok).collect()),
        }
    }
}

fn behave(ctx: &Context, request: &resolvers::FieldRequest, arguments: &Value) -> Result<String, Error> {
    let number = |name: &str| arguments[name].as_u64().unwrap_or_default();
    match request.field.as_str() {
        "ok" => Ok("\"ok\"".to_owned()),
        "echo" => Ok(json!({
            "type": request.type_name,
            "arguments": arguments,
            "selection": request.selection,
            "event": request.event,
            "kind": ctx.kind,
            "actor": { "kind": ctx.actor.kind, "id": ctx.actor.id, "roles": ctx.actor.roles, "permissions": ctx.actor.permissions },
            "convention": ctx.convention.slug,
            "timeZone": ctx.convention.time_zone,
            "dayChange": ctx.convention.day_change,
            "languages": ctx.languages,
        })
        .to_string()),
        "fail" => Err(Error {
            code: arguments["code"].as_str().unwrap_or("broken").to_owned(),
            message: "as you asked".to_owned(),
            retryable: true,
            pointer: "/code".to_owned(),
        }),
        "garbage" => Ok("{\"not\": json".to_owned()),
        "spin" => spin(),
        "hoard" => hoard(),
        "trap" => panic!("a bug in the plugin"),
        "recurse" => Ok(recurse(1).to_string()),
        "big" => Ok(format!("\"{}\"", "x".repeat(number("bytes") as usize))),
        "logFlood" => {
            let line = "l".repeat(number("bytes") as usize);
            for n in 0..number("lines") {
                log::write(log::Level::Info, &format!("{n} {line}"), "{}");
            }
            Ok("true".to_owned())
        }
        "log" => {
            log::write(log::Level::Warn, arguments["message"].as_str().unwrap_or_default(), "{\"a\":1}");
            Ok("true".to_owned())
        }
        "print" => {
            print!("{}", arguments["text"].as_str().unwrap_or_default());
            Ok("true".to_owned())
        }
        "now" => {
            let std = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            Ok(json!({ "host": clock::now(), "std": std.as_millis() as u64 }).to_string())
        }
        "random" => {
            let hasher = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 1);
            Ok(json!({ "bytes": random::bytes(8), "id": random::id(), "hash": hasher }).to_string())
        }
        "config" => Ok(config::get()),
        "environment" => Ok(json!({
            "variables": std::env::vars().count(),
            "arguments": std::env::args().count(),
            "files": std::fs::read_dir("/").is_ok(),
        })
        .to_string()),
        "repeatBytes" => repeat::bytes(number("times")),
        "script" => script::run(arguments["steps"].as_array().map_or(&[], Vec::as_slice)),
        other => Err(error("not-found", &format!("no field `{other}`"))),
    }
}

pub(crate) fn spin() -> ! {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

pub(crate) fn hoard() -> ! {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(black_box(vec![1; 1 << 20]));
    }
}

#[allow(unconditional_recursion)]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    recurse(frame[(depth % 64) as usize] + 1) + frame[0]
}

impl event_handler::Guest for Probe {
    /// Writes a note per event; a payload `{"steps": […]}` is run as a script, and `{"again": true}` is emitted once more.
    fn handle(_: Context, event: event_handler::Event) -> Result<(), Error> {
        let id = random::id();
        let text = |text: &str| database::Value::Text(text.to_owned());
        // Of the host's own events what they say is noted, too.
        let body = match event.topic.starts_with("scheduler.") {
            true => format!("{} {} {}", event.topic, event.key, event.payload),
            false => event.id.clone(),
        };
        database::execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[text(&id), text(&body)])?;
        let payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
        if payload["again"] == true {
            events::emit(&event.topic, &event.key, &event.payload)?;
        }
        match payload["steps"].as_array() {
            Some(steps) => script::run(steps).map(|_| ()),
            None => Ok(()),
        }
    }
}

impl routes::Guest for Probe {
    /// A POST writes a note, in a transaction of its own where the call is none.
    fn handle(ctx: Context, request: routes::Request) -> Result<routes::Response, Error> {
        if request.method == "POST" {
            let action = ctx.kind == "action";
            if action {
                database::begin()?;
            }
            let id = random::id();
            let values =
                [database::Value::Text(id), database::Value::Text(String::from_utf8_lossy(&request.body).into_owned())];
            database::execute("INSERT INTO note (id, body) VALUES ($1, $2)", &values)?;
            if action {
                database::commit()?;
            }
        }
        let headers = vec![routes::Header { name: "content-type".to_owned(), value: "text/plain".to_owned() }];
        let body = format!("{} {} {} {}", request.method, request.path, request.query, request.body.len()).into_bytes();
        Ok(routes::Response { status: 200, headers, body })
    }
}

impl lifecycle::Guest for Probe {
    fn validate_config(_: Context, config: String) -> Result<(), Vec<Error>> {
        let config: Value = serde_json::from_str(&config).unwrap_or_default();
        match config["colour"].as_str() {
            Some("infrared") => {
                Err(vec![Error { pointer: "/colour".to_owned(), ..error("invalid", "nobody can see infrared") }])
            }
            _ => Ok(()),
        }
    }
}

export!(Probe);
