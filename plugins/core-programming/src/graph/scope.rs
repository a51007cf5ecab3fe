//! Which sessions a plan may move, or are taken off the schedule.

use std::collections::HashSet;

use conman_sdk::prelude::*;

use crate::schema::*;
use crate::store::planning::Candidate;

/// Which sessions may move.
pub struct Scope {
    /// Those on these days.
    pub days: Option<Vec<Date>>,
    tracks: Option<HashSet<String>>,
    sessions: Option<HashSet<String>>,
    except: Option<HashSet<String>>,
}

impl Scope {
    /// As it was asked for.
    ///
    /// # Errors
    /// `invalid` or `not-found` with the place; the database's.
    pub fn of(ctx: &Context, input: Option<SchedulePlanScopeInput>, place: &str) -> Result<Self> {
        let Some(SchedulePlanScopeInput { days, tracks, sessions, except }) = input else {
            return Ok(Self { days: None, tracks: None, sessions: None, except: None });
        };
        let known = ctx.convention.days();
        if let Some(at) = days.iter().flatten().position(|day| !known.contains(day)) {
            let message = "The convention has no such day.";
            return Err(Error::invalid(message).at(format!("{place}/days/{at}")));
        }
        let tracks = tracks.map(|ids| all_known("track", ids, &format!("{place}/tracks"))).transpose()?;
        let sessions = sessions.map(|ids| all_known("session_draft", ids, &format!("{place}/sessions"))).transpose()?;
        let except = except.map(|ids| all_known("session_draft", ids, &format!("{place}/except"))).transpose()?;
        Ok(Self { days, tracks, sessions, except })
    }

    /// How many rows were read to know that there is all of it.
    #[must_use]
    pub fn rows(&self) -> usize {
        [&self.tracks, &self.sessions, &self.except].into_iter().flatten().map(HashSet::len).sum()
    }

    /// Whether it holds a session.
    #[must_use]
    pub fn holds(&self, candidate: &Candidate<'_>) -> bool {
        let on_days = |days: &Vec<Date>| candidate.day.is_none_or(|day| days.contains(&day));
        let of_tracks = |tracks: &HashSet<String>| candidate.track.is_some_and(|track| tracks.contains(track));
        self.days.as_ref().is_none_or(on_days)
            && self.tracks.as_ref().is_none_or(of_tracks)
            && self.sessions.as_ref().is_none_or(|sessions| sessions.contains(candidate.id))
            && self.except.as_ref().is_none_or(|except| !except.contains(candidate.id))
    }
}

/// The ids, if there are rows of all.
fn all_known(table: &str, ids: Vec<String>, at: &str) -> Result<HashSet<String>> {
    let rows: Vec<(String,)> =
        database::query_in(&format!("SELECT id FROM {table} WHERE id IN ($keys)"), params![], ids.iter())?;
    let known: HashSet<String> = rows.into_iter().map(|(id,)| id).collect();
    match ids.iter().position(|id| !known.contains(id)) {
        Some(place) => Err(Error::not_found("There is no such thing, or no longer.").at(format!("{at}/{place}"))),
        None => Ok(known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_named_was_read() {
        let named = |count: u32| Some((0..count).map(|number| number.to_string()).collect());
        let scope = Scope { days: None, tracks: named(2), sessions: named(30), except: named(400) };
        assert_eq!(scope.rows(), 432);
        assert_eq!(Scope { days: None, tracks: None, sessions: None, except: None }.rows(), 0);
    }
}
