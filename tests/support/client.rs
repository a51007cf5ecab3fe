//! An HTTP client of a host.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

/// Talks to one host as one person.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    address: String,
    headers: HeaderMap,
}

impl Client {
    /// Nobody in particular, talking to the host at `address`.
    #[must_use]
    pub fn anonymous(address: &str) -> Self {
        // Nothing here speaks TLS, but the HTTP client is built with it and wants to know which.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            http: reqwest::Client::new(),
            address: address.trim_end_matches('/').to_owned(),
            headers: HeaderMap::new(),
        }
    }

    /// The same, with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        self.with_header(AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// The same, with one more header on every request.
    #[must_use]
    pub fn with_header(&self, name: HeaderName, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.insert(name, HeaderValue::from_str(value).unwrap());
        client
    }

    /// Signs in and goes on as that person.
    pub async fn sign_in(&self, email: &str, password: &str) -> Self {
        let operation =
            "mutation($email: String!, $password: String!) { signIn(email: $email, password: $password) { token } }";
        let answer = self.host(operation, json!({ "email": email, "password": password })).await;
        self.with_token(answer.data()["signIn"]["token"].as_str().unwrap())
    }

    /// The token, if there is one.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        let header = self.headers.get(AUTHORIZATION)?.to_str().ok()?;
        header.strip_prefix("Bearer ").map(str::to_owned)
    }

    /// Where the host is.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Runs an operation on the host's own schema.
    pub async fn host(&self, query: &str, variables: Value) -> Answer {
        self.graphql("/graphql", query, variables).await
    }

    /// Runs an operation in a convention.
    pub async fn convention(&self, slug: &str, query: &str, variables: Value) -> Answer {
        self.graphql(&format!("/c/{slug}/graphql"), query, variables).await
    }

    async fn graphql(&self, path: &str, query: &str, variables: Value) -> Answer {
        let request =
            self.request(reqwest::Method::POST, path).json(&json!({ "query": query, "variables": variables }));
        Answer::of(request.send().await.unwrap()).await
    }

    /// A request of any kind, with this client's headers.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.address)).headers(self.headers.clone())
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(reqwest::Method::GET, path).send().await.unwrap()).await
    }

    /// POST, with bytes.
    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        Answer::of(self.request(reqwest::Method::POST, path).body(body).send().await.unwrap()).await
    }
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as JSON where it is.
    pub json: Value,
    /// The body, as text.
    pub text: String,
}

impl Answer {
    async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        Self { status, headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    /// The `data` of a GraphQL answer without errors.
    #[track_caller]
    #[must_use]
    pub fn data(&self) -> &Value {
        assert!(self.json["errors"].is_null() && !self.json["data"].is_null(), "{} {}", self.status, self.text);
        &self.json["data"]
    }

    /// The code of the first error.
    #[must_use]
    pub fn code(&self) -> &str {
        let graphql = self.json["errors"][0]["extensions"]["code"].as_str();
        graphql.or_else(|| self.json["error"]["code"].as_str()).unwrap_or_default()
    }

    /// The message of the first error.
    #[must_use]
    pub fn message(&self) -> &str {
        let graphql = self.json["errors"][0]["message"].as_str();
        graphql.or_else(|| self.json["error"]["message"].as_str()).unwrap_or_default()
    }

    /// A header, as text; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
