//! What the search proposes. Each kind of move is one file; all of them lead from timetables without a broken hard constraint to such.

mod displace;
mod exchange;
mod heat_bath;
mod insert;
mod kempe;
mod wander;

use fastrand::Rng;

use super::state::State;
use crate::problem::Place;

/// A timetable, and what it takes to move about in it.
pub(crate) struct Walker<'m> {
    pub(crate) state: State<'m>,
    pub(crate) random: Rng,
    temperature: Temperature,
    /// How often other sessions may lose their places, whatever that costs.
    boldness: f32,
    mix: Mix,
    starts: Vec<u64>,
    rooms: Vec<u64>,
    chances: Vec<(u32, f32)>,
    others: Vec<u32>,
    moved: Vec<(u32, Option<Place>)>,
}

/// How much worse a move may make things: a change of the cost by the temperature is accepted once in e times.
struct Temperature {
    value: f64,
    /// By whole cost: the share of it that is accepted; as far as that is worth telling.
    chance: Vec<f32>,
}

/// How often which move is proposed. Chosen by what the competition's instances and generated conventions cost after the same time. None
/// is sharp: with half or twice as many chains or exchanges the former cost the same within two per cent, which is how far seeds differ.
struct Mix {
    /// Seldom: it takes as long as dozens of the others, and more where there are many starts to look at.
    displace: f32,
    kempe: f32,
    heat_bath: f32,
    exchange: f32,
    /// How many sessions are looked at for one that costs something.
    looks: usize,
}

impl<'m> Walker<'m> {
    pub(crate) fn new(state: State<'m>, random: Rng) -> Self {
        let model = state.model;
        // A look-up tells what pairs of sessions and preferences make of each start. Where nothing else costs, choosing among all
        // starts by that is the best move.
        let by_start = !model.neighbours.is_empty() || model.has_start_costs;
        let otherwise = !model.groups.is_empty() || model.has_room_costs;
        let heat_bath = match (by_start, otherwise) {
            (false, _) => 0.0,
            (true, true) => 0.4,
            (true, false) => 0.9,
        };
        let exchange = if model.conflicts.is_empty() { 0.0 } else { 0.2 };
        // The fewer sessions there are, the likelier it is that several have to make room for one another.
        let displace = (2.0 / model.sessions as f32).clamp(if heat_bath > 0.5 { 0.002 } else { 0.01 }, 0.1);
        let kempe = 0.1 * (1.0 - heat_bath);
        // Where most costs come of a few pairs of sessions, most sessions cost nothing.
        let looks = if by_start { 2 } else { 1 };
        let mix = Mix { displace, kempe, heat_bath, exchange, looks };
        let temperature = Temperature { value: 1.0, chance: Vec::new() };
        let mut walker = Self {
            state,
            random,
            temperature,
            boldness: 0.0,
            mix,
            starts: vec![],
            rooms: vec![],
            chances: vec![],
            others: vec![],
            moved: vec![],
        };
        walker.cool(1.0, 0.0);
        walker
    }

    /// Sets the temperature, and how bold to be.
    pub(crate) fn cool(&mut self, value: f64, boldness: f64) {
        self.boldness = boldness as f32;
        const WORTH_TELLING: f64 = 12.0;
        const MOST: f64 = 256.0;
        self.temperature.value = value;
        self.temperature.chance.clear();
        let costs = (value * WORTH_TELLING).min(MOST) as u32;
        self.temperature.chance.extend((0..=costs).map(|cost| (-f64::from(cost) / value).exp() as f32));
    }

    /// Proposes a move, and makes it if chance and temperature agree.
    pub(crate) fn step(&mut self) {
        if let Some(session) = self.choose_homeless() {
            self.insert(session);
        } else if let Some(session) = self.choose() {
            let lot = self.random.f32();
            if lot < self.mix.displace {
                self.displace(session);
            } else if self.random.f32() < self.mix.kempe {
                self.kempe(session);
            } else if self.random.f32() < self.mix.heat_bath {
                self.heat_bath(session);
            } else if self.random.f32() < self.mix.exchange {
                self.exchange_with_conflict(session);
            } else {
                self.wander(session);
            }
        }
    }

    /// Whether most proposals look at what they cost beforehand.
    pub(crate) fn is_choosy(&self) -> bool {
        self.mix.heat_bath > 0.5
    }

    /// Whether there is anything to propose.
    pub(crate) fn can_move(&self) -> bool {
        !self.state.model.movable.is_empty() || !self.state.homeless().is_empty()
    }

    /// Now and then one of the sessions that have no place but could have one.
    fn choose_homeless(&mut self) -> Option<u32> {
        const ONE_IN: u32 = 16;
        let homeless = self.state.homeless().len();
        if homeless == 0 || self.random.u32(0..ONE_IN) > 0 {
            return None;
        }
        Some(self.state.homeless()[self.random.usize(0..homeless)])
    }

    /// A session that has a place and could be elsewhere, rather one that costs something.
    fn choose(&mut self) -> Option<u32> {
        let movable = &self.state.model.movable;
        let mut chosen = None;
        for look in 1..=self.mix.looks {
            let session = *movable.get(self.random.usize(0..movable.len().max(1)))?;
            if self.state.place(session).is_some() {
                chosen = Some(session);
                if look == self.mix.looks || self.state.worth(session) > 0 {
                    break;
                }
            }
        }
        chosen
    }

    /// What random moves would make worse, by how much, in order: of so many moves, as long as there is time.
    pub(crate) fn sample(&mut self, count: usize, is_time: impl Fn() -> bool) -> Vec<i64> {
        let mut changes = Vec::new();
        for _ in (0..count).take_while(|_| is_time()) {
            let Some(session) = self.choose() else { break };
            let Some(from) = self.state.place(session) else { continue };
            if let Some(to) = self.random_place(session, from) {
                changes.push(self.state.price_of_move(session, to));
            }
        }
        changes.retain(|&change| change > 0);
        changes.sort_unstable();
        changes
    }

    /// Whether a change is accepted.
    fn accepts(&mut self, change: i64) -> bool {
        if change <= 0 {
            return true;
        }
        let chance = match self.temperature.chance.get(change as usize) {
            Some(chance) => *chance,
            None => (-(change as f64) / self.temperature.value).exp() as f32,
        };
        self.random.f32() < chance
    }

    /// Whether a change is accepted that leads to other sessions without a place. That is a step towards placing more of them, which
    /// comes before any cost: while there is time to mend what it costs, it is often accepted whatever that is.
    fn accepts_among_homeless(&mut self, change: i64) -> bool {
        self.random.f32() < self.boldness || self.accepts(change)
    }
}
