//! Real programmes go into a running host over HTTP and come out again.
//!
//! They hold real people's names, so they are not in the project; where they are absent, these tests say so and pass. What exactly is
//! read from them, and whether exports are valid, is tested with the plugin; here it is that all of it survives the way through the host.

use std::path::PathBuf;

use conman_server::DataFolder;
use conman_tests::{Client, Database, TestHost, beside, conman, on_each_database, package, tempfile};
use serde_json::{Value, json};

pub(crate) struct Programme {
    pub(crate) slug: &'static str,
    pub(crate) files: &'static [&'static str],
    pub(crate) format: &'static str,
    /// Time zone, first and last day, day change.
    pub(crate) place: [&'static str; 4],
    pub(crate) sessions: usize,
    pub(crate) people: usize,
    assignments: usize,
    moderators: usize,
    room_overlaps: u64,
    double_bookings: u64,
}

/// Seven files: one congress comes twice, as XML and as JSON, and one convention in two parts.
pub(crate) const PROGRAMMES: [Programme; 6] = [
    Programme {
        slug: "congress-39-xml",
        files: &["39c3.schedule.xml"],
        format: "frab-xml",
        place: ["Europe/Berlin", "2025-12-27", "2025-12-30", "06:00"],
        sessions: 895,
        people: 709,
        assignments: 1001,
        moderators: 0,
        room_overlaps: 1,
        double_bookings: 13,
    },
    Programme {
        slug: "congress-39-json",
        files: &["39c3.schedule.json"],
        format: "frab-json",
        place: ["Europe/Berlin", "2025-12-27", "2025-12-30", "06:00"],
        sessions: 895,
        people: 709,
        assignments: 1001,
        moderators: 0,
        room_overlaps: 1,
        double_bookings: 13,
    },
    Programme {
        slug: "congress-36",
        files: &["36c3.schedule.xml"],
        format: "frab-xml",
        place: ["Europe/Berlin", "2019-12-27", "2019-12-30", "06:00"],
        sessions: 1351,
        people: 923,
        assignments: 1507,
        moderators: 0,
        room_overlaps: 261,
        double_bookings: 64,
    },
    Programme {
        slug: "fosdem-2025",
        files: &["fosdem-2025.schedule.xml"],
        format: "frab-xml",
        place: ["Europe/Brussels", "2025-02-01", "2025-02-02", "09:00"],
        sessions: 943,
        people: 992,
        assignments: 1172,
        moderators: 0,
        room_overlaps: 0,
        double_bookings: 1,
    },
    Programme {
        slug: "worldcon-2022",
        files: &["worldcon-2022.conclar.jsonp"],
        format: "conclar",
        place: ["America/Chicago", "2022-09-01", "2022-09-05", "05:00"],
        sessions: 1386,
        people: 764,
        assignments: 3308,
        moderators: 651,
        room_overlaps: 5,
        double_bookings: 0,
    },
    Programme {
        slug: "worldcon-2016",
        files: &["worldcon-2016.konopas.program.js", "worldcon-2016.konopas.people.js"],
        format: "konopas",
        place: ["America/Chicago", "2016-08-17", "2016-08-21", "05:00"],
        sessions: 1031,
        people: 652,
        assignments: 2743,
        moderators: 492,
        room_overlaps: 3,
        double_bookings: 3,
    },
];

pub(crate) fn folder() -> Option<PathBuf> {
    beside("data/programmes", "no real programme goes through a host")
}

/// Makes the convention that a programme belongs to, open to the public.
async fn convention(host: &TestHost, programme: &Programme) -> Client {
    host.operator().convention_on(programme.slug, programme.place).await;
    host.enable(programme.slug, "core-programming").await;
    host.person(programme.slug, "ada", "admin").await
}

/// Brings a file in; answers how many sessions, people and assignments that added, changed and removed.
async fn import(admin: &Client, slug: &str, format: &str, file: impl Into<reqwest::Body>) -> [[usize; 3]; 3] {
    let report = admin.post(&format!("/c/{slug}/x/core-programming/import/{format}"), file).await;
    assert_eq!(report.status, 200, "{slug}: {}", report.text);
    assert_eq!(report.json["unreadable"], json!([]), "{slug}");
    let count = |change: &str, kind: &str| usize::try_from(report.json[change][kind].as_u64().unwrap()).unwrap();
    ["added", "changed", "removed"].map(|change| ["sessions", "people", "assignments"].map(|kind| count(change, kind)))
}

on_each_database! {
    async fn real_programmes_go_in_over_http_and_come_out_whole(database: Database) {
        let Some(folder) = folder() else { return };
        let host = TestHost::start(database).await;
        for programme in &PROGRAMMES {
            let slug = programme.slug;
            let admin = convention(&host, programme).await;
            let mut added = [0; 3];
            for file in programme.files {
                let [new, _, removed] = import(&admin, slug, programme.format, std::fs::read(folder.join(file)).unwrap()).await;
                assert_eq!(removed, [0; 3], "{slug}");
                added = [0, 1, 2].map(|at| added[at] + new[at]);
            }
            assert_eq!(added, [programme.sessions, programme.people, programme.assignments], "{slug}");
            for file in programme.files {
                let again = import(&admin, slug, programme.format, std::fs::read(folder.join(file)).unwrap()).await;
                assert_eq!(again, [[0; 3]; 3], "{slug}: {file} came twice");
            }

            let conflicts = admin.convention(slug, "{ sessionConflicts(first: 1) { counts { kind count } } }", json!({})).await;
            let counts = conflicts.data()["sessionConflicts"]["counts"].as_array().unwrap();
            let of_kind = |kind: &str| counts.iter().find(|count| count["kind"] == kind).map_or(0, |count| count["count"].as_u64().unwrap());
            let found = [of_kind("ROOM_OVERLAP"), of_kind("PERSON_DOUBLE_BOOKED")];
            assert_eq!(found, [programme.room_overlaps, programme.double_bookings], "{slug}");

            let _ = admin.convention(slug, r#"mutation { release(name: "first") { sessionCount } }"#, json!({})).await.data();
            let sessions = "{ sessions(first: 2000) { totalCount nodes { people { role } } } }";
            let sessions = host.anonymous().convention(slug, sessions, json!({})).await;
            let sessions = &sessions.data()["sessions"];
            let nodes = sessions["nodes"].as_array().unwrap();
            assert_eq!((&sessions["totalCount"], nodes.len()), (&json!(programme.sessions), programme.sessions), "{slug}");
            let people = nodes.iter().flat_map(|session| session["people"].as_array().unwrap());
            assert_eq!(people.filter(|person| person["role"] == "MODERATOR").count(), programme.moderators, "{slug}");

            for (path, format) in [("schedule.xml", "frab-xml"), ("schedule.json", "frab-json"), ("schedule.csv", "csv")] {
                let export = host.anonymous().get(&format!("/c/{slug}/x/core-programming/{path}")).await;
                assert_eq!(export.status, 200, "{slug} {path}: {}", export.text);
                assert_eq!(import(&admin, slug, format, export.text).await, [[0; 3]; 3], "{slug}: {path} changes something");
            }
        }
    }
}

/// The most memory that a process has ever used, in bytes.
fn peak(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

on_each_database! {
    async fn a_file_of_200_mb_is_refused_by_the_host_and_leaves_nothing(database: Database) {
        const CHUNK: usize = 1 << 20;
        const CHUNKS: usize = 200;
        let folder = tempfile::tempdir().unwrap();
        let served = conman().postgres(database.url()).serve(folder.path());
        let system = Client::anonymous(&served.address).with_token(&DataFolder::at(folder.path()).door_secret().unwrap().unwrap());
        let operation = r#"mutation { createConvention(slug: "con", name: "Con", timeZone: "UTC", startsOn: "2026-08-14", endsOn: "2026-08-16") { id } }"#;
        let _ = system.host(operation, json!({})).await.data();
        let installed = system.post("/api/packages", std::fs::read(package("core-programming")).unwrap()).await;
        let enable = "mutation($id: String!) { enablePlugin(id: $id) { id } }";
        let _ = system.convention("con", enable, json!({ "id": installed.json["id"] })).await.data();
        let stored = async || {
            let answer = system.convention("con", "{ draftSessions { totalCount } draftRooms { id } }", json!({})).await;
            answer.data().clone()
        };
        let nothing: Value = json!({ "draftSessions": { "totalCount": 0 }, "draftRooms": [] });
        assert_eq!(stored().await, nothing);
        let before = peak(served.pid());

        // A whole session first, so that there would be something to store.
        let mut head = b"<schedule><conference><acronym>con</acronym><title>Con</title></conference><day index=\"1\" date=\"2026-08-14\"><room name=\"Hall\"><event id=\"1\"><date>2026-08-14T10:00:00+00:00</date><start>10:00</start><duration>01:00</duration><room>Hall</room><title>Opening</title></event>".to_vec();
        head.resize(CHUNK, b' ');
        let head = bytes::Bytes::from(head);
        let spaces = bytes::Bytes::from(vec![b' '; CHUNK]);
        let chunks = move || {
            let chunks = std::iter::once(head.clone()).chain(std::iter::repeat_n(spaces.clone(), CHUNKS - 1));
            reqwest::Body::wrap_stream(futures::stream::iter(chunks.map(Ok::<_, std::io::Error>)))
        };
        let path = "/c/con/x/core-programming/import/frab-xml";
        let streamed = system.post(path, chunks()).await;
        assert_eq!((streamed.status, streamed.code()), (413, "too-large"), "{}", streamed.text);
        assert!(streamed.message().contains("8 MiB"), "{}", streamed.message());
        let declared = system.with_header(reqwest::header::CONTENT_LENGTH, &(CHUNK * CHUNKS).to_string()).post(path, chunks()).await;
        assert_eq!((declared.status, declared.code()), (413, "too-large"), "{}", declared.text);

        assert_eq!(stored().await, nothing);
        assert_eq!(system.get("/readyz").await.status, 200);
        let grown = peak(served.pid()).saturating_sub(before);
        assert!(grown < 64 << 20, "the host took {} MiB for what it refused", grown >> 20);
    }
}
