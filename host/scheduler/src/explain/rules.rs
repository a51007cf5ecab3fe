//! Why a session's own rules leave it no place, whoever else is anywhere: the fewest of them that do so together.

use super::blockers::{About, Cause};
use super::domain::{Domains, Rule};
use super::minimal::minimal;
use super::standing::Standing;
use super::words::{Words, list, slots, times};
use crate::check::Constraint;
use crate::problem::{Problem, SessionIndex};

/// One for each hard constraint that has a part in it, the one to change first.
pub(super) fn causes(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex) -> Vec<Cause> {
    let leaves_none = |rules: &[Rule]| domains.under(session, &[&[Rule::Day], rules].concat()).is_empty();
    let cause = minimal(domains.rules(session), standing.go_on, leaves_none);
    if !(standing.go_on)() {
        return Vec::new();
    }
    let people = cause.iter().filter_map(|rule| if let Rule::Person(person) = rule { Some(*person) } else { None });
    let pinned = standing.problem.sessions[session as usize].pin.room.filter(|_| cause.contains(&Rule::PinRoom));
    let about = About { sessions: vec![session], people: people.collect(), rooms: pinned.into_iter().collect() };
    let detail = detail(standing, domains, session, &cause);
    let mut constraints: Vec<_> = cause.iter().map(|rule| (rank(*rule), constraint(*rule))).collect();
    constraints.sort_unstable();
    constraints.dedup_by_key(|(_, constraint)| *constraint);
    if constraints.is_empty() {
        // Without any rule there is no place where there is no room.
        constraints.push((0, Constraint::RoomFeatures));
    }
    let one = |(_, constraint): (_, Constraint)| Cause::new(constraint.name(), detail.clone(), about.clone());
    constraints.into_iter().map(one).collect()
}

/// What a session needs of rooms, as far as it is unusual.
pub(super) fn needs(words: Words<'_>, session: SessionIndex) -> Option<String> {
    let (problem, session) = (words.0, &words.0.sessions[session as usize]);
    let features = session.features.iter().map(|feature| format!("{:?}", problem.features[*feature as usize]));
    (!session.features.is_empty()).then(|| format!("needs {}", list(features)))
}

/// Whose change mends a cause rather than that of others.
fn rank(rule: Rule) -> u32 {
    match rule {
        Rule::PinStart | Rule::PinRoom => 0,
        Rule::Chain => 1,
        Rule::Open => 2,
        Rule::Person(_) => 3,
        Rule::Capacity => 4,
        Rule::Feature(_) => 5,
        Rule::Rooms => 6,
        Rule::Starts => 7,
        Rule::Day => 8,
    }
}

fn constraint(rule: Rule) -> Constraint {
    match rule {
        Rule::PinStart | Rule::PinRoom => Constraint::Pin,
        Rule::Chain => Constraint::After,
        Rule::Open => Constraint::RoomOpen,
        Rule::Person(_) => Constraint::PersonAvailable,
        Rule::Capacity => Constraint::RoomCapacity,
        Rule::Feature(_) | Rule::Rooms => Constraint::RoomFeatures,
        Rule::Starts => Constraint::Starts,
        Rule::Day => Constraint::Day,
    }
}

fn detail(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex, cause: &[Rule]) -> String {
    let (words, problem) = (Words(standing.problem), standing.problem);
    let shape = &problem.sessions[session as usize];
    let takes = shape.setup + shape.duration + shape.teardown;
    match cause {
        [] => "there is no room".to_owned(),
        [Rule::Day] => {
            let day = slots(problem.calendar.slots_per_day);
            format!("it takes {} with set-up and tear-down, and a day has {day}", slots(takes))
        }
        [Rule::Feature(feature)] => format!("no room has {:?}", problem.features[*feature as usize]),
        [Rule::Capacity] => format!(
            "it expects {} people, and the largest room has {} seats",
            shape.audience,
            problem.rooms.iter().map(|room| room.capacity).max().unwrap_or(0)
        ),
        [Rule::Person(person)] => format!(
            "{} has no free stretch of {}: available {}",
            words.person(*person),
            slots(shape.duration),
            times(&problem.people[*person as usize].available)
        ),
        [Rule::Rooms] => "it may be in no room".to_owned(),
        [Rule::Starts] if shape.starts.as_ref().is_some_and(Vec::is_empty) => "it may never start".to_owned(),
        [Rule::Starts | Rule::PinStart] => {
            let when = part(standing, domains, session, cause[0], cause);
            format!("{when}, and no day holds all of it there, with set-up and tear-down")
        }
        [Rule::Open] => format!("no room is open for {} one after another on a day", slots(takes)),
        _ => {
            let mut cause = cause.to_vec();
            cause.sort_by_key(|rule| rank(*rule));
            let parts: Vec<_> = cause.iter().map(|rule| part(standing, domains, session, *rule, &cause)).collect();
            format!("{}: that leaves no place", parts.join("; "))
        }
    }
}

/// What a rule says, as a part of a sentence.
fn part(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex, rule: Rule, cause: &[Rule]) -> String {
    let (words, problem) = (Words(standing.problem), standing.problem);
    let shape = &problem.sessions[session as usize];
    match rule {
        Rule::PinStart => format!("it is pinned to slot {}", shape.pin.start.unwrap_or_default()),
        Rule::PinRoom => format!("it is pinned to room {}", words.room(shape.pin.room.unwrap_or_default())),
        Rule::Chain => chain(domains, session),
        Rule::Open => open(problem, domains, session, cause),
        Rule::Person(person) => {
            format!("{} is available {}", words.person(person), times(&problem.people[person as usize].available))
        }
        Rule::Capacity => format!("it expects {} people", shape.audience),
        Rule::Feature(feature) => format!("it needs {:?}", problem.features[feature as usize]),
        Rule::Rooms => format!("it may only be in {}", words.rooms(shape.rooms.as_deref().unwrap_or_default())),
        Rule::Starts => format!("it may only start in {}", times(shape.starts.as_deref().unwrap_or_default())),
        Rule::Day => "it has to lie inside one day".to_owned(),
    }
}

/// Who these are is told with the whole blocker.
fn chain(domains: &Domains<'_>, session: SessionIndex) -> String {
    let starts = domains.starts_under(session, &[Rule::Day, Rule::Chain]);
    match starts.as_slice() {
        [] => "what comes before and after it never lets it start".to_owned(),
        starts => format!("what comes before and after it lets it start only in {}", times(starts)),
    }
}

/// When those rooms are open that the rest of the cause leaves.
fn open(problem: &Problem, domains: &Domains<'_>, session: SessionIndex, cause: &[Rule]) -> String {
    let rooms = (0u32..).zip(&problem.rooms).filter(|(room, _)| domains.admits(session, *room, cause));
    let open = super::ranges::unite(rooms.flat_map(|(_, room)| room.open.clone()).collect());
    format!("the rooms it could be in are open {}", times(&open))
}
