//! What people did through a plugin is there exactly when what they did is.

use crate::common::{Place, limit, on_both};
use conman_kernel::sql::Access;
use conman_storage::{DeedFilter, PluginDatabase, PluginDeed};
use jiff::Timestamp;

const TABLE: &str = "CREATE TABLE own (id BIGINT PRIMARY KEY)";

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

fn deed(at: i64, actor: &str, action: &str) -> PluginDeed {
    PluginDeed {
        id: format!("01k{at:04}"),
        at: minute(at),
        actor: actor.to_owned(),
        actor_name: actor.to_uppercase(),
        action: action.to_owned(),
        detail: format!(r#"{{"at":{at}}}"#),
    }
}

async fn record(database: &PluginDatabase, deeds: impl IntoIterator<Item = PluginDeed>) {
    for deed in deeds {
        let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
        transaction.record(deed).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deed_comes_and_goes_with_its_transaction() {
    on_both(async |place: &Place| {
        let database = place.plugin(TABLE).await;
        let mut kept = database.begin(Access::ReadWrite).await.unwrap();
        kept.execute("INSERT INTO own (id) VALUES (1)", &[]).await.unwrap();
        kept.record(deed(1, "ada", "open")).await.unwrap();
        kept.commit().await.unwrap();
        let mut undone = database.begin(Access::ReadWrite).await.unwrap();
        undone.record(deed(2, "ada", "open")).await.unwrap();
        undone.rollback().await;
        assert_eq!(database.deeds(&DeedFilter::default(), 10).await.unwrap(), [deed(1, "ada", "open")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deeds_are_read_newest_first_by_what_is_asked_for() {
    on_both(async |place: &Place| {
        let database = place.plugin(TABLE).await;
        // Not in their order: it is the id that sorts.
        let deeds = [(3, "ada", "close"), (1, "ada", "open"), (4, "bea", "open"), (2, "bea", "open")];
        record(&database, deeds.map(|(at, actor, action)| deed(at, actor, action))).await;
        let all = DeedFilter::default();
        let text = |text: &str| Some(text.to_owned());
        for (filter, limit, expected) in [
            (all.clone(), 10, &[4, 3, 2, 1][..]),
            (all.clone(), 2, &[4, 3]),
            (DeedFilter { after: text("01k0003"), ..all.clone() }, 2, &[2, 1]),
            (DeedFilter { actor: text("ada"), ..all.clone() }, 10, &[3, 1]),
            (DeedFilter { action: text("open"), ..all.clone() }, 10, &[4, 2, 1]),
            (DeedFilter { action: text("op%"), ..all.clone() }, 10, &[]),
            (DeedFilter { since: Some(minute(2)), until: Some(minute(4)), ..all.clone() }, 10, &[3, 2]),
            (DeedFilter { actor: text("bea"), action: text("open"), after: text("01k0004"), ..all.clone() }, 10, &[2]),
        ] {
            let found = database.deeds(&filter, limit).await.unwrap();
            let found: Vec<_> = found.iter().map(|deed| deed.at).collect();
            assert_eq!(found, expected.iter().map(|at| minute(*at)).collect::<Vec<_>>(), "{filter:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_knows_whether_the_plugin_wrote_in_it() {
    on_both(async |place: &Place| {
        let database = place.plugin(TABLE).await;
        for (sql, has_written) in [
            ("SELECT id FROM own", false),
            ("INSERT INTO own (id) VALUES (1) RETURNING id", true),
            ("DELETE FROM own WHERE id = 100", true),
        ] {
            let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
            transaction.record(deed(1, "ada", "open")).await.unwrap();
            assert!(!transaction.has_written(), "the host's own rows are none of the plugin's");
            transaction.query(sql, &[], limit()).await.unwrap();
            assert_eq!(transaction.has_written(), has_written, "{sql}");
            transaction.rollback().await;
        }
    })
    .await;
}
