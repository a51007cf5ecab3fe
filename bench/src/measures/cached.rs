//! An answer that may be served again, next to axum serving the same bytes.

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::ensure;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::convention::{Convention, body, path, request};
use crate::load::{Comparison, Load, compare};
use crate::measures::{Programme, checked, released};
use crate::report::{Aim, Figure, Report};
use crate::wire::Wire;

const SESSIONS: &str =
    "{ sessions(first: 50) { nodes { id title kind start end room { id name } people { role person { id name } } } } }";

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let Some(convention) = released(Programme::Worldcon2022, "cached", report).await? else { return Ok(()) };
    let convention = Arc::new(convention);
    let json = Arc::new(json!({ "query": SESSIONS }));
    let answer = checked(body(convention.host.answer(request(&path(), None, &json)?).await).await?)?;
    let size = answer.len();
    let router = Router::new().route(
        "/graphql",
        // The body is read, as any server would that answers a POST.
        post(move |_: Bytes| {
            let answer = answer.clone();
            async move { ([(CONTENT_TYPE, "application/json")], answer) }
        }),
    );
    let without_sockets = without_sockets(&convention, &router, &json).await?;
    let (running, ours_at, _kept) = Convention::serve(convention).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let theirs_at = listener.local_addr()?;
    let axum = tokio::spawn(async move { axum::serve(listener, router).await });
    let over_sockets = compare(
        over(Wire::new(ours_at, &path(), &json), size),
        over(Wire::new(theirs_at, "/graphql", &json), size),
        async || Ok(()),
    )
    .await?;
    axum.abort();
    let of = "axum serving the same bytes";
    report.add(Figure::compared(
        "cached: @cache(PUBLIC) answer".to_owned(),
        &over_sockets,
        of,
        Aim::Ratio(0.8),
        &format!("{size} bytes over loopback, the clients on the same cores, no access log"),
    ));
    report.add(Figure::compared(
        "cached: the same without sockets".to_owned(),
        &without_sockets,
        of,
        Aim::None,
        "what is left when nothing is sent: reading the operation, who asks, which answer; an id, figures and a permit",
    ));
    running.stop().await;
    Ok(())
}

/// What the host does beyond what axum does, with nothing else to hide behind.
async fn without_sockets(
    convention: &Arc<Convention>,
    router: &Router,
    json: &Arc<Value>,
) -> anyhow::Result<Comparison> {
    let ours = {
        let (convention, json) = (Arc::clone(convention), Arc::clone(json));
        Load::new(move |_| {
            let (convention, json) = (Arc::clone(&convention), Arc::clone(&json));
            async move { body(convention.host.answer(request(&path(), None, &json)?).await).await.map(drop) }
        })
    };
    let (router, json) = (router.clone(), Arc::clone(json));
    let theirs = Load::new(move |_| {
        let (router, json) = (router.clone(), Arc::clone(&json));
        async move { body(router.oneshot(request("/graphql", None, &json)?).await?).await.map(drop) }
    });
    compare(ours, theirs, async || Ok(())).await
}

fn over(
    wire: Wire,
    size: usize,
) -> Load<impl Fn(usize) -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync + 'static> {
    let wire = Arc::new(wire);
    Load::new(move |_| {
        let wire = Arc::clone(&wire);
        async move {
            let got = wire.exchange().await?;
            ensure!(got == size, "{got} bytes instead of {size}");
            Ok(())
        }
        .boxed()
    })
}
