//! What a search would have to keep tables of: refused where a short document asks for long ones.

use std::collections::HashSet;

use super::flaw::Report;
use super::limits;
use super::place::{Place, quoted};
use crate::problem::{Problem, Session};

/// Refuses a problem whose tables would be too large.
pub(super) fn refuse(problem: &Problem, report: &mut Report) {
    let (sessions, rooms) = (problem.sessions.len(), problem.rooms.len());
    let (people, groups, slots) = (problem.people.len(), problem.groups.len(), problem.calendar.horizon() as usize);
    for (section, many, things, others, most) in [
        ("sessions", sessions, "slots", slots, limits::SESSION_SLOTS),
        ("sessions", sessions, "rooms", rooms, limits::SESSION_ROOMS),
        ("rooms", rooms, "slots", slots, limits::ROOM_SLOTS),
        ("people", people, "slots", slots, limits::PERSON_SLOTS),
        ("groups", groups, "slots", slots, limits::GROUP_SLOTS),
        ("groups", groups, "rooms", rooms, limits::GROUP_ROOMS),
    ] {
        if many as u64 * others as u64 > most {
            report.add(
                &Place::DOCUMENT.key(section),
                format_args!("{many} {section} times {others} {things} are more than {most}"),
                format_args!("make slots longer, or solve days or parts of the programme one by one"),
            );
        }
    }
    lengths(problem, report);
    conflicts(problem, report);
}

fn lengths(problem: &Problem, report: &mut Report) {
    let length = |session: &Session| (session.setup, session.duration + session.teardown);
    let lengths = problem.sessions.iter().map(length).collect::<HashSet<_>>().len();
    let (rooms, slots) = (problem.rooms.len(), problem.calendar.horizon());
    if lengths as u64 * rooms as u64 * u64::from(slots) > limits::LENGTH_ROOM_SLOTS {
        report.add(
            &Place::DOCUMENT.key("sessions"),
            format_args!(
                "{lengths} different lengths times {rooms} rooms times {slots} slots are more than {}",
                limits::LENGTH_ROOM_SLOTS
            ),
            format_args!("make slots longer, so that lengths are fewer"),
        );
    }
}

fn conflicts(problem: &Problem, report: &mut Report) {
    let mut counts = vec![0u32; problem.sessions.len()];
    for session in problem.conflicts.iter().flat_map(|(one, other)| [one, other]) {
        if let Some(count) = counts.get_mut(*session as usize) {
            *count += 1;
        }
    }
    for (session, count) in problem.sessions.iter().zip(counts) {
        if count > limits::CONFLICTS_OF_SESSION {
            report.add(
                &Place::DOCUMENT.key("conflicts"),
                format_args!(
                    "{} is in {count} pairs, and {} is the most",
                    quoted(&session.id),
                    limits::CONFLICTS_OF_SESSION
                ),
                format_args!("say with \"starts\" when it can be"),
            );
        }
    }
}
