//! A host that runs elsewhere, over HTTP.

use std::time::Duration;

use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::door::{Ask, Reply};
use crate::failure::{Failure, Kind};

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

    pub(crate) async fn send(&self, ask: Ask) -> Result<Reply, Failure> {
        let mut request = self
            .client
            .request(ask.method, format!("{}{}", self.address, ask.path))
            .headers(ask.headers)
            .body(ask.body);
        if let Some(token) = &self.token {
            let mut token = token.clone();
            token.set_sensitive(true);
            request = request.header(AUTHORIZATION, token);
        }
        let unreachable = |error: reqwest::Error| {
            let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Failure::new(Kind::Unreachable, format!("cannot reach {}: {why}; is a host running there?", self.address))
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        Ok(Reply { status, body })
    }
}
