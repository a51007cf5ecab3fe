//! What people did through a plugin. The host writes it in the transaction of the change itself, and nobody but the host reads it.

use conman_kernel::sql::{RowExt, SqlError, Value, read};
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
        let wanted = [
            ("actor =", filter.actor.as_deref().map(Value::from)),
            ("action =", filter.action.as_deref().map(Value::from)),
            ("at >=", filter.since.map(Value::from)),
            ("at <", filter.until.map(Value::from)),
            ("id <", filter.after.as_deref().map(Value::from)),
        ];
        let (conditions, parameters): (Vec<_>, Vec<_>) =
            wanted.into_iter().filter_map(|(condition, value)| Some((condition, value?))).unzip();
        let conditions: Vec<_> =
            conditions.iter().zip(1..).map(|(condition, place)| format!("{condition} ${place}")).collect();
        let clause = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
        let sql = format!(
            "SELECT id, at, actor, actor_name, action, detail FROM conman_deed{clause} ORDER BY id DESC LIMIT {limit}"
        );
        let rows = read(self.host.as_ref(), &sql, &parameters).await?;
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
