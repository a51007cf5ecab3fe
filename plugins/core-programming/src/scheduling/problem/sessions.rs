//! Sessions as the scheduler has them: those that are held, and those that may move.

use conman_sdk::scheduler::{Assignment, Session};

use super::super::grid::Grid;
use super::super::material;
use super::super::places::{self, NOWHERE, OWN_ROOM};
use super::super::proposal::Asked;
use super::super::ranges::Ranges;
use super::Stating;
use super::sorting::Sort;
use crate::model::Slot;

impl<'m> Stating<'m> {
    /// Holds what does not move.
    pub(super) fn hold(&mut self, sorted: &[(&'m material::Session, Sort)]) {
        let of = |sort: Sort| sorted.iter().filter(move |(_, this)| *this == sort).map(|(session, _)| *session);
        let mut staying: Vec<&'m material::Session> = of(Sort::Held).collect();
        staying.sort_by(|a, b| (a.slot, &a.id).cmp(&(b.slot, &b.id)));
        self.fixed = staying.len();
        let exclusive = self.material.rooms.iter().filter(|room| room.exclusive).map(|room| room.id.as_str()).collect();
        for session in staying {
            let Some(stated) = self.held.hold(session, &self.calendar, &exclusive, &mut self.columns) else { continue };
            self.now.push(stated.place);
            self.truth.sessions.extend(stated.told.map(|told| (self.problem.sessions.len(), told)));
            self.problem.sessions.push(stated.session);
        }
        for session in of(Sort::RoomOnly) {
            self.held.expect(session, &self.calendar);
        }
    }

    /// States what may move.
    pub(super) fn free(&mut self, sorted: &[(&'m material::Session, Sort)], grid: Grid) {
        let lines = grid.lines(&self.calendar, &self.times());
        let everywhere = lines.unwrap_or_else(|| Ranges::of([[0, self.calendar.horizon()]]));
        let everywhere = match &self.task.days {
            Some(days) => everywhere.both(&self.calendar.on(days)),
            None => everywhere,
        };
        let mut moving = sorted.to_vec();
        // By their beginnings, so that those in one shared place need few columns.
        moving.sort_by(|(a, _), (b, _)| (a.slot.is_none(), a.slot, &a.id).cmp(&(b.slot.is_none(), b.slot, &b.id)));
        for (session, sort) in moving {
            match sort {
                Sort::Free => self.state(session, Some(&everywhere)),
                Sort::RoomOnly => self.state(session, None),
                Sort::TooLong(slots) => {
                    let asked = Asked::of(session, self.seconds(session));
                    self.asked.push(asked.too_long(slots, self.calendar.slots_per_day));
                }
                Sort::Held | Sort::LeftOut => {}
            }
        }
    }

    /// States a session that may begin here besides where it is; that keeps its time where there is no here.
    fn state(&mut self, session: &'m material::Session, here: Option<&Ranges>) {
        let horizon = self.calendar.horizon();
        let [setup, duration, teardown] = self.slots(session);
        let now = session.slot.and_then(|slot| self.calendar.slot(slot.start)).map(|(now, _)| now);
        let mut everywhere =
            here.map_or_else(Ranges::default, |here| here.without(self.held.expected(session, duration, horizon)));
        everywhere = everywhere.with(now.map(|now| [now, now + 1]));
        let starts = everywhere.without(self.held.starts_taken(session, duration, horizon));
        let told = everywhere.without(self.held.starts_taken_unsaid(session, duration, horizon));
        let list = |starts: &Ranges| Some(starts.list()).filter(|list| *list != [[0, horizon]]);
        let (starts, told) = (list(&starts), list(&told));
        if let (Some(start), Some(slot), Some(place)) = (now, session.slot, self.place(session)) {
            let room = self.room_now(session, slot, place, [start, start + duration]);
            self.now.push(Assignment { session: session.id.clone(), start, room: room.clone() });
            self.problem.incumbent.push(Assignment { session: session.id.clone(), start, room });
        }
        let wanted = &session.requirements;
        let (features, rooms) = self.where_to(session);
        self.unknown_audiences += usize::from(session.audience.is_none());
        let stated = Session {
            id: session.id.clone(),
            duration,
            setup,
            teardown,
            audience: session.audience.unwrap_or(0),
            people: session.people.clone(),
            features,
            rooms,
            starts,
            after: wanted.after.clone(),
            ..Session::default()
        };
        if told != stated.starts || wanted.after.iter().any(|id| self.held.is_held(id)) {
            self.truth.sessions.push((self.problem.sessions.len(), Session { starts: told, ..stated.clone() }));
        }
        self.problem.sessions.push(stated);
        let asked = Asked::of(session, self.seconds(session));
        self.asked.push(Asked { room_only: here.is_none(), ..asked });
    }

    /// What a session needs of a room, and the only rooms it may be in, if it names any.
    fn where_to(&mut self, session: &'m material::Session) -> (Vec<String>, Option<Vec<String>>) {
        let wanted = &session.requirements;
        let mut features = places::folded(&wanted.needs);
        for place in wanted.rooms.iter().filter(|room| self.shared.contains(room.as_str())) {
            *self.wanted.entry(place).or_default() += 1;
        }
        if !wanted.rooms.is_empty() {
            return (features, Some(wanted.rooms.clone()));
        }
        let shared_now = session.room.as_deref().filter(|room| self.shared.contains(room));
        let nowhere = (session.online && session.room.is_none()).then_some(NOWHERE);
        if let Some(place) = shared_now.or(nowhere) {
            features.push(places::shared(place));
            *self.wanted.entry(place).or_default() += 1;
        } else {
            features.push(OWN_ROOM.to_owned());
        }
        (features, None)
    }

    /// When anything can be on anywhere, or is.
    fn times(&self) -> Ranges {
        let windows =
            self.material.rooms.iter().flat_map(|room| &room.windows).map(|window| self.calendar.within(*window));
        let slots = self.material.sessions.iter().filter_map(|session| session.slot);
        let now = slots.map(|slot| self.calendar.touched(slot));
        self.hours.with(windows.chain(now).flat_map(|ranges| ranges.list()))
    }

    /// The scheduler's room that a session is in now.
    fn room_now(&mut self, session: &material::Session, slot: Slot, place: &'m str, time: [u32; 2]) -> String {
        let wanted = &session.requirements;
        let footprint = self.calendar.touched(slot.widened(wanted.setup, wanted.teardown));
        self.used.entry(place).or_default().extend(footprint.iter());
        if place == NOWHERE || self.shared.contains(place) {
            places::column(place, self.columns.next(place, time))
        } else {
            place.to_owned()
        }
    }
}
