//! What the search proposes. Each kind of move is one file; all of them lead from timetables without a broken hard constraint to such.

mod exchange;
mod heat_bath;
mod insert;
mod wander;

use fastrand::Rng;

use super::state::State;

/// A timetable, and what it takes to move about in it.
pub(crate) struct Walker<'m> {
    pub(crate) state: State<'m>,
    pub(crate) random: Rng,
    temperature: Temperature,
    mix: Mix,
    starts: Vec<u64>,
    rooms: Vec<u64>,
    chances: Vec<(u32, f32)>,
}

/// How much worse a move may make things: a change of the cost by the temperature is accepted once in e times.
struct Temperature {
    value: f64,
    /// By whole cost: the share of it that is accepted; as far as that is worth telling.
    chance: Vec<f32>,
}

/// How often which move is proposed.
struct Mix {
    heat_bath: f32,
    exchange: f32,
}

/// Sessions looked at for one that costs something, before any will do.
const TRIES: usize = 3;

impl<'m> Walker<'m> {
    pub(crate) fn new(state: State<'m>, random: Rng) -> Self {
        let model = state.model;
        let grouped = !model.groups.is_empty();
        // Where only pairs of sessions make costs, a look-up tells the cost of each start, and the best move is to choose among them.
        let heat_bath = match (model.neighbours.is_empty() && !model.has_start_costs, grouped) {
            (true, _) => 0.0,
            (false, true) => 0.4,
            (false, false) => 0.9,
        };
        let exchange = if model.conflicts.is_empty() { 0.0 } else { 0.5 };
        let mix = Mix { heat_bath, exchange };
        let temperature = Temperature { value: 1.0, chance: Vec::new() };
        let mut walker =
            Self { state, random, temperature, mix, starts: Vec::new(), rooms: Vec::new(), chances: Vec::new() };
        walker.set_temperature(1.0);
        walker
    }

    pub(crate) fn set_temperature(&mut self, value: f64) {
        const WORTH_TELLING: f64 = 12.0;
        const MOST: f64 = 256.0;
        self.temperature.value = value;
        self.temperature.chance.clear();
        let costs = (value * WORTH_TELLING).min(MOST) as u32;
        self.temperature.chance.extend((0..=costs).map(|cost| (-f64::from(cost) / value).exp() as f32));
    }

    /// Proposes a move, and makes it if chance and temperature agree.
    pub(crate) fn step(&mut self) {
        let Some(session) = self.choose() else { return };
        if self.state.place(session).is_none() {
            self.insert(session);
            return;
        }
        if self.random.f32() < self.mix.heat_bath {
            self.heat_bath(session);
        } else if self.random.f32() < self.mix.exchange {
            self.exchange_with_conflict(session);
        } else {
            self.wander(session);
        }
    }

    /// A session that could be elsewhere, rather one that costs something.
    fn choose(&mut self) -> Option<u32> {
        let movable = &self.state.model.movable;
        if movable.is_empty() {
            return None;
        }
        let mut session = movable[self.random.usize(0..movable.len())];
        for _ in 1..TRIES {
            if self.state.place(session).is_none() || self.state.worth(session) > 0 {
                break;
            }
            session = self.state.model.movable[self.random.usize(0..self.state.model.movable.len())];
        }
        Some(session)
    }

    /// What random moves would make worse, by how much, in order.
    pub(crate) fn sample(&mut self, count: usize) -> Vec<i64> {
        let mut changes = Vec::new();
        for _ in 0..count {
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
}
