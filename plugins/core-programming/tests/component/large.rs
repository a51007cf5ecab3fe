//! A programme of 5,000 hours is planned within what a call may use.

use std::fmt::Write as _;
use std::time::Duration;

use conman_testkit::{Testkit, Value, attendee, json};

use super::host::{import, kits};
use super::planning::{accept, planned};

const SESSIONS: usize = 3_460;
const ROOMS: usize = 100;
const PEOPLE: usize = 2_941;

/// The same every time, and without a pattern that would make it easy.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// Sessions of one to two hours, every room with one of them every two hours, with two or three people each, who are often in two at once.
fn table() -> String {
    let mut chance = Chance(7);
    let mut table = "id,title,kind,track,room,start,minutes,people,audience\n".to_owned();
    for at in 0..SESSIONS {
        let (room, slot) = (at % ROOMS, at / ROOMS);
        let (day, hour) = (14 + slot / 7, 9 + slot % 7 * 2);
        let minutes = [60, 90, 90, 110][chance.below(4)];
        let mut people: Vec<String> = (0..2 + at % 2).map(|_| format!("Person {}", chance.below(PEOPLE))).collect();
        people.sort();
        people.dedup();
        let (track, audience, people) = (chance.below(20), 5 + chance.below(60), people.join("; "));
        let line = format!(
            "{at},Session {at},talk,Track {track},Room {room},2026-08-{day} {hour:02}:00,{minutes},{people},{audience}"
        );
        writeln!(table, "{line}").unwrap();
    }
    table
}

/// Two former years of 2,500 counted sessions each.
fn past() -> String {
    let mut chance = Chance(13);
    let mut table = "edition,title,track,kind,day,hour,capacity,favourites,attendance\n".to_owned();
    for at in 0..5_000 {
        let (edition, track, day) = (2024 + at % 2, chance.below(20), 1 + chance.below(5));
        let (hour, favourites) = (9 + chance.below(14), chance.below(200));
        let people = (favourites / 2 + track + hour + chance.below(20)).to_string();
        writeln!(table, "{edition},Talk {at},Track {track},talk,{day},{hour},300,{favourites},{people}").unwrap();
    }
    table
}

/// So many accounts mark thirty sessions each.
async fn marked(kit: &Testkit, accounts: usize) {
    let data = kit.run("{ sessions(first: 2000) { nodes { id } } }").await.unwrap();
    let ids: Vec<&str> =
        data["sessions"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    let mut chance = Chance(11);
    for account in 0..accounts {
        let mut marks = "mutation {".to_owned();
        for at in 0..30 {
            write!(marks, " m{at}: favourite(session: \"{}\") {{ id }}", ids[chance.below(ids.len())]).unwrap();
        }
        marks += " }";
        kit.as_actor(attendee(&format!("account{account}"))).run(&marks).await.unwrap();
    }
}

#[tokio::test]
async fn five_thousand_hours_are_planned() {
    let five_days = |setup: conman_testkit::Setup| {
        setup.with_convention(|convention| convention.ends_on = jiff::civil::date(2026, 8, 18))
    };
    for (on, kit) in kits(five_days).await {
        let report = import(&kit, "csv?release=v1", table()).await.unwrap();
        assert_eq!(
            (&report["added"]["sessions"], &report["added"]["rooms"]),
            (&json!(SESSIONS), &json!(ROOMS)),
            "{on}"
        );
        marked(&kit, 60).await;
        // And as much as is learned from was counted.
        import(&kit, "attendance", past()).await.unwrap();
        let plan = planned(&kit, "planSchedule", json!({ "seconds": 3.0 })).await;
        assert_eq!(
            (&plan["state"], &plan["sessionCount"]),
            (&json!("READY"), &json!(SESSIONS)),
            "{on}: {}",
            plan["error"]
        );
        assert_eq!((&plan["before"]["unplaced"], &plan["after"]["unplaced"]), (&json!(0), &json!(0)), "{on}");
        // Twenty tracks alone are 300,000 pairs.
        let notes: Vec<&Value> = plan["notes"].as_array().unwrap().iter().collect();
        assert!(notes.len() == 1 && notes[0].as_str().unwrap().contains("100000 strongest"), "{on}: {notes:?}");
        accept(&kit, json!({ "id": plan["id"] })).await.unwrap();
        let rooms = kit.run("{ draftRooms { id } }").await.unwrap();
        let closed = json!([{ "room": rooms["draftRooms"][0]["id"], "start": "2026-08-15T05:00:00+02:00", "end": "2026-08-16T05:00:00+02:00" }]);
        let again = planned(&kit, "reschedule", json!({ "closed": closed, "mostMoves": 40, "seconds": 3.0 })).await;
        assert_eq!(again["state"], "READY", "{on}: {}", again["error"]);
        let why = "query($id: ID!) { schedulePlan(id: $id) { notes moreWishes after { soft } wishes { text cost sessions { title } mend { text } } } }";
        let why = kit.run_with(why, json!({ "id": again["id"] })).await.unwrap()["schedulePlan"].clone();
        assert_eq!(why["notes"], plan["notes"], "{on}: it could be explained");
        let told: i64 = why["wishes"].as_array().unwrap().iter().map(|wish| wish["cost"].as_i64().unwrap()).sum();
        let soft = why["after"]["soft"].as_i64().unwrap();
        assert!(told == soft || why["moreWishes"] != 0, "{on}: {told} of {soft}");
        // As many plans as are kept are listed at once.
        let mut newest = Vec::new();
        for _ in 0..21 {
            let asked = kit.run("mutation { planSchedule(input: { seconds: 0.1 }) { id } }").await.unwrap();
            kit.solved().await;
            newest.insert(0, asked["planSchedule"]["id"].clone());
            kit.advance_clock(Duration::from_secs(1));
        }
        newest.truncate(20);
        let listed = kit.run("{ schedulePlans { id state sessionCount } }").await.unwrap();
        let expected: Vec<Value> =
            newest.iter().map(|id| json!({ "id": id, "state": "READY", "sessionCount": SESSIONS })).collect();
        assert_eq!(listed["schedulePlans"], json!(expected), "{on}");
    }
}
