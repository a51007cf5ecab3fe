//! What goes because its source no longer has it.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Plan, Planning};
use crate::model::Session;

/// What a plan would remove, but sessions that the file cannot touch have: ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsedElsewhere {
    /// Of people.
    pub people: HashSet<String>,
    /// Of rooms.
    pub rooms: HashSet<String>,
    /// Of tracks.
    pub tracks: HashSet<String>,
}

impl Plan {
    /// Leaves what is used elsewhere.
    pub fn spare(&mut self, used: &UsedElsewhere) {
        let removed = &mut self.report.removed;
        for (ids, used, count) in [
            (&mut self.removed_people, &used.people, &mut removed.people),
            (&mut self.removed_rooms, &used.rooms, &mut removed.rooms),
            (&mut self.removed_tracks, &used.tracks, &mut removed.tracks),
        ] {
            ids.retain(|id| !used.contains(id));
            *count = ids.len();
        }
    }
}

impl Planning<'_> {
    pub(super) fn removals(&mut self, listed: &HashSet<&str>) {
        if self.file.unreadable_unknown {
            self.plan.report.notes.push(
                "an item without an id could not be read, so nothing was taken as missing from the file".to_owned(),
            );
            return;
        }
        let source = self.file.source.as_str();
        let gone: BTreeSet<&str> = self
            .existing
            .sessions
            .iter()
            .filter(|session| session.source == source && session.on_schedule())
            .map(|session| session.id.as_str())
            .filter(|id| !listed.contains(id) && !self.file.unreadable_ids.contains(*id))
            .collect();

        let mut people_before: HashSet<&str> = HashSet::new();
        let mut people_after: HashSet<&str> = self
            .file
            .people
            .iter()
            .filter_map(|person| self.people.get(person.id.as_str()))
            .map(String::as_str)
            .collect();
        for part in &self.existing.parts {
            people_before.insert(&part.person);
            if !gone.contains(part.session.as_str()) && !self.plan.line_ups.contains_key(&part.session) {
                people_after.insert(&part.person);
            }
        }
        people_after.extend(self.plan.line_ups.values().flatten().map(|part| part.person.as_str()));
        let removed_people: Vec<String> = self
            .existing
            .people
            .iter()
            .filter(|person| {
                person.source == source
                    && people_before.contains(person.id.as_str())
                    && !people_after.contains(person.id.as_str())
            })
            .map(|person| person.id.clone())
            .collect();

        let updated: HashMap<&str, &Session> =
            self.plan.sessions.iter().map(|session| (session.id.as_str(), session)).collect();
        let (mut rooms_before, mut rooms_after) = (HashSet::new(), HashSet::new());
        let (mut tracks_before, mut tracks_after) = (HashSet::new(), HashSet::new());
        for session in &self.existing.sessions {
            rooms_before.extend(session.room.as_deref());
            tracks_before.extend(session.track.as_deref());
            if !gone.contains(session.id.as_str()) && !updated.contains_key(session.id.as_str()) {
                rooms_after.extend(session.room.as_deref());
                tracks_after.extend(session.track.as_deref());
            }
        }
        for session in &self.plan.sessions {
            rooms_after.extend(session.room.as_deref());
            tracks_after.extend(session.track.as_deref());
        }
        rooms_after.extend(self.rooms.values().map(String::as_str));
        tracks_after.extend(self.tracks.values().map(String::as_str));
        let left = |id: &str, from: &str, before: &HashSet<&str>, after: &HashSet<&str>| {
            from == source && before.contains(id) && !after.contains(id)
        };
        let removed_rooms: Vec<String> = self
            .existing
            .rooms
            .iter()
            .filter(|room| left(&room.id, &room.source, &rooms_before, &rooms_after))
            .map(|room| room.id.clone())
            .collect();
        let removed_tracks: Vec<String> = self
            .existing
            .tracks
            .iter()
            .filter(|track| left(&track.id, &track.source, &tracks_before, &tracks_after))
            .map(|track| track.id.clone())
            .collect();

        let removed = &mut self.plan.report.removed;
        removed.assignments += self.existing.parts.iter().filter(|part| gone.contains(part.session.as_str())).count();
        removed.sessions = gone.len();
        removed.people = removed_people.len();
        removed.rooms = removed_rooms.len();
        removed.tracks = removed_tracks.len();
        self.plan.removed_sessions = gone.into_iter().map(str::to_owned).collect();
        self.plan.removed_people = removed_people;
        self.plan.removed_rooms = removed_rooms;
        self.plan.removed_tracks = removed_tracks;
    }
}
