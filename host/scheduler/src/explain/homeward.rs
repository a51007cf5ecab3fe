//! From a timetable back to the incumbent, move by move.
//!
//! Whoever goes back takes along who is in the way: those go back, too, or, where they have nowhere to go back to, have no place.
//! That always ends where everything is that can stay, which has no move at all.

use super::domain::Domains;
use super::standing::Standing;
use crate::problem::{Pin, Place, Problem, SessionIndex};
use crate::timetable::Timetable;

/// Of the sessions that are away at least one in so many goes back before all are priced anew. So the work grows with their number
/// and not with its square, and the last of them go back one by one.
const AT_ONCE: usize = 16;
/// A way back of more sessions than this is none.
const LONGEST: usize = 32;

/// Which sessions of an incumbent can stay where they are, all together.
pub(super) struct Homes<'p> {
    pub(super) problem: &'p Problem,
    stay: Vec<Option<Place>>,
}

impl<'p> Homes<'p> {
    /// Of two that cannot both stay the one that the problem names first does.
    pub(super) fn new(problem: &'p Problem, domains: &Domains<'_>) -> Self {
        let mut standing = Standing::new(problem, &Timetable::empty(problem));
        for (session, home) in (0u32..).zip(&problem.incumbent) {
            settle(&mut standing, domains, session, *home);
        }
        Self { problem, stay: standing.into_places() }
    }

    /// Where a session can stay.
    pub(super) fn stay(&self, session: SessionIndex) -> Option<Place> {
        self.stay[session as usize]
    }

    /// Everything where it can stay, and nothing else placed.
    pub(super) fn timetable(&self) -> Timetable {
        Timetable { places: self.stay.clone() }
    }

    /// Whether that is a move: another place than in the incumbent, or none where the session could have stayed.
    pub(super) fn is_away(&self, session: SessionIndex, place: Option<Place>) -> bool {
        match (self.problem.incumbent[session as usize], place) {
            (Some(was), Some(is)) => was != is,
            (Some(_), None) => self.stay(session).is_some(),
            (None, _) => false,
        }
    }

    /// The sessions that have moved.
    pub(super) fn away(&self, places: &[Option<Place>]) -> Vec<SessionIndex> {
        (0u32..)
            .zip(places)
            .filter(|(session, place)| self.is_away(*session, **place))
            .map(|(session, _)| session)
            .collect()
    }

    /// How many sessions have moved.
    pub(super) fn moves(&self, places: &[Option<Place>]) -> usize {
        self.away(places).len()
    }

    /// The problem with all but some of its incumbent's sessions held where they can stay.
    pub(super) fn held(&self, is_free: impl Fn(SessionIndex) -> bool) -> Problem {
        let mut held = self.problem.clone();
        for (index, session) in (0u32..).zip(&mut held.sessions) {
            match self.stay(index) {
                _ if is_free(index) || self.problem.incumbent[index as usize].is_none() => {}
                Some(home) => session.pin = Pin { start: Some(home.start), room: Some(home.room) },
                // It cannot stay, and is not to be anywhere else.
                None => session.starts = Some(Vec::new()),
            }
        }
        held
    }
}

/// Puts a session there, if it can be there beside all others.
pub(super) fn settle(standing: &mut Standing<'_>, domains: &Domains<'_>, session: SessionIndex, place: Option<Place>) {
    if let Some(place) = place.filter(|place| domains.allow(session, *place) && standing.is_free(&[(session, *place)]))
    {
        standing.put(session, Some(place));
    }
}

/// A timetable on its way back.
pub(super) struct Homeward<'h> {
    homes: &'h Homes<'h>,
    domains: &'h Domains<'h>,
    standing: Standing<'h>,
}

/// Who goes where, if anywhere.
type Way = Vec<(SessionIndex, Option<Place>)>;

/// What a way costs: sessions that lose their places, then the soft cost, each less what is won.
type Price = (i64, i128);

impl<'h> Homeward<'h> {
    pub(super) fn new(homes: &'h Homes<'h>, domains: &'h Domains<'h>) -> Self {
        Self { homes, domains, standing: Standing::new(homes.problem, &homes.timetable()) }
    }

    pub(super) fn standing(&self) -> &Standing<'h> {
        &self.standing
    }

    /// Begins again from other places, as far as they are possible together.
    pub(super) fn set_out(&mut self, places: &[Option<Place>]) {
        let pairs = (0u32..).zip(places).zip(self.standing.places());
        let changed: Vec<_> =
            pairs.filter(|((_, to), from)| to != from).map(|((session, to), _)| (session, *to)).collect();
        // Nobody comes before all are gone.
        for (session, _) in &changed {
            self.standing.put(*session, None);
        }
        for (session, to) in changed {
            settle(&mut self.standing, self.domains, session, to);
        }
    }

    /// Takes the move of one session back, and of those in its way.
    pub(super) fn take_back(&mut self, session: SessionIndex) {
        if let Some(way) = self.way(session) {
            self.follow(&way);
        }
    }

    /// Takes moves back until there are no more than `most`, and further as long as that costs nothing; the cheapest first. `seen`
    /// is shown each timetable on the way.
    pub(super) fn go(&mut self, most: usize, go_on: &dyn Fn() -> bool, seen: &mut dyn FnMut(&[Option<Place>])) {
        loop {
            let away = self.homes.away(self.standing.places());
            seen(self.standing.places());
            let mut ways = Vec::with_capacity(away.len());
            for session in &away {
                if !go_on() {
                    return;
                }
                ways.extend(self.way(*session).map(|way| (self.price(&way), way.len(), *session)));
            }
            ways.sort_unstable();
            let must = away.len().saturating_sub(most);
            let at_once = away.len().div_ceil(AT_ONCE).min(must.max(1));
            let mut back = 0;
            for (price, _, session) in ways {
                if back >= at_once || (must == 0 && price > (0, 0)) || !go_on() {
                    break;
                }
                back += self.go_one(session, price, back > 0);
            }
            if back == 0 {
                return;
            }
        }
    }

    /// Lets a session go back; answers how many went. Those before it may have taken it along, made it dearer, or its way longer.
    fn go_one(&mut self, session: SessionIndex, price: Price, not_dearer: bool) -> usize {
        if !self.homes.is_away(session, self.standing.place(session, &[])) {
            return 0;
        }
        let Some(way) = self.way(session) else { return 0 };
        if not_dearer && self.price(&way) > price {
            return 0;
        }
        self.follow(&way);
        way.len()
    }

    /// The session first, then who is in the way; none if these are too many.
    fn way(&self, session: SessionIndex) -> Option<Way> {
        let mut way = vec![(session, self.homes.stay(session))];
        let mut at = 0;
        while let Some((session, home)) = way.get(at).copied() {
            at += 1;
            let Some(home) = home else { continue };
            for other in self.standing.in_the_way(session, home) {
                if way.iter().all(|(who, _)| *who != other.who) {
                    way.push((other.who, self.homes.stay(other.who)));
                }
            }
            if way.len() > LONGEST {
                return None;
            }
        }
        Some(way)
    }

    fn follow(&mut self, way: &Way) -> Way {
        // Nobody comes before all are gone.
        let was = way.iter().map(|(session, _)| (*session, self.standing.put(*session, None))).collect();
        for (session, place) in way {
            self.standing.put(*session, *place);
        }
        was
    }

    fn price(&mut self, way: &Way) -> Price {
        let who: Vec<_> = way.iter().map(|(session, _)| *session).collect();
        let cost = |standing: &Standing<'_>| {
            i128::from(standing.cost_in_time(&who, &[])) + i128::from(standing.cost_in_rooms(&who, &[]))
        };
        let homeless = |way: &Way| way.iter().filter(|(_, place)| place.is_none()).count() as i64;
        let before = cost(&self.standing);
        let was = self.follow(way);
        let after = cost(&self.standing);
        self.follow(&was);
        (homeless(way) - homeless(&was), after - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::read_problem;

    /// Three rooms that four sessions fill, each.
    fn full() -> Problem {
        let (mut rooms, mut sessions, mut incumbent) = (Vec::new(), Vec::new(), Vec::new());
        for room in 0..3 {
            rooms.push(format!(r#"{{"id":"r{room}","capacity":1}}"#));
            for at in 0..4 {
                sessions.push(format!(r#"{{"id":"s{room}{at}","duration":2}}"#));
                incumbent.push(format!(r#"{{"session":"s{room}{at}","start":{},"room":"r{room}"}}"#, 2 * at));
            }
        }
        let document = format!(
            r#"{{"format":"conman-schedule-problem/1","days":1,"slots_per_day":8,"rooms":[{}],"sessions":[{}],"incumbent":[{}]}}"#,
            rooms.join(","),
            sessions.join(","),
            incumbent.join(",")
        );
        read_problem(document.as_bytes()).unwrap()
    }

    /// What is seen on the way back to so many moves from where the incumbent's sessions have changed places like this.
    fn seen(problem: &Problem, most: usize, changed: &[(usize, usize)]) -> Vec<Vec<Option<Place>>> {
        let domains = Domains::of_each(problem);
        let homes = Homes::new(problem, &domains);
        let mut places = problem.incumbent.clone();
        changed.iter().for_each(|(one, other)| places.swap(*one, *other));
        let mut homeward = Homeward::new(&homes, &domains);
        homeward.set_out(&places);
        assert_eq!(homeward.standing().places(), places);
        let mut seen = Vec::new();
        homeward.go(most, &|| true, &mut |places| seen.push(places.to_vec()));
        seen
    }

    #[test]
    fn who_changed_places_goes_back_together() {
        let problem = full();
        // Two, and three in a circle: nobody is without a place on the way.
        let seen = seen(&problem, 0, &[(0, 5), (1, 6), (6, 11)]);
        let moves =
            |places: &[Option<Place>]| places.iter().zip(&problem.incumbent).filter(|(is, was)| is != was).count();
        assert_eq!(seen.iter().map(|places| moves(places)).collect::<Vec<_>>(), [5, 3, 0]);
        assert!(seen.iter().flatten().all(Option::is_some), "{seen:?}");
    }

    #[test]
    fn who_cannot_go_back_makes_room_for_who_can() {
        let mut problem = full();
        problem.rooms[0].open.clear();
        // Who was in the closed room took the place of another, who has none.
        let (mut places, domains) = (problem.incumbent.clone(), Domains::of_each(&problem));
        places[..4].fill(None);
        places[0] = places[4].take();
        let homes = Homes::new(&problem, &domains);
        let mut homeward = Homeward::new(&homes, &domains);
        homeward.set_out(&places);
        let mut moves = Vec::new();
        homeward.go(0, &|| true, &mut |places| moves.push(homes.moves(places)));
        assert_eq!((moves, homeward.standing().places()), (vec![2, 0], homes.timetable().places.as_slice()));
    }

    #[test]
    fn of_incumbents_that_cannot_all_stay_those_named_first_do() {
        let mut problem = full();
        // The second is in the way of the first, and the third of the second only.
        problem.incumbent[1] = Some(Place { start: 1, room: 0 });
        problem.incumbent[2] = Some(Place { start: 2, room: 0 });
        let domains = Domains::of_each(&problem);
        let homes = Homes::new(&problem, &domains);
        assert_eq!((0..4).map(|session| homes.stay(session).is_some()).collect::<Vec<_>>(), [true, false, true, true]);
    }
}
