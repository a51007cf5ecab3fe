//! A small host around the plugin, once per database.

use conman_testkit::{Engine, Failure, RouteAnswer, Setup, Testkit, Value, engines};

/// The plugin on every database there is; PostgreSQL only where `CONMAN_TEST_POSTGRES` names one. Every timetable that is searched for is
/// checked independently.
pub(super) async fn kits(change: impl Fn(Setup) -> Setup) -> Vec<(&'static str, Testkit)> {
    let mut kits = Vec::new();
    for engine in engines() {
        let name = if engine == Engine::Sqlite { "SQLite" } else { "PostgreSQL" };
        kits.push((
            name,
            change(Setup::new(env!("CARGO_MANIFEST_DIR"))).solver(conman_independent::solve).on(engine).start().await,
        ));
    }
    kits
}

/// A table of four sessions, one of them at night.
pub(super) const TABLE: &str = "id,title,kind,track,room,start,minutes,language,people,abstract
s-1,Öffnung,talk,Main,Grüner Saal,2026-08-14 12:30,60,de,Zoë Ångström; Bob,Willkommen
s-2,Robots,panel,Science,Grüner Saal,2026-08-14 14:00,45,en,\"Bob [moderator]; Ann; Zoë Ångström\",About robots
s-3,Night music,concert,,Lawn,2026-08-15 01:00,120,\"de, en\",,
s-4,Closing,talk,Main,Grüner Saal,2026-08-16 17:00,30,en,Ann,
";

/// Imports a file and answers the report.
pub(super) async fn import(kit: &Testkit, path: &str, body: impl Into<Vec<u8>>) -> Result<Value, Failure> {
    let answer = kit.post(&format!("core-programming/import/{path}"), body).await?;
    Ok(json_of(&answer))
}

/// A kit with [`TABLE`] imported and released.
pub(super) async fn with_table(kit: &Testkit) {
    let report = import(kit, "csv?release=v1", TABLE).await.unwrap();
    assert_eq!(report["added"]["sessions"], 4, "{report}");
}

pub(super) fn json_of(answer: &RouteAnswer) -> Value {
    assert_eq!(answer.status, 200);
    serde_json::from_slice(&answer.body).unwrap()
}

/// The id of the session with this title.
pub(super) async fn session(kit: &Testkit, title: &str) -> String {
    let data = kit.run("{ draftSessions(first: 2000) { nodes { id title } } }").await.unwrap();
    let nodes = data["draftSessions"]["nodes"].as_array().unwrap();
    let found = nodes.iter().find(|node| node["title"] == title).unwrap_or_else(|| panic!("no session {title}"));
    found["id"].as_str().unwrap().to_owned()
}

/// The titles of a list of sessions.
pub(super) fn titles(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|node| node["title"].as_str()).collect()
}

/// All strings of a field in a list.
pub(super) fn all<'v>(list: &'v Value, field: &str) -> Vec<&'v str> {
    list.as_array().into_iter().flatten().filter_map(|node| node[field].as_str()).collect()
}
