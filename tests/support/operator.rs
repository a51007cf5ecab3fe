//! Whoever runs a host: makes conventions and accounts, and enables plugins.

use serde_json::{Value, json};

use crate::{Client, package};

/// Talks to a host as the host itself does.
#[derive(Debug, Clone)]
pub struct Operator(Client);

impl Operator {
    /// With the client of whoever may read the data folder.
    #[must_use]
    pub const fn new(system: Client) -> Self {
        Self(system)
    }

    /// Its client.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.0
    }

    /// Makes a live convention.
    pub async fn convention(&self, slug: &str) {
        self.convention_on(slug, ["Europe/Berlin", "2026-08-14", "2026-08-16", "05:00"]).await;
    }

    /// Makes a live convention in a time zone, from its first day to its last, with days that change at this time.
    pub async fn convention_on(&self, slug: &str, [zone, first, last, day_change]: [&str; 4]) {
        let operation = "mutation($slug: String!, $zone: String!, $first: Date!, $last: Date!, $dayChange: Time!) {
            createConvention(slug: $slug, name: $slug, timeZone: $zone, startsOn: $first, endsOn: $last, dayChange: $dayChange) { id } }";
        let variables = json!({ "slug": slug, "zone": zone, "first": first, "last": last, "dayChange": day_change });
        let _ = self.0.host(operation, variables).await.data();
        let live = "mutation { setConventionState(state: LIVE) { state } }";
        let _ = self.0.convention(slug, live, json!({})).await.data();
    }

    /// Makes an account with a role in a convention and signs it in.
    pub async fn person(&self, slug: &str, name: &str, role: &str) -> Client {
        let (email, password) = (format!("{name}@{slug}.example"), "a long enough passphrase");
        let operation = "mutation($email: String!, $name: String!, $password: String!) {
            createAccount(email: $email, name: $name, password: $password) { account { id } } }";
        let _ = self.0.host(operation, json!({ "email": email, "name": name, "password": password })).await.data();
        let operation = "mutation($email: String!, $role: String!) { grantRole(email: $email, role: $role) }";
        let _ = self.0.convention(slug, operation, json!({ "email": email, "role": role })).await.data();
        Client::anonymous(self.0.address()).sign_in(&email, password).await
    }

    /// Installs a package; answers the plugin's id.
    pub async fn install(&self, package: Vec<u8>) -> String {
        let answer = self.0.post("/api/packages", package).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json["id"].as_str().unwrap().to_owned()
    }

    /// Installs and enables a package of this repository, by its plugin's name.
    pub async fn enable(&self, slug: &str, name: &str) {
        self.enable_package(slug, std::fs::read(package(name)).unwrap()).await;
    }

    /// Installs and enables a package.
    pub async fn enable_package(&self, slug: &str, package: Vec<u8>) {
        let id = self.install(package).await;
        let operation = "mutation($id: String!) { enablePlugin(id: $id) { id } }";
        let answer = self.0.convention(slug, operation, json!({ "id": id })).await;
        assert_eq!(answer.data()["enablePlugin"]["id"], Value::from(id));
    }
}
