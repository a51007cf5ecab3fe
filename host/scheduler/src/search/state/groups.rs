//! What groups wish for: enough days, no member alone, one room.

use crate::problem::Place;
use crate::search::memory::Measures;
use crate::search::model::{Model, NONE};

/// Where the members of groups are, as far as their wishes need it.
#[cfg_attr(debug_assertions, derive(PartialEq))]
pub(super) struct GroupState {
    days: usize,
    rooms: usize,
    boundaries: usize,
    /// By group that should use enough days, and day: members on it.
    on_day: Vec<u32>,
    /// By such group: days in use.
    days_used: Vec<u32>,
    /// By group that should share a room, and room: members in it.
    in_room: Vec<u32>,
    /// By such group: rooms in use.
    rooms_used: Vec<u32>,
    /// By group whose members should stand together, and boundary between two slots of one day.
    joints: Vec<Joint>,
    /// By the same: the sums of the positions of members that end and that start there. With one of them, who it is.
    who: Vec<(u32, u32)>,
}

/// How many members of a group end and start at a boundary between two slots of a day, and how many of these stand alone.
#[derive(Clone, Copy, Default, PartialEq)]
struct Joint {
    ending: u16,
    starting: u16,
    lone_ending: u16,
    lone_starting: u16,
}

impl GroupState {
    /// What it takes of memory.
    pub(super) fn bytes(of: &Measures) -> u64 {
        let joint = size_of::<Joint>() as u64 + size_of::<(u32, u32)>() as u64;
        of.spread * (of.days + 1) * 4 + of.together * (of.rooms + 1) * 4 + of.compact * (of.slots + 1) * joint
    }

    pub(super) fn new(model: &Model<'_>) -> Self {
        let groups = &model.groups;
        let boundaries = model.horizon + 1;
        Self {
            days: model.days,
            rooms: model.rooms,
            boundaries,
            on_day: vec![0; groups.spread.len() * model.days],
            days_used: vec![0; groups.spread.len()],
            in_room: vec![0; groups.together.len() * model.rooms],
            rooms_used: vec![0; groups.together.len()],
            joints: vec![Joint::default(); groups.compact.len() * boundaries],
            who: vec![(0, 0); groups.compact.len() * boundaries],
        }
    }

    pub(super) fn settle(&mut self, model: &Model<'_>, starts: &[u32], session: usize, start: u32, room: u32) {
        let day = start as usize / model.slots_per_day;
        for &group in model.groups.spread_of.of(session) {
            let count = &mut self.on_day[group as usize * self.days + day];
            *count += 1;
            self.days_used[group as usize] += u32::from(*count == 1);
        }
        for &group in model.groups.together_of.of(session) {
            let count = &mut self.in_room[group as usize * self.rooms + room as usize];
            *count += 1;
            self.rooms_used[group as usize] += u32::from(*count == 1);
        }
        let (begin, end) = (start as usize, model.shape[session].span(start).end);
        for &group in model.groups.compact_of.of(session) {
            let base = group as usize * self.boundaries;
            let (front, back) = (self.joints[base + begin], self.joints[base + end]);
            if front.lone_ending > 0 {
                self.each_ending(model, starts, group as usize, begin, |joints, other| {
                    if joints[other].ending == 0 {
                        joints[other].lone_starting -= u16::from(inner(model, other));
                        joints[begin].lone_ending -= 1;
                    }
                });
            }
            if back.lone_starting > 0 {
                self.each_starting(model, starts, group as usize, end, |joints, other| {
                    if joints[other].starting == 0 {
                        joints[other].lone_ending -= u16::from(inner(model, other));
                        joints[end].lone_starting -= 1;
                    }
                });
            }
            let lone = u16::from(front.ending == 0 && back.starting == 0);
            if inner(model, begin) {
                let joint = &mut self.joints[base + begin];
                joint.starting += 1;
                joint.lone_starting += lone;
                self.who[base + begin].1 += session as u32;
            }
            if inner(model, end) {
                let joint = &mut self.joints[base + end];
                joint.ending += 1;
                joint.lone_ending += lone;
                self.who[base + end].0 += session as u32;
            }
        }
    }

    pub(super) fn lift(&mut self, model: &Model<'_>, starts: &[u32], session: usize, start: u32, room: u32) {
        let day = start as usize / model.slots_per_day;
        for &group in model.groups.spread_of.of(session) {
            let count = &mut self.on_day[group as usize * self.days + day];
            *count -= 1;
            self.days_used[group as usize] -= u32::from(*count == 0);
        }
        for &group in model.groups.together_of.of(session) {
            let count = &mut self.in_room[group as usize * self.rooms + room as usize];
            *count -= 1;
            self.rooms_used[group as usize] -= u32::from(*count == 0);
        }
        let (begin, end) = (start as usize, model.shape[session].span(start).end);
        for &group in model.groups.compact_of.of(session) {
            let base = group as usize * self.boundaries;
            let lone = u16::from(self.joints[base + begin].ending == 0 && self.joints[base + end].starting == 0);
            if inner(model, begin) {
                let joint = &mut self.joints[base + begin];
                joint.starting -= 1;
                joint.lone_starting -= lone;
                self.who[base + begin].1 -= session as u32;
                if joint.starting == 0 && joint.ending > 0 {
                    self.each_ending(model, starts, group as usize, begin, |joints, other| {
                        if joints[other].ending == 0 {
                            joints[other].lone_starting += u16::from(inner(model, other));
                            joints[begin].lone_ending += 1;
                        }
                    });
                }
            }
            if inner(model, end) {
                let joint = &mut self.joints[base + end];
                joint.ending -= 1;
                joint.lone_ending -= lone;
                self.who[base + end].0 -= session as u32;
                if joint.ending == 0 && joint.starting > 0 {
                    self.each_starting(model, starts, group as usize, end, |joints, other| {
                        if joints[other].starting == 0 {
                            joints[other].lone_ending += u16::from(inner(model, other));
                            joints[end].lone_starting += 1;
                        }
                    });
                }
            }
        }
    }

    /// What groups make of a session that has no place and gets this one.
    pub(super) fn price(&self, model: &Model<'_>, session: usize, start: u32, room: u32) -> i64 {
        let mut price = 0;
        let day = start as usize / model.slots_per_day;
        for &group in model.groups.spread_of.of(session) {
            let spread = &model.groups.spread[group as usize];
            let uses_another = self.on_day[group as usize * self.days + day] == 0;
            if uses_another && self.days_used[group as usize] < spread.min_days {
                price -= spread.weight;
            }
        }
        for &group in model.groups.together_of.of(session) {
            let uses_another = self.in_room[group as usize * self.rooms + room as usize] == 0;
            if uses_another && self.rooms_used[group as usize] > 0 {
                price += model.groups.together[group as usize].weight;
            }
        }
        let (begin, end) = (start as usize, model.shape[session].span(start).end);
        price
            + model
                .groups
                .compact_of
                .of(session)
                .iter()
                .map(|&group| self.company(model, group as usize, begin, end))
                .sum::<i64>()
    }

    /// What groups make of a session where it is: what lifting it would save.
    pub(super) fn worth(&self, model: &Model<'_>, starts: &[u32], session: usize, start: u32, room: u32) -> i64 {
        let day = start as usize / model.slots_per_day;
        let (begin, end) = (start as usize, model.shape[session].span(start).end);
        let groups = &model.groups;
        groups.spread_of.of(session).iter().map(|&group| self.day_worth(model, group as usize, day)).sum::<i64>()
            + groups
                .together_of
                .of(session)
                .iter()
                .map(|&group| self.room_worth(model, group as usize, room as usize))
                .sum::<i64>()
            + groups
                .compact_of
                .of(session)
                .iter()
                .map(|&group| self.company_worth(model, starts, group as usize, begin, end))
                .sum::<i64>()
    }

    /// What groups make of a session that is at `from`, were it far away from there.
    pub(super) fn price_elsewhere(
        &self,
        model: &Model<'_>,
        session: usize,
        from: (u32, u32),
        start: u32,
        room: u32,
    ) -> i64 {
        let (old_day, day) = (from.0 as usize / model.slots_per_day, start as usize / model.slots_per_day);
        let (begin, end) = (start as usize, model.shape[session].span(start).end);
        let groups = &model.groups;
        groups
            .spread_of
            .of(session)
            .iter()
            .map(|&group| self.other_day(model, group as usize, old_day, day))
            .sum::<i64>()
            + groups
                .together_of
                .of(session)
                .iter()
                .map(|&group| self.other_room(model, group as usize, from.1 as usize, room as usize))
                .sum::<i64>()
            + groups
                .compact_of
                .of(session)
                .iter()
                .map(|&group| self.company(model, group as usize, begin, end))
                .sum::<i64>()
    }

    /// What it changes for groups if a session goes to `to` and somebody of the same length, far away, comes to `from` in its place.
    /// Groups that both are in see no difference.
    pub(super) fn exchange(
        &self,
        model: &Model<'_>,
        starts: &[u32],
        session: usize,
        other: usize,
        from: Place,
        to: Place,
    ) -> i64 {
        let (old_day, day) = (from.start as usize / model.slots_per_day, to.start as usize / model.slots_per_day);
        let (span, new_span) = (model.shape[session].span(from.start), model.shape[session].span(to.start));
        let groups = &model.groups;
        let mut change = 0;
        if old_day != day {
            for group in without(groups.spread_of.of(session), groups.spread_of.of(other)) {
                change += self.other_day(model, group, old_day, day) - self.day_worth(model, group, old_day);
            }
        }
        if from.room != to.room {
            for group in without(groups.together_of.of(session), groups.together_of.of(other)) {
                change += self.other_room(model, group, from.room as usize, to.room as usize)
                    - self.room_worth(model, group, from.room as usize);
            }
        }
        for group in without(groups.compact_of.of(session), groups.compact_of.of(other)) {
            change += self.company(model, group, new_span.start, new_span.end)
                - self.company_worth(model, starts, group, span.start, span.end);
        }
        change
    }

    fn day_worth(&self, model: &Model<'_>, group: usize, day: usize) -> i64 {
        let spread = &model.groups.spread[group];
        if self.on_day[group * self.days + day] == 1 && self.days_used[group] <= spread.min_days {
            -spread.weight
        } else {
            0
        }
    }

    fn other_day(&self, model: &Model<'_>, group: usize, from: usize, to: usize) -> i64 {
        let spread = &model.groups.spread[group];
        let days = &self.on_day[group * self.days..(group + 1) * self.days];
        let alone = days[to] == u32::from(from == to);
        if alone && self.days_used[group] - u32::from(days[from] == 1) < spread.min_days { -spread.weight } else { 0 }
    }

    fn room_worth(&self, model: &Model<'_>, group: usize, room: usize) -> i64 {
        if self.in_room[group * self.rooms + room] == 1 && self.rooms_used[group] > 1 {
            model.groups.together[group].weight
        } else {
            0
        }
    }

    fn other_room(&self, model: &Model<'_>, group: usize, from: usize, to: usize) -> i64 {
        let rooms = &self.in_room[group * self.rooms..(group + 1) * self.rooms];
        let others_use = self.rooms_used[group] - u32::from(rooms[from] == 1);
        if rooms[to] == u32::from(from == to) && others_use > 0 { model.groups.together[group].weight } else { 0 }
    }

    fn company_worth(&self, model: &Model<'_>, starts: &[u32], group: usize, begin: usize, end: usize) -> i64 {
        let joints = &self.joints[group * self.boundaries..(group + 1) * self.boundaries];
        let (front, back) = (joints[begin], joints[end]);
        let mut lonely = i64::from(front.ending == 0 && back.starting == 0);
        if front.starting == 1 && front.ending > 0 {
            self.those_ending(model, starts, group, begin, |other| lonely -= i64::from(joints[other].ending == 0));
        }
        if back.ending == 1 && back.starting > 0 {
            self.those_starting(model, starts, group, end, |other| lonely -= i64::from(joints[other].starting == 0));
        }
        lonely * model.groups.compact[group].weight
    }

    /// What a group makes of a member coming there of which nothing is seen there yet: it may stand alone, and keeps others company.
    fn company(&self, model: &Model<'_>, group: usize, begin: usize, end: usize) -> i64 {
        let joints = &self.joints[group * self.boundaries..(group + 1) * self.boundaries];
        let (front, back) = (joints[begin], joints[end]);
        let lonely = i64::from(front.ending == 0 && back.starting == 0)
            - i64::from(front.lone_ending)
            - i64::from(back.lone_starting);
        lonely * model.groups.compact[group].weight
    }

    /// Calls `visit` with the joints and the start of each member that ends at a boundary.
    fn each_ending(
        &mut self,
        model: &Model<'_>,
        starts: &[u32],
        group: usize,
        boundary: usize,
        mut visit: impl FnMut(&mut [Joint], usize),
    ) {
        let mut begins = Few::default();
        self.those_ending(model, starts, group, boundary, |begin| begins.push(begin));
        let joints = &mut self.joints[group * self.boundaries..(group + 1) * self.boundaries];
        begins.each(|begin| visit(joints, begin));
    }

    /// Calls `visit` with the joints and the end of each member that starts at a boundary.
    fn each_starting(
        &mut self,
        model: &Model<'_>,
        starts: &[u32],
        group: usize,
        boundary: usize,
        mut visit: impl FnMut(&mut [Joint], usize),
    ) {
        let mut ends = Few::default();
        self.those_starting(model, starts, group, boundary, |end| ends.push(end));
        let joints = &mut self.joints[group * self.boundaries..(group + 1) * self.boundaries];
        ends.each(|end| visit(joints, end));
    }

    /// Calls `visit` with the start of each member that ends at a boundary.
    fn those_ending(
        &self,
        model: &Model<'_>,
        starts: &[u32],
        group: usize,
        boundary: usize,
        mut visit: impl FnMut(usize),
    ) {
        let at = group * self.boundaries + boundary;
        if self.joints[at].ending == 1 {
            visit(starts[self.who[at].0 as usize] as usize);
            return;
        }
        for &member in &model.groups.compact[group].members {
            let start = starts[member as usize];
            if start != NONE && model.shape[member as usize].span(start).end == boundary {
                visit(start as usize);
            }
        }
    }

    /// Calls `visit` with the end of each member that starts at a boundary.
    fn those_starting(
        &self,
        model: &Model<'_>,
        starts: &[u32],
        group: usize,
        boundary: usize,
        mut visit: impl FnMut(usize),
    ) {
        let at = group * self.boundaries + boundary;
        if self.joints[at].starting == 1 {
            let member = self.who[at].1 as usize;
            visit(model.shape[member].span(starts[member]).end);
            return;
        }
        for &member in &model.groups.compact[group].members {
            let start = starts[member as usize];
            if start as usize == boundary {
                visit(model.shape[member as usize].span(start).end);
            }
        }
    }
}

/// What is in one sorted list and not in another.
fn without<'a>(list: &'a [u32], other: &'a [u32]) -> impl Iterator<Item = usize> + 'a {
    let mut rest = other.iter().peekable();
    list.iter()
        .copied()
        .filter(move |&one| {
            while rest.next_if(|&&other| other < one).is_some() {}
            rest.peek() != Some(&&one)
        })
        .map(|one| one as usize)
}

/// Whether a boundary lies between two slots of one day, so that somebody may go on there.
fn inner(model: &Model<'_>, boundary: usize) -> bool {
    model.inner[boundary]
}

/// Boundaries, of which there are seldom more than a few: those need no allocation.
#[derive(Default)]
struct Few {
    first: [usize; 4],
    more: Vec<usize>,
    count: usize,
}

impl Few {
    fn push(&mut self, boundary: usize) {
        match self.first.get_mut(self.count) {
            Some(place) => *place = boundary,
            None => self.more.push(boundary),
        }
        self.count += 1;
    }

    fn each(&self, visit: impl FnMut(usize)) {
        self.first.iter().take(self.count).chain(&self.more).copied().for_each(visit);
    }
}
