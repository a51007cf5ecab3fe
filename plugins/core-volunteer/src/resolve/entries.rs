//! What becomes of entries: check-in, completion, ratings, flags.

use std::collections::HashMap;

use conman_sdk::prelude::*;

use crate::CoreVolunteer;
use crate::access::Reach;
use crate::here::Here;
use crate::notices::{self, EntryEvent};
use crate::rules::decision::{Reader, Standing, VolunteerFacts};
use crate::rules::entry::{self as life, Step};
use crate::schema::*;
use crate::stored::entry::EntryRow;
use crate::stored::{entry, shift};

/// Takes an entry one step on.
pub(super) fn step(ctx: &Context, id: &str, step: Step) -> Result<ShiftEntry> {
    let here = Here::of(ctx)?;
    let mut row = entry::one(id)?;
    Reach::of(ctx)?.require(&row.department_id)?;
    let minutes = here.settings.check_in_minutes_before;
    let next = life::after(row.state, step, here.now, row.span()?, row.cancelled, minutes)
        .map_err(|misstep| Error::new(misstep.code(), misstep.message(&here.calendar)).at("/entry"))?;
    if next.holds_a_place() && !row.state.holds_a_place() {
        still_free(&here, &row)?;
    }
    match (row.state.holds_a_place(), next.holds_a_place()) {
        (true, false) => entry::give_place(&row.shift_id, &row.role_id)?,
        (false, true) if !entry::take_place(&row.shift_id, &row.role_id)? => {
            let message = "Somebody else has taken the place meanwhile; ask for one more person on the shift first.";
            return Err(Error::new("OCCUPIED", message).at("/entry"));
        }
        _ => {}
    }
    row.state = next;
    row.changed_at = here.now;
    row.changed_by = here.who().to_owned();
    // A rating belongs to work that was done, a flag to work still ahead.
    if !next.can_be_rated() {
        row.comment = String::new();
        database::execute("UPDATE entry SET rating = NULL WHERE id = $1", params![id])?;
    }
    if step != Step::Reopen {
        row.unflag();
        row.agree();
    }
    entry::save(std::slice::from_ref(&row))?;
    notices::entry(EntryEvent::Changed, &row, next)?;
    entry::shown_one(&here, row)
}

/// Refuses to give a place back to a volunteer who took another shift at that time meanwhile.
fn still_free(here: &Here<'_>, row: &EntryRow) -> Result<()> {
    let others = entry::of_accounts([&row.account_id])?;
    let commitments: Vec<_> = others.iter().map(EntryRow::commitment).collect::<Result<_>>()?;
    let nobody = VolunteerFacts::default();
    let standing = Standing::new(&here.policy, &here.calendar, here.now, &nobody, &commitments);
    standing
        .fits_again(&row.shift_facts()?)
        .map_err(|misfit| Error::new(misfit.code(), misfit.message(&here.calendar, Reader::Head)).at("/entry"))
}

/// Rates work that was done; no rating takes it back.
pub(super) fn rate(ctx: &Context, id: &str, rating: Option<WorkRating>, comment: &str) -> Result<ShiftEntry> {
    let here = Here::of(ctx)?;
    let row = entry::one(id)?;
    Reach::of(ctx)?.require(&row.department_id)?;
    if !row.state.can_be_rated() {
        let message = format!("An entry that is {} cannot be rated; complete it first.", row.state.as_str());
        return Err(Error::new("WRONG_STATE", message).at("/entry"));
    }
    database::execute("UPDATE entry SET rating = $2, comment = $3 WHERE id = $1", params![id, rating, comment.trim()])?;
    entry::shown_one(&here, row)
}

/// Takes a flag off: whoever does agrees to the shift as it is, for themselves or for the volunteer they talked to.
pub(super) fn dismiss_flag(ctx: &Context, id: &str) -> Result<ShiftEntry> {
    let here = Here::of(ctx)?;
    let mut row = entry::one(id)?;
    let own = ctx.actor.account() == Some(row.account_id.as_str());
    if !own && !Reach::of(ctx)?.covers(&row.department_id) {
        return Err(Error::not_found("There is no such entry; it may have been withdrawn."));
    }
    row.unflag();
    row.agree();
    entry::save(std::slice::from_ref(&row))?;
    entry::shown_one(&here, row)
}

impl ShiftEntryEntity for CoreVolunteer {
    fn load(ctx: &Context, keys: &[ShiftEntryKey]) -> Batch<Option<ShiftEntry>> {
        let rows = visible(ctx, keys)?;
        let entries = entry::shown(&Here::of(ctx)?, rows)?;
        batch::optional(keys, entries.into_iter().map(|entry| (entry.id.clone(), entry)))
    }
}

impl ShiftEntryFields for CoreVolunteer {
    fn shift(ctx: &Context, entries: &[ShiftEntryKey]) -> Batch<Shift> {
        let rows = visible(ctx, entries)?;
        let shifts = shift::complete(&Here::of(ctx)?, shift::rows(rows.iter().map(|row| &row.shift_id))?)?;
        let shifts: HashMap<&str, &Shift> = shifts.iter().map(|shift| (shift.id.as_str(), shift)).collect();
        let of_entry: HashMap<&str, &Shift> =
            rows.iter().filter_map(|row| Some((row.id.as_str(), *shifts.get(row.shift_id.as_str())?))).collect();
        let shift = |key: &ShiftEntryKey| of_entry.get(key.id.as_str()).map(|shift| (*shift).clone());
        Ok(entries.iter().map(|key| shift(key).ok_or_else(|| Error::not_found("There is no such entry."))).collect())
    }

    fn rating(ctx: &Context, entries: &[ShiftEntryKey]) -> Batch<Option<EntryRating>> {
        let reach = Reach::of(ctx)?;
        let sql = "SELECT e.id, e.rating, e.comment, s.department_id FROM entry e JOIN shift s ON s.id = e.shift_id WHERE e.id IN ($keys)";
        let rows = database::query_in::<(String, Option<WorkRating>, String, String), _>(
            sql,
            params![],
            entries.iter().map(|key| &key.id),
        )?;
        let rated = rows.into_iter().filter(|row| reach.covers(&row.3) && (row.1.is_some() || !row.2.is_empty()));
        batch::optional(entries, rated.map(|(id, rating, comment, _)| (id, EntryRating { rating, comment })))
    }
}

/// The entries among these that the actor may see: their own, and those of departments they manage.
fn visible(ctx: &Context, keys: &[ShiftEntryKey]) -> Result<Vec<EntryRow>> {
    let mut rows = entry::rows(keys.iter().map(|key| &key.id))?;
    let own = |row: &EntryRow| ctx.actor.account() == Some(row.account_id.as_str());
    if !rows.iter().all(own) {
        let reach = Reach::of(ctx)?;
        rows.retain(|row| own(row) || reach.covers(&row.department_id));
    }
    Ok(rows)
}
