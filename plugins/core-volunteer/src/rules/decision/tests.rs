//! Every word of the vocabulary with its sentence.

use expect_test::{Expect, expect};

use super::super::calendar::tests::{at, berlin, span};
use super::*;

mod model;

fn shift(id: &str, when: &str) -> ShiftFacts {
    ShiftFacts { id: id.to_owned(), title: format!("Shift {id}"), span: span(when), cancelled: false }
}

fn role() -> RoleFacts {
    RoleFacts {
        id: "forklift".to_owned(),
        name: "Forklift driver".to_owned(),
        needs_confirmation: false,
        over_18: false,
        licence: None,
    }
}

/// Everything is allowed.
pub(in super::super) fn permissive() -> Policy {
    Policy {
        opens_at: None,
        opens_minutes_before: None,
        closes_minutes_before: None,
        arrival_from: None,
        no_shows_until_locked: None,
        rest: RestPolicy { break_minutes: 0, minimum_minutes: 0, most_minutes_per_day: None },
    }
}

struct Scene {
    policy: Policy,
    volunteer: VolunteerFacts,
    commitments: Vec<Commitment>,
    shift: ShiftFacts,
    role: RoleFacts,
    needed: i64,
    taken: i64,
    now: Timestamp,
}

fn scene() -> Scene {
    Scene {
        policy: permissive(),
        volunteer: VolunteerFacts::default(),
        commitments: Vec::new(),
        shift: shift("new", "2026-08-14 10:00/12:00"),
        role: role(),
        needed: 2,
        taken: 0,
        now: at("2026-08-13 12:00"),
    }
}

impl Scene {
    fn decide(&self) -> Result<(), Refusal> {
        let seat = Seat { role: &self.role, needed: self.needed, taken: self.taken };
        Standing::new(&self.policy, &berlin(), self.now, &self.volunteer, &self.commitments).decide(&self.shift, seat)
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

fn check(scene: &Scene, expected: Expect) {
    check_for(scene, Reader::Volunteer, expected);
}

fn check_for(scene: &Scene, reader: Reader, expected: Expect) {
    let text = match scene.decide() {
        Ok(()) => FREE.to_owned(),
        Err(refusal) => format!("{}: {}", refusal.code(), refusal.message(&berlin(), reader)),
    };
    expected.assert_eq(&text);
}

fn committed(id: &str, when: &str) -> Commitment {
    Commitment { shift: shift(id, when), binding: true }
}

#[test]
fn free() {
    check(&scene(), expect!["FREE"]);
}

#[test]
fn ended() {
    check(
        &scene().with(|s| s.now = at("2026-08-14 12:00")),
        expect!["ENDED: This shift was over at Fri 14 Aug 12:00. Choose another one."],
    );
    check(&scene().with(|s| s.shift.cancelled = true), expect!["ENDED: This shift was cancelled. Choose another one."]);
    check(
        &scene().with(|s| {
            s.policy.closes_minutes_before = Some(15);
            s.now = at("2026-08-14 09:45");
        }),
        expect![
            "ENDED: Sign-up for this shift closed at Fri 14 Aug 09:45. Ask a department head, who can still sign you up."
        ],
    );
}

#[test]
fn already() {
    let again = scene().with(|s| s.commitments.push(committed("new", "2026-08-14 10:00/12:00")));
    check(&again, expect!["ALREADY: You have an entry for this shift already."]);
    check(
        &again.with(|s| s.commitments[0].binding = false),
        expect![
            "ALREADY: You had a place on this shift, and were marked as absent or gone. Ask a department head to reopen it."
        ],
    );
}

#[test]
fn locked() {
    check(
        &scene().with(|s| {
            s.policy.no_shows_until_locked = Some(3);
            s.volunteer.no_shows = 3;
        }),
        expect![
            "LOCKED: Sign-up is locked after 3 no-shows (the limit is 3). Talk to a department head, who can unlock it."
        ],
    );
}

#[test]
fn not_yet() {
    check(
        &scene().with(|s| {
            s.policy.opens_at = Some(at("2026-08-01 00:00"));
            s.policy.opens_minutes_before = Some(12 * 60);
        }),
        expect!["NOT_YET: Sign-up for this shift opens at Thu 13 Aug 22:00."],
    );
}

#[test]
fn not_arrived() {
    let before = scene().with(|s| s.policy.arrival_from = Some(at("2026-08-14 05:00")));
    check(&before, expect!["FREE"]);
    check(
        &before.with(|s| s.now = at("2026-08-14 08:00")),
        expect!["NOT_ARRIVED: You are not marked as arrived at the convention. Come to the volunteer desk first."],
    );
}

#[test]
fn not_qualified() {
    let strict = scene().with(|s| {
        s.role.needs_confirmation = true;
        s.role.over_18 = true;
        s.role.licence = Some("Forklift".to_owned());
    });
    check(
        &strict,
        expect![
            "NOT_QUALIFIED: The role “Forklift driver” asks for more: a head of the department has to confirm you for it; somebody has to confirm at the desk that you are over 18; somebody has to see your licence “Forklift”."
        ],
    );
    check(
        &strict.with(|s| {
            s.volunteer.adult = true;
            s.volunteer.confirmed_roles.insert("forklift".to_owned());
            s.volunteer.licences.insert("Forklift".to_owned());
        }),
        expect!["FREE"],
    );
}

#[test]
fn collides() {
    check(
        &scene().with(|s| s.commitments.push(committed("door", "2026-08-14 11:59/13:00"))),
        expect![
            "COLLIDES: It is at the same time as your shift “Shift door” (Fri 14 Aug 11:59–13:00). Withdraw from that one first."
        ],
    );
}

#[test]
fn what_was_given_up_or_cancelled_does_not_collide() {
    let no_show = Commitment { binding: false, ..committed("a", "2026-08-14 10:00/11:00") };
    let mut cancelled = committed("b", "2026-08-14 10:00/11:00");
    cancelled.shift.cancelled = true;
    check(&scene().with(|s| s.commitments = vec![no_show, cancelled]), expect!["FREE"]);
}

#[test]
fn rest_rule() {
    let rested = scene().with(|s| {
        s.policy.rest = RestPolicy { break_minutes: 30, minimum_minutes: 120, most_minutes_per_day: Some(240) };
        s.commitments.push(committed("door", "2026-08-14 07:00/09:00"));
    });
    check(
        &rested,
        expect![
            "REST_RULE: Between it and your shift “Shift door” (Fri 14 Aug 07:00–09:00) there are only 1 h; 1 h of rest are missing. Choose another one, or withdraw from that one first."
        ],
    );
    check(
        &rested.with(|s| s.commitments[0] = committed("door", "2026-08-14 06:30/10:00")),
        expect![
            "REST_RULE: There are 3 h 30 min of your work on Fri 14 Aug already; with this shift it would be 5 h 30 min, and 4 h are the most for a day. Choose one on another day, or withdraw from one of that day first."
        ],
    );
}

#[test]
fn occupied() {
    check(
        &scene().with(|s| s.taken = 2),
        expect![
            "OCCUPIED: All 2 places for “Forklift driver” are taken. Choose another one, or look again later: places are given back."
        ],
    );
    check(
        &scene().with(|s| s.needed = 0),
        expect!["OCCUPIED: Nobody is needed for “Forklift driver” on this shift. Choose another one."],
    );
}

#[test]
fn a_head_reads_what_heads_can_do() {
    let check = |change: fn(&mut Scene), expected: Expect| check_for(&scene().with(change), Reader::Head, expected);
    check(
        |s| s.now = at("2026-08-14 12:00"),
        expect!["ENDED: This shift was over at Fri 14 Aug 12:00. Work that was done on it goes into the worklog."],
    );
    check(
        |s| s.commitments.push(Commitment { binding: false, ..committed("new", "2026-08-14 10:00/12:00") }),
        expect!["ALREADY: They had a place on this shift, and were marked as absent or gone. Reopen that entry."],
    );
    check(
        |s| (s.policy.no_shows_until_locked, s.volunteer.no_shows) = (Some(3), 4),
        expect!["LOCKED: Sign-up is locked after 4 no-shows (the limit is 3). Unlock it first."],
    );
    check(
        |s| s.policy.arrival_from = Some(Timestamp::MIN),
        expect!["NOT_ARRIVED: They are not marked as arrived at the convention. Mark their arrival first."],
    );
    check(
        |s| (s.role.needs_confirmation, s.role.over_18) = (true, true),
        expect![
            "NOT_QUALIFIED: The role “Forklift driver” asks for more: a head of the department has to confirm them for it; somebody has to confirm at the desk that they are over 18."
        ],
    );
    check(
        |s| s.commitments.push(committed("door", "2026-08-14 11:59/13:00")),
        expect![
            "COLLIDES: It is at the same time as their shift “Shift door” (Fri 14 Aug 11:59–13:00). Take them off that one first."
        ],
    );
    check(
        |s| {
            s.policy.rest.minimum_minutes = 120;
            s.commitments.push(committed("door", "2026-08-14 07:00/09:00"));
        },
        expect![
            "REST_RULE: Between it and their shift “Shift door” (Fri 14 Aug 07:00–09:00) there are only 1 h; 1 h of rest are missing. Choose another one, or take them off that one first."
        ],
    );
    check(
        |s| s.taken = 2,
        expect!["OCCUPIED: All 2 places for “Forklift driver” are taken. Ask for more people on the shift first."],
    );
}

#[test]
fn a_head_signs_up_before_it_opens_and_after_it_closes() {
    let closed = scene().with(|s| {
        s.policy.opens_at = Some(at("2026-08-15 00:00"));
        s.policy.opens_minutes_before = Some(60);
        s.policy.closes_minutes_before = Some(3 * 24 * 60);
    });
    assert!(closed.decide().is_err());
    check(&closed.with(|s| s.policy = s.policy.clone().of_a_head()), expect!["FREE"]);
}

#[test]
fn a_place_is_not_given_back_to_who_is_elsewhere() {
    let scene = scene().with(|s| {
        s.policy.rest = RestPolicy { break_minutes: 30, minimum_minutes: 120, most_minutes_per_day: None };
        s.commitments.push(Commitment { binding: false, ..committed("new", "2026-08-14 10:00/12:00") });
        s.commitments.push(committed("door", "2026-08-14 11:00/13:00"));
    });
    let again = |scene: &Scene, now: &str| {
        let standing = Standing::new(&scene.policy, scene_calendar(), at(now), &scene.volunteer, &scene.commitments);
        standing.fits_again(&scene.shift).map_err(|misfit| misfit.code())
    };
    assert_eq!(again(&scene, "2026-08-14 10:00"), Err("COLLIDES"));
    assert_eq!(again(&scene, "2026-08-15 10:00"), Err("COLLIDES"));
    let near = scene.with(|s| s.commitments[1] = committed("door", "2026-08-14 13:00/14:00"));
    assert_eq!(again(&near, "2026-08-14 10:00"), Err("REST_RULE"));
    // When it is over nobody rests any more for it.
    assert_eq!(again(&near, "2026-08-14 12:00"), Ok(()));
    assert_eq!(again(&near.with(|s| s.shift.cancelled = true), "2026-08-14 10:00"), Ok(()));
}

#[test]
fn a_shift_one_has_does_not_stand_in_its_own_way() {
    let scene = scene().with(|s| s.commitments.push(committed("new", "2026-08-14 10:00/12:00")));
    let standing = Standing::new(&scene.policy, scene_calendar(), scene.now, &scene.volunteer, &scene.commitments);
    assert_eq!(standing.fits(&scene.shift), Ok(()));
}

fn scene_calendar() -> &'static Calendar {
    static CALENDAR: std::sync::OnceLock<Calendar> = std::sync::OnceLock::new();
    CALENDAR.get_or_init(berlin)
}
