//! The data folder itself: a host without a socket.

use axum::body::Body;
use conman_server::{Host, HostConfig};
use http::Request;

use crate::door::{Ask, Reply};
use crate::failure::{Failure, Kind};

/// A host opened in this process.
pub(crate) struct Local {
    host: Host,
}

impl Local {
    pub(crate) async fn open(config: HostConfig) -> Result<Self, Failure> {
        let host = Host::open(config).await.map_err(|error| match error {
            conman_server::OpenError::Claim(error) => error.into(),
            error => Failure::new(Kind::Failed, error.to_string()),
        })?;
        Ok(Self { host })
    }

    pub(crate) async fn send(&self, ask: Ask) -> Result<Reply, Failure> {
        let mut request = Request::new(Body::from(ask.body));
        *request.method_mut() = ask.method;
        *request.uri_mut() = ask.path.parse().map_err(|_| Failure::usage(format!("`{}` is not a path", ask.path)))?;
        *request.headers_mut() = ask.headers;
        let response = self.host.answer_as_system(request).await;
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .map_err(|error| Failure::new(Kind::Failed, error.to_string()))?;
        Ok(Reply { status: head.status, body })
    }

    pub(crate) async fn close(self) {
        self.host.close().await;
    }
}
