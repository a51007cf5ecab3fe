//! Databases are made, found, listed, purged and made anew, by one host or by several.

use crate::common::{Place, migration, on_both, plugin_id};
use conman_kernel::event::Event;
use conman_kernel::id::{EventId, PluginId};
use conman_kernel::sql::{Access, RowExt as _, SqlError, Value, read};
use conman_storage::{Location, Storage, Unsent};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, Row as _};

#[tokio::test(flavor = "multi_thread")]
async fn looking_for_a_database_makes_none() {
    on_both(async |place: &Place| {
        let plugin = plugin_id("conman/test");
        assert!(place.storage.existing(&place.convention, &plugin).await.unwrap().is_none());
        assert!(place.storage.list(&place.convention).await.unwrap().is_empty());
        place.plugin("CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        assert!(place.storage.existing(&place.convention, &plugin).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_are_listed_purged_and_made_anew() {
    on_both(async |place: &Place| {
        let (one, two) = (plugin_id("conman/one"), plugin_id("conman/two"));
        assert_eq!(place.storage.list(&place.convention).await.unwrap(), []);
        assert!(place.storage.existing(&place.convention, &one).await.unwrap().is_none());
        let kept = place.plugin_named("conman/one", "CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        place.plugin_named("conman/two", "CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        assert_eq!(place.storage.list(&place.convention).await.unwrap(), [one.clone(), two.clone()]);
        let mut writing = kept.begin(Access::ReadWrite).await.unwrap();
        writing.execute("INSERT INTO a (id) VALUES ('x')", &[]).await.unwrap();
        writing.commit().await.unwrap();
        place.storage.purge(&place.convention, &one, Unsent::Kept).await.unwrap();
        assert!(matches!(kept.begin(Access::ReadOnly).await, Err(SqlError::Unavailable(_))));
        assert_eq!(place.storage.list(&place.convention).await.unwrap(), [two]);
        assert!(place.storage.existing(&place.convention, &one).await.unwrap().is_none());
        place.storage.purge(&place.convention, &one, Unsent::Kept).await.unwrap();
        let anew = place.plugin_named("conman/one", "CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        let rows = read(anew.host().as_ref(), "SELECT id FROM a", &[]).await.unwrap();
        assert_eq!(rows.rows.len(), 0);
    })
    .await;
}

fn told(plugin: &PluginId) -> Event {
    Event {
        id: EventId::new(),
        topic: "t.e".to_owned(),
        key: String::new(),
        payload: "{}".to_owned(),
        publisher: plugin.clone(),
        emitted_at: "2026-08-14T10:00:00Z".parse().unwrap(),
        hops: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_to_others_keeps_a_database_from_being_purged() {
    on_both(async |place: &Place| {
        let id = plugin_id("conman/test");
        let database = place.plugin("CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        let mut telling = database.begin(Access::ReadWrite).await.unwrap();
        telling.emit(&told(&id)).await.unwrap();
        telling.commit().await.unwrap();
        let refused = place.storage.purge(&place.convention, &id, Unsent::Kept).await;
        assert!(matches!(refused, Err(SqlError::Serialization(_))), "{refused:?}");
        let kept = place.storage.existing(&place.convention, &id).await.unwrap().unwrap();
        let rows = read(kept.host().as_ref(), "SELECT COUNT(*) FROM conman_outbox", &[]).await.unwrap();
        assert_eq!(rows.rows, [[Value::Integer(1)]]);
        place.storage.purge(&place.convention, &id, Unsent::Lost).await.unwrap();
        assert!(place.storage.existing(&place.convention, &id).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_host_tells_during_a_purge_is_not_lost() {
    on_both(async |place: &Place| {
        // A folder belongs to one host.
        let Location::Postgres { url } = place.scratch.location() else { return };
        let id = plugin_id("conman/test");
        place.plugin("CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        let other = Storage::open(place.scratch.location()).await.unwrap();
        let database = other.plugin(&place.convention, &id).await.unwrap();
        let mut telling = database.begin(Access::ReadWrite).await.unwrap();
        telling.emit(&told(&id)).await.unwrap();
        let (storage, convention) = (place.storage.clone(), place.convention.clone());
        let purging = tokio::spawn(async move { storage.purge(&convention, &id, Unsent::Kept).await });
        let mut operator = url.parse::<PgConnectOptions>().unwrap().connect().await.unwrap();
        // Of all there are here, only the purge can have to wait.
        let waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted \
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        while !purging.is_finished() && operator.fetch_one(waiting).await.unwrap().get::<i64, _>(0) == 0 {}
        telling.commit().await.unwrap();
        let refused = purging.await.unwrap();
        assert!(matches!(refused, Err(SqlError::Serialization(_))), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_another_host_has_purged_is_gone_and_made_anew_is_another() {
    on_both(async |place: &Place| {
        if !place.scratch.is_postgres() {
            return;
        }
        let id = plugin_id("conman/test");
        let table = "CREATE TABLE a (id TEXT PRIMARY KEY)";
        let stale = place.plugin(table).await;
        stale.begin(Access::ReadWrite).await.unwrap().rollback().await;
        let other = Storage::open(place.scratch.location()).await.unwrap();
        other.purge(&place.convention, &id, Unsent::Kept).await.unwrap();
        let unsent = async || {
            let database = place.storage.existing(&place.convention, &id).await.unwrap()?;
            let rows = read(database.host().as_ref(), "SELECT COUNT(*) FROM conman_outbox", &[]).await;
            Some(rows.map(|rows| rows.rows[0].integer(0).unwrap()))
        };
        assert!(matches!(unsent().await, Some(Err(_))), "nobody has looked");
        assert!(!place.storage.has(&place.convention, &id).await.unwrap());
        assert!(unsent().await.is_none());
        place.storage.purge(&place.convention, &id, Unsent::Kept).await.unwrap();

        place.plugin(table).await;
        other.plugin(&place.convention, &id).await.unwrap();
        other.purge(&place.convention, &id, Unsent::Kept).await.unwrap();
        let anew = other.plugin(&place.convention, &id).await.unwrap();
        anew.migrate(&[migration(1, table)]).await.unwrap();
        let mut telling = anew.begin(Access::ReadWrite).await.unwrap();
        telling.emit(&told(&id)).await.unwrap();
        telling.commit().await.unwrap();
        assert!(matches!(unsent().await, Some(Ok(1))), "to the host itself it is the new one");
        for database in [
            place.storage.plugin(&place.convention, &id).await.unwrap(),
            place.storage.existing(&place.convention, &id).await.unwrap().unwrap(),
        ] {
            let mut writing = database.begin(Access::ReadWrite).await.unwrap();
            writing.execute("INSERT INTO a (id) VALUES ('x')", &[]).await.unwrap();
            writing.rollback().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_is_there_after_reopening() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        let mut writing = database.begin(Access::ReadWrite).await.unwrap();
        writing.execute("INSERT INTO a (id) VALUES ('x')", &[]).await.unwrap();
        writing.commit().await.unwrap();
        let reopened = Storage::open(place.scratch.location()).await.unwrap();
        assert!(reopened.existing(&place.convention, &plugin_id("conman/test")).await.unwrap().is_some());
        let database = reopened.plugin(&place.convention, &plugin_id("conman/test")).await.unwrap();
        let rows = read(database.host().as_ref(), "SELECT id FROM a", &[]).await.unwrap();
        assert_eq!(rows.rows, [[Value::from("x")]]);
    })
    .await;
}
