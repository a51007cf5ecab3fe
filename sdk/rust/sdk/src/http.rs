//! HTTP requests for the plugin's routes, and its answers.

use std::cell::OnceCell;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::routes::exports::conman::plugin::routes as wire;
use crate::error::{Error, Result};

/// A request for one of the routes the manifest declares.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Below the plugin's own path, without a leading slash. The host has decoded it.
    pub path: String,
    /// The body.
    pub body: Vec<u8>,
    query: String,
    headers: Vec<(String, String)>,
    rest: String,
    queries: OnceCell<Vec<(String, String)>>,
}

impl Request {
    /// What stands in place of the `*` of a route `people/*`.
    #[must_use]
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// A parameter of the query string, decoded; the first of several.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.queries().iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// All parameters of the query string, decoded.
    #[must_use]
    pub fn queries(&self) -> &[(String, String)] {
        self.queries.get_or_init(|| {
            self.query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| {
                    pair.split_once('=')
                        .map_or_else(|| (decode(pair), String::new()), |(name, value)| (decode(name), decode(value)))
                })
                .collect()
        })
    }

    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body's media type, without parameters and in lower case: `text/csv`. Empty when the client did not say.
    #[must_use]
    pub fn content_type(&self) -> String {
        let header = self.header("content-type").unwrap_or_default();
        header.split_once(';').map_or(header, |(kind, _)| kind).trim().to_ascii_lowercase()
    }

    /// The body as text; a byte order mark is left out.
    ///
    /// # Errors
    /// `invalid` with the place of the first byte that is no UTF-8.
    pub fn text(&self) -> Result<&str> {
        let bytes = self.body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.body);
        std::str::from_utf8(bytes).map_err(|error| {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            let column = good
                .rsplit(|byte| *byte == b'\n')
                .next()
                .map_or(0, |tail| String::from_utf8_lossy(tail).chars().count())
                + 1;
            Error::invalid("The file is not UTF-8 text; save it as UTF-8 and send it again.")
                .at(format!("line {line}, column {column}"))
        })
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// `invalid` with the place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Error::invalid(format!("The body is not the expected JSON: {error}")).at(format!(
                "line {}, column {}",
                error.line(),
                error.column()
            ))
        })
    }

    /// Answers 304 if the client has what `tag` names: a text that changes whenever the answer would, cheaper to get than the answer.
    #[must_use]
    pub fn not_modified(&self, tag: &str) -> Option<Response> {
        let quoted = quote(tag);
        let known = self.header("if-none-match")?;
        let unchanged = known
            .split(',')
            .map(str::trim)
            .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == quoted);
        unchanged.then(|| Response::status(304).header("etag", &quoted))
    }

    /// A request for native unit tests.
    #[must_use]
    pub fn new(method: &str, path: &str, query: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            body: body.into(),
            query: query.to_owned(),
            headers: headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn from_wire(request: wire::Request) -> Self {
        Self {
            method: request.method,
            path: request.path,
            body: request.body,
            query: request.query,
            headers: request.headers.into_iter().map(|header| (header.name, header.value)).collect(),
            ..Self::default()
        }
    }

    /// Whether this is a request for the route `method path`; remembers what stands in place of its `*`.
    #[doc(hidden)]
    pub fn is(&mut self, method: &str, path: &str) -> bool {
        if self.method != method {
            return false;
        }
        match path.strip_suffix('*') {
            None => self.path == path,
            Some(prefix) => match self.path.strip_prefix(prefix) {
                Some(rest) => {
                    self.rest = rest.to_owned();
                    true
                }
                None => false,
            },
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An empty answer with this status.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// 200, empty.
    #[must_use]
    pub const fn ok() -> Self {
        Self::status(200)
    }

    /// 200 with a body of this media type.
    #[must_use]
    pub fn bytes(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::ok() }.header("content-type", content_type)
    }

    /// 200 with plain text.
    #[must_use]
    pub fn text(body: impl Into<String>) -> Self {
        Self::bytes("text/plain; charset=utf-8", body.into())
    }

    /// 200 with JSON.
    ///
    /// # Errors
    /// `internal` when serde cannot write `body` as JSON.
    pub fn json(body: &impl Serialize) -> Result<Self> {
        let body =
            serde_json::to_vec(body).map_err(|error| Error::internal(format!("the answer is no JSON: {error}")))?;
        Ok(Self::bytes("application/json", body))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// Names this version of the answer, so that clients may ask for changes only; see [`Request::not_modified`].
    #[must_use]
    pub fn etag(self, tag: &str) -> Self {
        self.header("etag", &quote(tag))
    }

    /// Offers the answer as a file of this name.
    #[must_use]
    pub fn download(self, name: &str) -> Self {
        let plain: String =
            name.chars().map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '_' }).collect();
        self.header("content-disposition", &format!("attachment; filename=\"{plain}\""))
    }

    /// Lets everybody keep the answer for this long.
    #[must_use]
    pub fn cached_for(self, seconds: u32) -> Self {
        self.header("cache-control", &format!("public, max-age={seconds}"))
    }
}

impl From<Response> for wire::Response {
    fn from(response: Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers.into_iter().map(|(name, value)| wire::Header { name, value }).collect(),
            body: response.body,
        }
    }
}

/// A quoted entity tag; what may not stand inside quotes is left out.
fn quote(tag: &str) -> String {
    format!("\"{}\"", tag.chars().filter(|c| c.is_ascii_graphic() && *c != '"').collect::<String>())
}

/// Percent-decoding, with `+` for a space; what is no code stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail.split_at_checked(2)) {
            (b'%', Some((code, after))) => {
                match std::str::from_utf8(code).ok().and_then(|code| u8::from_str_radix(code, 16).ok()) {
                    Some(byte) => {
                        bytes.push(byte);
                        rest = after;
                    }
                    None => bytes.push(b'%'),
                }
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        let request = Request::new("GET", "x", "day=2026-08-14&q=caf%C3%A9+%26+co&bad=%zz&flag", &[], "");
        assert_eq!(request.query("q"), Some("café & co"));
        assert_eq!((request.query("bad"), request.query("flag"), request.query("none")), (Some("%zz"), Some(""), None));
    }

    #[test]
    fn a_known_tag_answers_304() {
        let request = |known| Request::new("GET", "x", "", &[("If-None-Match", known)], "");
        assert_eq!(request("\"a\", W/\"v2\"").not_modified("v2").map(|answer| answer.status), Some(304));
        assert_eq!(request("\"v1\"").not_modified("v2"), None);
    }

    #[test]
    fn a_star_takes_the_rest() {
        let mut request = Request::new("GET", "people/Jürgen/1+1", "", &[], "");
        assert!(
            request.is("GET", "people/*")
                && !request.clone().is("GET", "people")
                && !request.clone().is("POST", "people/*")
        );
        assert_eq!(request.rest(), "Jürgen/1+1");
    }

    #[test]
    fn bytes_that_are_no_text_have_a_place() {
        let request = Request::new("POST", "x", "", &[], b"a\n\xC3\xA9b\xFF".to_vec());
        assert_eq!(request.text().map_err(|error| error.pointer), Err("line 2, column 3".to_owned()));
    }
}
