//! Taking a place and giving it back.

use conman_sdk::prelude::*;

use crate::access::{MANAGE, Reach};
use crate::asking::{self, Asker, Offer, OfferedSeat};
use crate::flags;
use crate::here::Here;
use crate::notices::{self, EntryEvent};
use crate::rules::decision::Reader;
use crate::rules::entry::State;
use crate::rules::withdrawal::{self, By};
use crate::schema::{MutationSignUpArgs, Shift, ShiftEntry};
use crate::stored::entry::EntryRow;
use crate::stored::{department, entry, shift, volunteer};

/// Takes a place. Of concurrent takers exactly as many succeed as there are places: each has to raise the seat's count, and
/// that row is changed by one transaction after the other.
pub(super) fn sign_up(ctx: &Context, args: MutationSignUpArgs) -> Result<ShiftEntry> {
    let mut here = Here::of(ctx)?;
    let caller = ctx.actor.signed_in()?;
    let account = args.account.as_deref().unwrap_or(caller);
    let mut offers = Offer::of([&args.shift])?;
    let Some(offer) = offers.remove(&args.shift) else {
        return Err(no_offer(&args.shift).at("/shift"));
    };
    let reader = if account == caller { Reader::Volunteer } else { Reader::Head };
    if reader == Reader::Head {
        ctx.actor.require(MANAGE)?;
        Reach::of(ctx)?.require(&offer.department)?;
        here.policy = here.policy.of_a_head();
    }
    let seat = chosen(&offer, args.role.as_deref())?;
    let asker = Asker::of(account, [&offer])?;
    let decision = asker.standing(&here).decide(&offer.shift, seat.facts());
    decision.map_err(|refusal| asking::refused(&here, &refusal, reader))?;
    if !entry::take_place(&offer.shift.id, &seat.role.id)? {
        return Err(asking::refused(&here, &seat.occupied(), reader));
    }
    if !asker.known {
        volunteer::add(&here, account)?;
    } else if account == caller && asker.name != ctx.actor.name {
        volunteer::rename(account, &ctx.actor.name)?;
    }
    let row = EntryRow {
        id: random::id(),
        shift_id: offer.shift.id.clone(),
        role_id: seat.role.id.clone(),
        account_id: account.to_owned(),
        state: State::SignedUp,
        signed_up_at: here.now,
        signed_up_by: caller.to_owned(),
        changed_at: here.now,
        changed_by: caller.to_owned(),
        comment: String::new(),
        flag: None,
        flag_reason: None,
        flagged_at: None,
        agreed_start: Some(offer.shift.span.start),
        agreed_end: Some(offer.shift.span.end),
        title: offer.shift.title.clone(),
        starts_at: offer.shift.span.start,
        ends_at: offer.shift.span.end,
        cancelled: offer.shift.cancelled,
        department_id: offer.department.clone(),
        weight_percent: 100,
    };
    entry::save(std::slice::from_ref(&row))?;
    notices::entry(EntryEvent::SignedUp, &row, State::SignedUp)?;
    entry::shown_as(&here, row, seat.role.clone())
}

/// The seat to take: the one named, or the only one.
fn chosen<'o>(offer: &'o Offer, role: Option<&str>) -> Result<&'o OfferedSeat> {
    match (role, offer.seats.as_slice()) {
        (Some(role), seats) => seats.iter().find(|seat| seat.role.id == role).ok_or_else(|| {
            let names: Vec<_> = seats.iter().map(|seat| seat.role.name.as_str()).collect();
            Error::not_found(format!("This shift has no places for that role, only for {}.", names.join(", ")))
                .at("/role")
        }),
        (None, [seat]) => Ok(seat),
        (None, seats) => {
            let names: Vec<_> = seats.iter().map(|seat| seat.role.name.as_str()).collect();
            let message = format!("This shift has places for several roles: {}. Name one.", names.join(", "));
            Err(Error::new("ROLE_NEEDED", message).at("/role"))
        }
    }
}

fn no_offer(id: &str) -> Error {
    match shift::one(id) {
        Ok(_) => Error::new("OCCUPIED", "Nobody is needed on this shift. Choose another one."),
        Err(error) => error,
    }
}

/// Gives a place back: one's own until the deadline, anybody's by a head.
pub(super) fn withdraw(ctx: &Context, id: &str) -> Result<Shift> {
    let here = Here::of(ctx)?;
    let caller = ctx.actor.signed_in()?;
    let row = entry::one(id)?;
    let reach = if ctx.actor.may(MANAGE) { Some(Reach::of(ctx)?) } else { None };
    let is_head = reach.is_some_and(|reach| reach.covers(&row.department_id));
    if row.account_id != caller && !is_head {
        // Whose entries exist is nobody else's business.
        return Err(Error::not_found("There is no such entry; it may have been withdrawn."));
    }
    let minutes = here.settings.withdrawal_minutes_before;
    let by = if is_head { By::Head } else { By::Volunteer { flagged: row.flag.is_some() } };
    if let Err(kept) = withdrawal::check(here.now, row.span()?, row.state, by, minutes) {
        let name = department::find(&row.department_id)?.map(|department| department.name).unwrap_or_default();
        return Err(Error::new(kept.code(), kept.message(&here.calendar, &name)).at("/entry"));
    }
    database::execute("DELETE FROM entry WHERE id = $1", params![row.id])?;
    entry::give_place(&row.shift_id, &row.role_id)?;
    notices::entry(EntryEvent::Withdrawn, &row, row.state)?;
    flags::after_withdrawal(&here, &row.account_id)?;
    shift::shown(&here, &row.shift_id)
}
