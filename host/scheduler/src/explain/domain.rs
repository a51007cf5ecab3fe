//! Where a session could be if nobody else were there, rule by rule: what each alone leaves, and what all together do.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::ranges::{Gathered, Ranges, contains, intersect, starts_within};
use super::standing::Standing;
use crate::problem::{CapacityRule, FeatureIndex, PersonIndex, Place, Problem, RoomIndex, SessionIndex, Slot};

/// Bytes of what is remembered; all else is worked out each time.
pub(super) const KEPT: usize = 32 << 20;

/// A session with more stretches of starts than this, counted in each room, is none that can be explained.
const STRETCHES: usize = 1_000_000;

/// A rule that keeps a session from some of its places, whoever else is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Day,
    PinStart,
    PinRoom,
    Feature(FeatureIndex),
    Rooms,
    Capacity,
    Person(PersonIndex),
    Starts,
    /// What it comes after, and what comes after it.
    Chain,
    Open,
}

/// Where a session could be: by room, at which starts. No room without any.
pub(super) type Domain = Rc<Vec<(RoomIndex, Ranges)>>;

/// The domains of a problem's sessions, each worked out when first asked for.
pub(super) struct Domains<'p> {
    problem: &'p Problem,
    known: RefCell<HashMap<SessionIndex, Domain>>,
    /// When each could start as far as its rules about time go.
    times: RefCell<HashMap<SessionIndex, Rc<Ranges>>>,
    /// When each could start in any room.
    starts: RefCell<HashMap<SessionIndex, Rc<Ranges>>>,
    /// By session: the slots from which on it can start because of what it comes after, and those before which it has to start
    /// because of what comes after it. Empty where nothing comes after anything.
    chains: Vec<Range<Slot>>,
    /// Bytes of all that is remembered.
    kept: Cell<usize>,
    too_large: Cell<bool>,
}

impl<'p> Domains<'p> {
    /// Where each session could be, whether or not others have a place that it comes after or that come after it.
    pub(super) fn of_each(problem: &'p Problem) -> Self {
        Self {
            problem,
            known: RefCell::default(),
            times: RefCell::default(),
            starts: RefCell::default(),
            chains: Vec::new(),
            kept: Cell::new(0),
            too_large: Cell::new(false),
        }
    }

    /// Where sessions could be if all of them were to have a place.
    pub(super) fn of_all(standing: &Standing<'p>) -> Self {
        let mut domains = Self::of_each(standing.problem);
        domains.chains = chains(&domains, standing.go_on);
        domains
    }

    /// Whether some session could be in so many places that not all of them were worked out: whatever is concluded then may be wrong.
    pub(super) fn are_too_large(&self) -> bool {
        self.too_large.get()
    }

    /// Remembers what holds so many bytes, if there is room for it.
    fn keep<T>(&self, known: &RefCell<HashMap<SessionIndex, Rc<T>>>, session: SessionIndex, one: &Rc<T>, bytes: usize) {
        // A map that has just grown is half empty; whatever is counted has two counts beside it.
        let entry = 2 * (size_of::<(SessionIndex, Rc<T>)>() + 1) + 2 * size_of::<usize>() + size_of::<T>();
        let kept = self.kept.get() + entry + bytes;
        if kept <= KEPT {
            self.kept.set(kept);
            known.borrow_mut().insert(session, Rc::clone(one));
        }
    }

    /// All rules of a session, those first whose part in a cause says the least.
    pub(super) fn rules(&self, session: SessionIndex) -> Vec<Rule> {
        let session = &self.problem.sessions[session as usize];
        let mut rules = vec![Rule::Open, Rule::Day];
        rules.extend((!self.chains.is_empty()).then_some(Rule::Chain));
        rules.extend(session.starts.as_ref().map(|_| Rule::Starts));
        rules.extend((self.problem.capacity == CapacityRule::Hard).then_some(Rule::Capacity));
        rules.extend(session.rooms.as_ref().map(|_| Rule::Rooms));
        rules.extend(session.features.iter().map(|feature| Rule::Feature(*feature)));
        rules.extend(session.people.iter().map(|person| Rule::Person(*person)));
        rules.extend(session.pin.room.map(|_| Rule::PinRoom));
        rules.extend(session.pin.start.map(|_| Rule::PinStart));
        rules
    }

    /// Where a session could be.
    pub(super) fn of(&self, session: SessionIndex) -> Domain {
        if let Some(domain) = self.known.borrow().get(&session) {
            return Rc::clone(domain);
        }
        let domain = Rc::new(self.under(session, &self.rules(session)));
        let starts: usize = domain.iter().map(|(_, starts)| bytes(starts)).sum();
        self.keep(&self.known, session, &domain, bytes(&domain) + starts);
        domain
    }

    /// Whether a session could be there, without working out where else.
    pub(super) fn allow(&self, session: SessionIndex, place: Place) -> bool {
        let known = self.times.borrow().get(&session).map(Rc::clone);
        let times = known.unwrap_or_else(|| {
            let times = Rc::new(self.starts_under(session, &self.rules(session)));
            self.keep(&self.times, session, &times, bytes(&times));
            times
        });
        let shape = &self.problem.sessions[session as usize];
        let open = &self.problem.rooms[place.room as usize].open;
        let is_open = || {
            let end = place.start + shape.duration + shape.teardown;
            open.iter().any(|open| open.start + shape.setup <= place.start && end <= open.end)
        };
        contains(&times, place.start) && is_open() && self.admits(session, place.room, &self.rules(session))
    }

    /// Where a session could be if only some of its rules were.
    pub(super) fn under(&self, session: SessionIndex, rules: &[Rule]) -> Vec<(RoomIndex, Ranges)> {
        let starts = self.starts_under(session, rules);
        if starts.is_empty() {
            return Vec::new();
        }
        let rooms = (0u32..self.problem.rooms.len() as u32).filter(|room| self.admits(session, *room, rules));
        let shape = &self.problem.sessions[session as usize];
        let places = rooms.map(|room| {
            let open = &self.problem.rooms[room as usize].open;
            let open = || starts_within(open, shape.setup, shape.duration + shape.teardown);
            (room, if rules.contains(&Rule::Open) { intersect(&starts, &open()) } else { starts.clone() })
        });
        let mut stretches = 0;
        let are_few = |(_, starts): &(RoomIndex, Ranges)| {
            stretches += starts.len();
            self.too_large.set(self.too_large.get() || stretches > STRETCHES);
            stretches <= STRETCHES
        };
        places.filter(|(_, starts)| !starts.is_empty()).take_while(are_few).collect()
    }

    /// When a session could start in any room.
    pub(super) fn starts(&self, session: SessionIndex) -> Rc<Ranges> {
        if let Some(starts) = self.starts.borrow().get(&session) {
            return Rc::clone(starts);
        }
        let mut starts = Gathered::default();
        self.of(session).iter().for_each(|(_, there)| starts.add(there.iter().cloned()));
        let starts = Rc::new(starts.united());
        self.keep(&self.starts, session, &starts, bytes(&starts));
        starts
    }

    /// The slots from which on a session can start because of what it comes after, and those before which it has to because of what
    /// comes after it. It may end before it begins.
    pub(super) fn chain(&self, session: SessionIndex) -> Range<Slot> {
        self.chains.get(session as usize).cloned().unwrap_or(0..self.problem.calendar.horizon())
    }

    /// When a session could start if nothing came after anything.
    pub(super) fn starts_unchained(&self, session: SessionIndex) -> Ranges {
        let rules: Vec<_> = self.rules(session).into_iter().filter(|rule| *rule != Rule::Chain).collect();
        self.starts_under(session, &rules)
    }

    /// The one place a session can be, if there is only one.
    pub(super) fn only_place(&self, session: SessionIndex) -> Option<(RoomIndex, Slot)> {
        match self.of(session).as_slice() {
            [(room, starts)] => match starts.as_slice() {
                [only] if only.end - only.start == 1 => Some((*room, only.start)),
                _ => None,
            },
            _ => None,
        }
    }

    /// When a session could start as far as its rules about time go.
    pub(super) fn starts_under(&self, session: SessionIndex, rules: &[Rule]) -> Ranges {
        let (calendar, shape) = (self.problem.calendar, &self.problem.sessions[session as usize]);
        let days = 0..calendar.days;
        let day = |day: u32| day * calendar.slots_per_day..(day + 1) * calendar.slots_per_day;
        let whole = 0..calendar.horizon();
        rules.iter().fold(vec![whole.clone()], |starts, rule| match rule {
            Rule::Day => {
                let days: Ranges = days.clone().map(day).collect();
                intersect(&starts, &starts_within(&days, shape.setup, shape.duration + shape.teardown))
            }
            Rule::Starts => intersect(&starts, shape.starts.as_deref().unwrap_or(std::slice::from_ref(&whole))),
            Rule::PinStart => {
                let only = shape.pin.start.map_or(whole.clone(), |start| start..start + 1);
                intersect(&starts, std::slice::from_ref(&only))
            }
            Rule::Person(person) => {
                let available = &self.problem.people[*person as usize].available;
                intersect(&starts, &starts_within(available, 0, shape.duration))
            }
            Rule::Chain => match self.chains.get(session as usize) {
                Some(chain) => intersect(&starts, std::slice::from_ref(chain)),
                None => starts,
            },
            Rule::PinRoom | Rule::Feature(_) | Rule::Rooms | Rule::Capacity | Rule::Open => starts,
        })
    }

    /// Whether a session may be in a room, as far as these rules go.
    pub(super) fn admits(&self, session: SessionIndex, room: RoomIndex, rules: &[Rule]) -> bool {
        let (session, here) = (&self.problem.sessions[session as usize], &self.problem.rooms[room as usize]);
        rules.iter().all(|rule| match rule {
            Rule::PinRoom => session.pin.room.is_none_or(|pinned| pinned == room),
            Rule::Feature(feature) => here.features.binary_search(feature).is_ok(),
            Rule::Rooms => session.rooms.as_ref().is_none_or(|rooms| rooms.binary_search(&room).is_ok()),
            Rule::Capacity => session.audience <= here.capacity,
            Rule::Day | Rule::PinStart | Rule::Person(_) | Rule::Starts | Rule::Chain | Rule::Open => true,
        })
    }
}

/// What a list takes, with the room it has left.
fn bytes<T>(list: &Vec<T>) -> usize {
    list.capacity() * size_of::<T>()
}

/// What comes after what leaves of each session's starts; of some of them when `go_on` says no.
fn chains(domains: &Domains<'_>, go_on: &dyn Fn() -> bool) -> Vec<Range<Slot>> {
    let (sessions, horizon) = (&domains.problem.sessions, domains.problem.calendar.horizon());
    if sessions.iter().all(|session| session.after.is_empty()) {
        return Vec::new();
    }
    let mut successors = vec![Vec::new(); sessions.len()];
    let mut missing: Vec<usize> = sessions.iter().map(|session| session.after.len()).collect();
    for (index, session) in sessions.iter().enumerate() {
        session.after.iter().for_each(|before| successors[*before as usize].push(index));
    }
    let mut order: Vec<usize> = (0..sessions.len()).filter(|index| missing[*index] == 0).collect();
    let mut at = 0;
    while let Some(index) = order.get(at).copied() {
        at += 1;
        for next in &successors[index] {
            missing[*next] -= 1;
            if missing[*next] == 0 {
                order.push(*next);
            }
        }
    }
    let mut chains = vec![0..horizon; sessions.len()];
    // What has no place anyway keeps nobody waiting. What comes before and what after are followed each on its own, so that all
    // of a chain that is too long are told of it.
    let possible = |index: usize, chain: Range<Slot>| {
        let starts = domains.starts_under(index as u32, &domains.rules(index as u32));
        intersect(&starts, &[chain])
    };
    for index in order.iter().take_while(|_| go_on()) {
        if let Some(earliest) = possible(*index, chains[*index].start..horizon).first() {
            let end = earliest.start + sessions[*index].duration;
            successors[*index].iter().for_each(|next| chains[*next].start = chains[*next].start.max(end));
        }
    }
    for index in order.iter().rev().take_while(|_| go_on()) {
        if let Some(latest) = possible(*index, 0..chains[*index].end).last() {
            for before in &sessions[*index].after {
                let past = latest.end.saturating_sub(sessions[*before as usize].duration);
                let chain = &mut chains[*before as usize];
                chain.end = chain.end.min(past);
            }
        }
    }
    chains
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::read_problem;

    /// One that can be nowhere takes an entry, too.
    #[test]
    fn what_is_remembered_of_each_counts() {
        let sessions: Vec<_> = (0..1_000).map(|n| format!(r#"{{"id":"s{n}","duration":1,"people":["p"]}}"#)).collect();
        let document = format!(
            r#"{{"format":"conman-schedule-problem/1","days":1,"slots_per_day":2,"rooms":[{{"id":"r","capacity":1}}],
                "people":[{{"id":"p","available":[]}}],"sessions":[{}]}}"#,
            sessions.join(",")
        );
        let problem = read_problem(document.as_bytes()).unwrap();
        let domains = Domains::of_each(&problem);
        (0..1_000).for_each(|session| assert!(domains.of(session).is_empty()));
        let entries = domains.known.borrow().capacity() * size_of::<(SessionIndex, Domain)>();
        assert!(domains.kept.get() > entries + 1_000 * size_of::<Vec<(RoomIndex, Ranges)>>());
    }
}
