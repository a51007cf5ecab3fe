//! One process at a time on a data folder, and who may come in through it.

use conman_kernel::sql::transaction;
use conman_storage::Storage;
use conman_tests::{Database, conman, on_each_database, tempfile};

on_each_database! {
    async fn a_second_host_is_refused_and_told_where_the_first_is(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        let served = conman().postgres(database.url()).serve(folder.path());
        let second = conman().postgres(database.url()).args(["serve", "--listen", "127.0.0.1:0"]).data(folder.path()).run();
        assert_eq!(second.code, 5, "{}", second.stderr);
        assert!(second.stderr.contains(&served.address) && second.stderr.contains("--host"), "{}", second.stderr);
    }
}

on_each_database! {
    async fn a_killed_host_leaves_nothing_that_stops_the_next(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        conman().postgres(database.url()).serve(folder.path()).kill();
        // The address of the dead host is still in the folder, and is not believed.
        let listed = conman().postgres(database.url()).args(["convention", "list", "--json"]).data(folder.path()).run().successful();
        assert_eq!(listed.json(), serde_json::json!([]));
    }
}

on_each_database! {
    async fn a_folder_does_not_begin_a_second_set_of_databases(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        drop(conman().postgres(database.url()).serve(folder.path()));
        let other = match database.url() {
            Some(_) => None,
            None => Some("postgres://nobody@127.0.0.1:1/nothing".to_owned()),
        };
        let refused = conman().postgres(other).args(["convention", "list"]).data(folder.path()).run();
        assert_eq!(refused.code, 1, "{}", refused.stderr);
        assert!(refused.stderr.contains("keeps its databases in"), "{}", refused.stderr);
    }
}

on_each_database! {
    async fn data_of_another_build_of_the_host_is_refused_with_the_remedy(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        drop(conman().postgres(database.url()).serve(folder.path()));
        let storage = Storage::open(database.location(folder.path())).await.unwrap();
        transaction(storage.host().as_ref(), |transaction| {
            let sql = "UPDATE storage_migration SET checksum = 'of another text' WHERE component = 'runtime'";
            Box::pin(async move { transaction.execute(sql, &[]).await })
        })
        .await
        .unwrap();
        drop(storage);
        let refused = conman().postgres(database.url()).args(["convention", "list"]).data(folder.path()).run();
        assert_eq!(refused.code, 1, "{}", refused.stderr);
        assert!(refused.stderr.contains("start with a new data folder"), "{}", refused.stderr);
    }
}

#[test]
fn a_folder_that_is_none_is_not_made_by_looking_at_it() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let looked = conman().args(["convention", "list"]).data(&nowhere).run();
    assert_eq!(looked.code, 3, "{}", looked.stderr);
    assert!(looked.stderr.contains("conman convention create"), "{}", looked.stderr);
    assert!(!nowhere.exists());
}
