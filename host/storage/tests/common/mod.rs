//! One test body on both engines.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part of this")]

use std::sync::Arc;

use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::RowLimit;
use conman_storage::scratch::{self, Scratch};
use conman_storage::{PluginDatabase, PluginMigration, Storage, Walls};

/// Storage on one of the engines.
pub struct Place {
    pub storage: Storage,
    pub scratch: Scratch,
    pub convention: ConventionId,
}

/// Runs `body` on SQLite, and on PostgreSQL where there is one.
pub async fn on_both(body: impl AsyncFn(&Place)) {
    on_both_with(Walls::STANDING, body).await;
}

/// The same with a wall down.
pub async fn on_both_with(walls: Walls, body: impl AsyncFn(&Place)) {
    for scratch in scratch::both().await.unwrap() {
        eprintln!("on {}", if scratch.is_postgres() { "PostgreSQL" } else { "SQLite" });
        let storage = Storage::open_with(scratch.location(), walls).await.unwrap();
        body(&Place { storage, scratch, convention: ConventionId::new() }).await;
    }
}

pub fn plugin_id(text: &str) -> PluginId {
    text.parse().unwrap()
}

pub fn migration(version: u32, sql: &str) -> PluginMigration {
    PluginMigration { version, name: "test".to_owned(), sql: sql.to_owned() }
}

/// A limit nothing here reaches.
pub fn limit() -> RowLimit {
    RowLimit { rows: 100_000, bytes: 64 << 20 }
}

impl Place {
    /// A plugin's database with these tables.
    pub async fn plugin(&self, sql: &str) -> Arc<PluginDatabase> {
        self.plugin_named("conman/test", sql).await
    }

    pub async fn plugin_named(&self, id: &str, sql: &str) -> Arc<PluginDatabase> {
        let database = self.storage.plugin(&self.convention, &plugin_id(id)).await.unwrap();
        database.migrate(&[migration(1, sql)]).await.unwrap();
        database
    }
}
