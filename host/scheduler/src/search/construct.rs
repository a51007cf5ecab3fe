//! The first timetable: whoever has the fewest places goes first, to where it costs least; who finds none throws others out.
//!
//! Each time a session is thrown out it becomes harder to throw out again, so that two do not throw each other out for ever.

use fastrand::Rng;

use super::bits;
use super::model::Model;
use super::state::State;
use crate::problem::Place;

/// Gives places to sessions without one, as long as `is_time`, and shows what it comes to after each. Who finds none throws others out,
/// until that has been too often: there may be no room for all.
pub(crate) fn construct(
    state: &mut State<'_>,
    random: &mut Rng,
    is_time: &dyn Fn() -> bool,
    mut show: impl FnMut(&mut State<'_>),
) {
    /// How often a session may look for a place.
    const PATIENCE: u32 = 25;
    let model = state.model;
    let mut waiting = state.homeless().to_vec();
    waiting.sort_by_key(|&session| (std::cmp::Reverse(slack(model, session)), session));
    let (mut starts, mut rooms) = (Vec::new(), Vec::new());
    let mut eviction = Eviction { times: vec![0; model.sessions], people: Vec::new(), others: Vec::new() };
    let mut tries = vec![0; model.sessions];
    while let Some(session) = waiting.pop() {
        show(state);
        if !is_time() {
            break;
        }
        tries[session as usize] += 1;
        if let Some((place, price)) = cheapest(state, session, &mut starts, &mut rooms) {
            state.put(session, place, price);
            state.keep();
            continue;
        }
        if tries[session as usize] > PATIENCE {
            continue;
        }
        if let Some((place, others)) = eviction.least(state, session, random, is_time) {
            for other in others {
                eviction.times[other as usize] += 1;
                state.lift(other);
                waiting.push(other);
            }
            state.keep();
            state.settle(session, place);
            state.keep();
        }
    }
}

/// Puts sessions where they were before, as far as they still fit there.
pub(crate) fn restore(state: &mut State<'_>, from: &[Option<Place>]) {
    for (session, &place) in (0u32..).zip(from) {
        if let Some(place) = place.filter(|&place| state.fits(session, place)) {
            state.settle(session, place);
            state.keep();
        }
    }
}

/// How many places a session has, whoever else is anywhere.
fn slack(model: &Model<'_>, session: u32) -> usize {
    bits::count(model.starts.row(session as usize)) as usize * model.room_choice.of(session as usize).len()
}

/// The free place that costs a session without one the least. Right while nothing is pending.
pub(crate) fn cheapest(
    state: &State<'_>,
    session: u32,
    starts: &mut Vec<u64>,
    rooms: &mut Vec<u64>,
) -> Option<(Place, i64)> {
    state.open_starts(session, starts);
    let by_start = state.start_costs(session);
    let may_gain = state.model.groups.may_gain(session as usize);
    let mut best: Option<(Place, i64)> = None;
    for start in bits::ones(starts).map(|start| start as u32) {
        if !may_gain && best.is_some_and(|(_, least)| i64::from(by_start[start as usize]) >= least) {
            continue;
        }
        state.free_rooms(session, start, rooms);
        let choice = state.model.room_choice.of(session as usize);
        let Some(&room) = choice.iter().find(|&&room| bits::has(rooms, room as usize)) else { continue };
        let place = Place { start, room };
        let price = state.price(session, place);
        if best.is_none_or(|(_, least)| price < least) {
            best = Some((place, price));
        }
    }
    best
}

/// Who has been thrown out how often.
struct Eviction {
    times: Vec<u64>,
    people: Vec<u32>,
    others: Vec<u32>,
}

impl Eviction {
    /// The place where the fewest are in the way, and those thrown out the least often; by chance among equals. Nobody is thrown out
    /// who could be nowhere else. No place when there is no time to look at all of them.
    fn least(
        &mut self,
        state: &State<'_>,
        session: u32,
        random: &mut Rng,
        is_time: &dyn Fn() -> bool,
    ) -> Option<(Place, Vec<u32>)> {
        let model = state.model;
        let mut best: Option<(u64, Place, Vec<u32>)> = None;
        let mut equals = 1;
        for start in bits::ones(model.starts.row(session as usize)).map(|start| start as u32) {
            if !is_time() {
                return None;
            }
            state.in_the_way(session, start, &mut self.people);
            let base = self.burden(model, &self.people);
            for &room in model.room_choice.of(session as usize) {
                let place = Place { start, room };
                if base.is_none_or(|base| best.as_ref().is_some_and(|best| base > best.0)) {
                    break;
                }
                if !state.is_open(session, place) {
                    continue;
                }
                self.others.clone_from(&self.people);
                self.others.extend(state.occupants(session, place).filter(|other| !self.people.contains(other)));
                let Some(burden) = self.burden(model, &self.others) else { continue };
                let least = best.as_ref().map_or(u64::MAX, |best| best.0);
                equals = if burden < least { 1 } else { equals + 1 };
                if burden < least || (burden == least && random.u32(0..equals) == 0) {
                    best = Some((burden, place, self.others.clone()));
                }
            }
        }
        best.map(|(_, place, others)| (place, others))
    }

    /// How much there is against throwing these out; `None`: one of them could be nowhere else.
    fn burden(&self, model: &Model<'_>, others: &[u32]) -> Option<u64> {
        others.iter().map(|&other| (slack(model, other) > 1).then(|| 1 + self.times[other as usize].pow(2))).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::document::read_problem;

    /// A room that is taken for good, and one more session.
    #[test]
    fn there_is_time_to_look_for_whom_to_throw_out_or_it_is_not_done() {
        let document =
            br#"{"format":"conman-schedule-problem/1","days":1,"slots_per_day":100,"rooms":[{"id":"r","capacity":1}],
            "sessions":[{"id":"s","duration":80},{"id":"t","duration":30}]}"#;
        let problem = read_problem(document).unwrap();
        let model = Model::new(&problem);
        let mut state = State::new(&model);
        state.settle(0, Place { start: 0, room: 0 });
        state.keep();
        let asked = Cell::new(0);
        let least = |times: u32| {
            asked.set(0);
            let is_time = || asked.replace(asked.get() + 1) < times;
            let mut eviction = Eviction { times: vec![0; 2], people: Vec::new(), others: Vec::new() };
            eviction.least(&state, 1, &mut Rng::with_seed(1), &is_time).map(|(_, others)| others)
        };
        assert_eq!(least(1_000), Some(vec![0]));
        assert_eq!(asked.get(), 71, "for each start");
        assert_eq!(least(3), None);
        assert_eq!(asked.get(), 4);
    }
}
