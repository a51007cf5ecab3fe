//! The cheapest single move, or exchange of two sessions, that mends each of some broken wishes.

use std::collections::HashMap;

use super::domain::Domains;
use super::ranges::starts_touching;
use super::standing::{Change, Standing};
use super::wishes::{Broken, Members, Wish};
use crate::problem::{Place, SessionIndex, Slot};

/// How much is looked at in all, counted in sessions and places; then no more mends are sought.
const EFFORT: usize = 400_000_000;

/// A session that could go to more places than this is not looked at, nor are those after it.
const PLACES: usize = 1_000_000;

/// What mends a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Sessions that move, how the whole soft cost changes, and what the wish then still costs.
    Moves(Vec<(SessionIndex, Place)>, i64, u64),
    /// No single move and no exchange does.
    Nothing,
    /// Not looked for, as looking for those before took long.
    NotSought,
}

/// A move or an exchange that breaks no hard constraint.
struct Candidate {
    moves: Moves,
    change: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moves {
    One(SessionIndex, Slot, u32),
    Exchange(SessionIndex, SessionIndex),
}

/// What mends each of the wishes, in their order.
pub(super) fn cheapest(standing: &Standing<'_>, domains: &Domains<'_>, broken: &[Broken]) -> Vec<Found> {
    let mut concerned = Concerned::new(standing, broken);
    let now = vec![None; standing.problem.sessions.len()];
    let mut seeker = Seeker { standing, domains, effort: 0, has_too_many: false, now };
    let mut best: Vec<Option<Best>> = vec![None; broken.len()];
    let mut unsought = vec![false; broken.len()];
    for session in std::mem::take(&mut concerned.order) {
        if !seeker.is_spent() {
            let wishes = concerned.by(session);
            let moves = seeker.moves(session);
            seeker.look_at(broken, &wishes, &moves, &mut best);
            if !seeker.is_spent() {
                // What does not cost less than this is no better for any of them.
                let most = wishes.iter().map(|wish| best[*wish].map_or(i64::MAX, |best| best.change)).max();
                let exchanges = seeker.exchanges(session, most.unwrap_or(i64::MAX));
                seeker.look_at(broken, &wishes, &exchanges, &mut best);
            }
        }
        if seeker.is_spent() {
            concerned.take(session).for_each(|wish| unsought[wish] = true);
        }
    }
    let found = best.into_iter().zip(unsought);
    found
        .map(|(best, unsought)| match best {
            // What was not looked at could be cheaper.
            _ if unsought => Found::NotSought,
            Some(best) => Found::Moves(change(standing, best.moves), best.change, best.left),
            None => Found::Nothing,
        })
        .collect()
}

/// The cheapest that is known to mend a wish.
#[derive(Clone, Copy)]
struct Best {
    change: i64,
    moves: Moves,
    /// What the wish then still costs.
    left: u64,
}

/// Which wishes a session might mend. Those of a group are not listed for each of its members: both may be many.
struct Concerned<'s, 'p> {
    standing: &'s Standing<'p>,
    of_session: HashMap<SessionIndex, Vec<usize>>,
    of_group: HashMap<u32, Vec<usize>>,
    /// All these sessions, those of the first wishes first.
    order: Vec<SessionIndex>,
}

impl<'s, 'p> Concerned<'s, 'p> {
    fn new(standing: &'s Standing<'p>, broken: &[Broken]) -> Self {
        let (mut of_session, mut of_group) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        let (mut order, mut listed) = (Vec::new(), vec![false; standing.problem.sessions.len()]);
        let mut list = |session: SessionIndex| {
            if !std::mem::replace(&mut listed[session as usize], true) {
                order.push(session);
            }
        };
        for (index, broken) in broken.iter().enumerate() {
            if let Wish::Isolated(_, alone) = broken.wish {
                list(alone);
            }
            match broken.wish.members(standing) {
                Members::These(sessions) => sessions.into_iter().for_each(|session| {
                    of_session.entry(session).or_default().push(index);
                    list(session);
                }),
                Members::OfGroup(group) => {
                    let wishes = of_group.entry(group).or_insert_with(|| {
                        let all = standing.problem.groups[group as usize].sessions.iter().copied();
                        all.filter(|session| standing.place(*session, &[]).is_some()).for_each(&mut list);
                        Vec::new()
                    });
                    wishes.push(index);
                }
            }
        }
        Self { standing, of_session, of_group, order }
    }

    /// The wishes of a session.
    fn by(&self, session: SessionIndex) -> Vec<usize> {
        let groups = self.standing.groups_of[session as usize].iter().filter_map(|group| self.of_group.get(group));
        let mut wishes: Vec<_> = groups.chain(self.of_session.get(&session)).flatten().copied().collect();
        wishes.sort_unstable();
        wishes
    }

    /// Those of a session that have not been taken with another.
    fn take(&mut self, session: SessionIndex) -> impl Iterator<Item = usize> + use<> {
        let groups = self.standing.groups_of[session as usize].iter();
        let of_groups: Vec<_> = groups.filter_map(|group| self.of_group.remove(group)).collect();
        of_groups.into_iter().chain(self.of_session.remove(&session)).flatten()
    }
}

/// Looks for what sessions can do.
struct Seeker<'s, 'p> {
    standing: &'s Standing<'p>,
    domains: &'s Domains<'p>,
    effort: usize,
    /// Whether a session could go to more places than are looked at.
    has_too_many: bool,
    /// By session: what it costs where it is, with all it has a part in.
    now: Vec<Option<i64>>,
}

impl Seeker<'_, '_> {
    fn is_spent(&self) -> bool {
        self.effort > EFFORT || self.has_too_many || self.domains.are_too_large() || !(self.standing.go_on)()
    }

    /// Finds among what a session can do, the cheapest first, what mends each of these wishes more cheaply than the best so far.
    fn look_at(&mut self, broken: &[Broken], wishes: &[usize], candidates: &[Candidate], best: &mut [Option<Best>]) {
        for index in wishes {
            let (wish, cost, least) = (broken[*index].wish, broken[*index].cost, best[*index]);
            let members = wish.group().map_or(1, |group| self.standing.problem.groups[group as usize].sessions.len());
            let cheaper =
                |one: &&Candidate| least.is_none_or(|least| (one.change, one.moves) < (least.change, least.moves));
            for one in candidates.iter().take_while(cheaper) {
                self.effort += 4 + members;
                if self.is_spent() {
                    return;
                }
                let left = wish.cost(self.standing, &change(self.standing, one.moves));
                if left < cost {
                    best[*index] = Some(Best { change: one.change, moves: one.moves, left });
                    break;
                }
            }
        }
    }

    /// The places where a session can go, the cheapest first.
    fn moves(&mut self, session: SessionIndex) -> Vec<Candidate> {
        let standing = self.standing;
        let Some(now) = standing.place(session, &[]) else { return Vec::new() };
        let moved = [session];
        let is_now = (signed(standing.cost_in_time(&moved, &[])), signed(standing.cost_in_rooms(&moved, &[])));
        let weight = self.weight(session);
        let mut all = Vec::new();
        // By start: what it would cost, if its people can be there then.
        let mut starts: HashMap<Slot, Option<i64>> = HashMap::new();
        for (room, ranges) in self.domains.of(session).iter().take_while(|_| (standing.go_on)()) {
            let in_room = [(session, Place { start: now.start, room: *room })];
            let room_cost = signed(standing.cost_in_rooms(&moved, &in_room)) - is_now.1;
            for start in ranges.iter().cloned().flatten() {
                self.effort += 4;
                let place = Place { start, room: *room };
                let there = [(session, place)];
                if place == now || !standing.room_is_free(session, place, &there) {
                    continue;
                }
                let time_cost = *starts.entry(start).or_insert_with(|| {
                    self.effort += weight;
                    let free = standing.time_is_free(session, start, &there);
                    free.then(|| signed(standing.cost_in_time(&moved, &there)) - is_now.0)
                });
                if let Some(time_cost) = time_cost {
                    if all.len() == PLACES {
                        self.has_too_many = true;
                        return Vec::new();
                    }
                    all.push(Candidate { moves: Moves::One(session, start, *room), change: time_cost + room_cost });
                }
            }
        }
        all.sort_unstable_by_key(|one| (one.change, one.moves));
        all
    }

    /// The sessions with which one can change places for less than `most`, the cheapest first.
    fn exchanges(&mut self, session: SessionIndex, most: i64) -> Vec<Candidate> {
        let standing = self.standing;
        let Some(now) = standing.place(session, &[]) else { return Vec::new() };
        let overlap = self.overlap_by_start(session);
        let mut all = Vec::new();
        for other in 0..standing.problem.sessions.len() as u32 {
            self.effort += 2;
            let there = standing.place(other, &[]).filter(|there| *there != now && other != session);
            let Some(there) = there else { continue };
            // At the best the session overlaps whom it would then, but for the other, and all else costs nothing.
            let pair = standing.neighbours[session as usize].binary_search_by_key(&other, |(other, _)| *other);
            let pair = pair.map_or(0, |at| i64::from(standing.neighbours[session as usize][at].1));
            let after = overlap.get(there.start as usize).copied().unwrap_or(0) - pair;
            if after - self.now(session) - self.now(other) >= most {
                continue;
            }
            let both = [(session, there), (other, now)];
            let allowed = self.domains.allow(session, there) && self.domains.allow(other, now);
            if allowed && standing.is_free(&both) {
                if !(standing.go_on)() {
                    break;
                }
                self.effort += 2 * (self.weight(session) + self.weight(other));
                let pair = [session, other];
                let costs = |change: &Change| {
                    signed(standing.cost_in_time(&pair, change)) + signed(standing.cost_in_rooms(&pair, change))
                };
                all.push(Candidate { moves: Moves::Exchange(session, other), change: costs(&both) - costs(&[]) });
            }
        }
        all.sort_unstable_by_key(|one| (one.change, one.moves));
        all
    }

    /// What a session costs where it is, with all it has a part in.
    fn now(&mut self, session: SessionIndex) -> i64 {
        if let Some(known) = self.now[session as usize] {
            return known;
        }
        self.effort += self.weight(session);
        let cost = self.standing.cost_in_time(&[session], &[]) + self.standing.cost_in_rooms(&[session], &[]);
        *self.now[session as usize].insert(signed(cost))
    }

    /// By start: what a session's overlaps would cost.
    fn overlap_by_start(&self, session: SessionIndex) -> Vec<i64> {
        let (standing, horizon) = (self.standing, self.standing.problem.calendar.horizon() as usize);
        let mut steps = vec![0; horizon + 1];
        for (other, cost) in &standing.neighbours[session as usize] {
            let Some(span) = standing.span(*other, &[]) else { continue };
            let starts = starts_touching(&span, 0, standing.problem.sessions[session as usize].duration);
            steps[(starts.start as usize).min(horizon)] += i64::from(*cost);
            steps[(starts.end as usize).min(horizon)] -= i64::from(*cost);
        }
        let mut cost = 0;
        steps
            .iter()
            .map(|step| {
                cost += step;
                cost
            })
            .collect()
    }

    /// How much there is to look at to know what a session costs somewhere.
    fn weight(&self, session: SessionIndex) -> usize {
        let groups = self.standing.groups_of[session as usize].iter();
        let members = groups.map(|group| self.standing.problem.groups[*group as usize].sessions.len());
        20 + self.standing.neighbours[session as usize].len() + members.sum::<usize>()
    }
}

fn change(standing: &Standing<'_>, moves: Moves) -> Vec<(SessionIndex, Place)> {
    match moves {
        Moves::One(session, start, room) => vec![(session, Place { start, room })],
        Moves::Exchange(one, other) => {
            let to = |from| standing.place(from, &[]);
            to(other).map(|place| (one, place)).into_iter().chain(to(one).map(|place| (other, place))).collect()
        }
    }
}

/// Costs are bounded far below what this could not hold.
fn signed(cost: u64) -> i64 {
    i64::try_from(cost).unwrap_or(i64::MAX)
}
