//! How long a plugin takes to be there.

use std::time::Instant;

use serde_json::json;

use crate::convention::{Convention, Engine};
use crate::report::{Aim, Figure, Report};

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    for plugin in ["hello", "core-volunteer", "core-programming"] {
        // A fresh folder: nothing compiled yet.
        let convention = Convention::empty(Engine::Sqlite).await?;
        if plugin == "core-volunteer" {
            // It extends what the programme defines.
            convention.enable("core-programming").await?;
        }
        let began = Instant::now();
        convention.enable(plugin).await?;
        convention.system("{ plugins { id } }", json!({})).await?;
        report.add(Figure {
            name: format!("life: installing and enabling {plugin} on a running host"),
            value: began.elapsed().as_secs_f64(),
            unit: "s",
            baseline: None,
            compared_with: String::new(),
            aim: Aim::AtMost(2.0),
            how: "upload, verify, compile, migrate, compose, first answer; cold cache".to_owned(),
        });
        convention.close().await;
    }
    Ok(())
}
