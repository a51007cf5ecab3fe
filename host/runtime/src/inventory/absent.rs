//! What is enabled and cannot be loaded: the rest of the host runs without it, what is owed to it is kept, and it is loaded as soon as it can
//! be.

use std::collections::BTreeSet;
use std::sync::Arc;

use conman_kernel::actor::DeclaredPermission;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::SqlError;

use super::{EnableError, EnabledRow, InstallError, Inventory, enabled_in};

/// What the database knows of a plugin that is enabled and not loaded here: what it will need as soon as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsentPlugin {
    /// Which.
    pub id: PluginId,
    /// The permissions it introduces; none when its manifest cannot be read.
    pub permissions: Vec<DeclaredPermission>,
    /// Its GraphQL SDL; empty when it adds no fields.
    pub sdl: String,
}

/// What is remembered of one that could not be loaded.
pub(crate) struct Unloaded {
    pub(super) row: EnabledRow,
    reason: String,
    /// Whether it may come back as it is, with its file or its database. Whatever else is wrong with a package stays wrong.
    may_come_back: bool,
}

impl Inventory {
    /// Loads what is enabled, as far as that is possible; answers where something else is at work now.
    pub(crate) async fn load(&self, rows: Vec<EnabledRow>) -> BTreeSet<ConventionId> {
        let mut concerned = BTreeSet::new();
        for row in rows.into_iter().filter(|row| self.is_worth_a_try(row)) {
            match self.left(&row).await {
                Ok(enabled) => {
                    self.publish(&row.convention, &row.plugin, Some(Arc::new(enabled)));
                    concerned.insert(row.convention);
                }
                // Its database included: one plugin's file that is damaged is no reason to go without the others.
                Err(error) => {
                    // What was enabled before is not what is enabled now.
                    if self.find(&row.convention, &row.plugin).is_some() {
                        self.publish(&row.convention, &row.plugin, None);
                        concerned.insert(row.convention.clone());
                    }
                    self.remember_unloaded(row, &error);
                }
            }
        }
        concerned
    }

    /// What is enabled in a convention, by whichever host, and not loaded here.
    pub(crate) async fn absent_in(&self, convention: &ConventionId) -> Result<Vec<AbsentPlugin>, SqlError> {
        let mut absent = Vec::new();
        for row in enabled_in(&self.database, convention).await? {
            if self.find(convention, &row.plugin).is_some() {
                continue;
            }
            let noted = self.packages.noted(row.digest).await?;
            let permissions = noted.manifest.map_or_else(Vec::new, |manifest| manifest.declared_permissions());
            absent.push(AbsentPlugin { id: row.plugin, permissions, sdl: noted.sdl });
        }
        Ok(absent)
    }

    /// Forgets what is not enabled any more.
    pub(crate) fn forget_unloaded_except(&self, rows: &[EnabledRow]) {
        self.unloaded.lock().retain(|_, unloaded| rows.contains(&unloaded.row));
    }

    fn is_worth_a_try(&self, row: &EnabledRow) -> bool {
        let unloaded = self.unloaded.lock();
        let before = unloaded.get(&(row.convention.clone(), row.plugin.clone()));
        before.is_none_or(|before| before.may_come_back || before.row != *row)
    }

    /// Remembers it, and says so once.
    fn remember_unloaded(&self, row: EnabledRow, error: &EnableError) {
        let reason = error.to_string();
        let may_come_back = matches!(error, EnableError::Load(InstallError::File(_)) | EnableError::Database(_));
        let mut unloaded = self.unloaded.lock();
        let key = (row.convention.clone(), row.plugin.clone());
        if unloaded.get(&key).is_some_and(|known| known.row == row && known.reason == reason) {
            return;
        }
        let (convention, plugin) = &key;
        tracing::error!(%plugin, %convention, reason, "an enabled plugin cannot be loaded; what is owed to it is kept");
        unloaded.insert(key, Unloaded { row, reason, may_come_back });
    }
}
