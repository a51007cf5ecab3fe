//! Sessions that come after one another in a circle: none of them could be placed.

use std::fmt;

use super::flaw::Report;
use super::place::{Place, quoted};
use crate::problem::{Session, SessionIndex};

/// So many sessions of a circle are named.
const NAMED: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// On the way that is being followed.
    Followed,
    Done,
}

/// Reports a circle for each reference that closes one. Every reference is followed once.
pub(super) fn refuse(sessions: &[Session], report: &mut Report) {
    let mut states = vec![State::New; sessions.len()];
    // The way from where it began: a session, and how many of those before it have been looked at.
    let mut way: Vec<(SessionIndex, usize)> = Vec::new();
    for start in 0..super::index(sessions.len()) {
        if state(&mut states, start).is_some_and(|state| *state == State::New) {
            way.push((start, 0));
        }
        while let Some((session, looked_at)) = way.last_mut() {
            let session = *session;
            let Some(state_here) = state(&mut states, session) else { break };
            *state_here = State::Followed;
            let before = sessions.get(session as usize).and_then(|session| session.after.get(*looked_at)).copied();
            *looked_at += 1;
            match before.map(|before| (before, state(&mut states, before).copied())) {
                None => {
                    if let Some(state) = state(&mut states, session) {
                        *state = State::Done;
                    }
                    way.pop();
                }
                Some((before, Some(State::New))) => way.push((before, 0)),
                Some((before, Some(State::Followed))) => tell(sessions, &way, before, report),
                Some(_) => {}
            }
        }
    }
}

fn state(states: &mut [State], session: SessionIndex) -> Option<&mut State> {
    states.get_mut(session as usize)
}

fn tell(sessions: &[Session], way: &[(SessionIndex, usize)], first: SessionIndex, report: &mut Report) {
    // Looked for only when it is told: there may be a million circles of a hundred thousand sessions.
    let circle = fmt::from_fn(|f| {
        let circle = way.iter().map(|(session, _)| *session).skip_while(|session| *session != first);
        let id = |session: SessionIndex| sessions.get(session as usize).map_or("", |session| &session.id);
        for session in circle.clone().take(NAMED) {
            write!(f, "{} after ", quoted(id(session)))?;
        }
        match circle.count() {
            length if length > NAMED => write!(f, "… ({length} in all)"),
            _ => write!(f, "{}", quoted(id(first))),
        }
    });
    let list = Place::DOCUMENT.key("sessions");
    report.add(
        &list.index(first as usize).key("after"),
        format_args!("runs in a circle: {circle}"),
        format_args!("take one of these out"),
    );
}
