//! Who is asking, for which convention, in which languages: the head of a request becomes a scope.

use std::net::IpAddr;
use std::sync::Arc;

use conman_identity::Client;
use conman_kernel::actor::Actor;
use conman_kernel::convention::Convention;
use conman_kernel::dispatch::{IdempotencyKey, Scope};
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::{RequestId, Slug};
use http::HeaderMap;
use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, USER_AGENT};
use http::request::Parts as Head;

use crate::conventions::Open;
use crate::desk::Caller;
use crate::listen::Peer;
use crate::parts::Parts;

/// Marks a request as the host's own: from the command line on the data folder. It is an extension of the request, which nothing that
/// comes over the network can set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsSystem;

/// The request's id.
pub(crate) fn request_id(head: &Head) -> RequestId {
    head.extensions.get::<RequestId>().cloned().unwrap_or_else(RequestId::new)
}

/// The convention that an address names, with what it has enabled. The actor's right to see it is checked by [`scope`].
pub(crate) async fn convention(parts: &Parts, slug: &str) -> Result<(Arc<Convention>, Arc<Open>), Fault> {
    let missing = || Fault::new(code::NOT_FOUND, format!("there is no convention `{slug}` here"));
    let parsed: Slug = slug.parse().map_err(|_| missing())?;
    let convention = parts.identity.convention_by_slug(&parsed).await?.ok_or_else(missing)?;
    let open = match parts.conventions.get(&convention.id) {
        Some(open) => open,
        // Made by another host on the same database.
        None => parts.conventions.open(&convention.id).await?,
    };
    Ok((convention, open))
}

/// Who asks, and how.
pub(crate) async fn scope(
    parts: &Parts,
    head: &Head,
    convention: Option<Arc<Convention>>,
    open: &Open,
) -> Result<(Scope, Caller), Fault> {
    let bearer = bearer(&head.headers)?;
    let system = head.extensions.get::<AsSystem>().is_some() || bearer.is_some_and(|bearer| parts.opens_door(bearer));
    let actor = if system {
        Arc::new(Actor::system())
    } else {
        parts.identity.authenticate(bearer, convention.as_deref(), &open.declared).await?
    };
    let idempotency = match head.headers.get("idempotency-key") {
        Some(key) => Some(key.to_str().ok().and_then(IdempotencyKey::parse).ok_or_else(|| {
            Fault::new(code::INVALID, "Idempotency-Key must be 1 to 128 visible ASCII characters, without spaces")
        })?),
        None => None,
    };
    let scope = Scope {
        convention,
        actor,
        request: request_id(head),
        languages: languages(&head.headers),
        idempotency,
        hops: 0,
    };
    Ok((scope, Caller { bearer: bearer.map(str::to_owned), client: client(parts.behind_proxy, head) }))
}

/// The bearer token, or nothing when there is none. A header that is there and holds none is an error: silently going on as nobody in
/// particular would only confuse.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Fault> {
    let Some(header) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let token = header.to_str().ok().and_then(|header| {
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    match token.filter(|token| !token.is_empty()) {
        Some(token) => Ok(Some(token)),
        None => Err(Fault::new(
            code::UNAUTHENTICATED,
            "the Authorization header holds no token; send `Bearer` and the token that signIn gave",
        )),
    }
}

fn client(behind_proxy: bool, head: &Head) -> Client {
    let peer = head.extensions.get::<Peer>().map(|peer| peer.0.ip());
    // The last entry is the proxy's own word; those before it are whatever the client claimed.
    let forwarded = || {
        let header = head.headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        header.rsplit(',').next()?.trim().parse::<IpAddr>().ok()
    };
    let address = if behind_proxy { forwarded().or(peer) } else { peer };
    let agent = head.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    Client { address, agent: agent.chars().take(200).collect() }
}

/// The languages a client prefers, best first, at most eight.
fn languages(headers: &HeaderMap) -> Arc<[String]> {
    let Some(header) = headers.get(ACCEPT_LANGUAGE).and_then(|header| header.to_str().ok()) else {
        return Arc::new([]);
    };
    let mut wanted: Vec<(f32, &str)> = header
        .split(',')
        .filter_map(|entry| {
            let (tag, weight) = entry.split_once(';').unwrap_or((entry, "q=1"));
            let tag = tag.trim();
            let weight = weight.trim().strip_prefix("q=")?.parse::<f32>().ok().filter(|weight| *weight > 0.0)?;
            let valid = (1..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            valid.then_some((weight, tag))
        })
        .take(32)
        .collect();
    wanted.sort_by(|one, other| other.0.total_cmp(&one.0));
    wanted.into_iter().take(8).map(|(_, tag)| tag.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn languages_come_best_first() {
        let read = |text: &str| languages(&headers("accept-language", text)).to_vec();
        assert_eq!(read("en;q=0.7, de-CH, fr;q=0.9"), ["de-CH", "fr", "en"]);
        assert_eq!(read("*, en;q=0, ../x"), [""; 0]);
        assert!(languages(&HeaderMap::new()).is_empty());
    }

    #[test]
    fn an_authorization_header_without_a_token_is_an_error() {
        assert_eq!(bearer(&headers("authorization", "bearer abc")).unwrap(), Some("abc"));
        assert_eq!(bearer(&HeaderMap::new()).unwrap(), None);
        for bad in ["Basic abc", "Bearer", "Bearer ", "abc"] {
            assert_eq!(bearer(&headers("authorization", bad)).unwrap_err().code, code::UNAUTHENTICATED, "{bad}");
        }
    }

    #[test]
    fn only_a_proxys_own_word_counts() {
        let request = http::Request::builder()
            .header("x-forwarded-for", "6.6.6.6, 10.0.0.9")
            .extension(Peer("127.0.0.1:5".parse().unwrap()));
        let (head, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(client(false, &head).address, Some("127.0.0.1".parse().unwrap()));
        assert_eq!(client(true, &head).address, Some("10.0.0.9".parse().unwrap()));
    }
}
