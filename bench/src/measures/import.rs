//! A whole programme into an empty convention.

use std::time::Instant;

use crate::convention::{Convention, Engine};
use crate::measures::Programme;
use crate::report::{Figure, Report};

pub(crate) async fn measure(engine: Engine, report: &mut Report) -> anyhow::Result<()> {
    let name = format!("import: Worldcon 2022, {}", engine.name());
    let Some(file) = Programme::Worldcon2022.read(&name, report)? else { return Ok(()) };
    let convention = Convention::with(engine, &["core-programming"]).await?;
    let began = Instant::now();
    let answer = convention.import(Programme::Worldcon2022.route(), file).await?;
    let elapsed = began.elapsed();
    report.add(Figure::alone(
        name,
        (elapsed.as_secs_f64(), "s"),
        3.0,
        format!("one import into an empty convention; added {}", answer["added"]),
    ));
    Convention::close(convention).await?;
    Ok(())
}
