//! Package upload: `POST /api/packages` with the file as the body.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use conman_identity::Deed;
use conman_kernel::actor::Actor;
use conman_kernel::fault::Fault;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::faults::of_installing;
use crate::fields::plugin::{installed_json, may_install};
use crate::http::answer::{self, Shape};
use crate::http::{body, caller};
use crate::parts::Parts;
use crate::upkeep;

/// Takes a package, verifies and compiles it, and keeps it.
pub(crate) async fn upload(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let id = caller::request_id(&head);
    match install(&parts, &head, body).await {
        Ok(installed) => ([(CONTENT_TYPE, "application/json")], installed.to_string()).into_response(),
        Err(fault) => answer::fault(&fault, Shape::Plain, &id),
    }
}

async fn install(parts: &Arc<Parts>, head: &http::request::Parts, body: axum::body::Body) -> Result<Value, Fault> {
    let (scope, _) = caller::scope(parts, head, None, parts.conventions.host()).await?;
    // Before the body is read: strangers do not get to send 64 MiB.
    may_install(parts, &scope.actor).await?;
    let bytes = body::read(&head.headers, body, conman_runtime::package::MAX_BYTES, parts.limits.body).await?;
    // On a task of its own: a client that hangs up must not leave a package that nobody is told of.
    let (of_task, actor) = (Arc::clone(parts), Arc::clone(&scope.actor));
    let keeping = parts.running.spawn(async move { keep(&of_task, bytes.into(), &actor).await });
    keeping.await.map_err(Fault::internal)?
}

async fn keep(parts: &Parts, bytes: Vec<u8>, by: &Actor) -> Result<Value, Fault> {
    let installed = installed_json(&parts.runtime.install(bytes, by).await.map_err(of_installing)?);
    let target = format!("package:{}", installed.get("id").and_then(Value::as_str).unwrap_or_default());
    let deed =
        Deed { action: "package.installed", target, convention: None, before: Value::Null, after: installed.clone() };
    parts.identity.audit().record(by, &deed).await?;
    // Where it was enabled and its file was missing, it is back.
    upkeep::catch_up(parts).await?;
    Ok(installed)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use conman_kernel::digest::Digest;
    use conman_runtime::package::{Parts as PackageParts, pack};
    use serde_json::json;

    use super::*;
    use crate::{DataFolder, Host, HostConfig};

    /// A component that does nothing.
    const COMPONENT: [u8; 8] = [0x00, b'a', b's', b'm', 0x0d, 0x00, 0x01, 0x00];
    const MANIFEST: &str = r#"
        schema = 1
        [plugin]
        id = "tests/idle"
        name = "Idle"
        version = "1.0.0"
        summary = "Does nothing"
        license = "Apache-2.0"
        category = "feature"
        [compat]
        host-api = "^1.0"
    "#;

    #[tokio::test]
    async fn a_package_is_kept_and_written_down_although_nobody_waits_for_it_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Host::open(HostConfig::new(DataFolder::at(folder.path()), None));
        let parts = PackageParts { manifest: MANIFEST.to_owned(), ..PackageParts::default() };
        let package = pack(&COMPONENT, &parts).unwrap().0;
        let file = folder.path().join("packages").join(format!("{}.wasm", Digest::of(&package)));
        let host = open().await.unwrap();
        let request = http::Request::post("/api/packages").body(Body::from(package)).unwrap();
        // The file is the first thing that is kept. Whoever waits is let go before anything else can follow in their own future.
        let file_is_there = async {
            while !file.exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = file_is_there => {}
            answer = host.answer_as_system(request) => panic!("answered, and nothing is there: {}", answer.status()),
        }
        assert!(host.close().await.is_clean());

        let host = open().await.unwrap();
        let query = json!({ "query": "{ packages { id } auditTrail(first: 1) { items { action target } } }" });
        let request = http::Request::post("/graphql").header(CONTENT_TYPE, "application/json");
        let answer = host.answer_as_system(request.body(Body::from(query.to_string())).unwrap()).await;
        let answer: Value = serde_json::from_slice(&to_bytes(answer.into_body(), 1 << 20).await.unwrap()).unwrap();
        let deed = json!({ "action": "package.installed", "target": "package:tests/idle" });
        let expected = json!({ "packages": [{ "id": "tests/idle" }], "auditTrail": { "items": [deed] } });
        assert_eq!(answer["data"], expected, "{answer}");
        assert!(host.close().await.is_clean());
    }
}
