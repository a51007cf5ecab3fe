//! A host with an owner, an organization and two conventions in it, on a clock that stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use conman_identity::{
    Account, COMPONENT, Client, Declared, Identity, IdentityConfig, MIGRATIONS, NewConvention, Organization,
    PasswordCost, Realm, Who,
};
use conman_kernel::actor::{Actor, DeclaredPermission, Role};
use conman_kernel::clock::FixedClock;
use conman_kernel::convention::{Convention, ConventionState};
use conman_kernel::id::OrganizationId;
use conman_kernel::sql::{Access, Database, SharedDatabase, SqlError, Transaction};
use conman_storage::{Storage, scratch};

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct World {
    pub(crate) identity: Identity,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) database: SharedDatabase,
    pub(crate) begins: Arc<AtomicU64>,
    pub(crate) organization: Organization,
    /// Live.
    pub(crate) moon: Convention,
    /// Live.
    pub(crate) mars: Convention,
}

/// Runs `body` in a world of its own on each database.
pub(crate) async fn on_both(body: impl AsyncFn(World)) {
    for place in scratch::both().await.unwrap() {
        let storage = Storage::open(place.location()).await.unwrap();
        storage.migrate_host(COMPONENT, MIGRATIONS).await.unwrap();
        body(World::new(storage.host()).await).await;
    }
}

pub(crate) fn quick() -> IdentityConfig {
    IdentityConfig { password_cost: PasswordCost { memory_kib: 64, passes: 1 }, ..IdentityConfig::default() }
}

pub(crate) fn role(name: &str) -> Role {
    Role(name.to_owned())
}

pub(crate) fn declared(permissions: &[(&str, &[&str])]) -> Declared {
    Declared::new(permissions.iter().map(|(name, roles)| DeclaredPermission {
        name: (*name).to_owned(),
        plugin: "conman/shifts".parse().unwrap(),
        default_roles: roles.iter().map(|name| role(name)).collect(),
    }))
    .unwrap()
}

pub(crate) fn convention_of(organization: &OrganizationId, slug: &str) -> NewConvention {
    NewConvention {
        organization: organization.clone(),
        slug: slug.to_owned(),
        name: slug.to_uppercase(),
        time_zone: "Europe/Berlin".to_owned(),
        starts_on: "2026-08-07".parse().unwrap(),
        ends_on: "2026-08-09".parse().unwrap(),
        day_change: "06:00".parse().unwrap(),
    }
}

impl World {
    async fn new(database: SharedDatabase) -> Self {
        let begins = Arc::new(AtomicU64::new(0));
        let counted: SharedDatabase = Arc::new(Counting { database, begins: Arc::clone(&begins) });
        let clock = Arc::new(FixedClock::at("2026-08-01T12:00:00Z".parse().unwrap()));
        let identity = Identity::new(Arc::clone(&counted), clock.clone(), quick());
        let system = Actor::system();
        let Realm::Organization(root) = Realm::host() else { unreachable!() };
        let organization = identity.create_organization(&system, &root, "Society").await.unwrap();
        let mut conventions = Vec::new();
        for slug in ["moon", "mars"] {
            let made = identity.create_convention(&system, &convention_of(&organization.id, slug)).await.unwrap();
            conventions.push(identity.set_convention_state(&system, &made.id, ConventionState::Live).await.unwrap());
        }
        let mars = conventions.pop().unwrap();
        let moon = conventions.pop().unwrap();
        Self { identity, clock, database: counted, begins, organization, moon, mars }
    }

    /// Another host on the same database.
    pub(crate) fn second_host(&self) -> Identity {
        Identity::new(Arc::clone(&self.database), self.clock.clone(), quick())
    }

    pub(crate) fn realm(convention: &Convention) -> Realm {
        Realm::Convention(convention.id.clone())
    }

    pub(crate) async fn account(&self, name: &str) -> Account {
        let email = format!("{name}@example.org");
        self.identity.create_account(&Actor::system(), &email, name, Some(PASSWORD)).await.unwrap().account
    }

    pub(crate) async fn grant(&self, account: &Account, realm: &Realm, name: &str) {
        let who = Who::Account(account.id.clone());
        self.identity.grant(&Actor::system(), realm, &who, &role(name)).await.unwrap();
    }

    /// A session's secret.
    pub(crate) async fn bearer(&self, account: &Account) -> String {
        let signed_in = self.identity.sign_in(&account.email, PASSWORD, &Client::default()).await.unwrap();
        signed_in.secret.reveal().to_owned()
    }

    /// An account with one role, and itself as an actor there.
    pub(crate) async fn person(&self, name: &str, convention: &Convention, held: &str) -> (Account, Arc<Actor>) {
        let account = self.account(name).await;
        self.grant(&account, &Self::realm(convention), held).await;
        let bearer = self.bearer(&account).await;
        let actor = self.actor(&bearer, convention).await;
        (account, actor)
    }

    pub(crate) async fn actor(&self, bearer: &str, convention: &Convention) -> Arc<Actor> {
        self.identity.authenticate(Some(bearer), Some(convention), &Declared::none()).await.unwrap()
    }

    /// The code that authenticating fails with.
    pub(crate) async fn refused(&self, bearer: &str) -> String {
        let fault = self.identity.authenticate(Some(bearer), None, &Declared::none()).await.unwrap_err();
        fault.code.as_str().to_owned()
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn begins(&self) -> u64 {
        self.begins.load(Ordering::SeqCst)
    }
}

/// Counts transactions on their way to the real database.
struct Counting {
    database: SharedDatabase,
    begins: Arc<AtomicU64>,
}

#[async_trait]
impl Database for Counting {
    async fn begin(&self, access: Access) -> Result<Box<dyn Transaction>, SqlError> {
        self.begins.fetch_add(1, Ordering::SeqCst);
        self.database.begin(access).await
    }
}
