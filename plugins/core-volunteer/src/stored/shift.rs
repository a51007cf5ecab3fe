//! Shifts with their places and the sessions they serve.

use std::collections::{BTreeMap, HashMap};

use conman_sdk::prelude::*;

use crate::here::Here;
use crate::rules::calendar::Span;
use crate::rules::hours;
use crate::rules::reconcile::CalledOff;
use crate::rules::words;
use crate::schema::{SessionKey, Shift, ShiftSeat, ShiftState, VolunteerRole};
use crate::stored::{department, int, role, span};

/// A shift's own row.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ShiftRow {
    pub(crate) id: String,
    pub(crate) department_id: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) location: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) weight_percent: i64,
    pub(crate) cancelled: bool,
    /// Who cancelled it; nobody where the programme did.
    pub(crate) cancelled_by: Option<String>,
    pub(crate) rule_id: Option<String>,
}

/// The places of one role on a shift.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct SeatRow {
    pub(crate) shift_id: String,
    pub(crate) role_id: String,
    pub(crate) needed: i64,
    pub(crate) taken: i64,
}

/// The columns of [`ShiftRow`], of the table called `s`.
pub(crate) const SELECT: &str = "SELECT s.id, s.department_id, s.title, s.description, s.location, s.starts_at, s.ends_at, \
     s.weight_percent, s.cancelled, s.cancelled_by, s.rule_id FROM shift s";

// === impl ShiftRow ===

impl ShiftRow {
    /// When it is.
    pub(crate) fn span(&self) -> Result<Span> {
        span(self.starts_at, self.ends_at)
    }

    /// Whose word it was that it does not take place.
    pub(crate) fn called_off(&self) -> Option<CalledOff> {
        let word = if self.cancelled_by.is_some() { CalledOff::BySomebody } else { CalledOff::ByProgramme };
        self.cancelled.then_some(word)
    }
}

/// Shifts by id, in no particular order; those that are gone are left out.
pub(crate) fn rows<K: ToValue>(ids: impl IntoIterator<Item = K>) -> Result<Vec<ShiftRow>> {
    database::query_in(&format!("{SELECT} WHERE s.id IN ($keys)"), params![], ids)
}

/// One shift.
pub(crate) fn one(id: &str) -> Result<ShiftRow> {
    let row = database::query_optional(&format!("{SELECT} WHERE s.id = $1"), params![id])?;
    row.ok_or_else(|| Error::not_found("There is no such shift."))
}

/// One shift as GraphQL shows it.
pub(crate) fn shown(here: &Here<'_>, id: &str) -> Result<Shift> {
    let shifts = complete(here, vec![one(id)?])?;
    shifts.into_iter().next().ok_or_else(|| Error::not_found("There is no such shift."))
}

/// The seats of shifts.
pub(crate) fn seats<K: ToValue>(shifts: impl IntoIterator<Item = K>) -> Result<Vec<SeatRow>> {
    let sql =
        "SELECT shift_id, role_id, needed, taken FROM shift_seat WHERE shift_id IN ($keys) ORDER BY shift_id, role_id";
    database::query_in(sql, params![], shifts)
}

/// The sessions that shifts serve, in the order they come.
pub(crate) fn sessions<K: ToValue>(shifts: impl IntoIterator<Item = K>) -> Result<HashMap<String, Vec<String>>> {
    let sql = "SELECT shift_id, session_id FROM shift_session WHERE shift_id IN ($keys) ORDER BY shift_id, position";
    let mut sessions: HashMap<String, Vec<String>> = HashMap::new();
    for (shift, session) in database::query_in::<(String, String), _>(sql, params![], shifts)? {
        sessions.entry(shift).or_default().push(session);
    }
    Ok(sessions)
}

/// Rows with what belongs to them, by start; what the client did not ask for is left empty.
pub(crate) fn complete(here: &Here<'_>, mut rows: Vec<ShiftRow>) -> Result<Vec<Shift>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let selection = &here.ctx.selection;
    let wants = |path: &str| selection.is_empty() || selection.wants(path);
    rows.sort_by(|a, b| (a.starts_at, a.ends_at, &a.title, &a.id).cmp(&(b.starts_at, b.ends_at, &b.title, &b.id)));
    let ids = || rows.iter().map(|row| &row.id);
    let mut seats_of: HashMap<String, Vec<ShiftSeat>> = HashMap::new();
    if wants("seats") {
        let roles = role::by_id()?;
        for seat in seats(ids())? {
            let shown = shown_seat(&seat, &roles)?;
            seats_of.entry(seat.shift_id).or_default().push(shown);
        }
    }
    let mut sessions_of = if wants("sessions") { sessions(ids())? } else { HashMap::new() };
    let departments = department::by_id()?;
    let weighted = wants("weightedHours");
    rows.into_iter()
        .map(|row| {
            let span = row.span()?;
            let weighted =
                if weighted { hours::weighted(&here.calendar, here.night, span, row.weight_percent) } else { 0 };
            Ok(Shift {
                department: departments.get(&row.department_id).cloned().ok_or_else(|| gone("department", &row.id))?,
                start: here.local(row.starts_at),
                end: here.local(row.ends_at),
                day: here.calendar.day_of(row.starts_at),
                weight: percent(row.weight_percent),
                weighted_hours: words::hours(weighted),
                state: if row.cancelled { ShiftState::Cancelled } else { ShiftState::Planned },
                seats: seats_of.remove(&row.id).unwrap_or_default(),
                sessions: sessions_of.remove(&row.id).unwrap_or_default().into_iter().map(SessionKey::from).collect(),
                title: row.title,
                description: row.description,
                location: row.location,
                rule_id: row.rule_id,
                id: row.id,
            })
        })
        .collect()
}

fn shown_seat(seat: &SeatRow, roles: &HashMap<String, VolunteerRole>) -> Result<ShiftSeat> {
    Ok(ShiftSeat {
        role: roles.get(&seat.role_id).cloned().ok_or_else(|| gone("role", &seat.shift_id))?,
        needed: int(seat.needed),
        taken: int(seat.taken),
        free: int(seat.needed - seat.taken),
    })
}

fn gone(what: &str, shift: &str) -> Error {
    Error::internal(format!("shift {shift} names a {what} that is gone"))
}

/// Hundredths as a factor.
pub(crate) fn percent(percent: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "weights are small")]
    let percent = percent as f64;
    percent / 100.0
}

/// Adds or overwrites shifts.
pub(crate) fn save(rows: &[ShiftRow]) -> Result<()> {
    let columns = [
        "id",
        "department_id",
        "title",
        "description",
        "location",
        "starts_at",
        "ends_at",
        "weight_percent",
        "cancelled",
        "cancelled_by",
        "rule_id",
    ];
    let values = rows.iter().map(|row| {
        row![
            row.id,
            row.department_id,
            row.title,
            row.description,
            row.location,
            row.starts_at,
            row.ends_at,
            row.weight_percent,
            row.cancelled,
            row.cancelled_by,
            row.rule_id
        ]
    });
    database::upsert_many("shift", &["id"], columns, values)?;
    Ok(())
}

/// Adds or overwrites seats.
pub(crate) fn save_seats(seats: &[SeatRow]) -> Result<()> {
    let values = seats.iter().map(|seat| row![seat.shift_id, seat.role_id, seat.needed, seat.taken]);
    database::upsert_many("shift_seat", &["shift_id", "role_id"], ["shift_id", "role_id", "needed", "taken"], values)?;
    Ok(())
}

/// Says which sessions shifts serve, whatever they served before.
pub(crate) fn save_sessions(sessions: &BTreeMap<String, Vec<String>>) -> Result<()> {
    database::execute_in("DELETE FROM shift_session WHERE shift_id IN ($keys)", params![], sessions.keys())?;
    let values = sessions.iter().flat_map(|(shift, sessions)| {
        sessions.iter().enumerate().map(move |(position, session)| row![shift, session, position])
    });
    database::insert_many("shift_session", ["shift_id", "session_id", "position"], values)?;
    Ok(())
}
