//! The best cost of a small problem, by trying everything.

use conman_scheduler::check;
use conman_scheduler::cost::Cost;
use conman_scheduler::problem::{Place, Problem};
use conman_scheduler::timetable::Timetable;

/// The cost of the best of all timetables that count.
pub(crate) fn optimum(problem: &Problem, counts: &dyn Fn(&Timetable) -> bool) -> Option<Cost> {
    let mut best = None;
    try_all(problem, &mut Timetable::empty(problem), 0, &mut |timetable| {
        let cost = check::cost(problem, timetable);
        if best.is_none_or(|best| cost < best) && counts(timetable) {
            best = Some(cost);
        }
    });
    best
}

fn try_all(problem: &Problem, timetable: &mut Timetable, session: usize, look_at: &mut dyn FnMut(&Timetable)) {
    if session == problem.sessions.len() {
        return look_at(timetable);
    }
    try_all(problem, timetable, session + 1, look_at);
    for start in 0..problem.calendar.horizon() {
        for room in (0u32..).take(problem.rooms.len()) {
            timetable.places[session] = Some(Place { start, room });
            if check::broken(problem, timetable).is_empty() {
                try_all(problem, timetable, session + 1, look_at);
            }
        }
    }
    timetable.places[session] = None;
}
