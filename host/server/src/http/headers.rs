//! Which headers cross between the network and a plugin.
//!
//! A plugin learns nothing that would let it act as somebody: no cookies, no tokens. What it sends back is served from the same origin as
//! everything else, so it may neither set cookies nor loosen what keeps its pages apart from others: the host adds a sandbox of its own.

use axum::response::Response;
use bytes::Bytes;
use conman_kernel::dispatch::RouteAnswer;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

/// What a plugin is shown of a request.
const SHOWN: [HeaderName; 8] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::USER_AGENT,
];

/// What a plugin may say in an answer.
const ALLOWED: [HeaderName; 12] = [
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    header::VARY,
    header::WARNING,
];

/// Runs as if from nowhere: no scripts, no forms, no requests to this host in the reader's name.
const SANDBOX: HeaderValue =
    HeaderValue::from_static("sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:");

/// The headers of a request that a plugin may see, in lower case.
pub(crate) fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let named = SHOWN.iter().filter_map(|name| headers.get(name).map(|value| (name, value)));
    named.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect()
}

/// A plugin's answer as it goes out: allowed headers only, an entity tag honoured, the sandbox added.
pub(crate) fn response(answer: RouteAnswer, method: &Method, asked: &HeaderMap) -> Option<Response> {
    let mut status = StatusCode::from_u16(answer.status).ok().filter(|status| !status.is_informational())?;
    let mut headers = HeaderMap::with_capacity(answer.headers.len() + 4);
    for (name, value) in answer.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else { continue };
        if ALLOWED.contains(&name) && (name != header::LOCATION || is_local(&value)) {
            headers.insert(name, value);
        }
    }
    let mut body = Bytes::from(answer.body);
    if (method == Method::GET || method == Method::HEAD)
        && status == StatusCode::OK
        && headers.get(header::ETAG).is_some_and(|tag| matches(asked, tag))
    {
        status = StatusCode::NOT_MODIFIED;
    }
    if status == StatusCode::NOT_MODIFIED || status == StatusCode::NO_CONTENT {
        body = Bytes::new();
    }
    headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/octet-stream"));
    // What one person may see must not be kept for the next one, unless the plugin says that everybody may see it.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    headers.append(header::VARY, HeaderValue::from_static("authorization"));
    headers.insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let mut response = Response::new(axum::body::Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Some(response)
}

/// A redirect may lead elsewhere on this host, nowhere else.
fn is_local(location: &HeaderValue) -> bool {
    let location = location.as_bytes();
    // Browsers leave tabs out before they read on: what follows one could become the first thing they see.
    let plain = location.iter().all(u8::is_ascii_graphic);
    plain && location.starts_with(b"/") && !location.starts_with(b"//") && !location.starts_with(b"/\\")
}

/// Whether `If-None-Match` names the tag, compared weakly as RFC 9110 has it.
fn matches(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|list| list.trim() == "*" || list.split(',').any(|candidate| strong(candidate) == strong(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)]) -> RouteAnswer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        RouteAnswer { status: 200, headers, body: b"hello".to_vec() }
    }

    fn asked(tag: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap())])
    }

    #[test]
    fn cookies_and_policies_of_a_plugin_are_dropped() {
        let sent = [
            ("set-cookie", "a=b"),
            ("content-security-policy", ""),
            ("access-control-allow-origin", "*"),
            ("x-y", "z"),
            ("etag", "\"1\""),
        ];
        let response = response(answer(&sent), &Method::GET, &HeaderMap::new()).unwrap();
        let names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
        assert!(
            !names.contains(&"set-cookie")
                && !names.contains(&"access-control-allow-origin")
                && !names.contains(&"x-y"),
            "{names:?}"
        );
        assert_eq!(response.headers()[header::CONTENT_SECURITY_POLICY], SANDBOX);
        assert_eq!(response.headers()[header::ETAG], "\"1\"");
    }

    #[test]
    fn a_known_entity_tag_is_answered_without_a_body() {
        let status =
            |tag: &str| response(answer(&[("etag", "\"1\"")]), &Method::GET, &asked(tag)).unwrap().status().as_u16();
        assert_eq!(
            (status("\"1\""), status("W/\"1\""), status("\"0\", \"1\""), status("*"), status("\"2\"")),
            (304, 304, 304, 304, 200)
        );
    }

    #[test]
    fn a_redirect_stays_on_this_host() {
        let location = |to: &str| {
            response(answer(&[("location", to)]), &Method::GET, &HeaderMap::new())
                .unwrap()
                .headers()
                .contains_key(header::LOCATION)
        };
        assert!(location("/c/x?a=%20b#c"));
        for evil in ["//evil", "https://evil", "/\\evil", "/\t/evil", "\t//evil", "/\t\\evil"] {
            assert!(!location(evil), "{evil:?}");
        }
    }

    #[test]
    fn a_plugin_sees_no_credentials() {
        let headers = HeaderMap::from_iter([
            (header::AUTHORIZATION, HeaderValue::from_static("Bearer x")),
            (header::COOKIE, HeaderValue::from_static("a=b")),
            (header::ACCEPT, HeaderValue::from_static("text/csv")),
        ]);
        assert_eq!(shown(&headers), [("accept".to_owned(), "text/csv".to_owned())]);
    }
}
