//! What a plugin's field costs when it does nothing.

use std::time::{Duration, Instant};

use serde_json::json;
use tower::ServiceExt as _;

use crate::convention::{Convention, Engine, body, path, request};
use crate::measures::{checked, data, native};
use crate::native::{Native, router};
use crate::report::{Figure, Report};

const ROUNDS: usize = 20_000;
const WARM_UP: usize = 2_000;

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let convention = Convention::with(Engine::Sqlite, &["probe"]).await?;
    let query = json!({ "query": "{ ok }" });
    let database = convention.database("probe").await?;
    let baseline = router(Native { programme: database.clone(), volunteers: database });
    let ours = body(convention.host.answer_as_system(request(&path(), None, &query)?).await).await?;
    anyhow::ensure!(data(&ours)? == data(&native(&baseline, &query).await?)?, "the two sides answer differently");
    let (mut plugin, mut direct) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
    // Alternating, so that both see the same machine.
    for round in 0..ROUNDS + WARM_UP {
        let (to_plugin, to_native) = (request(&path(), None, &query)?, request("/graphql", None, &query)?);
        let router = baseline.clone();
        let began = Instant::now();
        checked(body(convention.host.answer_as_system(to_plugin).await).await?)?;
        let of_plugin = began.elapsed();
        let began = Instant::now();
        checked(body(router.oneshot(to_native).await?).await?)?;
        let of_native = began.elapsed();
        if round >= WARM_UP {
            plugin.push(of_plugin);
            direct.push(of_native);
        }
    }
    let (plugin, direct) = (median(&mut plugin), median(&mut direct));
    report.add(Figure::alone(
        "trivial: what a plugin's field adds to a request",
        (plugin - direct, "µs"),
        60.0,
        format!("median of {ROUNDS} requests in turns: {plugin:.0} µs, less {direct:.0} µs of the baseline's"),
    ));
    Convention::close(convention).await?;
    Ok(())
}

/// In microseconds.
fn median(of: &mut [Duration]) -> f64 {
    of.sort_unstable();
    of.get(of.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e6
}
