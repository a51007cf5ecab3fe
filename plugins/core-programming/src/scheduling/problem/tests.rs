//! That everything the scheduler is told is taken from the programme.

use conman_sdk::scheduler::{Capacity, Pin};
use jiff::Timestamp;
use jiff::civil::{date, time};

use super::super::explained::Explained;
use super::super::ids::Ids;
use super::super::material::{Closed, Person, Room, Session};
use super::super::overlap;
use super::super::places::OWN_ROOM;
use super::*;
use crate::conflicts::Requirements;
use crate::model::Slot;

/// Two days of 48 half hours that begin at 06:00.
fn convention() -> Convention {
    Convention::new("con", "Europe/Berlin", date(2026, 8, 14), date(2026, 8, 15), time(6, 0, 0, 0)).unwrap()
}

/// `14 10:00` to so many minutes later.
fn slot(day_and_time: &str, minutes: i64) -> Slot {
    let (day, time) = day_and_time.split_once(' ').unwrap();
    let start: Timestamp = format!("2026-08-{day}T{time}:00+02:00").parse().unwrap();
    Slot::lasting(start, minutes * 60).unwrap()
}

fn room(id: &str) -> Room {
    Room {
        id: id.to_owned(),
        name: id.to_owned(),
        exclusive: true,
        capacity: Some(50),
        features: Vec::new(),
        windows: Vec::new(),
    }
}

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), windows: Vec::new(), preferred: Vec::new(), daily_limit: None }
}

/// A session that may move.
fn session(id: &str, people: &[&str]) -> Session {
    Session {
        id: id.to_owned(),
        kind: "talk".to_owned(),
        track: None,
        online: false,
        slot: None,
        minutes: None,
        room: None,
        people: people.iter().map(|&id| id.to_owned()).collect(),
        requirements: Requirements::default(),
        audience: None,
        free: true,
    }
}

/// One that may move and has a place,
fn placed(id: &str, people: &[&str], room: &str, slot: Slot) -> Session {
    Session { slot: Some(slot), room: Some(room.to_owned()), ..session(id, people) }
}

/// and one that has to stay there.
fn held(id: &str, people: &[&str], room: &str, slot: Slot) -> Session {
    Session { free: false, ..placed(id, people, room, slot) }
}

fn material(rooms: Vec<Room>, people: Vec<Person>, sessions: Vec<Session>) -> Material {
    Material { rooms, people, sessions, marked_both: Vec::new() }
}

fn stated(material: &Material) -> Stated {
    state(material, &Task::default(), &convention())
}

fn list(list: &[&str]) -> Vec<String> {
    list.iter().map(|&id| id.to_owned()).collect()
}

fn find<'p>(problem: &'p Problem, id: &str) -> &'p conman_sdk::scheduler::Session {
    problem.sessions.iter().find(|session| session.id == id).unwrap()
}

fn place(session: &str, start: u32, room: &str) -> Assignment {
    Assignment { session: session.to_owned(), start, room: room.to_owned() }
}

#[test]
fn rooms_are_open_in_their_windows_else_in_the_convention_s_hours() {
    let windows = vec![slot("14 10:10", 100), slot("15 20:00", 60)];
    let rooms = vec![Room { windows, ..room("narrow") }, room("plain"), room("late")];
    let late = placed("late night", &[], "late", slot("15 01:00", 60));
    let Stated { problem, .. } = stated(&material(rooms, Vec::new(), vec![late]));
    let open: Vec<_> =
        problem.rooms.iter().take(3).map(|room| (room.id.as_str(), room.open.clone().unwrap())).collect();
    assert_eq!(
        open,
        [
            // What lies wholly within: from 10:30 to 11:30.
            ("narrow", vec![[9, 11], [76, 78]]),
            ("plain", vec![[6, 34], [54, 82]]),
            // And whenever something is on there now.
            ("late", vec![[6, 34], [38, 40], [54, 82]]),
        ]
    );
    assert_eq!((problem.days, problem.slots_per_day, problem.slot_minutes), (2, 48, 30));
}

#[test]
fn people_have_their_availability_wishes_and_limits() {
    let ann = Person {
        windows: vec![slot("14 10:10", 100)],
        preferred: vec![slot("14 10:00", 60)],
        daily_limit: Some(2),
        ..person("ann")
    };
    let away = Closed { id: "ann".to_owned(), time: slot("14 10:45", 10) };
    let material = material(
        vec![room("hall")],
        vec![ann, person("bob"), person("not in anything")],
        vec![session("one", &["ann", "bob"])],
    );
    let people = |task: &Task| state(&material, task, &convention()).problem.people;
    let told = people(&Task::default());
    assert_eq!(told.len(), 2);
    assert_eq!((told[0].available.clone(), told[0].preferred.clone()), (Some(vec![[9, 11]]), Some(vec![[8, 10]])));
    assert_eq!((told[0].max_per_day, told[0].min_gap), (Some(2), Some(1)), "15 minutes are a slot");
    assert_eq!((&told[1].available, &told[1].preferred, told[1].max_per_day), (&None, &None, Some(6)));
    let mut task = Task { closed: vec![away], ..Task::default() };
    (task.rules.daily_limit, task.rules.break_minutes) = (0, 45);
    let told = people(&task);
    assert_eq!(told[0].available, Some(vec![[10, 11]]));
    assert_eq!((told[1].max_per_day, told[1].min_gap), (None, Some(2)));
}

#[test]
fn rooms_offer_what_sessions_need_and_hold_whom_they_expect() {
    let hall = Room { features: list(&["Stage", "PROJECTOR"]), ..room("hall") };
    let nook = Room { capacity: None, ..room("nook") };
    let mut films = Session { audience: Some(80), ..session("films", &[]) };
    films.requirements =
        Requirements { needs: list(&["Projector", "projector"]), setup: 20, teardown: 10, ..Requirements::default() };
    let mut tea = session("tea", &[]);
    tea.requirements = Requirements { rooms: list(&["nook"]), after: list(&["films"]), ..Requirements::default() };
    let material = material(vec![hall, nook], Vec::new(), vec![films, tea]);
    let Stated { problem, .. } = stated(&material);
    assert_eq!(problem.rooms[0].features, list(&["projector", "stage", OWN_ROOM]));
    assert_eq!((problem.rooms[0].capacity, problem.rooms[1].capacity), (50, 1_000_000));
    let films = find(&problem, "films");
    assert_eq!((&films.features, films.audience), (&list(&["projector", OWN_ROOM]), 80));
    assert_eq!((films.setup, films.teardown, &films.rooms), (1, 1, &None));
    let tea = find(&problem, "tea");
    assert_eq!((&tea.rooms, &tea.after, tea.features.len()), (&Some(list(&["nook"])), &list(&["films"]), 0));
    assert_eq!(problem.capacity, Capacity::Soft);
    let mut task = Task::default();
    task.rules.planning.seats = Seats::Must;
    assert_eq!(state(&material, &task, &convention()).problem.capacity, Capacity::Hard);
}

#[test]
fn sessions_without_a_time_take_what_was_said_or_as_long_as_most_of_their_kind() {
    let long = |id: &str, time| placed(id, &[], "hall", slot(time, 90));
    let sessions = vec![
        long("a", "14 10:00"),
        long("b", "14 12:00"),
        placed("c", &[], "hall", slot("14 15:00", 30)),
        session("like most", &[]),
        Session { minutes: Some(45), ..session("said", &[]) },
        Session { kind: "panel".to_owned(), ..session("of no known kind", &[]) },
    ];
    let Stated { problem, asked, .. } = stated(&material(vec![room("hall")], Vec::new(), sessions));
    let lengths =
        |id: &str| (find(&problem, id).duration, asked.iter().find(|asked| asked.session == id).unwrap().seconds / 60);
    assert_eq!((lengths("like most"), lengths("said"), lengths("of no known kind")), ((3, 90), (2, 45), (2, 60)));
}

#[test]
fn those_marked_together_and_those_of_a_track_should_not_be_at_once() {
    let of = |id: &str, track: &str| Session { track: Some(track.to_owned()), ..session(id, &[]) };
    let mut material = material(
        vec![room("hall")],
        Vec::new(),
        vec![of("a", "Main"), of("b", "Main"), of("c", "Side"), held("d", &[], "hall", slot("14 10:00", 60))],
    );
    let marked = |one: &str, other: &str, accounts| (one.to_owned(), other.to_owned(), accounts);
    material.marked_both = vec![marked("b", "a", 4), marked("d", "a", 2), marked("a", "cancelled", 9)];
    let pairs = |task: &Task| state(&material, task, &convention()).problem.overlap;
    assert_eq!(pairs(&Task::default()), [marked("a", "b", 4 + 3), marked("a", "d", 2)]);
    let mut task = Task::default();
    (task.rules.planning.weights.favourites, task.rules.planning.weights.track) = (10, 0);
    assert_eq!(pairs(&task), [marked("a", "b", 40), marked("a", "d", 20)]);
}

#[test]
fn of_too_many_pairs_the_strongest_are_told() {
    let sessions: Vec<Session> = (0..500).map(|number| session(&format!("{number:03}"), &[])).collect();
    let mut material = material(vec![room("hall")], Vec::new(), sessions);
    let strength = |one: usize, other: usize| u32::try_from((one * 7 + other * 13) % 1000 + 1).unwrap();
    material.marked_both = (0..500)
        .flat_map(|one| (one + 1..500).map(move |other| (one, other)))
        .map(|(one, other)| (format!("{one:03}"), format!("{other:03}"), strength(one, other)))
        .collect();
    let all = material.marked_both.len();
    let Stated { problem, notes, .. } = stated(&material);
    assert_eq!(problem.overlap.len(), overlap::MOST);
    let weakest = problem.overlap.iter().map(|(_, _, cost)| *cost).min().unwrap();
    let stronger = material.marked_both.iter().filter(|(_, _, cost)| *cost > weakest).count();
    assert!(stronger < overlap::MOST && notes[1].contains(&all.to_string()), "{notes:?}");
}

#[test]
fn of_too_many_equal_pairs_every_session_keeps_some() {
    let of_one_track =
        |number: usize| Session { track: Some("Main".to_owned()), ..session(&format!("{number:03}"), &[]) };
    let sessions: Vec<Session> = (0..500).map(of_one_track).collect();
    let Stated { problem, .. } = stated(&material(vec![room("hall")], Vec::new(), sessions));
    assert_eq!(problem.overlap.len(), overlap::MOST);
    let mut left: HashMap<&str, usize> = HashMap::new();
    for (one, other, _) in &problem.overlap {
        for id in [one, other] {
            *left.entry(id).or_default() += 1;
        }
    }
    assert_eq!(left.len(), 500);
    assert!(left.values().all(|left| (330..470).contains(left)), "{left:?}");
}

#[test]
fn weights_are_the_convention_s() {
    let material = material(vec![room("hall")], Vec::new(), vec![session("a", &[])]);
    let weights = |closeness| {
        let mut task = Task { closeness, ..Task::default() };
        task.rules.planning.weights = serde_json::from_str(
            r#"{ "seat": 7, "unpreferred": 8, "overDailyLimit": 9, "shortBreak": 11, "moved": 12 }"#,
        )
        .unwrap();
        serde_json::to_value(state(&material, &task, &convention()).problem.weights).unwrap()
    };
    let free = serde_json::json!({ "overlap": 1, "overflow": 7, "unpreferred": 8, "over_day_limit": 9, "short_gap": 11,
        "moved_time": 0, "moved_room": 0 });
    assert_eq!(weights(Closeness::Free), free);
    assert_eq!(weights(Closeness::Close)["moved_time"], 12);
    assert_eq!(weights(Closeness::Fewest), free);
}

#[test]
fn what_does_not_move_takes_its_room_and_its_people() {
    let mut later = session("later", &[]);
    later.requirements.after = list(&["stays"]);
    let mut stays = held("stays", &["ann"], "hall", slot("14 10:00", 60));
    (stays.requirements.setup, stays.requirements.after) = (30, list(&["before"]));
    let mut cancelled_after = session("after nothing known", &[]);
    cancelled_after.requirements.after = list(&["cancelled"]);
    let material = material(
        vec![room("hall")],
        vec![person("ann")],
        vec![stays, session("hers", &["ann"]), later, session("before", &[]), cancelled_after],
    );
    let Stated { mut problem, fixed, now, truth, .. } = stated(&material);
    assert_eq!((fixed, &now.assignments), (1, &vec![place("stays", 8, "held#0")]));
    assert_eq!(problem.rooms[0].open, Some(vec![[6, 7], [10, 34], [54, 82]]), "and its set-up");
    let starts = |id: &str| find(&problem, id).starts.clone();
    assert_eq!(starts("hers"), Some(vec![[0, 7], [10, 96]]), "neither beginning nor ending in it");
    assert_eq!(starts("later"), Some(vec![[10, 96]]));
    assert_eq!(starts("before"), Some(vec![[0, 7]]));
    assert_eq!((starts("after nothing known"), &find(&problem, "later").after), (None, &Vec::new()));

    // Whoever explains is told why.
    let ids = Ids::replaced(&mut problem);
    let Explained { problem, held, .. } = truth.told(problem, &ids);
    let spelled = |code: &str| ids.session(code).unwrap().to_owned();
    let find = |id: &str| problem.sessions.iter().find(|session| spelled(&session.id) == id).unwrap();
    let stays = find("stays");
    assert_eq!((stays.setup, stays.duration, stays.people.len()), (1, 2, 1));
    assert_eq!(ids.room(stays.pin.room.as_deref().unwrap()), Some("hall"));
    assert_eq!(stays.after.iter().map(|code| spelled(code)).collect::<Vec<_>>(), ["before"]);
    assert_eq!(problem.rooms[0].open, Some(vec![[6, 34], [54, 82]]));
    assert_eq!((&find("hers").starts, &find("later").starts, &find("before").starts), (&None, &None, &None));
    assert_eq!(find("later").after.iter().map(|code| spelled(code)).collect::<Vec<_>>(), ["stays"]);
    assert_eq!(held, [Assignment { session: stays.id.clone(), start: 8, room: problem.rooms[0].id.clone() }]);
}

#[test]
fn what_clashes_and_does_not_move_stays_as_it_is() {
    let material = material(
        vec![room("hall")],
        vec![person("ann")],
        vec![
            held("one", &["ann"], "hall", slot("14 10:00", 60)),
            held("two", &["ann"], "hall", slot("14 10:30", 60)),
            held("all night", &["ann"], "hall", slot("15 05:00", 120)),
            session("hers", &["ann"]),
        ],
    );
    let Stated { mut problem, fixed, truth, now, .. } = stated(&material);
    assert_eq!(fixed, 3);
    assert_eq!(now.assignments, [place("one", 8, "held#0"), place("two", 9, "held#1")]);
    assert_eq!((find(&problem, "one").people.len(), find(&problem, "two").people.len()), (1, 0));
    assert_eq!(find(&problem, "hers").starts, Some(vec![[0, 7], [11, 45], [50, 96]]));
    assert_eq!(problem.rooms[0].open, Some(vec![[6, 8], [11, 34], [54, 82]]));
    let ids = Ids::replaced(&mut problem);
    let Explained { problem: told, starts, .. } = truth.told(problem, &ids);
    // The second cannot be told where it is, so its time is closed; the first can.
    assert_eq!(told.rooms[0].open, Some(vec![[6, 10], [11, 34], [54, 82]]));
    assert_eq!(told.sessions[0].pin, Pin { start: Some(8), room: Some("@r0".to_owned()) });
    assert_eq!(starts, [[[0, 8], [11, 45], [50, 96]]], "as far as no session says so");
}

#[test]
fn what_has_no_time_left_is_told_to_have_none() {
    let material = material(
        vec![room("hall")],
        vec![person("ann")],
        vec![
            held("stays", &["ann"], "hall", slot("14 06:00", 24 * 60)),
            held("the next", &["ann"], "hall", slot("15 06:00", 24 * 60)),
            Session { minutes: Some(60), ..session("hers", &["ann"]) },
        ],
    );
    let Stated { problem, asked, now, .. } = stated(&material);
    assert_eq!(find(&problem, "hers").starts, Some(Vec::new()));
    assert_eq!((asked.len(), now.unplaced.len(), now.unplaced[0].session.as_str()), (1, 1, "hers"));
}

#[test]
fn shared_places_have_room_for_all_who_belong_there() {
    let lawn = Room { exclusive: false, ..room("lawn") };
    let mut kites = session("kites", &[]);
    kites.requirements.rooms = list(&["lawn"]);
    let online = Session { online: true, ..session("stream", &[]) };
    let sessions = vec![
        placed("picnic", &[], "lawn", slot("14 10:00", 60)),
        placed("yoga", &[], "lawn", slot("14 10:30", 60)),
        kites,
        online,
        session("talk", &[]),
    ];
    let Stated { problem, now, .. } = stated(&material(vec![room("hall"), lawn], Vec::new(), sessions));
    let names: Vec<&str> = problem.rooms.iter().map(|room| room.id.as_str()).collect();
    assert_eq!(names, ["hall", "lawn#0", "lawn#1", "lawn#2", "#0"]);
    assert_eq!(now.assignments, [place("picnic", 8, "lawn#0"), place("yoga", 9, "lawn#1")]);
    assert_eq!(find(&problem, "kites").rooms, Some(list(&["lawn#0", "lawn#1", "lawn#2"])));
    assert_eq!(find(&problem, "yoga").features, [places::shared("lawn")]);
    assert_eq!(find(&problem, "stream").features, [places::shared("")]);
    assert_eq!(find(&problem, "talk").features, [OWN_ROOM]);
}

#[test]
fn few_moves_round_nothing_and_keep_to_the_grid() {
    let sessions = vec![
        placed("a", &[], "hall", slot("14 10:00", 50)),
        placed("b", &[], "hall", slot("14 11:00", 50)),
        session("new", &[]),
    ];
    let mut material = material(vec![room("hall")], Vec::new(), sessions);
    let fewest = Task { closeness: Closeness::Fewest, ..Task::default() };
    let Stated { problem, asked, .. } = state(&material, &fewest, &convention());
    assert_eq!((problem.slot_minutes, find(&problem, "a").duration), (10, 5));
    assert_eq!(problem.incumbent, [place("a", 24, "hall"), place("b", 30, "hall")]);
    let starts = find(&problem, "new").starts.clone().unwrap();
    assert!(starts.iter().all(|[from, to]| from % 3 == 0 && to - from == 1), "half hours alone: {starts:?}");
    // From 09:00 until 22:30 on both days.
    assert_eq!((starts.len(), starts[0], starts[55]), (56, [18, 19], [243, 244]));
    assert_eq!(asked.len(), 3);
    // Whoever is off the grid may stay there, and nobody else may come.
    material.sessions.extend((0..40).map(|number| placed(&format!("on {number}"), &[], "hall", slot("15 10:00", 50))));
    material.sessions.push(placed("off", &[], "hall", slot("14 12:10", 50)));
    let Stated { problem, .. } = state(&material, &fewest, &convention());
    let may_begin_there =
        |id: &str| find(&problem, id).starts.iter().flatten().any(|[from, to]| (*from..*to).contains(&37));
    assert!(may_begin_there("off") && !may_begin_there("new"));
    // Planning anew, the grid's lines are the slots.
    let Stated { problem, .. } = stated(&material);
    assert_eq!((problem.slot_minutes, &find(&problem, "new").starts), (30, &None));
}

#[test]
fn days_of_the_task_are_where_sessions_go() {
    let material = material(vec![room("hall")], Vec::new(), vec![session("a", &[])]);
    let task = Task { days: Some(vec![date(2026, 8, 15)]), ..Task::default() };
    assert_eq!(find(&state(&material, &task, &convention()).problem, "a").starts, Some(vec![[48, 96]]));
}

#[test]
fn a_room_that_is_closed_is_not_open_then() {
    let closed = Closed { id: "hall".to_owned(), time: slot("14 10:15", 60) };
    let now = placed("a", &[], "hall", slot("14 10:00", 60));
    let material = material(vec![room("hall")], Vec::new(), vec![now]);
    let task = Task { closed: vec![closed], closeness: Closeness::Fewest, ..Task::default() };
    let problem = state(&material, &task, &convention()).problem;
    assert_eq!(problem.rooms[0].open, Some(vec![[6, 8], [11, 34], [54, 82]]));
    assert_eq!(problem.incumbent, [place("a", 8, "hall")]);
}

mod keeping;
