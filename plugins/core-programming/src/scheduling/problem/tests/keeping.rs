//! What cannot be stated where it is keeps at least its time, and what no day can hold is said.

use super::*;

/// Two days from 06:00 to 06:00, and everything that has a time but no place the scheduler knows.
fn unstatable() -> Material {
    let mut early = placed("early", &[], "hall", slot("14 06:00", 60));
    early.requirements.setup = 30;
    let sessions = vec![
        placed("plain", &["ann"], "hall", slot("14 10:00", 60)),
        Session { room: None, ..placed("roomless", &["bob"], "", slot("14 12:00", 60)) },
        placed("in a deleted room", &[], "gone", slot("14 14:00", 60)),
        placed("all night", &[], "hall", slot("15 04:30", 150)),
        early,
        placed("the day before", &[], "hall", slot("13 10:00", 60)),
        placed("into the day after", &[], "hall", slot("16 05:30", 60)),
        placed("a day and a night", &[], "hall", slot("14 18:00", 25 * 60)),
        Session { minutes: Some(30), ..session("hers", &["bob"]) },
    ];
    material(vec![room("hall")], vec![person("ann"), person("bob")], sessions)
}

fn asked(stated: &Stated) -> Vec<(&str, bool)> {
    stated.asked.iter().map(|asked| (asked.session.as_str(), asked.room_only)).collect()
}

#[test]
fn what_cannot_be_stated_keeps_its_time() {
    let material = unstatable();
    for closeness in [Closeness::Close, Closeness::Fewest] {
        let stated = state(&material, &Task { closeness, ..Task::default() }, &convention());
        let mut free = asked(&stated);
        free.sort_unstable();
        let expected = [("hers", false), ("in a deleted room", true), ("plain", false), ("roomless", true)];
        assert_eq!(free, expected, "{closeness:?}");
        assert_eq!(stated.fixed, 5, "{closeness:?}");
        let starts = |id: &str| find(&stated.problem, id).starts.clone();
        let noon = stated.calendar.slot(slot("14 12:00", 0).start).unwrap().0;
        assert_eq!(starts("roomless"), Some(vec![[noon, noon + 1]]), "{closeness:?}");
        let hour = stated.calendar.slots(3600);
        let hers = Ranges::of(starts("hers").unwrap());
        assert_eq!(hers.both(&Ranges::of([[noon, noon + hour]])), Ranges::default(), "{closeness:?}: Bob is there");
        let incumbents: Vec<&str> = stated.problem.incumbent.iter().map(|place| place.session.as_str()).collect();
        assert_eq!(incumbents, ["plain"], "{closeness:?}: neither of the others is in a room");
        assert_eq!(
            stated.notes,
            [
                "1 session stays where it is, because it takes longer than a day, or no time.",
                "3 sessions stay where they are, because they are on across a day change, set-up and tear-down included.",
                "1 session stays where it is, because it lies outside the convention's days.",
                "Of 4 sessions no audience is known, so rooms' sizes do not matter to them.",
            ],
            "{closeness:?}"
        );
    }
}

#[test]
fn planned_from_nothing_what_lacks_a_room_may_go_anywhere() {
    let stated = stated(&unstatable());
    let mut free = asked(&stated);
    free.sort_unstable();
    let free: Vec<&str> = free.iter().map(|(id, _)| *id).collect();
    assert_eq!(free, ["hers", "in a deleted room", "plain", "roomless", "the day before"]);
    assert!(stated.asked.iter().all(|asked| !asked.room_only));
    assert_eq!(
        (find(&stated.problem, "roomless").starts.as_ref(), stated.notes.len()),
        (None, 3),
        "{:?}",
        stated.notes
    );
}

#[test]
fn whoever_is_where_somebody_stays_may_stay_too() {
    let sessions = vec![
        Session { room: None, ..placed("roomless", &["ann"], "", slot("14 12:00", 60)) },
        placed("at once", &["ann"], "hall", slot("14 12:00", 60)),
    ];
    let material = material(vec![room("hall")], vec![person("ann")], sessions);
    let task = Task { closeness: Closeness::Fewest, ..Task::default() };
    let Stated { problem, .. } = state(&material, &task, &convention());
    let now = problem.incumbent[0].start;
    assert!(find(&problem, "at once").starts.iter().flatten().any(|[from, to]| (*from..*to).contains(&now)));
}

#[test]
fn what_no_day_can_hold_has_no_place_and_says_so() {
    let mut exhibition = Session { minutes: Some(24 * 60), ..session("exhibition", &[]) };
    let stated_with = |exhibition: &Session| {
        stated(&material(vec![room("hall")], Vec::new(), vec![exhibition.clone(), session("talk", &[])]))
    };
    let fits = stated_with(&exhibition);
    assert_eq!((find(&fits.problem, "exhibition").duration, fits.asked.len()), (48, 2), "it fits a day");
    exhibition.requirements.setup = 30;
    let Stated { problem, asked, .. } = stated_with(&exhibition);
    assert_eq!((problem.sessions.len(), asked.len()), (1, 2));
    let left = asked.iter().find(|asked| asked.session == "exhibition").unwrap();
    assert_eq!(left.reasons[0].detail, "it takes 49 slots with set-up and tear-down, and a day has 48 slots");
    assert_eq!((left.reasons[0].constraint.as_str(), &left.reasons[0].sessions), ("day", &list(&["exhibition"])));
    // One that stays out of the scope is no matter.
    exhibition.free = false;
    assert_eq!(stated_with(&exhibition).asked.len(), 1);
}
