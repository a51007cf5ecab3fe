//! The best cost of a small problem, by trying everything.

use conman_scheduler::check;
use conman_scheduler::cost::Cost;
use conman_scheduler::problem::{Place, Problem};
use conman_scheduler::timetable::Timetable;

/// The cost of the best timetable.
pub(crate) fn optimum(problem: &Problem) -> Cost {
    let mut best = check::cost(problem, &Timetable::empty(problem));
    try_all(problem, &mut Timetable::empty(problem), 0, &mut best);
    best
}

fn try_all(problem: &Problem, timetable: &mut Timetable, session: usize, best: &mut Cost) {
    if session == problem.sessions.len() {
        *best = check::cost(problem, timetable).min(*best);
        return;
    }
    try_all(problem, timetable, session + 1, best);
    for start in 0..problem.calendar.horizon() {
        for room in (0u32..).take(problem.rooms.len()) {
            timetable.places[session] = Some(Place { start, room });
            if check::broken(problem, timetable).is_empty() {
                try_all(problem, timetable, session + 1, best);
            }
        }
    }
    timetable.places[session] = None;
}
