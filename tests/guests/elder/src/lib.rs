//! A guest built against `wit/released/1.0.0`, calling everything that contract offers.

#![allow(missing_docs, unsafe_code, unreachable_pub, unused_qualifications, reason = "generated code")]

wit_bindgen::generate!({
    path: [
        "../../../wit/released/1.0.0/types",
        "../../../wit/released/1.0.0/host",
        "../../../wit/released/1.0.0/plugin",
        "../../../wit/released/1.0.0/worlds",
    ],
    inline: "
        package tests:elder;
        world elder {
            include conman:worlds/imports@1.0.0;
            export conman:plugin/resolvers@1.0.0;
            export conman:plugin/event-handler@1.0.0;
            export conman:plugin/routes@1.0.0;
            export conman:plugin/lifecycle@1.0.0;
        }
    ",
    world: "tests:elder/elder",
    generate_all,
});

use conman::host::{clock, config, database, events, log, random};
use conman::types::types::{Context, Error};
use exports::conman::plugin::{event_handler, lifecycle, resolvers, routes};

struct Elder;

impl resolvers::Guest for Elder {
    /// As a mutation it emits what it found in its database.
    fn resolve(ctx: Context, request: resolvers::FieldRequest) -> Result<String, Error> {
        log::write(log::Level::Info, &request.field, "{}");
        let rows = database::query("SELECT 'old' AS word", &[])?;
        let word = String::from_utf8_lossy(&rows.data).into_owned();
        if ctx.kind == "mutation" {
            events::emit("elder.spoke", &random::id(), &format!("\"{word}\""))?;
        }
        let spoken = clock::now() > 0 && config::get() == "{}";
        Ok(format!("\"{word} {spoken}\""))
    }

    fn resolve_batch(
        _: Context,
        _: resolvers::FieldRequest,
        parents: Vec<String>,
    ) -> Result<Vec<Result<String, Error>>, Error> {
        Ok(parents.into_iter().map(Ok).collect())
    }
}

impl event_handler::Guest for Elder {
    fn handle(_: Context, _: event_handler::Event) -> Result<(), Error> {
        Ok(())
    }
}

impl routes::Guest for Elder {
    fn handle(_: Context, request: routes::Request) -> Result<routes::Response, Error> {
        Ok(routes::Response { status: 200, headers: Vec::new(), body: request.body })
    }
}

impl lifecycle::Guest for Elder {
    fn validate_config(_: Context, _: String) -> Result<(), Vec<Error>> {
        Ok(())
    }
}

export!(Elder);
