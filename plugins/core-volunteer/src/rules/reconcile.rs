//! What there is made into what there should be: shifts a rule made before, and what it wants now.
//!
//! A shift keeps its identity, and with it its volunteers, as long as it still serves one of its sessions. Nothing is done to
//! shifts that are over: what was worked stays as it was. Nor to shifts that somebody called off: their volunteers were told
//! not to come, and a release of the programme is nobody's word that they should.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::calendar::{Span, shifted};
use super::making::{self, Planned, Rule, SessionFacts};

/// A shift made earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The shift's id.
    pub id: String,
    /// The sessions it serves.
    pub sessions: Vec<String>,
    /// Its title.
    pub title: String,
    /// Its place.
    pub location: String,
    /// When it is.
    pub span: Span,
    /// What its hours count, in hundredths.
    pub weight_percent: i64,
    /// Whose word it was that it does not take place.
    pub cancelled: Option<CalledOff>,
}

/// Whose word a cancellation was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalledOff {
    /// The sessions it serves do not take place: it comes back with them.
    ByProgramme,
    /// Somebody decided it: only somebody takes it back.
    BySomebody,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Make a shift.
    Create(Planned),
    /// Make the shift with this id look so; it takes place again if it was cancelled.
    Become {
        /// The shift's id.
        id: String,
        /// What it should be.
        planned: Planned,
        /// Its time is another one, or it takes place again: its volunteers may be hurt.
        moved: bool,
    },
    /// Cancel the shift with this id.
    Cancel {
        /// The shift's id.
        id: String,
    },
}

/// The changes that lead from what `rule` made to what it wants for `sessions`. It wants nothing for sessions whose shift
/// somebody called off.
#[must_use]
pub fn changes(now: Timestamp, rule: &Rule, made: &[Made], sessions: &[SessionFacts]) -> Vec<Change> {
    let (called_off, made): (Vec<_>, Vec<_>) =
        made.iter().cloned().partition(|made| made.cancelled == Some(CalledOff::BySomebody));
    let done_without: BTreeSet<&String> = called_off.iter().flat_map(|made| &made.sessions).collect();
    let sessions: Vec<_> = sessions.iter().filter(|session| !done_without.contains(&session.id)).cloned().collect();
    reconcile(now, &made, &making::plan(rule, &sessions))
}

fn reconcile(now: Timestamp, made: &[Made], planned: &[Planned]) -> Vec<Change> {
    let mut free: Vec<&Made> = made.iter().collect();
    // Shifts that take place are matched before cancelled ones, so that volunteers keep theirs.
    free.sort_by_key(|made| (made.cancelled.is_some(), made.span, &made.id));
    let mut changes = Vec::new();
    for planned in planned {
        match take_best(&mut free, planned) {
            Some(made) if made.span.end <= now => {}
            Some(made) => changes.extend(become_planned(made, planned)),
            None if planned.span.end <= now => {}
            None => changes.push(Change::Create(planned.clone())),
        }
    }
    let gone = free.into_iter().filter(|made| made.cancelled.is_none() && made.span.end > now);
    changes.extend(gone.map(|made| Change::Cancel { id: made.id.clone() }));
    changes
}

/// Takes the shift out of `free` that serves most of the planned one's sessions; the first among equals.
fn take_best<'m>(free: &mut Vec<&'m Made>, planned: &Planned) -> Option<&'m Made> {
    let shared = |made: &Made| made.sessions.iter().filter(|id| planned.sessions.contains(id)).count();
    let mut best: Option<(usize, usize)> = None;
    for (index, made) in free.iter().enumerate() {
        let shared = shared(made);
        if shared > best.map_or(0, |(_, most)| most) {
            best = Some((index, shared));
        }
    }
    best.map(|(index, _)| free.remove(index))
}

fn become_planned(made: &Made, planned: &Planned) -> Option<Change> {
    let moved = made.cancelled.is_some() || made.span != planned.span;
    let same = made.sessions == planned.sessions
        && (&made.title, &made.location, made.weight_percent)
            == (&planned.title, &planned.location, planned.weight_percent);
    (moved || !same).then(|| Change::Become { id: made.id.clone(), planned: planned.clone(), moved })
}

/// Where a shift belongs that somebody made by hand for a session, after the session moved: its start keeps its distance to
/// the session's start, its end to the session's end. Should that leave nothing, it keeps its length.
#[must_use]
pub fn followed(shift: Span, before: Span, after: Span) -> Span {
    let start = shifted(shift.start, after.start.as_millisecond() - before.start.as_millisecond());
    let end = shifted(shift.end, after.end.as_millisecond() - before.end.as_millisecond());
    Span::new(start, end).unwrap_or_else(|| Span { start, end: shifted(start, shift.millis()) })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::super::calendar::after_minutes;
    use super::super::calendar::tests::{at, berlin, span};
    use super::super::words;
    use super::*;

    fn made(id: &str, sessions: &str, when: &str) -> Made {
        Made {
            id: id.to_owned(),
            sessions: sessions.split(' ').map(str::to_owned).collect(),
            title: sessions.to_owned(),
            location: "Room".to_owned(),
            span: span(when),
            weight_percent: 100,
            cancelled: None,
        }
    }

    fn planned(sessions: &str, when: &str) -> Planned {
        let Made { sessions, title, location, span, weight_percent, .. } = made("", sessions, when);
        Planned { sessions, title, location, span, weight_percent }
    }

    fn check(made: &[Made], planned: &[Planned], expected: Expect) {
        let text = |planned: &Planned| format!("{} {}", planned.title, words::span(&berlin(), planned.span));
        let lines: Vec<_> = reconcile(at("2026-08-14 08:00"), made, planned)
            .iter()
            .map(|change| match change {
                Change::Create(planned) => format!("create {}", text(planned)),
                Change::Become { id, planned, moved } => {
                    format!("{} {id} to {}", if *moved { "move" } else { "change" }, text(planned))
                }
                Change::Cancel { id } => format!("cancel {id}"),
            })
            .collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn nothing_changed_means_nothing_to_do() {
        check(&[made("1", "a", "2026-08-14 10:00/11:00")], &[planned("a", "2026-08-14 10:00/11:00")], expect![""]);
    }

    #[test]
    fn moved_created_and_cancelled() {
        check(
            &[made("1", "a", "2026-08-14 10:00/11:00"), made("2", "b", "2026-08-14 12:00/13:00")],
            &[planned("a", "2026-08-14 10:30/11:30"), planned("c", "2026-08-14 14:00/15:00")],
            expect![[r#"
                move 1 to a Fri 14 Aug 10:30–11:30
                create c Fri 14 Aug 14:00–15:00
                cancel 2"#]],
        );
    }

    #[test]
    fn a_split_shift_goes_on_with_the_larger_part() {
        check(
            &[made("1", "a b c", "2026-08-14 10:00/13:00")],
            &[planned("a", "2026-08-14 10:00/11:00"), planned("b c", "2026-08-14 15:00/17:00")],
            expect![[r#"
                move 1 to a Fri 14 Aug 10:00–11:00
                create b c Fri 14 Aug 15:00–17:00"#]],
        );
    }

    #[test]
    fn what_comes_back_takes_place_again() {
        let cancelled = Made { cancelled: Some(CalledOff::ByProgramme), ..made("1", "a", "2026-08-14 10:00/11:00") };
        check(&[cancelled], &[planned("a", "2026-08-14 10:00/11:00")], expect!["move 1 to a Fri 14 Aug 10:00–11:00"]);
    }

    #[test]
    fn a_new_weight_reaches_the_shift() {
        let heavy = Planned { weight_percent: 150, ..planned("a", "2026-08-14 10:00/11:00") };
        check(&[made("1", "a", "2026-08-14 10:00/11:00")], &[heavy], expect!["change 1 to a Fri 14 Aug 10:00–11:00"]);
    }

    #[test]
    fn what_somebody_called_off_stays_so_and_gets_no_successor() {
        let rule = Rule {
            id: "rule".to_owned(),
            name: "Door".to_owned(),
            room: None,
            track: None,
            kind: None,
            minutes_before: 0,
            minutes_after: 0,
            merge_up_to_minutes: None,
            weight_percent: 100,
        };
        let session = |id: &str| SessionFacts {
            id: id.to_owned(),
            title: id.to_owned(),
            kind: String::new(),
            scheduled: true,
            room: None,
            track: None,
            span: Some(span("2026-08-14 12:00/13:00")),
        };
        let made = |cancelled| Made { cancelled, ..made("1", "a", "2026-08-14 10:00/11:00") };
        let ids = |made: &Made, sessions: &[SessionFacts]| -> Vec<String> {
            let changes = changes(at("2026-08-14 08:00"), &rule, std::slice::from_ref(made), sessions);
            let id = |change: Change| match change {
                Change::Create(planned) => format!("create {}", planned.title),
                Change::Become { id, .. } => format!("become {id}"),
                Change::Cancel { id } => format!("cancel {id}"),
            };
            changes.into_iter().map(id).collect()
        };
        let both = [session("a"), session("b")];
        assert_eq!(ids(&made(Some(CalledOff::ByProgramme)), &both), ["become 1", "create Door: b"]);
        assert_eq!(ids(&made(Some(CalledOff::BySomebody)), &both), ["create Door: b"]);
    }

    #[test]
    fn what_is_over_is_left_alone() {
        check(
            &[made("1", "a", "2026-08-14 06:00/07:00"), made("2", "b", "2026-08-14 06:00/07:00")],
            &[planned("a", "2026-08-14 06:00/09:00"), planned("c", "2026-08-14 07:00/08:00")],
            expect![""],
        );
    }

    #[test]
    fn a_shift_made_by_hand_keeps_its_distance() {
        let shift = span("2026-08-14 09:30/11:15");
        let after = followed(shift, span("2026-08-14 10:00/11:00"), span("2026-08-14 12:00/14:00"));
        assert_eq!(after, span("2026-08-14 11:30/14:15"));
        let squeezed =
            followed(span("2026-08-14 10:00/10:30"), span("2026-08-14 10:00/11:00"), span("2026-08-14 10:00/10:15"));
        assert_eq!(squeezed, span("2026-08-14 10:00/10:30"));
    }

    fn hours() -> impl Strategy<Value = Vec<(u8, i64, i64)>> {
        prop::collection::vec((0_u8..6, 0_i64..200, 1_i64..200), 0..6)
    }

    fn as_planned(cases: &[(u8, i64, i64)]) -> Vec<Planned> {
        let mut seen = BTreeSet::new();
        let fresh = cases.iter().filter(|case| seen.insert(case.0));
        fresh
            .map(|(id, start, length)| {
                let start = after_minutes(at("2026-08-14 09:00"), *start);
                let span = Span::new(start, after_minutes(start, *length)).unwrap();
                let sessions = vec![id.to_string()];
                Planned { sessions, title: String::new(), location: String::new(), span, weight_percent: 100 }
            })
            .collect()
    }

    proptest! {
        /// Carrying the changes out leads to what was planned, and then there is nothing more to do.
        #[test]
        fn it_arrives_and_stays(before in hours(), after in hours()) {
            let now = at("2026-08-14 08:00");
            let as_made = |id: String, p: Planned, cancelled| {
                let Planned { sessions, title, location, span, weight_percent } = p;
                Made { id, sessions, title, location, span, weight_percent, cancelled }
            };
            let mut made: Vec<Made> = as_planned(&before)
                .into_iter()
                .enumerate()
                .map(|(index, p)| as_made(index.to_string(), p, (index % 3 == 2).then_some(CalledOff::ByProgramme)))
                .collect();
            let planned = as_planned(&after);
            for change in reconcile(now, &made, &planned) {
                match change {
                    Change::Create(p) => made.push(as_made(format!("new{}", made.len()), p, None)),
                    Change::Become { id, planned, .. } => {
                        let shift = made.iter_mut().find(|made| made.id == id).unwrap();
                        *shift = as_made(id, planned, None);
                    }
                    Change::Cancel { id } => {
                        let shift = made.iter_mut().find(|made| made.id == id).unwrap();
                        shift.cancelled = Some(CalledOff::ByProgramme);
                    }
                }
            }
            let mut wanted: Vec<_> = planned.iter().map(|p| (p.sessions.clone(), p.span)).collect();
            let mut there: Vec<_> = made.iter().filter(|m| m.cancelled.is_none()).map(|m| (m.sessions.clone(), m.span)).collect();
            wanted.sort();
            there.sort();
            prop_assert_eq!(wanted, there);
            prop_assert_eq!(reconcile(now, &made, &planned), vec![]);
        }
    }
}
