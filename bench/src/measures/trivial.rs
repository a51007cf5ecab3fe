//! What a plugin's field costs when it does nothing.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::convention::{Convention, Engine, body, path, request};
use crate::measures::{checked, native};
use crate::native::{Native, router};
use crate::report::{Aim, Figure, Report};

const ROUNDS: usize = 20_000;

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let convention = Convention::with(Engine::Sqlite, &["probe"]).await?;
    let body_text = json!({ "query": "{ ok }" });
    let database = convention.database("probe").await?;
    let baseline = router(Native { programme: database.clone(), volunteers: database, greeting: "Hello" });
    let (mut plugin, mut direct) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
    // Alternating, so that both see the same machine.
    for round in 0..ROUNDS + 2_000 {
        let request = request(&path(), None, &body_text)?;
        let began = Instant::now();
        checked(body(convention.host.answer_as_system(request).await).await?)?;
        let of_plugin = began.elapsed();
        let began = Instant::now();
        native(&baseline, "{ hello(name: \"you\") { text } }", json!({})).await?;
        let of_native = began.elapsed();
        if round >= 2_000 {
            plugin.push(of_plugin);
            direct.push(of_native);
        }
    }
    let (plugin, direct) = (median(&mut plugin), median(&mut direct));
    report.add(Figure {
        name: "trivial: what a plugin's field adds to a request".to_owned(),
        value: micros(plugin) - micros(direct),
        unit: "µs",
        baseline: None,
        compared_with: String::new(),
        aim: Aim::AtMost(60.0),
        how: format!(
            "median of {ROUNDS}: {:.0} µs, less {:.0} µs of the baseline's whole request",
            micros(plugin),
            micros(direct)
        ),
    });
    convention.close().await;
    Ok(())
}

fn median(of: &mut [Duration]) -> Duration {
    of.sort_unstable();
    of.get(of.len() / 2).copied().unwrap_or_default()
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
