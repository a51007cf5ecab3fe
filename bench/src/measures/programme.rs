//! Reading a programme: a page, and all of it.

use std::sync::Arc;

use serde_json::json;

use crate::convention::{Engine, body, path, request};
use crate::load::Load;
use crate::measures::{checked, native, with_programme};
use crate::native::{Native, router};
use crate::report::{Aim, Figure, Report};

/// Uncached on both sides: the work in progress is for organisers and answered anew each time.
const SESSIONS: &str = "query($first: Int!) { draftSessions(first: $first) { nodes { \
    id title kind abstract start end room { id name } people { role person { id name } } } } }";

pub(crate) async fn measure(engine: Engine, report: &mut Report) -> anyhow::Result<()> {
    let Some(convention) = with_programme(engine).await? else { return Ok(()) };
    let database = convention.database("core-programming").await?;
    let baseline = router(Native { programme: database.clone(), volunteers: database, greeting: "" });
    let convention = Arc::new(convention);
    for (name, first, least) in
        [("a page of 50 sessions with rooms and people", 50, 0.7), ("all 1,386 sessions", 1_386, 0.8)]
    {
        let variables = json!({ "first": first });
        let json = Arc::new(json!({ "query": SESSIONS, "variables": variables }));
        let ours = {
            let convention = Arc::clone(&convention);
            Load::SHORT.run(move |_, _| {
                let (convention, json) = (Arc::clone(&convention), Arc::clone(&json));
                async move {
                    let request = request(&path(), None, &json)?;
                    checked(body(convention.host.answer_as_system(request).await).await?).map(drop)
                }
            })
        };
        let ours = ours.await?;
        let theirs = {
            let baseline = baseline.clone();
            Load::SHORT.run(move |_, _| {
                let (baseline, variables) = (baseline.clone(), variables.clone());
                async move { native(&baseline, SESSIONS, variables).await.map(drop) }
            })
        };
        let theirs = theirs.await?;
        report.add(Figure {
            name: format!("programme: {name}, {}", engine.name()),
            value: ours.per_second,
            unit: "requests/s",
            baseline: Some(theirs.per_second),
            compared_with: "async-graphql and the same SQL".to_owned(),
            aim: Aim::Ratio(least),
            how: format!(
                "4 clients for 4 s, nothing cached; p50 {:.2} ms, p99 {:.2} ms",
                ours.quantile(0.5).as_secs_f64() * 1e3,
                ours.quantile(0.99).as_secs_f64() * 1e3
            ),
        });
        if first == 1_386 && engine == Engine::Sqlite {
            report.add(Figure {
                name: "programme: the data of pretalx's schedule page".to_owned(),
                value: ours.per_second,
                unit: "requests/s",
                baseline: Some(3.7),
                compared_with: "pretalx, 900 talks, uncached, measured on such a machine".to_owned(),
                aim: Aim::Ratio(50.0),
                how: "the figure above, with 1,386 sessions".to_owned(),
            });
        }
    }
    Ok(())
}
