//! Follows the programme: a release tells which sessions changed, and the shifts made for them change with it.
//!
//! Only what a change can reach is looked at: the sessions told of, with a rule that merges also their neighbours in the rooms
//! they left and entered, the shifts that serve any of these, and what else those serve.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use conman_sdk::prelude::*;

use crate::flags;
use crate::here::Here;
use crate::notices::{self, Change as Told, ShiftChange};
use crate::rules::calendar::Span;
use crate::rules::making::{Planned, SessionFacts};
use crate::rules::reconcile::{self, CalledOff, Change, Made};
use crate::schema::ShiftRuleReport;
use crate::stored::programme::{self, SessionRow};
use crate::stored::rule::{self, StoredRule};
use crate::stored::shift::{self, SeatRow, ShiftRow};
use crate::stored::{int, span};

/// The payload of `programming.sessions.changed`.
#[derive(Debug, Deserialize)]
pub(crate) struct SessionsChanged {
    sessions: Vec<ChangedSession>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangedSession {
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    kind: Option<String>,
    room_id: Option<String>,
    room_name: Option<String>,
    track_id: Option<String>,
    track_name: Option<String>,
    start: Option<DateTime>,
    end: Option<DateTime>,
    #[serde(default)]
    change: String,
}

impl SessionsChanged {
    /// The sessions as they are now. One that was cancelled or removed is kept as not taking place.
    pub(crate) fn into_sessions(self) -> Vec<SessionRow> {
        self.sessions.into_iter().map(ChangedSession::into_row).collect()
    }
}

impl ChangedSession {
    fn into_row(self) -> SessionRow {
        let off = matches!(self.change.as_str(), "cancelled" | "removed");
        SessionRow {
            scheduled: !off && self.state.eq_ignore_ascii_case("scheduled"),
            id: self.id,
            title: self.title,
            kind: self.kind.unwrap_or_default(),
            room_id: self.room_id,
            room_name: self.room_name,
            track_id: self.track_id,
            track_name: self.track_name,
            starts_at: self.start.map(DateTime::timestamp),
            ends_at: self.end.map(DateTime::timestamp),
        }
    }
}

/// What there is to write when all is decided.
#[derive(Default)]
struct Work {
    shifts: Vec<ShiftRow>,
    seats: Vec<SeatRow>,
    sessions: BTreeMap<String, Vec<String>>,
    moved: BTreeSet<String>,
    told: Vec<ShiftChange>,
}

/// Takes sessions as they are now, and lets the shifts follow.
pub(crate) fn follow(here: &Here<'_>, told: Vec<SessionRow>) -> Result<ShiftRuleReport> {
    // One statement may not write a row twice; the last word counts.
    let told: BTreeMap<String, SessionRow> = told.into_iter().map(|session| (session.id.clone(), session)).collect();
    let before = programme::rows(told.keys())?;
    let changed: Vec<SessionRow> =
        told.into_values().filter(|session| before.get(&session.id) != Some(session)).collect();
    if changed.is_empty() {
        return Ok(Work::default().report(0));
    }
    programme::save(&changed)?;
    let rules = rule::all()?;
    let (facts, served) = reached(&rules, &before, &changed)?;
    let mut work = Work::default();
    for stored in &rules {
        let made = served.made_by(&stored.rule.id)?;
        let changes = reconcile::changes(here.now, &stored.rule, &made, &facts);
        let wanted = changes.into_iter().filter(|change| stored.automatic || !matches!(change, Change::Create(_)));
        work.add(stored, &served, wanted);
    }
    follow_by_hand(here, &served, &before, &changed, &mut work)?;
    work.carry_out(here)
}

/// The sessions a change can reach, and the shifts that serve them. A shift may also serve sessions nobody told of: planned
/// without them it would leave them alone in their room; and whoever plans for those has to know the shifts that they have.
/// So both are gathered until nothing new comes.
fn reached(
    rules: &[StoredRule],
    before: &HashMap<String, SessionRow>,
    changed: &[SessionRow],
) -> Result<(Vec<SessionFacts>, Served)> {
    let by_id = |session: SessionRow| (session.id.clone(), session);
    let merges = rules.iter().any(|stored| stored.rule.merge_up_to_minutes.is_some());
    let mut sessions: BTreeMap<String, SessionRow> = changed.iter().cloned().map(by_id).collect();
    let mut rooms: BTreeSet<String> =
        before.values().chain(changed).filter_map(|session| session.room_id.clone()).collect();
    loop {
        if merges {
            sessions.extend(programme::in_rooms(&rooms)?.into_iter().map(by_id));
        }
        let served = Served::by(sessions.keys())?;
        let others: BTreeSet<&String> =
            served.sessions.values().flatten().filter(|id| !sessions.contains_key(*id)).collect();
        let others = programme::rows(others)?;
        if others.is_empty() {
            return Ok((sessions.values().map(SessionRow::facts).collect(), served));
        }
        rooms = others.values().filter_map(|session| session.room_id.clone()).collect();
        sessions.extend(others);
    }
}

/// Makes, moves and cancels shifts as a rule wants, for all sessions heard of.
pub(crate) fn apply(here: &Here<'_>, rules: &[StoredRule]) -> Result<ShiftRuleReport> {
    let facts: Vec<SessionFacts> = programme::all()?.iter().map(SessionRow::facts).collect();
    let mut work = Work::default();
    for stored in rules {
        let served = Served::of_rule(&stored.rule.id)?;
        let made = served.made_by(&stored.rule.id)?;
        work.add(stored, &served, reconcile::changes(here.now, &stored.rule, &made, &facts));
        let open = made.iter().filter(|made| made.span.end > here.now).map(|made| made.id.clone());
        rule::align_seats(stored, &open.collect::<Vec<_>>())?;
    }
    work.carry_out(here)
}

/// Lets a shift take place again that somebody called off: one made by a rule as the rule wants it by now, another as it was.
pub(crate) fn reinstate(here: &Here<'_>, row: &ShiftRow) -> Result<()> {
    let mut work = Work::default();
    match &row.rule_id {
        Some(rule) => {
            let stored = rule::one(rule)?;
            let served = Served::from_rows(vec![row.clone()])?;
            let sessions = programme::rows(served.sessions.values().flatten())?;
            let facts: Vec<SessionFacts> = sessions.values().map(SessionRow::facts).collect();
            let made = served.made_by(rule)?.into_iter();
            let made: Vec<Made> = made.map(|made| Made { cancelled: Some(CalledOff::ByProgramme), ..made }).collect();
            let changes = reconcile::changes(here.now, &stored.rule, &made, &facts).into_iter();
            work.add(&stored, &served, changes.filter(|change| matches!(change, Change::Become { .. })));
        }
        None => work.replace(row, ShiftRow { cancelled: false, cancelled_by: None, ..row.clone() }),
    }
    if work.shifts.is_empty() {
        let message = "The rule wants no such shift any more: what it is for does not take place, or not as the rule asks. \
                       Look at the session and the rule, or add a shift by hand.";
        return Err(Error::new("NOT_WANTED", message).at("/id"));
    }
    work.carry_out(here)?;
    Ok(())
}

/// Shifts, and the sessions they serve.
struct Served {
    shifts: BTreeMap<String, ShiftRow>,
    sessions: HashMap<String, Vec<String>>,
}

impl Served {
    fn by<'s>(sessions: impl IntoIterator<Item = &'s String>) -> Result<Self> {
        let sql = format!(
            "{} WHERE s.id IN (SELECT x.shift_id FROM shift_session x WHERE x.session_id IN ($keys))",
            shift::SELECT
        );
        Self::from_rows(database::query_in(&sql, params![], sessions)?)
    }

    fn of_rule(rule: &str) -> Result<Self> {
        Self::from_rows(database::query_as(&format!("{} WHERE s.rule_id = $1", shift::SELECT), params![rule])?)
    }

    fn from_rows(rows: Vec<ShiftRow>) -> Result<Self> {
        let shifts: BTreeMap<String, ShiftRow> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        Ok(Self { sessions: shift::sessions(shifts.keys())?, shifts })
    }

    fn made_by(&self, rule: &str) -> Result<Vec<Made>> {
        let rows = self.shifts.values().filter(|row| row.rule_id.as_deref() == Some(rule));
        rows.map(|row| {
            Ok(Made {
                sessions: self.sessions.get(&row.id).cloned().unwrap_or_default(),
                span: span(row.starts_at, row.ends_at)?,
                id: row.id.clone(),
                title: row.title.clone(),
                location: row.location.clone(),
                weight_percent: row.weight_percent,
                cancelled: row.called_off(),
            })
        })
        .collect()
    }
}

/// Shifts that somebody made by hand for a session keep their distance to it, go when it goes and come back with it, unless
/// somebody called them off.
fn follow_by_hand(
    here: &Here<'_>,
    served: &Served,
    before: &HashMap<String, SessionRow>,
    changed: &[SessionRow],
    work: &mut Work,
) -> Result<()> {
    let by_hand: Vec<&ShiftRow> =
        served.shifts.values().filter(|row| row.rule_id.is_none() && row.ends_at > here.now).collect();
    if by_hand.is_empty() {
        return Ok(());
    }
    let sessions_of = |shift: &str| served.sessions.get(shift).map_or(&[][..], Vec::as_slice);
    let linked: BTreeSet<&String> = by_hand.iter().flat_map(|row| sessions_of(&row.id)).collect();
    let after = programme::rows(linked)?;
    let changed: BTreeSet<&str> = changed.iter().map(|session| session.id.as_str()).collect();
    for row in by_hand {
        let ids = sessions_of(&row.id);
        // What was not told of is now as it was before.
        let earlier = |id: &String| if changed.contains(id.as_str()) { before.get(id) } else { after.get(id) };
        let (old, new) = (hull(ids.iter().filter_map(earlier)), hull(ids.iter().filter_map(|id| after.get(id))));
        let mut next = row.clone();
        match (old, new) {
            (Some(_), None) => next.cancelled = true,
            (None, Some(_)) => next.cancelled = row.cancelled_by.is_some(),
            (Some(old), Some(new)) => {
                let followed = reconcile::followed(row.span()?, old, new);
                (next.starts_at, next.ends_at) = (followed.start, followed.end);
            }
            (None, None) => {}
        }
        let room = |session: Option<&SessionRow>| session.and_then(|session| session.room_name.clone());
        if let Some(first) = ids.first() {
            let (old, new) = (room(earlier(first)), room(after.get(first)));
            if old.as_ref() == Some(&row.location) {
                next.location = new.unwrap_or(next.location);
            }
        }
        work.replace(row, next);
    }
    Ok(())
}

/// From the first start to the last end of what takes place.
fn hull<'s>(sessions: impl Iterator<Item = &'s SessionRow>) -> Option<Span> {
    sessions.filter_map(SessionRow::span).reduce(|a, b| Span { start: a.start.min(b.start), end: a.end.max(b.end) })
}

// === impl Work ===

impl Work {
    fn add(&mut self, stored: &StoredRule, served: &Served, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            match change {
                Change::Create(planned) => self.create(stored, planned),
                Change::Become { id, planned, .. } => {
                    if let Some(row) = served.shifts.get(&id) {
                        let next = ShiftRow {
                            title: planned.title,
                            location: planned.location,
                            starts_at: planned.span.start,
                            ends_at: planned.span.end,
                            weight_percent: planned.weight_percent,
                            cancelled: false,
                            cancelled_by: None,
                            ..row.clone()
                        };
                        if served.sessions.get(&id) != Some(&planned.sessions) {
                            self.sessions.insert(id, planned.sessions);
                        }
                        self.replace(row, next);
                    }
                }
                Change::Cancel { id } => {
                    if let Some(row) = served.shifts.get(&id) {
                        self.replace(row, ShiftRow { cancelled: true, ..row.clone() });
                    }
                }
            }
        }
    }

    fn create(&mut self, stored: &StoredRule, planned: Planned) {
        let id = random::id();
        let seats = stored.seats.iter().map(|(role, needed)| SeatRow {
            shift_id: id.clone(),
            role_id: role.clone(),
            needed: *needed,
            taken: 0,
        });
        self.seats.extend(seats);
        self.sessions.insert(id.clone(), planned.sessions);
        self.told.push(ShiftChange { id: id.clone(), change: Told::Created });
        self.shifts.push(ShiftRow {
            id,
            department_id: stored.department_id.clone(),
            title: planned.title,
            description: String::new(),
            location: planned.location,
            starts_at: planned.span.start,
            ends_at: planned.span.end,
            weight_percent: planned.weight_percent,
            cancelled: false,
            cancelled_by: None,
            rule_id: Some(stored.rule.id.clone()),
        });
    }

    fn replace(&mut self, old: &ShiftRow, next: ShiftRow) {
        let shifted = (old.starts_at, old.ends_at) != (next.starts_at, next.ends_at);
        // A cancelled shift that is kept in step hurts nobody.
        let moved = old.cancelled != next.cancelled || (shifted && !next.cancelled);
        let looks = |row: &ShiftRow| (row.title.clone(), row.location.clone(), row.weight_percent);
        let changed = shifted || looks(old) != looks(&next);
        let change = match (moved, changed) {
            (true, _) if next.cancelled => Told::Cancelled,
            (true, _) => Told::Moved,
            (false, true) => Told::Changed,
            (false, false) => return,
        };
        if moved {
            self.moved.insert(next.id.clone());
        }
        self.told.push(ShiftChange { id: next.id.clone(), change });
        self.shifts.push(next);
    }

    fn carry_out(self, here: &Here<'_>) -> Result<ShiftRuleReport> {
        shift::save(&self.shifts)?;
        shift::save_seats(&self.seats)?;
        shift::save_sessions(&self.sessions)?;
        let flagged = flags::after_move(here, &self.moved)?;
        notices::shifts(&self.told)?;
        Ok(self.report(flagged))
    }

    fn report(&self, flagged: usize) -> ShiftRuleReport {
        let count = |change| {
            let count = self.told.iter().filter(|told| told.change == change).count();
            int(i64::try_from(count).unwrap_or(i64::MAX))
        };
        ShiftRuleReport {
            created: count(Told::Created),
            moved: count(Told::Moved),
            changed: count(Told::Changed),
            cancelled: count(Told::Cancelled),
            flagged: int(i64::try_from(flagged).unwrap_or(i64::MAX)),
        }
    }
}
