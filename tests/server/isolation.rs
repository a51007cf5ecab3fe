//! One convention's people learn nothing of another convention, whatever they ask.

use conman_tests::volunteers::{self, SIGN_UP, shift, taken};
use conman_tests::{Client, Database, Socket, TestHost, misbehaving, on_each_database, until};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Makes an event that the probe fails to handle until it is given up, and answers the dead letter's id.
async fn dead_letter(admin: &Client, slug: &str) -> String {
    let payload = json!({ "steps": [["fail", "NO"]] }).to_string();
    let steps = json!([["emit", "probe.told", "key", payload]]);
    let _ = admin
        .convention(slug, "mutation($steps: JSON!) { script(steps: $steps) }", json!({ "steps": steps }))
        .await
        .data();
    until("the event to be given up", async || dead_letters(admin, slug).await.first().cloned()).await
}

async fn dead_letters(admin: &Client, slug: &str) -> Vec<String> {
    let letters = admin.convention(slug, "{ deadLetters { id } }", json!({})).await;
    let letters = letters.data()["deadLetters"].as_array().unwrap().clone();
    letters.iter().map(|letter| letter["id"].as_str().unwrap().to_owned()).collect()
}

on_each_database! {
    async fn a_role_in_one_convention_is_none_in_another(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("one").await;
        host.convention("two").await;
        let admin = host.person("one", "ada", "admin").await;
        let everything = async |slug: &str| {
            let me = admin.convention(slug, "{ me { everything roles } }", json!({})).await;
            me.data()["me"]["everything"].as_bool().unwrap()
        };
        assert!(everything("one").await);
        assert!(!everything("two").await);
        for operation in [
            "{ members { items { email } } }",
            "{ auditTrail { items { id } } }",
            "{ deadLetters { id } }",
            "{ packages { id } }",
            r#"{ pluginLogs(plugin: "examples/hello") { message } }"#,
            "mutation { setConventionState(state: ARCHIVED) { id } }",
            r#"mutation { enablePlugin(id: "examples/hello") { id } }"#,
            r#"mutation { replayEvent(id: "x") }"#,
        ] {
            assert_eq!(admin.convention("two", operation, json!({})).await.code(), "forbidden", "{operation}");
        }
        // Nor does a header make one convention's address speak for another.
        let elsewhere = admin.with_header("x-convention".parse().unwrap(), "one").with_header("x-forwarded-prefix".parse().unwrap(), "/c/one");
        assert_eq!(elsewhere.convention("two", "{ auditTrail { items { id } } }", json!({})).await.code(), "forbidden");
    }
}

on_each_database! {
    async fn ids_of_one_convention_mean_nothing_to_those_who_may_everything_in_another(database: Database) {
        let host = TestHost::start(database).await;
        for slug in ["one", "two"] {
            volunteers::convention(&host.system(), slug).await;
            let live = "mutation { setConventionState(state: LIVE) { state } }";
            let _ = host.system().convention(slug, live, json!({})).await.data();
            for plugin in ["core-programming", "core-volunteer"] {
                host.enable(slug, plugin).await;
            }
            host.enable_package(slug, misbehaving()).await;
        }
        let one = host.person("one", "ada", "admin").await;
        let two = host.person("two", "eve", "admin").await;
        // So that what is not found is not found for want of the id, not of everything.
        let own = shift(&two, "two", 3).await;

        let shift = shift(&one, "one", 3).await;
        let entry = one.convention("one", SIGN_UP, json!({ "shift": shift, "account": "volunteer-1" })).await;
        let entry = entry.data()["signUp"]["id"].as_str().unwrap().to_owned();
        let letter = dead_letter(&one, "one").await;
        let token = one.convention("one", r#"mutation { createToken(name: "display") { id secret } }"#, json!({})).await;
        let token = &token.data()["createToken"];
        let ids = json!({ "shift": shift, "entry": entry, "letter": letter, "token": token["id"] });

        let read = two.convention("two", "query($shift: ID!) { shift(id: $shift) { title entries { id } } }", ids.clone()).await;
        assert_eq!(read.json["data"]["shift"], Value::Null, "{}", read.text);
        for operation in [
            "mutation($shift: ID!) { signUp(shift: $shift, account: \"volunteer-2\") { id } }",
            "mutation($shift: ID!) { cancelShift(id: $shift) { id } }",
            "mutation($shift: ID!) { deleteShift(id: $shift) }",
            "mutation($shift: ID!) { updateShift(id: $shift, patch: { title: \"Mine\" }) { id } }",
            "mutation($entry: ID!) { withdraw(entry: $entry) { id } }",
            "mutation($entry: ID!) { checkInEntry(entry: $entry) { account { id } } }",
            "mutation($letter: ID!) { replayEvent(id: $letter) }",
            "mutation($letter: ID!) { discardEvent(id: $letter) }",
            "mutation($token: ID!) { revokeToken(id: $token) }",
        ] {
            let refused = two.convention("two", operation, ids.clone()).await;
            assert_eq!(refused.code(), "not-found", "{operation}: {}", refused.text);
        }
        // A token that was made in one convention is nobody in the other.
        let with_token = host.anonymous().with_token(token["secret"].as_str().unwrap());
        let elsewhere = with_token.convention("two", "{ auditTrail { items { id } } }", json!({})).await;
        assert!(["forbidden", "unauthenticated"].contains(&elsewhere.code()), "{}", elsewhere.text);

        // All of it is there as it was, and the ids were right.
        assert_eq!(taken(&one, "one", &shift).await, ["volunteer-1"]);
        assert_eq!(taken(&two, "two", &own).await, Vec::<String>::new());
        assert_eq!(dead_letters(&one, "one").await, [letter.as_str()]);
        assert_eq!(dead_letters(&two, "two").await, Vec::<String>::new());
        let _ = with_token.convention("one", "{ auditTrail { items { id } } }", json!({})).await.data();
        for operation in [
            "mutation($letter: ID!) { discardEvent(id: $letter) }",
            "mutation($entry: ID!) { withdraw(entry: $entry) { id } }",
            "mutation($shift: ID!) { deleteShift(id: $shift) }",
            "mutation($token: ID!) { revokeToken(id: $token) }",
        ] {
            let _ = one.convention("one", operation, ids.clone()).await.data();
        }
    }
}

/// Makes a released session with a room and a person, all of a name that tells whose they are, and a calendar of favourites with it.
async fn programme(admin: &Client, slug: &str) -> Value {
    let title = format!("Secret of {slug}");
    let made = async |field: &str, variables: Value, declared: &str| {
        let answer = admin.convention(slug, &format!("mutation{declared} {{ made: {field} }}"), variables).await;
        answer.data()["made"].clone()
    };
    let named = json!({ "input": { "name": title } });
    let room = made("createRoom(input: $input) { id }", named.clone(), "($input: RoomInput!)").await;
    let person = made("createPerson(input: $input) { id }", named, "($input: PersonInput!)").await;
    let input = json!({
        "title": title, "room": room["id"], "people": [{ "person": person["id"] }], "state": "SCHEDULED",
        "start": "2026-08-14T10:00:00+02:00", "minutes": 60,
    });
    let session =
        made("createSession(input: $input) { id }", json!({ "input": input }), "($input: SessionInput!)").await;
    made("release(name: \"First\") { number }", json!({}), "").await;
    made("favourite(session: $session) { id }", json!({ "session": session["id"] }), "($session: ID!)").await;
    let feed = made("createFavouritesFeed { path }", json!({}), "").await;
    json!({ "room": room["id"], "person": person["id"], "session": session["id"], "feed": feed["path"] })
}

/// GET of the path to the letter: the HTTP client would resolve its dots before it sends them.
async fn get_to_the_letter(client: &Client, path: &str) -> (u16, String) {
    let host = client.address().trim_start_matches("http://");
    let token = client.token().unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

on_each_database! {
    async fn a_programmes_ids_mean_nothing_in_another_convention(database: Database) {
        let (_host, [one, two], [theirs, own]) = two_programmes(database).await;
        let ids = json!({
            "session": theirs["session"], "room": theirs["room"], "person": theirs["person"],
            "ownSession": own["session"], "ownPerson": own["person"],
        });
        for (field, variable) in [
            ("session", "session"), ("draftSession", "session"), ("room", "room"), ("person", "person"),
        ] {
            let operation = format!("query(${variable}: ID!) {{ found: {field}(id: ${variable}) {{ id }} }}");
            let read = two.convention("two", &operation, ids.clone()).await;
            assert_eq!(read.data(), &json!({ "found": null }), "{field}");
            let read = one.convention("one", &operation, ids.clone()).await;
            assert_eq!(read.data()["found"]["id"], theirs[variable], "{field}");
        }
        for (variables, field) in [
            ("$session: ID!", "updateSession(id: $session, patch: { title: \"Mine\" }) { id }"),
            ("$session: ID!", "deleteSession(id: $session)"),
            ("$session: ID!", "unscheduleSession(id: $session) { id }"),
            ("$session: ID!", "cancelSession(id: $session) { id }"),
            ("$session: ID!", "placeSession(id: $session, start: \"2026-08-14T12:00:00+02:00\", minutes: 30) { id }"),
            ("$session: ID!", "favourite(session: $session) { id }"),
            ("$session: ID!, $ownPerson: ID!", "assignPerson(session: $session, person: $ownPerson) { id }"),
            ("$session: ID!, $person: ID!", "unassignPerson(session: $session, person: $person) { id }"),
            ("$ownSession: ID!, $person: ID!", "assignPerson(session: $ownSession, person: $person) { id }"),
            ("$ownSession: ID!, $room: ID!", "placeSession(id: $ownSession, room: $room, start: \"2026-08-14T12:00:00+02:00\", minutes: 30) { id }"),
            ("$room: ID!", "updateRoom(id: $room, patch: { name: \"Mine\" }) { id }"),
            ("$room: ID!", "setRoomAvailability(id: $room, windows: []) { id }"),
            ("$room: ID!", "deleteRoom(id: $room)"),
            ("$person: ID!", "updatePerson(id: $person, patch: { name: \"Mine\" }) { id }"),
            ("$person: ID!", "setApproval(person: $person, approval: NOT_SET) { id }"),
            ("$person: ID!, $ownPerson: ID!", "keepApart(person: $ownPerson, other: $person) { id }"),
            ("$person: ID!", "deletePerson(id: $person)"),
        ] {
            let refused = two.convention("two", &format!("mutation({variables}) {{ {field} }}"), ids.clone()).await;
            assert_eq!(refused.code(), "not-found", "{field}: {}", refused.text);
            assert!(!refused.text.contains("Secret of one"), "{field}: {}", refused.text);
        }
        // Nothing of either has changed.
        for (client, slug) in [(&one, "one"), (&two, "two")] {
            let read = client.convention(slug, "{ draftSessions { nodes { title room { name } people { person { name } } } } unreleasedChanges { change } }", json!({})).await;
            let title = format!("Secret of {slug}");
            let session = json!({ "title": title, "room": { "name": title }, "people": [{ "person": { "name": title } }] });
            assert_eq!(read.data(), &json!({ "draftSessions": { "nodes": [session] }, "unreleasedChanges": [] }));
        }
    }
}

on_each_database! {
    async fn a_programmes_addresses_give_nothing_to_those_of_another_convention(database: Database) {
        let (host, [one, two], [theirs, own]) = two_programmes(database).await;
        let (person, feed) = (theirs["person"].as_str().unwrap(), theirs["feed"].as_str().unwrap());
        let (at_one, at_two) = ("/c/one/x/core-programming", "/c/two/x/core-programming");

        let people = format!("people/{person}.ics");
        for file in ["schedule.xml", "schedule.json", "schedule.csv", "schedule.ics", &people] {
            let path = format!("{at_one}/{file}?view=draft");
            assert_eq!(two.get(&path).await.code(), "forbidden", "{path}");
            let whose = one.get(&path).await;
            assert!(whose.text.contains("Secret of one"), "{path}: {}", whose.text);
        }
        let import = two.post(&format!("{at_one}/import/csv"), "title\nMine\n").await;
        assert_eq!(import.code(), "forbidden", "{}", import.text);
        // Signed in there as well, but with favourites here only.
        let favourites = two.get(&format!("{at_one}/favourites.ics")).await;
        assert!(!favourites.text.contains("Secret of"), "{}", favourites.text);

        // What one convention knows a person and a calendar by, the other does not.
        for file in [people.as_str(), feed] {
            let elsewhere = two.get(&format!("{at_two}/{file}")).await;
            assert_eq!((elsewhere.status, elsewhere.code()), (404, "not-found"), "{file}: {}", elsewhere.text);
            let there = host.anonymous().get(&format!("{at_one}/{file}")).await;
            assert!(there.text.contains("Secret of one"), "{file}: {}", there.text);
        }
        let own_feed = two.get(&format!("{at_two}/{}", own["feed"].as_str().unwrap())).await;
        assert!(own_feed.text.contains("Secret of two"), "{}", own_feed.text);

        // Nor does a path lead out of the convention that it begins in, and the one it would lead to asks who comes.
        for path in [
            "/c/two/../one/x/core-programming/schedule.xml?view=draft".to_owned(),
            "/c/two/%2e%2e/one/x/core-programming/schedule.xml?view=draft".to_owned(),
            "/c/two%2f..%2fone/x/core-programming/schedule.xml?view=draft".to_owned(),
            "/c/two%2f%2e%2e%2fone/x/core-programming/schedule.xml?view=draft".to_owned(),
            "/c//one/x/core-programming/schedule.xml?view=draft".to_owned(),
            "/c/%6fne/x/core-programming/schedule.xml?view=draft".to_owned(),
            format!("{at_two}/../../../one/x/core-programming/schedule.xml?view=draft"),
            format!("{at_two}/%2e%2e/%2e%2e/%2e%2e/one/x/core-programming/schedule.xml?view=draft"),
            format!("{at_two}/..%2f..%2f..%2fone%2fx%2fcore-programming%2fschedule.xml?view=draft"),
            format!("{at_two}/people/../../../../one/x/core-programming/{people}"),
            format!("{at_two}/people/%2e%2e/%2e%2e/%2e%2e/%2e%2e/one/x/core-programming/{people}"),
            format!("{at_two}/people/..%2f..%2f..%2f..%2fone%2fx%2fcore-programming%2fpeople%2f{person}.ics"),
        ] {
            let (status, answer) = get_to_the_letter(&two, &path).await;
            assert!((400..500).contains(&status) && !answer.contains("Secret of"), "{path}: {answer}");
        }
        let (status, answer) = get_to_the_letter(&two, &format!("{at_two}/schedule.xml?view=draft")).await;
        assert!(status == 200 && answer.contains("Secret of two"), "{answer}");
    }
}

on_each_database! {
    async fn a_socket_gives_no_rights_that_its_token_has_elsewhere(database: Database) {
        let (host, [_, two], _) = two_programmes(database).await;
        let mut socket = Socket::begin(host.address(), "/c/one/graphql", two.token().as_deref()).await;
        for operation in ["{ draftSessions { nodes { title } } }", "mutation { release(name: \"Mine\") { number } }"] {
            socket.subscribe("1", operation).await;
            let answer = socket.hear().await.to_string();
            assert!(answer.contains("\"forbidden\"") && !answer.contains("Secret of"), "{operation}: {answer}");
            if answer.contains("\"next\"") {
                assert_eq!(socket.hear().await["type"], "complete");
            }
        }
        // An API token belongs to its convention altogether.
        let token = two.convention("two", r#"mutation { createToken(name: "display") { secret } }"#, json!({})).await;
        let mut socket = Socket::open(host.address(), "/c/one/graphql").await;
        let bearer = format!("Bearer {}", token.data()["createToken"]["secret"].as_str().unwrap());
        socket.say(json!({ "type": "connection_init", "payload": { "authorization": bearer } })).await;
        assert_eq!(socket.closed().await, 4403);
    }
}

/// A host with a programme in each of `one` and `two`: their admins, and what was made.
async fn two_programmes(database: Database) -> (TestHost, [Client; 2], [Value; 2]) {
    let host = TestHost::start(database).await;
    for slug in ["one", "two"] {
        host.convention(slug).await;
        host.enable(slug, "core-programming").await;
    }
    let one = host.person("one", "ada", "admin").await;
    let two = host.person("two", "eve", "admin").await;
    let made = [programme(&one, "one").await, programme(&two, "two").await];
    (host, [one, two], made)
}

on_each_database! {
    async fn a_draft_does_not_exist_for_those_who_have_no_part_in_it(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("live").await;
        let outsider = host.person("live", "oscar", "admin").await;
        let operation = r#"mutation { createConvention(slug: "secret", name: "Secret", timeZone: "UTC", startsOn: "2026-01-01", endsOn: "2026-01-02") { id } }"#;
        let _ = host.system().host(operation, json!({})).await.data();
        for client in [&outsider, &host.anonymous()] {
            let draft = client.convention("secret", "{ convention { name } }", json!({})).await;
            let nothing = client.convention("nothing", "{ convention { name } }", json!({})).await;
            assert_eq!((draft.status, draft.code()), (404, "not-found"));
            assert_eq!(draft.message().replace("secret", "nothing"), nothing.message());
            let listed = client.host(r#"{ conventions { slug } convention(slug: "secret") { id } }"#, json!({})).await;
            assert_eq!(listed.data(), &json!({ "conventions": [{ "slug": "live" }], "convention": null }));
        }
        assert_eq!(host.system().convention("secret", "{ convention { name } }", json!({})).await.data()["convention"]["name"], "Secret");
    }
}

on_each_database! {
    async fn a_plugins_data_stays_in_its_convention(database: Database) {
        let host = TestHost::start(database).await;
        for slug in ["one", "two"] {
            host.convention(slug).await;
            host.enable(slug, "hello").await;
        }
        let visitor = host.person("one", "vera", "attendee").await;
        let _ = visitor.convention("one", r#"mutation { sign(name: "Vera") { id } }"#, json!({})).await.data();
        let guests = async |slug: &str| visitor.convention(slug, "{ guests { name } }", json!({})).await.data()["guests"].clone();
        assert_eq!(guests("one").await, json!([{ "name": "Vera" }]));
        assert_eq!(guests("two").await, json!([]));
    }
}

on_each_database! {
    async fn what_is_archived_is_read_and_not_changed(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "hello").await;
        let admin = host.person("con", "ada", "admin").await;
        let sign = r#"mutation { sign(name: "Ada") { name } }"#;
        let _ = admin.convention("con", sign, json!({})).await.data();
        let _ = admin.convention("con", "mutation { setConventionState(state: ARCHIVED) { id } }", json!({})).await.data();
        let late = admin.convention("con", sign, json!({})).await;
        assert_eq!(late.code(), "forbidden", "{}", late.text);
        let guests = admin.convention("con", "{ guests { name } }", json!({})).await;
        assert_eq!(guests.data()["guests"], json!([{ "name": "Ada" }]));
        let _ = admin.convention("con", "mutation { setConventionState(state: LIVE) { id } }", json!({})).await.data();
        let _ = admin.convention("con", sign, json!({})).await.data();
    }
}
