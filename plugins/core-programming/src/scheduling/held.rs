//! What does not move. The scheduler gets it in columns of its own, and closes the room and sends the people away meanwhile: so nothing can
//! push it out, and two sessions that clash can both stay. When it explains a timetable it is told where things really are, as far as
//! that does not contradict itself.

use std::collections::{HashMap, HashSet};

use conman_sdk::scheduler::{Assignment, Pin, Session};

use super::calendar::Calendar;
use super::material;
use super::places::{self, Colouring};
use super::ranges::Ranges;

/// What is held, and what it takes away.
#[derive(Debug, Default)]
pub struct Held<'m> {
    /// From when to when it is on.
    on: HashMap<&'m str, [u32; 2]>,
    /// When rooms are taken by it.
    taken: HashMap<&'m str, Vec<[u32; 2]>>,
    /// When people are in it.
    busy: HashMap<&'m str, Vec<[u32; 2]>>,
    /// Before when something has to be over.
    before: HashMap<&'m str, u32>,
    /// What of it is stated as a session,
    stated: HashSet<&'m str>,
    /// and of that, what is told to be in its own room: when.
    in_room: HashMap<&'m str, Vec<[u32; 2]>>,
    /// The same as above, as far as no stated session says so.
    unsaid_rooms: HashMap<&'m str, Vec<[u32; 2]>>,
    unsaid_people: HashMap<&'m str, Vec<[u32; 2]>>,
    unsaid_before: HashMap<&'m str, u32>,
    /// Of what is not held and yet stays at its time: when people are in it,
    expected: HashMap<&'m str, Vec<[u32; 2]>>,
    /// from when to when it is on,
    expected_on: HashMap<&'m str, [u32; 2]>,
    /// and before when something has to be over.
    expected_before: HashMap<&'m str, u32>,
}

/// A held session, stated.
pub struct Stated {
    /// What keeps it where it is.
    pub session: Session,
    /// Where that is.
    pub place: Assignment,
    /// How it is told, where that differs.
    pub told: Option<Session>,
}

impl<'m> Held<'m> {
    /// Holds a session; stated it can be where it lies within one day. To be told in order of their times.
    pub fn hold(
        &mut self,
        session: &'m material::Session,
        calendar: &Calendar,
        exclusive: &HashSet<&str>,
        columns: &mut Colouring,
    ) -> Option<Stated> {
        let wanted = &session.requirements;
        let slot = session.slot?;
        let room = calendar.touched(slot.widened(wanted.setup, wanted.teardown)).list();
        let time = calendar.touched(slot).list();
        let in_a_day = |range: &[u32; 2]| range[0] / calendar.slots_per_day == (range[1] - 1) / calendar.slots_per_day;
        let one = if let [only] = time.as_slice() { Some(*only).filter(in_a_day) } else { None };
        // Whoever is elsewhere already does not count twice.
        let elsewhere = |person: &&String| {
            let busy = self.busy.get(person.as_str()).into_iter().flatten();
            one.is_none_or(|[from, to]| busy.into_iter().any(|range| range[0] < to && from < range[1]))
        };
        let (elsewhere, there): (Vec<&String>, Vec<&String>) = session.people.iter().partition(elsewhere);
        for person in &session.people {
            self.busy.entry(person).or_default().extend(&time);
        }
        for person in elsewhere {
            self.unsaid_people.entry(person).or_default().extend(&time);
        }
        if let Some(id) = &session.room {
            self.taken.entry(id).or_default().extend(&room);
        }
        if let (Some([from, _]), Some([_, to])) = (time.first(), time.last()) {
            self.on.insert(&session.id, [*from, *to]);
            for before in &wanted.after {
                let limit = self.before.entry(before).or_insert(*from);
                *limit = (*limit).min(*from);
            }
        }
        let Some([from, to]) = one else {
            self.unsaid(session, &room, &time);
            return None;
        };
        self.stated.insert(&session.id);
        let column = places::held(columns.next("held", [from, to]));
        let place = Assignment { session: session.id.clone(), start: from, room: column.clone() };
        let people = there.into_iter().cloned().collect();
        let pin = Pin { start: Some(from), room: Some(column) };
        let stated = Session { id: session.id.clone(), duration: to - from, people, pin, ..Session::default() };
        let mut told = Session { after: wanted.after.clone(), ..stated.clone() };
        match (&session.room, room.as_slice()) {
            (Some(id), [around])
                if exclusive.contains(id.as_str()) && in_a_day(around) && self.is_alone(id, *around) =>
            {
                self.in_room.entry(id).or_default().push(*around);
                told.pin.room = Some(id.clone());
                (told.setup, told.teardown) = (from - around[0], around[1] - to);
            }
            (Some(id), _) => self.unsaid_rooms.entry(id).or_default().extend(&room),
            (None, _) => {}
        }
        let told = Some(told).filter(|told| *told != stated);
        Some(Stated { session: stated, place, told })
    }

    /// Whether nothing that is told of overlaps this.
    fn is_alone(&self, room: &str, [from, to]: [u32; 2]) -> bool {
        !self.in_room.get(room).into_iter().flatten().any(|range| range[0] < to && from < range[1])
    }

    fn unsaid(&mut self, session: &'m material::Session, room: &[[u32; 2]], time: &[[u32; 2]]) {
        if let Some(id) = &session.room {
            self.unsaid_rooms.entry(id).or_default().extend(room);
        }
        for before in session.requirements.after.iter().filter(|_| !time.is_empty()) {
            let from = time.first().map_or(0, |range| range[0]);
            let limit = self.unsaid_before.entry(before).or_insert(from);
            *limit = (*limit).min(from);
        }
    }

    /// Keeps people free, and what comes before and after in order, for a session that stays at its time, whether it gets a room or not.
    pub fn expect(&mut self, session: &'m material::Session, calendar: &Calendar) {
        let time = session.slot.map(|slot| calendar.touched(slot).list()).unwrap_or_default();
        if let (Some([from, _]), Some([_, to])) = (time.first(), time.last()) {
            self.expected_on.insert(&session.id, [*from, *to]);
            for before in &session.requirements.after {
                let limit = self.expected_before.entry(before).or_insert(*from);
                *limit = (*limit).min(*from);
            }
        }
        for person in &session.people {
            self.expected.entry(person).or_default().extend(&time);
        }
    }

    /// Whether a session is held.
    pub fn is_held(&self, id: &str) -> bool {
        self.on.contains_key(id)
    }

    /// When a room is taken.
    pub fn taken(&self, room: &str) -> Vec<[u32; 2]> {
        self.taken.get(room).cloned().unwrap_or_default()
    }

    /// When somebody is in something held.
    pub fn busy(&self, person: &str) -> Vec<[u32; 2]> {
        self.busy.get(person).cloned().unwrap_or_default()
    }

    /// When a room is open if it is told what is held there.
    pub fn open_when_told(&self, room: &str, open: &Ranges) -> Vec<[u32; 2]> {
        let ranges = |of: &HashMap<&str, Vec<[u32; 2]>>| of.get(room).cloned().unwrap_or_default();
        open.without(ranges(&self.unsaid_rooms)).with(ranges(&self.in_room)).list()
    }

    /// When a session should not begin because of what stays at its time.
    pub fn expected(&self, session: &material::Session, duration: u32, horizon: u32) -> Vec<[u32; 2]> {
        let on = |id: &str| self.expected_on.get(id).copied();
        closed(session, duration, horizon, &self.expected, &self.expected_before, on)
    }

    /// When a session cannot begin because of all that is held.
    pub fn starts_taken(&self, session: &material::Session, duration: u32, horizon: u32) -> Vec<[u32; 2]> {
        closed(session, duration, horizon, &self.busy, &self.before, |id| self.on.get(id).copied())
    }

    /// The same, of what is held and no stated session tells.
    pub fn starts_taken_unsaid(&self, session: &material::Session, duration: u32, horizon: u32) -> Vec<[u32; 2]> {
        let unsaid = |id: &str| self.on.get(id).copied().filter(|_| !self.stated.contains(id));
        closed(session, duration, horizon, &self.unsaid_people, &self.unsaid_before, unsaid)
    }
}

/// When a session cannot begin because its people are busy.
fn busy(
    session: &material::Session,
    duration: u32,
    busy: &HashMap<&str, Vec<[u32; 2]>>,
) -> impl Iterator<Item = [u32; 2]> {
    let busy = session.people.iter().filter_map(|person| busy.get(person.as_str())).flatten();
    busy.map(move |&[from, to]| [(from + 1).saturating_sub(duration), to])
}

fn closed(
    session: &material::Session,
    duration: u32,
    horizon: u32,
    people: &HashMap<&str, Vec<[u32; 2]>>,
    before: &HashMap<&str, u32>,
    on: impl Fn(&str) -> Option<[u32; 2]>,
) -> Vec<[u32; 2]> {
    let mut closed: Vec<[u32; 2]> = busy(session, duration, people).collect();
    closed.extend(session.requirements.after.iter().filter_map(|id| on(id)).map(|range| [0, range[1]]));
    closed.extend(before.get(session.id.as_str()).map(|end| [(end + 1).saturating_sub(duration), horizon]));
    closed
}
