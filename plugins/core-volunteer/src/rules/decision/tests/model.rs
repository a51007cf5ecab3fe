//! The whole function against a slow model: a week as a row of minutes, which it walks.

use proptest::prelude::*;

use super::*;

const ORIGIN: &str = "2026-08-10 00:00";

#[derive(Debug, Clone)]
struct Case {
    now: i64,
    shift: (i64, i64),
    cancelled: bool,
    others: Vec<(i64, i64, bool, bool)>,
    already: bool,
    needed: i64,
    taken: i64,
    no_shows: i64,
    limit: Option<i64>,
    opens: Option<i64>,
    opens_before: Option<i64>,
    closes_before: Option<i64>,
    arrival: Option<i64>,
    arrived: bool,
    requirement: (bool, bool, bool),
    held: (bool, bool, bool),
    break_minutes: i64,
    rest: i64,
    most: Option<i64>,
}

fn cases() -> impl Strategy<Value = Case> {
    let minute = || (0_i64..4 * 24).prop_map(|quarter| quarter * 30);
    let length = || (1_i64..10).prop_map(|quarter| quarter * 30);
    let rarely = |range: std::ops::Range<i64>| prop_oneof![4 => Just(None), 1 => range.prop_map(Some)];
    let other = (minute(), length(), prop::bool::weighted(0.85), prop::bool::weighted(0.1));
    (
        (minute(), (minute(), length()), prop::bool::weighted(0.05), prop::collection::vec(other, 0..4)),
        (prop::bool::weighted(0.05), 0_i64..4, 0_i64..4, 0_i64..4, rarely(1..4)),
        (rarely(0..2000), rarely(0..3000), rarely(0..120), rarely(0..3000), any::<bool>()),
        (
            (prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.2)),
            (any::<bool>(), any::<bool>(), any::<bool>()),
        ),
        (prop_oneof![Just(0_i64), Just(30)], prop_oneof![Just(0_i64), Just(60), Just(240)], rarely(60..600)),
    )
        .prop_map(
            |(
                (now, (start, length), cancelled, others),
                (already, needed, taken, no_shows, limit),
                (opens, opens_before, closes_before, arrival, arrived),
                (requirement, held),
                (break_minutes, rest, most),
            )| {
                let others =
                    others.into_iter().map(|(s, l, binding, cancelled)| (s, s + l, binding, cancelled)).collect();
                Case {
                    now: now / 4,
                    shift: (start, start + length),
                    cancelled,
                    others,
                    already,
                    needed,
                    taken,
                    no_shows,
                    limit,
                    opens,
                    opens_before,
                    closes_before,
                    arrival,
                    arrived,
                    requirement,
                    held,
                    break_minutes,
                    rest,
                    most,
                }
            },
        )
}

fn real(case: &Case) -> &'static str {
    let minute = |minute: i64| after_minutes(at(ORIGIN), minute);
    let facts = |id: String, (start, end): (i64, i64), cancelled| ShiftFacts {
        title: id.clone(),
        id,
        span: Span::new(minute(start), minute(end)).unwrap(),
        cancelled,
    };
    let mut commitments: Vec<_> = case
        .others
        .iter()
        .enumerate()
        .map(|(index, (start, end, binding, cancelled))| Commitment {
            shift: facts(format!("other-{index}"), (*start, *end), *cancelled),
            binding: *binding,
        })
        .collect();
    if case.already {
        commitments.push(Commitment { shift: facts("new".to_owned(), case.shift, false), binding: false });
    }
    let (confirmation, adult, licence) = case.requirement;
    let role = RoleFacts {
        needs_confirmation: confirmation,
        over_18: adult,
        licence: licence.then(|| "L".to_owned()),
        ..role()
    };
    let volunteer = VolunteerFacts {
        arrived: case.arrived,
        adult: case.held.1,
        confirmed_roles: case.held.0.then(|| "forklift".to_owned()).into_iter().collect(),
        licences: case.held.2.then(|| "L".to_owned()).into_iter().collect(),
        no_shows: case.no_shows,
    };
    let policy = Policy {
        opens_at: case.opens.map(minute),
        opens_minutes_before: case.opens_before,
        closes_minutes_before: case.closes_before,
        arrival_from: case.arrival.map(minute),
        no_shows_until_locked: case.limit,
        rest: RestPolicy {
            break_minutes: case.break_minutes,
            minimum_minutes: case.rest,
            most_minutes_per_day: case.most,
        },
    };
    let calendar = berlin();
    let standing = Standing::new(&policy, &calendar, minute(case.now), &volunteer, &commitments);
    let seat = Seat { role: &role, needed: case.needed, taken: case.taken };
    match standing.decide(&facts("new".to_owned(), case.shift, case.cancelled), seat) {
        Ok(()) => FREE,
        Err(refusal) => refusal.code(),
    }
}

/// The same question, answered by walking over single minutes.
fn model(case: &Case) -> &'static str {
    let (start, end) = case.shift;
    let work: Vec<_> = case.others.iter().filter(|other| other.2 && !other.3).map(|other| (other.0, other.1)).collect();
    let at_work = |minute: i64| work.iter().any(|(start, end)| (*start..*end).contains(&minute));
    let closed = case.closes_before.is_some_and(|before| case.now >= start - before);
    if case.cancelled || case.now >= end || closed {
        return "ENDED";
    }
    if case.already {
        return "ALREADY";
    }
    if case.limit.is_some_and(|limit| case.no_shows >= limit) {
        return "LOCKED";
    }
    let opened = case.opens.is_none_or(|opens| case.now >= opens);
    if !opened || case.opens_before.is_some_and(|before| case.now < start - before) {
        return "NOT_YET";
    }
    if !case.arrived && case.arrival.is_some_and(|from| from <= case.now) {
        return "NOT_ARRIVED";
    }
    let (required, held) = (case.requirement, case.held);
    if (required.0 && !held.0) || (required.1 && !held.1) || (required.2 && !held.2) {
        return "NOT_QUALIFIED";
    }
    if (start..end).any(at_work) {
        return "COLLIDES";
    }
    let idle_before = (0..10_000).find(|gap| at_work(start - 1 - gap));
    let idle_after = (0..10_000).find(|gap| at_work(end + gap));
    if [idle_before, idle_after].into_iter().flatten().any(|gap| gap > case.break_minutes && gap < case.rest) {
        return "REST_RULE";
    }
    // Convention days of this calendar begin at 05:00. Two shifts one has at the same time both count.
    let day = |minute: i64| (minute - 5 * 60).div_euclid(24 * 60);
    let worked = |on: i64| -> i64 {
        let all = work.iter().chain([&case.shift]);
        all.map(|(start, end)| (*start..*end).filter(|minute| day(*minute) == on).count() as i64).sum()
    };
    if case.most.is_some_and(|most| (start..end).any(|minute| worked(day(minute)) > most)) {
        return "REST_RULE";
    }
    if case.taken >= case.needed { "OCCUPIED" } else { FREE }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn it_decides_as_the_model_does(case in cases()) {
        prop_assert_eq!(real(&case), model(&case));
    }

    /// Whoever takes what is free cannot take a second shift at that time.
    #[test]
    fn what_was_taken_collides(case in cases()) {
        if real(&case) == FREE {
            let mut after = case.clone();
            after.others.push((case.shift.0, case.shift.1, true, false));
            prop_assert_eq!(real(&after), "COLLIDES");
        }
    }
}
