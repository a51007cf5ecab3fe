//! Reading a programme: a page, and all of it.

use std::sync::Arc;

use anyhow::ensure;
use serde_json::json;

use crate::convention::{Convention, Engine, body, path, request};
use crate::load::{Load, compare};
use crate::measures::{Programme, checked, data, native, with};
use crate::native::{Native, router};
use crate::report::{Aim, Figure, Report};

/// Uncached on both sides: the work in progress is for organisers and answered anew each time.
const SESSIONS: &str = "query($first: Int!) { draftSessions(first: $first) { nodes { \
    id title kind abstract start end room { id name } people { role person { id name } } } } }";

pub(crate) async fn measure(engine: Engine, report: &mut Report) -> anyhow::Result<()> {
    let Some(convention) = with(engine, Programme::Worldcon2022, "programme", report).await? else { return Ok(()) };
    let database = convention.database("core-programming").await?;
    let baseline = router(Native { programme: database.clone(), volunteers: database });
    let convention = Arc::new(convention);
    for (name, first, least) in
        [("a page of 50 sessions with rooms and people", 50, 0.7), ("all 1,386 sessions", 1_386, 0.8)]
    {
        let json = Arc::new(json!({ "query": SESSIONS, "variables": { "first": first } }));
        let answer = checked(body(convention.host.answer_as_system(request(&path(), None, &json)?).await).await?)?;
        ensure!(data(&answer)? == data(&native(&baseline, &json).await?)?, "the two sides answer differently");
        let ours = {
            let (convention, json) = (Arc::clone(&convention), Arc::clone(&json));
            Load::new(move |_| {
                let (convention, json) = (Arc::clone(&convention), Arc::clone(&json));
                async move {
                    let request = request(&path(), None, &json)?;
                    checked(body(convention.host.answer_as_system(request).await).await?).map(drop)
                }
            })
        };
        let theirs = {
            let baseline = baseline.clone();
            Load::new(move |_| {
                let (baseline, json) = (baseline.clone(), Arc::clone(&json));
                async move { native(&baseline, &json).await.map(drop) }
            })
        };
        let compared = compare(ours, theirs, async || Ok(())).await?;
        report.add(Figure::compared(
            format!("programme: {name}, {}", engine.name()),
            &compared,
            "async-graphql, a statement for the sessions and one for their people",
            Aim::Ratio(least),
            &format!("{} KiB, nothing cached", answer.len() / 1024),
        ));
    }
    drop(baseline);
    Convention::close(convention).await?;
    Ok(())
}
