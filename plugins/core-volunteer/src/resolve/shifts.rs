//! Shifts: making and changing them, and the fields that depend on who asks.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use conman_sdk::prelude::*;

use crate::CoreVolunteer;
use crate::access::Reach;
use crate::asking::{self, Decided};
use crate::flags;
use crate::follow;
use crate::here::Here;
use crate::notices::{self, Change, ShiftChange};
use crate::rules::reconcile::CalledOff;
use crate::rules::words;
use crate::schema::*;
use crate::settings::rounded;
use crate::stored::shift::{SeatRow, ShiftRow};
use crate::stored::{entry, named, role, shift, span_at};

/// How many shifts one mutation makes.
const MOST_AT_ONCE: usize = 200;
/// How long a shift may be, in hours: longer ones are typing mistakes.
const LONGEST_HOURS: i64 = 72;

/// A convention day as instants, or all time.
pub(super) fn day(here: &Here<'_>, date: Option<Date>) -> (Timestamp, Timestamp) {
    date.map_or((Timestamp::MIN, Timestamp::MAX), |date| {
        let day = here.calendar.day(date);
        (day.start, day.end)
    })
}

/// Makes shifts: all of them or none.
pub(super) fn create(ctx: &Context, inputs: Vec<ShiftInput>, pointer: &str) -> Result<Vec<Shift>> {
    if inputs.len() > MOST_AT_ONCE {
        return Err(Error::invalid(format!("Make at most {MOST_AT_ONCE} shifts at once.")).at(pointer.to_owned()));
    }
    let here = Here::of(ctx)?;
    let reach = Reach::of(ctx)?;
    let roles: HashSet<String> = role::by_id()?.into_keys().collect();
    let (mut rows, mut seats, mut sessions) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (index, input) in inputs.into_iter().enumerate() {
        let at = |field: &str| {
            if pointer == "/input" { format!("{pointer}/{field}") } else { format!("{pointer}/{index}/{field}") }
        };
        reach.require(&input.department).map_err(|error| error.at(at("department")))?;
        let span = time(input.start, input.end, &at("end"))?;
        let id = random::id();
        for (role, needed) in wanted_seats(input.seats, &roles, &at("seats"))? {
            seats.push(SeatRow { shift_id: id.clone(), role_id: role, needed, taken: 0 });
        }
        if let Some(session) = input.session {
            sessions.insert(id.clone(), vec![session]);
        }
        rows.push(ShiftRow {
            department_id: input.department,
            title: named(&input.title, &at("title"))?,
            description: input.description,
            location: input.location,
            starts_at: span.start,
            ends_at: span.end,
            weight_percent: weight(input.weight, &at("weight"))?,
            cancelled: false,
            cancelled_by: None,
            rule_id: None,
            id,
        });
    }
    shift::save(&rows)?;
    shift::save_seats(&seats)?;
    shift::save_sessions(&sessions)?;
    let told: Vec<_> = rows.iter().map(|row| ShiftChange { id: row.id.clone(), change: Change::Created }).collect();
    notices::shifts(&told)?;
    let order: HashMap<String, usize> = rows.iter().enumerate().map(|(index, row)| (row.id.clone(), index)).collect();
    let mut shown = shift::complete(&here, rows)?;
    shown.sort_by_key(|shift| order.get(&shift.id).copied());
    Ok(shown)
}

/// Changes a shift, and looks after the volunteers a new time hurts.
pub(super) fn update(ctx: &Context, id: &str, patch: ShiftPatch) -> Result<Shift> {
    let here = Here::of(ctx)?;
    let reach = Reach::of(ctx)?;
    let old = shift::one(id)?;
    reach.require(&old.department_id)?;
    let mut next = old.clone();
    next.department_id = patch.department.or_keep(next.department_id).map_err(|error| error.at("/patch/department"))?;
    reach.require(&next.department_id).map_err(|error| error.at("/patch/department"))?;
    next.title = named(&patch.title.or_keep(next.title).map_err(|error| error.at("/patch/title"))?, "/patch/title")?;
    next.description = patch.description.into_option().unwrap_or(next.description);
    next.location = patch.location.into_option().unwrap_or(next.location);
    let start = patch.start.or_keep(here.local(next.starts_at)).map_err(|error| error.at("/patch/start"))?;
    let end = patch.end.or_keep(here.local(next.ends_at)).map_err(|error| error.at("/patch/end"))?;
    let span = time(start, end, "/patch/end")?;
    (next.starts_at, next.ends_at) = (span.start, span.end);
    if let Maybe::Value(factor) = patch.weight {
        next.weight_percent = weight(factor, "/patch/weight")?;
    }
    if let Maybe::Value(seats) = patch.seats {
        replace_seats(id, seats)?;
    }
    shift::save(&[next])?;
    if span == old.span()? {
        notices::shift(id, Change::Changed)?;
    } else {
        flags::after_move(&here, &BTreeSet::from([id.to_owned()]))?;
        notices::shift(id, Change::Moved)?;
    }
    shift::shown(&here, id)
}

/// Cancels a shift; its volunteers are told. From then on the programme does not bring it back.
pub(super) fn cancel(ctx: &Context, id: &str) -> Result<Shift> {
    let here = Here::of(ctx)?;
    let row = shift::one(id)?;
    Reach::of(ctx)?.require(&row.department_id)?;
    if row.ends_at <= here.now {
        let end = words::instant(&here.calendar, row.ends_at);
        let message =
            format!("This shift was over at {end}. Mark who did not come instead; who worked keeps the hours.");
        return Err(Error::new("ENDED", message).at("/id"));
    }
    let was_cancelled = row.cancelled;
    shift::save(&[ShiftRow { cancelled: true, cancelled_by: Some(here.who().to_owned()), ..row }])?;
    if !was_cancelled {
        flags::after_move(&here, &BTreeSet::from([id.to_owned()]))?;
        notices::shift(id, Change::Cancelled)?;
    }
    shift::shown(&here, id)
}

/// Takes a cancellation back; its volunteers are told and asked.
pub(super) fn reinstate(ctx: &Context, id: &str) -> Result<Shift> {
    let here = Here::of(ctx)?;
    let row = shift::one(id)?;
    Reach::of(ctx)?.require(&row.department_id)?;
    if row.ends_at <= here.now {
        let message = format!("This shift would have been over at {}.", words::instant(&here.calendar, row.ends_at));
        return Err(Error::new("ENDED", message).at("/id"));
    }
    match row.called_off() {
        None => {}
        Some(CalledOff::ByProgramme) if row.rule_id.is_some() => {
            let message = "The programme cancelled this shift; it takes place again when what it is for does.";
            return Err(Error::new("CANCELLED_BY_PROGRAMME", message).at("/id"));
        }
        Some(_) => follow::reinstate(&here, &row)?,
    }
    shift::shown(&here, id)
}

/// Removes a shift nobody has an entry on.
pub(super) fn delete(ctx: &Context, id: &str) -> Result<bool> {
    let row = shift::one(id)?;
    Reach::of(ctx)?.require(&row.department_id)?;
    let entries: i64 = database::query_value("SELECT COUNT(*) AS entries FROM entry WHERE shift_id = $1", params![id])?;
    if entries > 0 {
        let message = format!("{entries} volunteers have entries on this shift; cancel it, so that they are told.");
        return Err(Error::new("IN_USE", message).at("/id"));
    }
    database::execute("DELETE FROM shift_session WHERE shift_id = $1", params![id])?;
    database::execute("DELETE FROM shift_seat WHERE shift_id = $1", params![id])?;
    database::execute("DELETE FROM shift WHERE id = $1", params![id])?;
    notices::shift(id, Change::Removed)?;
    Ok(true)
}

fn time(start: DateTime, end: DateTime, pointer: &str) -> Result<crate::rules::calendar::Span> {
    let span = span_at(start, end, pointer)?;
    if span.millis() > LONGEST_HOURS * crate::rules::calendar::HOUR {
        let message = format!("A shift lasts {LONGEST_HOURS} hours at most; is the end right?");
        return Err(Error::invalid(message).at(pointer.to_owned()));
    }
    Ok(span)
}

/// A factor in hundredths.
pub(super) fn weight(factor: f64, pointer: &str) -> Result<i64> {
    if (0.0..=100.0).contains(&factor) {
        return Ok(rounded(factor * 100.0));
    }
    Err(Error::invalid("A weight is between 0 and 100; 1 is usual.").at(pointer.to_owned()))
}

/// How many people of each role somebody asked for.
pub(super) fn wanted_seats(
    seats: Vec<SeatInput>,
    roles: &HashSet<String>,
    pointer: &str,
) -> Result<BTreeMap<String, i64>> {
    let mut wanted = BTreeMap::new();
    for (index, seat) in seats.into_iter().enumerate() {
        let at = |field: &str| format!("{pointer}/{index}/{field}");
        if !(0..=10_000).contains(&seat.needed) {
            return Err(Error::invalid("Between 0 and 10000 people can be needed.").at(at("needed")));
        }
        if !roles.contains(&seat.role) {
            return Err(Error::not_found("There is no such role.").at(at("role")));
        }
        if wanted.insert(seat.role, i64::from(seat.needed)).is_some() {
            return Err(Error::invalid("Name each role once.").at(at("role")));
        }
    }
    if wanted.is_empty() {
        return Err(Error::invalid("Say how many people of which role are needed.").at(pointer.to_owned()));
    }
    Ok(wanted)
}

fn replace_seats(shift: &str, seats: Vec<SeatInput>) -> Result<()> {
    let pointer = "/patch/seats";
    let roles = role::by_id()?;
    let wanted = wanted_seats(seats, &roles.keys().cloned().collect(), pointer)?;
    let mut saved: BTreeMap<String, SeatRow> = wanted
        .iter()
        .map(|(role, needed)| {
            (role.clone(), SeatRow { shift_id: shift.to_owned(), role_id: role.clone(), needed: *needed, taken: 0 })
        })
        .collect();
    for old in shift::seats([shift])? {
        let name = roles.get(&old.role_id).map_or("", |role| role.name.as_str());
        match saved.get_mut(&old.role_id) {
            Some(seat) if seat.needed >= old.taken => seat.taken = old.taken,
            None if old.taken == 0 => {
                // Entries that hold no place, like no-shows, still name the seat; it stays with nobody needed.
                saved.insert(old.role_id.clone(), SeatRow { needed: 0, ..old });
            }
            _ => {
                let message = format!(
                    "{} people have signed up as “{name}”; take them off first, or ask for at least as many.",
                    old.taken
                );
                return Err(Error::new("IN_USE", message).at(pointer));
            }
        }
    }
    shift::save_seats(&saved.into_values().collect::<Vec<_>>())
}

impl ShiftEntity for CoreVolunteer {
    fn load(ctx: &Context, keys: &[ShiftKey]) -> Batch<Option<Shift>> {
        let shifts = shift::complete(&Here::of(ctx)?, shift::rows(keys.iter().map(|key| &key.id))?)?;
        batch::optional(keys, shifts.into_iter().map(|shift| (shift.id.clone(), shift)))
    }
}

impl ShiftFields for CoreVolunteer {
    fn decision(ctx: &Context, shifts: &[ShiftKey], args: ShiftDecisionArgs) -> Batch<Option<SignUpDecision>> {
        let here = Here::of(ctx)?;
        let wanted = |decided: Vec<Decided>| match &args.role {
            Some(role) => decided.into_iter().find(|decided| decided.role.id == *role),
            None => asking::nearest(decided),
        };
        each_decision(&here, shifts, |decided| wanted(decided).map(|decided| asking::shown(&here, decided)).transpose())
    }

    fn decisions(ctx: &Context, shifts: &[ShiftKey]) -> Batch<Option<Vec<SignUpDecision>>> {
        let here = Here::of(ctx)?;
        each_decision(&here, shifts, |decided| {
            let shown: Result<Vec<_>> = decided.into_iter().map(|decided| asking::shown(&here, decided)).collect();
            shown.map(Some)
        })
    }

    fn my_entry(ctx: &Context, shifts: &[ShiftKey]) -> Batch<Option<ShiftEntry>> {
        let Some(account) = ctx.actor.account() else {
            return Ok(shifts.iter().map(|_| Ok(None)).collect());
        };
        let sql = format!("{} WHERE e.account_id = $1 AND e.shift_id IN ($keys)", entry::SELECT);
        let rows = database::query_in::<entry::EntryRow, _>(&sql, params![account], shifts.iter().map(|key| &key.id))?;
        let ids: Vec<String> = rows.iter().map(|row| row.shift_id.clone()).collect();
        let entries = entry::shown(&Here::of(ctx)?, rows)?;
        batch::optional(shifts, ids.into_iter().zip(entries))
    }

    fn entries(ctx: &Context, shifts: &[ShiftKey]) -> Batch<Option<Vec<ShiftEntry>>> {
        let reach = Reach::of(ctx)?;
        let managed: HashMap<String, bool> = shift::rows(shifts.iter().map(|key| &key.id))?
            .into_iter()
            .map(|row| (row.id, reach.covers(&row.department_id)))
            .collect();
        let rows = entry::of_shifts(managed.iter().filter(|(_, managed)| **managed).map(|(id, _)| id))?;
        let ids: Vec<String> = rows.iter().map(|row| row.shift_id.clone()).collect();
        let mut entries: HashMap<String, Vec<ShiftEntry>> = HashMap::new();
        for (shift, entry) in ids.into_iter().zip(entry::shown(&Here::of(ctx)?, rows)?) {
            entries.entry(shift).or_default().push(entry);
        }
        let answer = |key: &ShiftKey| match managed.get(&key.id) {
            Some(true) => Ok(Some(entries.get(&key.id).cloned().unwrap_or_default())),
            Some(false) => Err(Error::forbidden("You are no head of this shift's department.")),
            None => Ok(None),
        };
        Ok(shifts.iter().map(answer).collect())
    }
}

/// Decides about shifts for whoever is signed in; nobody gets no decision.
fn each_decision<T: Clone>(
    here: &Here<'_>,
    shifts: &[ShiftKey],
    show: impl Fn(Vec<Decided>) -> Result<Option<T>>,
) -> Batch<Option<T>> {
    let Some(account) = here.ctx.actor.account() else {
        return Ok(shifts.iter().map(|_| Ok(None)).collect());
    };
    let decisions = asking::decisions(here, account, shifts.iter().map(|key| &key.id))?;
    let shown: HashMap<String, Result<Option<T>>> =
        decisions.into_iter().map(|(id, decided)| (id, show(decided))).collect();
    Ok(shifts.iter().map(|key| shown.get(&key.id).cloned().unwrap_or(Ok(None))).collect())
}

impl SessionFields for CoreVolunteer {
    fn shifts(ctx: &Context, sessions: &[SessionKey]) -> Batch<Vec<Shift>> {
        let sql = "SELECT session_id, shift_id FROM shift_session WHERE session_id IN ($keys)";
        let links = database::query_in::<(String, String), _>(sql, params![], sessions.iter().map(|key| &key.id))?;
        let ids: BTreeSet<&String> = links.iter().map(|(_, shift)| shift).collect();
        let shifts = shift::complete(&Here::of(ctx)?, shift::rows(ids)?)?;
        let mut sessions_of: HashMap<&String, Vec<&String>> = HashMap::new();
        for (session, shift) in &links {
            sessions_of.entry(shift).or_default().push(session);
        }
        let rows = shifts.into_iter().filter(|shift| shift.state == ShiftState::Planned).flat_map(|shift| {
            let sessions = sessions_of.get(&shift.id).cloned().unwrap_or_default();
            sessions.into_iter().map(move |session| (session.clone(), shift.clone()))
        });
        batch::lists(sessions, rows)
    }
}
