//! What is enabled and cannot be loaded: the rest of the host runs without it, what is owed to it is kept, and it is loaded as soon as it can
//! be.

use std::collections::BTreeSet;
use std::sync::Arc;

use conman_kernel::actor::DeclaredPermission;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::SqlError;

use super::{EnableError, EnabledRow, InstallError, Inventory, enabled_in};

/// A plugin that should be enabled and is not, because its package cannot be loaded any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// Where.
    pub convention: ConventionId,
    /// Which.
    pub plugin: PluginId,
    /// Why, and what to do.
    pub reason: String,
}

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

/// What is remembered of it.
pub(crate) struct Missing {
    pub(super) row: EnabledRow,
    reason: String,
    /// Whether it takes a file to come back. Whatever else is wrong with a package stays wrong.
    awaits_file: bool,
}

impl Inventory {
    /// Loads what is enabled; answers where something was, and what cannot be and was not known to be so.
    pub(crate) async fn load(&self, rows: Vec<EnabledRow>) -> Result<(BTreeSet<ConventionId>, Vec<Absent>), SqlError> {
        let (mut loaded, mut absent) = (BTreeSet::new(), Vec::new());
        for row in rows.into_iter().filter(|row| self.is_worth_a_try(row)) {
            match self.candidate(&row).await {
                Ok(enabled) => {
                    self.publish(&row.convention, &row.plugin, Some(Arc::new(enabled)));
                    loaded.insert(row.convention);
                }
                Err(EnableError::Database(error)) => return Err(error),
                Err(error) => absent.extend(self.remember_absent(row, &error)),
            }
        }
        Ok((loaded, absent))
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
    pub(crate) fn forget_absent_except(&self, rows: &[EnabledRow]) {
        self.absent.lock().retain(|_, missing| rows.contains(&missing.row));
    }

    fn is_worth_a_try(&self, row: &EnabledRow) -> bool {
        let absent = self.absent.lock();
        let missing = absent.get(&(row.convention.clone(), row.plugin.clone()));
        missing.is_none_or(|missing| missing.awaits_file || missing.row != *row)
    }

    fn remember_absent(&self, row: EnabledRow, error: &EnableError) -> Option<Absent> {
        let reason = error.to_string();
        let key = (row.convention.clone(), row.plugin.clone());
        let awaits_file = matches!(error, EnableError::Load(InstallError::File(_)));
        let missing = Missing { row, reason: reason.clone(), awaits_file };
        let mut absent = self.absent.lock();
        if absent.get(&key).is_some_and(|known| known.row == missing.row && known.reason == reason) {
            return None;
        }
        absent.insert(key.clone(), missing);
        let (convention, plugin) = key;
        tracing::error!(%plugin, %convention, reason, "an enabled plugin cannot be loaded; what is owed to it is kept");
        Some(Absent { convention, plugin, reason })
    }
}
