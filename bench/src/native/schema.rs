//! The baseline's schema and router.

use async_graphql::{Context, EmptySubscription, Object, Schema};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use conman_kernel::sql::SharedDatabase;
use http::header::CONTENT_TYPE;

use super::programme::{SessionPage, session_page};
use super::sign_up::{Entry, sign_up};

/// The two databases the baseline reads and writes: those of the plugins it is compared with.
#[derive(Clone)]
pub(crate) struct Native {
    pub(crate) programme: SharedDatabase,
    pub(crate) volunteers: SharedDatabase,
}

pub(crate) struct Query;
pub(crate) struct Mutation;

#[Object]
impl Query {
    /// A field that does nothing.
    async fn ok(&self) -> &'static str {
        "ok"
    }

    /// The work in progress.
    async fn draft_sessions(&self, ctx: &Context<'_>, first: i32) -> async_graphql::Result<SessionPage> {
        Ok(session_page(ctx.data::<Native>()?.programme.as_ref(), i64::from(first)).await?)
    }
}

#[Object]
impl Mutation {
    /// Takes a place on a shift.
    async fn sign_up(&self, ctx: &Context<'_>, shift: String, account: String) -> async_graphql::Result<Entry> {
        Ok(sign_up(ctx.data::<Native>()?.volunteers.as_ref(), &shift, &account).await?)
    }
}

type BaselineSchema = Schema<Query, Mutation, EmptySubscription>;

/// `POST /graphql`.
pub(crate) fn router(native: Native) -> Router {
    let schema = Schema::build(Query, Mutation, EmptySubscription).data(native).finish();
    Router::new().route("/graphql", post(answer)).with_state(schema)
}

async fn answer(State(schema): State<BaselineSchema>, body: Bytes) -> Response {
    match serde_json::from_slice::<async_graphql::Request>(&body) {
        Ok(request) => {
            let response = schema.execute(request).await;
            let body = serde_json::to_vec(&response).unwrap_or_default();
            ([(CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(error) => (http::StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}
