//! A whole programme into an empty convention.

use std::time::Instant;

use crate::convention::{Convention, Engine};
use crate::measures::real_programme;
use crate::report::{Aim, Figure, Report};

pub(crate) async fn measure(engine: Engine, report: &mut Report) -> anyhow::Result<()> {
    let Some(file) = real_programme() else { return Ok(()) };
    let file = std::fs::read(file)?;
    let convention = Convention::with(engine, &["core-programming"]).await?;
    let began = Instant::now();
    let answer = convention.import("import/conclar", file).await?;
    let elapsed = began.elapsed();
    report.add(Figure {
        name: format!("import: Worldcon 2022, {}", engine.name()),
        value: elapsed.as_secs_f64(),
        unit: "s",
        baseline: None,
        compared_with: String::new(),
        aim: Aim::AtMost(3.0),
        how: format!("one import into an empty convention; added {}", answer["added"]),
    });
    convention.close().await;
    Ok(())
}
