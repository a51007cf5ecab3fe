//! What people did through a plugin. The host writes it in the transaction of the change itself, and nobody but the host reads it.

use conman_kernel::sql::{Conditions, RowExt, SqlError, Value, read};
use jiff::Timestamp;

use crate::plugin_database::PluginDatabase;

/// Something that somebody did through a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginDeed {
    /// A ULID in lower case: sorts by time.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who: an actor's key.
    pub actor: String,
    /// The name they went by then.
    pub actor_name: String,
    /// What was done.
    pub action: String,
    /// More about it, JSON.
    pub detail: String,
}

/// Which of a plugin's deeds; by default all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeedFilter {
    /// Only this actor's.
    pub actor: Option<String>,
    /// Only these.
    pub action: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Only those that sort before this id: the next page after it.
    pub after: Option<String>,
}

impl PluginDatabase {
    /// What people did through the plugin, newest first, at most so many.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn deeds(&self, filter: &DeedFilter, limit: u32) -> Result<Vec<PluginDeed>, SqlError> {
        let mut wanted = Conditions::default();
        wanted.add_some("actor =", filter.actor.as_deref());
        wanted.add_some("action =", filter.action.as_deref());
        wanted.add_some("at >=", filter.since);
        wanted.add_some("at <", filter.until);
        wanted.add_some("id <", filter.after.as_deref());
        let sql = format!(
            "SELECT id, at, actor, actor_name, action, detail FROM conman_deed{} ORDER BY id DESC LIMIT {limit}",
            wanted.clause()
        );
        let rows = read(self.host.as_ref(), &sql, wanted.parameters()).await?;
        rows.rows.iter().map(|row| deed(row)).collect()
    }
}

fn deed(row: &[Value]) -> Result<PluginDeed, SqlError> {
    let text = |column| row.text(column).map(str::to_owned);
    Ok(PluginDeed {
        id: text(0)?,
        at: row.timestamp(1)?,
        actor: text(2)?,
        actor_name: text(3)?,
        action: text(4)?,
        detail: text(5)?,
    })
}
