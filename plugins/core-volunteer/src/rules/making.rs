//! Shifts out of the programme: what a rule wants to exist, given the sessions.
//!
//! A rule says which sessions (a room, a track, a kind), how long before and after somebody has to be there, and whether
//! sessions that follow each other in a room become one longer shift.

use std::collections::BTreeMap;

use super::calendar::{MINUTE, Span, after_minutes};

/// A rule, as far as it concerns what its shifts look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The rule's id.
    pub id: String,
    /// Its name, which the shifts' titles begin with.
    pub name: String,
    /// Only sessions in this room.
    pub room: Option<String>,
    /// Only sessions of this track.
    pub track: Option<String>,
    /// Only sessions of this kind.
    pub kind: Option<String>,
    /// Minutes before the session.
    pub minutes_before: i64,
    /// Minutes after the session.
    pub minutes_after: i64,
    /// Sessions in one room whose shifts would touch become one, up to so many minutes; none: never.
    pub merge_up_to_minutes: Option<i64>,
    /// What its shifts' hours count, in hundredths.
    pub weight_percent: i64,
}

/// A session, as the programme's events tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts {
    /// Its id in the programme.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its kind: `talk`, `panel`.
    pub kind: String,
    /// It takes place: neither cancelled nor a draft.
    pub scheduled: bool,
    /// The room's id and name.
    pub room: Option<(String, String)>,
    /// The track's id.
    pub track: Option<String>,
    /// When it is; none while it has no time.
    pub span: Option<Span>,
}

/// A shift a rule wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The sessions it is for, by their start.
    pub sessions: Vec<String>,
    /// Its title.
    pub title: String,
    /// Its room's name.
    pub location: String,
    /// When it is.
    pub span: Span,
    /// What its hours count, in hundredths.
    pub weight_percent: i64,
}

/// What `rule` wants to exist for `sessions`, by start.
#[must_use]
pub fn plan(rule: &Rule, sessions: &[SessionFacts]) -> Vec<Planned> {
    let mut by_room: BTreeMap<Option<&str>, Vec<(&SessionFacts, Span)>> = BTreeMap::new();
    for session in sessions.iter().filter(|session| rule.covers(session)) {
        if let Some(span) = session.span {
            let room = session.room.as_ref().map(|(id, _)| id.as_str());
            by_room.entry(room).or_default().push((session, span));
        }
    }
    let mut planned = Vec::new();
    for (room, mut sessions) in by_room {
        sessions.sort_by(|a, b| (a.1, &a.0.id).cmp(&(b.1, &b.0.id)));
        // Sessions without a room are nowhere near each other.
        let limit = rule.merge_up_to_minutes.filter(|_| room.is_some());
        planned.extend(gathered(rule, &sessions, limit).iter().filter_map(|group| rule.shift_for(group)));
    }
    planned.sort_by(|a, b| (a.span, &a.sessions).cmp(&(b.span, &b.sessions)));
    planned
}

/// Neighbours put together while the whole stays within `limit` minutes.
fn gathered<'s>(
    rule: &Rule,
    sessions: &[(&'s SessionFacts, Span)],
    limit: Option<i64>,
) -> Vec<Vec<(&'s SessionFacts, Span)>> {
    let mut groups: Vec<Vec<(&SessionFacts, Span)>> = Vec::new();
    for (session, span) in sessions.iter().copied() {
        let joins = limit.and_then(|limit| {
            let group = groups.last()?;
            let whole = rule.around(group)?;
            let next = rule.around(&[(session, span)])?;
            let end = whole.end.max(next.end);
            let minutes = (end.as_millisecond() - whole.start.as_millisecond()) / MINUTE;
            Some(next.start <= whole.end && minutes <= limit)
        });
        match groups.last_mut() {
            Some(group) if joins == Some(true) => group.push((session, span)),
            _ => groups.push(vec![(session, span)]),
        }
    }
    groups
}

// === impl Rule ===

impl Rule {
    /// Whether the rule makes a shift for this session.
    #[must_use]
    pub fn covers(&self, session: &SessionFacts) -> bool {
        let matches = |wanted: &Option<String>, actual: Option<&str>| wanted.is_none() || wanted.as_deref() == actual;
        session.scheduled
            && session.span.is_some()
            && matches(&self.room, session.room.as_ref().map(|(id, _)| id.as_str()))
            && matches(&self.track, session.track.as_deref())
            && matches(&self.kind, Some(&session.kind))
    }

    fn around(&self, group: &[(&SessionFacts, Span)]) -> Option<Span> {
        let start = group.iter().map(|(_, span)| span.start).min()?;
        let end = group.iter().map(|(_, span)| span.end).max()?;
        Span::new(after_minutes(start, -self.minutes_before), after_minutes(end, self.minutes_after))
    }

    fn shift_for(&self, group: &[(&SessionFacts, Span)]) -> Option<Planned> {
        let (first, _) = group.first()?;
        let more = match group.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        Some(Planned {
            sessions: group.iter().map(|(session, _)| session.id.clone()).collect(),
            title: format!("{}: {}{more}", self.name, first.title),
            location: first.room.as_ref().map(|(_, name)| name.clone()).unwrap_or_default(),
            span: self.around(group)?,
            weight_percent: self.weight_percent,
        })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::calendar::tests::{berlin, span};
    use super::super::words;
    use super::*;

    fn session(id: &str, room: &str, when: &str) -> SessionFacts {
        SessionFacts {
            id: id.to_owned(),
            title: format!("Talk {id}"),
            kind: "talk".to_owned(),
            scheduled: true,
            room: Some((room.to_owned(), format!("Room {room}"))),
            track: Some("science".to_owned()),
            span: Some(span(when)),
        }
    }

    fn rule() -> Rule {
        Rule {
            id: "rule".to_owned(),
            name: "Room angel".to_owned(),
            room: None,
            track: None,
            kind: None,
            minutes_before: 15,
            minutes_after: 10,
            merge_up_to_minutes: None,
            weight_percent: 100,
        }
    }

    fn check(rule: &Rule, sessions: &[SessionFacts], expected: Expect) {
        let lines: Vec<_> = plan(rule, sessions)
            .iter()
            .map(|p| {
                format!("{} | {} | {} | {}", words::span(&berlin(), p.span), p.location, p.title, p.sessions.join(" "))
            })
            .collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn one_shift_around_each_session() {
        let sessions = [session("b", "1", "2026-08-14 12:00/13:00"), session("a", "1", "2026-08-14 10:00/11:00")];
        check(
            &rule(),
            &sessions,
            expect![[r#"
            Fri 14 Aug 09:45–11:10 | Room 1 | Room angel: Talk a | a
            Fri 14 Aug 11:45–13:10 | Room 1 | Room angel: Talk b | b"#]],
        );
    }

    #[test]
    fn neighbours_in_a_room_become_one_up_to_the_limit() {
        let sessions = [
            session("a", "1", "2026-08-14 10:00/11:00"),
            session("b", "1", "2026-08-14 11:25/12:00"),
            session("c", "1", "2026-08-14 12:15/14:00"),
            session("d", "2", "2026-08-14 11:00/12:00"),
        ];
        check(
            &Rule { merge_up_to_minutes: Some(180), ..rule() },
            &sessions,
            expect![[r#"
                Fri 14 Aug 09:45–12:10 | Room 1 | Room angel: Talk a and 1 more | a b
                Fri 14 Aug 10:45–12:10 | Room 2 | Room angel: Talk d | d
                Fri 14 Aug 12:00–14:10 | Room 1 | Room angel: Talk c | c"#]],
        );
    }

    #[test]
    fn only_what_the_rule_names_and_what_takes_place() {
        let cancelled = SessionFacts { scheduled: false, ..session("c", "1", "2026-08-14 10:00/11:00") };
        let timeless = SessionFacts { span: None, ..session("t", "1", "2026-08-14 10:00/11:00") };
        let workshop = SessionFacts { kind: "workshop".to_owned(), ..session("w", "1", "2026-08-14 10:00/11:00") };
        let elsewhere = session("e", "2", "2026-08-14 10:00/11:00");
        let other_track = SessionFacts { track: None, ..session("o", "1", "2026-08-14 10:00/11:00") };
        let sessions =
            [cancelled, timeless, workshop, elsewhere, other_track, session("y", "1", "2026-08-14 10:00/11:00")];
        let some = |text: &str| Some(text.to_owned());
        check(
            &Rule { room: some("1"), track: some("science"), kind: some("talk"), ..rule() },
            &sessions,
            expect!["Fri 14 Aug 09:45–11:10 | Room 1 | Room angel: Talk y | y"],
        );
    }
}
