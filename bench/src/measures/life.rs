//! How long a plugin takes to be there.

use std::time::Instant;

use serde_json::json;

use crate::convention::{Convention, Engine};
use crate::report::{Figure, Report};

/// Each with a field of its own to ask.
const PLUGINS: [(&str, &str); 3] = [
    ("hello", "{ guests { id } }"),
    ("core-volunteer", "{ departments { id } }"),
    ("core-programming", "{ rooms { id } }"),
];

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    for (plugin, question) in PLUGINS {
        // A fresh folder: nothing compiled yet.
        let convention = Convention::empty(Engine::Sqlite).await?;
        if plugin == "core-volunteer" {
            // It extends what the programme defines.
            convention.enable("core-programming").await?;
        }
        let began = Instant::now();
        convention.enable(plugin).await?;
        convention.system(question, json!({})).await?;
        report.add(Figure::alone(
            format!("life: installing and enabling {plugin} on a running host"),
            (began.elapsed().as_secs_f64(), "s"),
            2.0,
            "upload, verify, compile, migrate, compose, its first answer; cold cache".to_owned(),
        ));
        Convention::close(convention).await?;
    }
    Ok(())
}
