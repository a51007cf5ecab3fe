//! Files out of the component.

use conman_testkit::{RouteAnswer, Value, attendee, json, nobody};

use super::host::{import, json_of, kits, session, with_table};
use crate::common::calendar;

fn header<'a>(answer: &'a RouteAnswer, name: &str) -> &'a str {
    answer.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
}

fn text(answer: &RouteAnswer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

/// What another library finds in a calendar: `Robots 2026-08-14T12:00:00Z/2026-08-14T12:45:00Z`.
fn events(calendar: &str) -> Vec<String> {
    let events = calendar::events(calendar);
    events.iter().map(|event| format!("{} {}/{}", event.title, event.start, event.end)).collect()
}

const OPENING: &str = "Öffnung 2026-08-14T10:30:00Z/2026-08-14T11:30:00Z";
const ROBOTS: &str = "Robots 2026-08-14T12:00:00Z/2026-08-14T12:45:00Z";
const NIGHT: &str = "Night music 2026-08-14T23:00:00Z/2026-08-15T01:00:00Z";

#[tokio::test]
async fn who_has_it_already_gets_it_no_second_time() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let id = session(&kit, "Robots").await;
        let people = kit.run("{ people { nodes { id name } } }").await.unwrap();
        let bob = people["people"]["nodes"][1]["id"].as_str().unwrap();
        let ada = kit.as_actor(attendee("ada"));
        ada.run_with("mutation($id: ID!) { favourite(session: $id) { id } }", json!({ "id": id })).await.unwrap();
        let made = ada.run("mutation { createFavouritesFeed { path } }").await.unwrap();
        let feed = made["createFavouritesFeed"]["path"].as_str().unwrap();
        let public = kit.as_actor(nobody());
        let mut had = Vec::new();
        for path in
            ["schedule.xml", "schedule.json", "schedule.csv", "schedule.ics", &format!("people/{bob}.ics"), feed]
        {
            let path = format!("core-programming/{path}");
            let first = public.get(&path).await.unwrap();
            let tag = header(&first, "etag").to_owned();
            assert!(tag.starts_with('"'), "{on} {path}");
            assert!(text(&first).contains("Robots"), "{on} {path}");
            let second = public.send("GET", &path, &[("if-none-match", &tag)], Vec::new()).await.unwrap();
            assert_eq!((second.status, second.body.len()), (304, 0), "{on} {path}");
            had.push((path, tag));
        }
        // Signed in, the calendar needs no token; it is the same one.
        let own = [("if-none-match", had[5].1.as_str())];
        let same = ada.send("GET", "core-programming/favourites.ics", &own, Vec::new()).await.unwrap();
        assert_eq!((same.status, same.body.len()), (304, 0), "{on}");
        kit.run_with(
            "mutation($id: ID!) { updateSession(id: $id, patch: { title: \"Androids\" }) { id } }",
            json!({ "id": id }),
        )
        .await
        .unwrap();
        kit.run(r#"mutation { release(name: "v2") { number } }"#).await.unwrap();
        for (path, tag) in had {
            let after = public.send("GET", &path, &[("if-none-match", &tag)], Vec::new()).await.unwrap();
            assert_eq!(after.status, 200, "{on} {path}");
            assert!(text(&after).contains("Androids"), "{on} {path}");
        }
    }
}

#[tokio::test]
async fn drafts_are_exported_to_organisers_only() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        kit.run(r#"mutation { createSession(input: { title: "Secret" }) { id } }"#).await.unwrap();
        let path = "core-programming/schedule.csv?view=draft";
        assert_eq!(kit.as_actor(nobody()).get(path).await.unwrap_err().code(), "unauthenticated", "{on}");
        assert_eq!(kit.as_actor(attendee("ada")).get(path).await.unwrap_err().code(), "forbidden", "{on}");
        assert!(text(&kit.get(path).await.unwrap()).contains("Secret"), "{on}");
        assert!(!text(&kit.get("core-programming/schedule.csv").await.unwrap()).contains("Secret"), "{on}");
    }
}

#[tokio::test]
async fn calendars_of_a_person_and_of_favourites() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let people = kit.run("{ people { nodes { id name } } }").await.unwrap();
        let bob = people["people"]["nodes"][1]["id"].as_str().unwrap();
        let calendar = text(&kit.as_actor(nobody()).get(&format!("core-programming/people/{bob}.ics")).await.unwrap());
        assert_eq!(events(&calendar), [OPENING, ROBOTS], "{on}");
        assert!(
            calendar.contains("X-WR-CALNAME:Bob at Testcon")
                && calendar.contains("DTSTART;TZID=Europe/Berlin:20260814T140000"),
            "{on}\n{calendar}"
        );
        assert!(calendar.contains("Bob (moderator)\\, Ann"), "{on}: the whole line-up of his sessions\n{calendar}");
        assert_eq!(kit.get("core-programming/people/nobody.ics").await.unwrap_err().code(), "not-found", "{on}");

        let ada = kit.as_actor(attendee("ada"));
        let robots = session(&kit, "Robots").await;
        ada.run_with("mutation($id: ID!) { favourite(session: $id) { id } }", json!({ "id": robots })).await.unwrap();
        let made = ada.run("mutation { createFavouritesFeed { path } }").await.unwrap();
        let path = format!("core-programming/{}", made["createFavouritesFeed"]["path"].as_str().unwrap());
        let calendar = kit.as_actor(nobody()).get(&path).await.unwrap();
        let tag = header(&calendar, "etag").to_owned();
        assert_eq!(events(&text(&calendar)), [ROBOTS], "{on}");
        let night = session(&kit, "Night music").await;
        kit.advance_clock(std::time::Duration::from_secs(1));
        ada.run_with("mutation($id: ID!) { favourite(session: $id) { id } }", json!({ "id": night })).await.unwrap();
        let more = kit.as_actor(nobody()).send("GET", &path, &[("if-none-match", &tag)], Vec::new()).await.unwrap();
        assert_eq!((more.status, events(&text(&more))), (200, vec![ROBOTS.to_owned(), NIGHT.to_owned()]), "{on}");

        // A new address replaces the old one; a revoked one is gone.
        let newer =
            ada.run("mutation { createFavouritesFeed { path } }").await.unwrap()["createFavouritesFeed"]["path"]
                .as_str()
                .unwrap()
                .to_owned();
        assert_eq!(kit.as_actor(nobody()).get(&path).await.unwrap_err().code(), "not-found", "{on}");
        assert_eq!(
            ada.run("mutation { revokeFavouritesFeed }").await.unwrap(),
            json!({ "revokeFavouritesFeed": true }),
            "{on}"
        );
        assert_eq!(
            kit.as_actor(nobody()).get(&format!("core-programming/{newer}")).await.unwrap_err().code(),
            "not-found",
            "{on}"
        );
        assert_eq!(
            kit.as_actor(nobody()).get("core-programming/favourites.ics").await.unwrap_err().code(),
            "not-found",
            "{on}"
        );
    }
}

/// A table of 5,000 sessions on three days in 99 rooms, with 12,000 places in them for 4,000 people.
fn large_table() -> String {
    let about = "What this is about, who it is for and what to bring, as long as such texts are. ".repeat(11);
    let mut table = "id,title,kind,track,room,start,minutes,language,people,person_ids,abstract\n".to_owned();
    let mut person = 0;
    for n in 0..5_000_u32 {
        let (day, slot, room) = (14 + n % 3, n / 3 % 17, n / 51);
        let minute = 8 * 60 + slot * 55;
        let people: Vec<u32> = (0..if n % 5 < 2 { 3 } else { 2 }).map(|next| (person + next) % 4_000).collect();
        person += 3;
        let listed = |name: fn(&u32) -> String| people.iter().map(name).collect::<Vec<_>>().join("; ");
        let (names, ids) = (listed(|n| format!("Somebody Number {n}")), listed(|n| format!("p-{n}")));
        table += &format!(
            "s-{n},Session number {n},panel,Track {},Room {room},2026-08-{day} {:02}:{:02},50,en,{names},{ids},{about}\n",
            n % 20,
            minute / 60,
            minute % 60
        );
    }
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_sessions_are_exported() {
    for (on, kit) in kits(|setup| setup).await {
        let report = import(&kit, "csv?release=v1", large_table()).await.unwrap();
        assert_eq!((&report["added"]["sessions"], &report["added"]["people"]), (&json!(5_000), &json!(4_000)), "{on}");
        let conflicts = kit.run("{ sessionConflicts(first: 1) { totalCount } }").await.unwrap();
        assert!(conflicts["sessionConflicts"]["totalCount"].as_u64() > Some(0), "{on}: {conflicts}");
        let public = kit.as_actor(nobody());
        let schedule = json_of(&public.get("core-programming/schedule.json").await.unwrap());
        let days = schedule["schedule"]["conference"]["days"].as_array().unwrap();
        let rooms = days.iter().flat_map(|day| day["rooms"].as_object().unwrap().values());
        let events: Vec<&Value> = rooms.flat_map(|events| events.as_array().unwrap()).collect();
        let people: usize = events.iter().map(|event| event["persons"].as_array().unwrap().len()).sum();
        assert_eq!((events.len(), people), (5_000, 12_000), "{on}");
        for (path, begins) in
            [("schedule.xml", "<event "), ("schedule.ics", "BEGIN:VEVENT"), ("schedule.csv", ",Session number ")]
        {
            let answer = public.get(&format!("core-programming/{path}")).await.unwrap();
            assert_eq!(text(&answer).matches(begins).count(), 5_000, "{on} {path}");
        }
        let again = import(&kit, "csv", large_table()).await.unwrap();
        assert_eq!(again["changed"]["sessions"], 0, "{on}: {again}");
    }
}
