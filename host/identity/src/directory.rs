//! The tree of organizations, their conventions and the conventions' overrides: small, read by every request, rarely changed. It is
//! kept whole in memory and read again when it changed here, or when its version in the database shows that another host changed it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use conman_kernel::actor::Role;
use conman_kernel::convention::Convention;
use conman_kernel::id::{ConventionId, OrganizationId, Slug};
use conman_kernel::sql::{Access, RowExt as _, RowLimit, SharedDatabase, Transaction};
use jiff::Timestamp;
use parking_lot::RwLock;

use crate::convention;
use crate::error::{IdentityError, Result};
use crate::identity::{Identity, recent};
use crate::organization::{MAX_DEPTH, Organization};
use crate::realm::Realm;

/// One consistent reading of it all.
pub(crate) struct Directory {
    version: i64,
    pub(crate) organizations: HashMap<OrganizationId, Organization>,
    pub(crate) conventions: HashMap<ConventionId, Arc<Convention>>,
    slugs: HashMap<Slug, ConventionId>,
    /// By convention: whether a role has a permission, against what its declaration says.
    overrides: HashMap<ConventionId, HashMap<Role, HashMap<String, bool>>>,
}

impl Directory {
    pub(crate) fn by_slug(&self, slug: &Slug) -> Option<&Arc<Convention>> {
        self.conventions.get(self.slugs.get(slug)?)
    }

    pub(crate) fn overrides(&self, convention: &ConventionId) -> Option<&HashMap<Role, HashMap<String, bool>>> {
        self.overrides.get(convention)
    }

    /// The realm itself and everything above it up to the root; empty when there is no such realm.
    pub(crate) fn lineage(&self, realm: &Realm) -> Vec<Realm> {
        let mut lineage = Vec::new();
        let mut next = match realm {
            Realm::Organization(id) => Some(id),
            Realm::Convention(id) => self.conventions.get(id).map(|convention| {
                lineage.push(realm.clone());
                &convention.organization
            }),
        };
        // Bounded, although moves refuse cycles: a tree edited by hand must not hang the host.
        for _ in 0..=MAX_DEPTH {
            let Some(organization) = next.and_then(|id| self.organizations.get(id)) else { break };
            lineage.push(Realm::Organization(organization.id.clone()));
            next = organization.parent.as_ref();
        }
        lineage
    }

    async fn load(transaction: &mut dyn Transaction, version: i64) -> Result<Self> {
        let rows = transaction.query("SELECT id, parent, name FROM identity_organization", &[], RowLimit::HOST).await?;
        let organizations = rows
            .rows
            .iter()
            .map(|row| Organization::from_row(row).map(|organization| (organization.id.clone(), organization)))
            .collect::<Result<_>>()?;
        let sql = format!("SELECT {} FROM identity_convention", convention::COLUMNS);
        let rows = transaction.query(&sql, &[], RowLimit::HOST).await?;
        let mut conventions = HashMap::new();
        let mut slugs = HashMap::new();
        for row in &rows.rows {
            let convention = convention::from_row(row)?;
            slugs.insert(convention.slug.clone(), convention.id.clone());
            conventions.insert(convention.id.clone(), Arc::new(convention));
        }
        let sql = "SELECT convention, role, permission, allowed FROM identity_override";
        let rows = transaction.query(sql, &[], RowLimit::HOST).await?;
        let mut overrides: HashMap<ConventionId, HashMap<Role, HashMap<String, bool>>> = HashMap::new();
        for row in &rows.rows {
            overrides
                .entry(ConventionId::from_stored(row.text(0)?))
                .or_default()
                .entry(Role(row.text(1)?.to_owned()))
                .or_default()
                .insert(row.text(2)?.to_owned(), row.boolean(3)?);
        }
        Ok(Self { version, organizations, conventions, slugs, overrides })
    }
}

/// Keeps the last reading.
pub(crate) struct DirectoryCache {
    kept: RwLock<Option<Kept>>,
    /// One reader at a time when a new reading is due.
    reading: tokio::sync::Mutex<()>,
    generation: AtomicU64,
}

#[derive(Clone)]
struct Kept {
    directory: Arc<Directory>,
    generation: u64,
    read_at: Timestamp,
}

impl DirectoryCache {
    pub(crate) fn new() -> Self {
        Self { kept: RwLock::new(None), reading: tokio::sync::Mutex::new(()), generation: AtomicU64::new(0) }
    }

    /// Makes the next use read again. What began to read before this call is not trusted after it.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
}

impl Identity {
    pub(crate) async fn directory(&self) -> Result<Arc<Directory>> {
        let cache = self.directory_cache();
        if let Some(directory) = self.fresh_directory() {
            return Ok(directory);
        }
        let _reading = cache.reading.lock().await;
        if let Some(directory) = self.fresh_directory() {
            return Ok(directory);
        }
        let generation = cache.generation.load(Ordering::SeqCst);
        let before = cache.kept.read().clone();
        let read_at = self.now();
        let directory = read_directory(self.database(), before.map(|kept| kept.directory)).await?;
        *cache.kept.write() = Some(Kept { directory: Arc::clone(&directory), generation, read_at });
        Ok(directory)
    }

    fn fresh_directory(&self) -> Option<Arc<Directory>> {
        let cache = self.directory_cache();
        let kept = cache.kept.read();
        let kept = kept.as_ref()?;
        let current = kept.generation == cache.generation.load(Ordering::SeqCst);
        (current && recent(kept.read_at, self.now(), self.config().notice_within)).then(|| Arc::clone(&kept.directory))
    }
}

async fn read_directory(database: &SharedDatabase, before: Option<Arc<Directory>>) -> Result<Arc<Directory>> {
    let mut transaction = database.begin(Access::ReadOnly).await?;
    let outcome = async {
        let rows =
            transaction.query("SELECT version FROM identity_directory WHERE id = 1", &[], RowLimit::HOST).await?;
        let row =
            rows.rows.first().ok_or_else(|| IdentityError::Internal("the directory has no version".to_owned()))?;
        let version = row.integer(0)?;
        match before {
            Some(before) if before.version == version => Ok(before),
            _ => Directory::load(transaction.as_mut(), version).await.map(Arc::new),
        }
    }
    .await;
    transaction.rollback().await;
    outcome
}
