//! A plan carried out in memory.

use std::collections::HashSet;

use super::Plan;
use crate::model::Programme;

/// Carries a plan out on a programme in memory: what the database does with rows.
pub fn apply(programme: &mut Programme, plan: Plan) {
    fn put<T>(items: &mut Vec<T>, new: Vec<T>, removed: &[String], id: impl Fn(&T) -> &str) {
        let replaced: HashSet<&str> = new.iter().map(&id).chain(removed.iter().map(String::as_str)).collect();
        items.retain(|item| !replaced.contains(id(item)));
        items.extend(new);
    }
    if let Some(conference) = plan.conference {
        programme.conference = conference;
    }
    put(&mut programme.rooms, plan.rooms, &plan.removed_rooms, |room| &room.id);
    put(&mut programme.tracks, plan.tracks, &plan.removed_tracks, |track| &track.id);
    put(&mut programme.people, plan.people, &plan.removed_people, |person| &person.id);
    put(&mut programme.sessions, plan.sessions, &plan.removed_sessions, |session| &session.id);
    let gone: HashSet<&str> = plan.removed_sessions.iter().map(String::as_str).collect();
    programme.parts.retain(|part| !gone.contains(part.session.as_str()) && !plan.line_ups.contains_key(&part.session));
    programme.parts.extend(plan.line_ups.into_values().flatten());
    programme.sort();
}
