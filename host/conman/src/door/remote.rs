//! A host that runs elsewhere, over HTTP.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use http::header::AUTHORIZATION;
use http_body::{Body, Frame, SizeHint};

use crate::door::{Ask, Reply};
use crate::failure::{Failure, Kind};
use crate::terminal::{Moving, Progress};

/// A running host.
#[derive(Debug)]
pub(crate) struct Remote {
    client: reqwest::Client,
    address: String,
    token: Option<HeaderValue>,
}

impl Remote {
    pub(crate) fn new(address: &str, token: Option<String>) -> Result<Self, Failure> {
        let address = address.trim_end_matches('/').to_owned();
        if !address.starts_with("http://") && !address.starts_with("https://") {
            return Err(Failure::usage(format!("`{address}` is not a host's address; write http://… or https://…")));
        }
        let token = token.map(|token| HeaderValue::try_from(format!("Bearer {}", token.trim())));
        let token = token.transpose().map_err(|_| Failure::usage("the token holds characters that no token has"))?;
        // Fails only when there is one already, which is then the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).build();
        let client = client.map_err(|error| Failure::new(Kind::Failed, format!("cannot prepare for HTTP: {error}")))?;
        Ok(Self { client, address, token })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) async fn send(&self, ask: Ask, progress: Progress) -> Result<Reply, Failure> {
        let sending = progress.moving(ask.body.len() as u64);
        let mut request = self
            .client
            .request(ask.method, format!("{}{}", self.address, ask.path))
            .headers(ask.headers)
            .body(reqwest::Body::wrap(Upload { rest: ask.body, sending }));
        if let Some(token) = &self.token {
            let mut token = token.clone();
            token.set_sensitive(true);
            request = request.header(AUTHORIZATION, token);
        }
        let unreachable = |error: reqwest::Error| {
            let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Failure::new(Kind::Unreachable, format!("cannot reach {}: {why}; is a host running there?", self.address))
        };
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let coming = response.content_length().map(|total| progress.moving(total));
        let mut body = BytesMut::new();
        while let Some(piece) = response.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&piece);
            coming.iter().for_each(|coming| coming.moved(piece.len()));
        }
        Ok(Reply { status, body: body.freeze() })
    }
}

/// How much is handed to the network at a time.
const PIECE: usize = 64 << 10;

/// A body that counts what has gone of it.
struct Upload {
    rest: Bytes,
    sending: Moving,
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        self.sending.moved(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    /// Exact, so that the host is told before and need not take what is too large.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
