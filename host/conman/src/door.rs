//! How a command reaches a host: over HTTP when one runs, or by opening the data folder itself when none does.
//!
//! Both ways send the same requests to the same router; the only difference is the wire. So there is one code path for everything a
//! command can do, and whoever may write to the data folder is the host.

mod local;
mod remote;

use std::borrow::Cow;
use std::path::Path;

use bytes::Bytes;
use conman_server::{DataFolder, Held, HostConfig, Owner};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use crate::arguments::Where;
use crate::failure::{Failure, Kind};
use crate::terminal::Terminal;

use local::Local;
use remote::Remote;

/// A request to the host.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// With the query string.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Its answer, whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// What to do where there is no data folder yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Begin one.
    Create,
    /// Say so.
    Refuse,
}

/// The way in, and where to say what is going on behind it.
pub(crate) struct Door {
    way: Way,
    terminal: Terminal,
}

enum Way {
    Remote(Remote),
    Local(Box<Local>),
}

impl Door {
    /// Finds the way in: the host that was named, the host that works on the data folder, or the folder itself.
    pub(crate) async fn find(place: &Where, missing: Missing, terminal: Terminal) -> Result<Self, Failure> {
        Ok(Self { way: Way::find(place, missing, terminal).await?, terminal })
    }

    /// Sends a request; every status is an answer.
    pub(crate) async fn send(&self, ask: Ask, what: impl Into<Cow<'static, str>>) -> Result<Reply, Failure> {
        let progress = self.terminal.progress(what);
        match &self.way {
            Way::Remote(remote) => remote.send(ask, progress).await,
            Way::Local(local) => local.send(ask).await,
        }
    }

    /// Runs a GraphQL operation: the host's own when no convention is named.
    pub(crate) async fn graphql(
        &self,
        convention: Option<&str>,
        query: &str,
        variables: Value,
    ) -> Result<Value, Failure> {
        self.graphql_saying("waiting for the host", convention, query, variables).await
    }

    /// The same, with other words for what is going on.
    pub(crate) async fn graphql_saying(
        &self,
        what: impl Into<Cow<'static, str>>,
        convention: Option<&str>,
        query: &str,
        variables: Value,
    ) -> Result<Value, Failure> {
        let reply = self.graphql_reply(what, convention, query, variables).await?;
        let mut answer: Value = serde_json::from_slice(&reply.body).map_err(|_| not_ours(&reply))?;
        match first_error(&answer) {
            Some(failure) => Err(failure),
            None => Ok(answer.get_mut("data").map(Value::take).unwrap_or_default()),
        }
    }

    /// The same, with the answer as it came.
    pub(crate) async fn graphql_reply(
        &self,
        what: impl Into<Cow<'static, str>>,
        convention: Option<&str>,
        query: &str,
        variables: Value,
    ) -> Result<Reply, Failure> {
        let path = convention.map_or_else(|| "/graphql".to_owned(), |slug| format!("/c/{slug}/graphql"));
        let body = json!({ "query": query, "variables": variables }).to_string();
        let headers =
            HeaderMap::from_iter([(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"))]);
        self.send(Ask { method: Method::POST, path, headers, body: body.into() }, what).await
    }

    /// In words: whom was asked.
    pub(crate) fn describe(&self) -> String {
        match &self.way {
            Way::Remote(remote) => format!("asked {}", remote.address()),
            Way::Local(_) => "opened here".to_owned(),
        }
    }

    /// Whether the data folder was opened here, because no host runs on it.
    pub(crate) const fn opened_here(&self) -> bool {
        matches!(self.way, Way::Local(_))
    }

    /// Lets what is under way finish. Only a folder that was opened here has anything to finish.
    pub(crate) async fn close(self) {
        if let Way::Local(local) = self.way {
            let _progress = self.terminal.progress("closing the data folder: events are still on their way");
            local.close().await;
        }
    }
}

impl Way {
    async fn find(place: &Where, missing: Missing, terminal: Terminal) -> Result<Self, Failure> {
        if let Some(host) = &place.host {
            return Ok(Self::Remote(Remote::new(host, place.token.clone())?));
        }
        let folder = DataFolder::at(&place.data);
        match folder.owner()? {
            Held::By(Some(Owner { address: Some(address), .. })) => {
                let secret = match &place.token {
                    Some(token) => Some(token.clone()),
                    None => folder.door_secret()?,
                };
                Ok(Self::Remote(Remote::new(&address, secret)?))
            }
            // Claiming fails, and says who is in the way.
            Held::By(_) => Err(folder.claim().err().map_or_else(
                || Failure::new(Kind::InUse, format!("{} was in use a moment ago; try again", place.data.display())),
                Failure::from,
            )),
            Held::ByNobody => {
                if missing == Missing::Refuse && !folder.exists() {
                    let path = place.data.display();
                    return Err(Failure::not_found(format!(
                        "there is no data folder at {path}; name one with --data, or a running host with --host (begin one with `conman convention create`)"
                    )));
                }
                let config = HostConfig::new(folder, place.postgres.clone());
                let _progress = terminal.progress(opening(&place.data));
                Ok(Self::Local(Box::new(Local::open(config).await?)))
            }
        }
    }
}

impl Reply {
    /// The answer, or the error it tells of.
    pub(crate) fn successful(self) -> Result<Self, Failure> {
        if self.status.is_success() {
            return Ok(self);
        }
        let value: Value = serde_json::from_slice(&self.body).map_err(|_| not_ours(&self))?;
        let error = value.get("error").ok_or_else(|| not_ours(&self))?;
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        let place = if text("pointer").is_empty() { String::new() } else { format!("{}: ", text("pointer")) };
        Err(Failure::from_code(text("code"), format!("{place}{}", text("message"))))
    }
}

/// In words: what takes long while a host opens its data folder.
pub(crate) fn opening(folder: &Path) -> String {
    format!("opening {}: plugins it has not compiled yet are compiled", folder.display())
}

/// The first error of a GraphQL answer.
pub(crate) fn first_error(answer: &Value) -> Option<Failure> {
    let error = answer.get("errors")?.as_array()?.first()?;
    let message = error.get("message").and_then(Value::as_str).unwrap_or("the host did not say what went wrong");
    let code = error.pointer("/extensions/code").and_then(Value::as_str).unwrap_or("failed");
    Some(Failure::from_code(code, message.to_owned()))
}

pub(crate) fn not_ours(reply: &Reply) -> Failure {
    Failure::new(
        Kind::Failed,
        format!("the answer ({}) is not one of a ConManagement host; check the address", reply.status),
    )
}
