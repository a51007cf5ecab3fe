//! GraphiQL, at every GraphQL address in development mode.
//!
//! The page is the library's own; GraphiQL itself and React come from the public CDN that the page names. Its policy lets in exactly that,
//! this page's own script by a nonce, and requests to this host.

use async_graphql::http::GraphiQLSource;
use axum::response::{IntoResponse, Response};
use conman_kernel::id::RequestId;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

/// The page for a GraphQL address, which answers requests and WebSockets alike.
pub(crate) fn page(address: &str) -> Response {
    // Made up anew for each answer from randomness, as a nonce has to be.
    let nonce = RequestId::new();
    let page = GraphiQLSource::build().endpoint(address).subscription_endpoint(address).finish();
    let page = page.replace("<script>", &format!("<script nonce=\"{nonce}\">"));
    let kind = "text/html; charset=utf-8".to_owned();
    ([(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, policy(&nonce)), (CACHE_CONTROL, "no-cache".to_owned())], page)
        .into_response()
}

/// The editor writes styles into the page as it goes, so inline ones have to be allowed; scripts are not.
fn policy(nonce: &RequestId) -> String {
    format!(
        "default-src 'none'; \
         script-src 'nonce-{nonce}' https://unpkg.com/react@18/ https://unpkg.com/react-dom@18/ https://unpkg.com/graphiql@4/; \
         style-src 'unsafe-inline' https://unpkg.com/graphiql@4/; font-src data: https://unpkg.com/graphiql@4/; \
         img-src 'self' data: https://graphql.org/favicon.ico; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_policy_lets_in_exactly_what_the_page_loads() {
        let response = page("/c/con/graphql");
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let page = String::from_utf8(body.to_vec()).unwrap();
        assert!(
            page.contains("createUrl('/c/con/graphql')") && page.contains("createUrl('/c/con/graphql', true)"),
            "{page}"
        );
        // Every address in the page is in the policy.
        let addresses = page.split(['"', '\'']).filter(|text| text.starts_with("https://"));
        for address in addresses {
            let allowed = policy.split([' ', ';']).filter(|source| source.starts_with("https://"));
            assert!(allowed.into_iter().any(|source| address.starts_with(source)), "{address}: {policy}");
        }
        // And every script of the page's own has the nonce.
        let nonce = policy.split('\'').find_map(|source| source.strip_prefix("nonce-")).unwrap();
        assert_eq!(page.matches(&format!("<script nonce=\"{nonce}\">")).count(), 1);
        assert!(!page.contains("<script>"), "{page}");
    }
}
