//! Gathers the facts for a decision, of one volunteer and many shifts in few statements, and shows the decision.
//!
//! The list of shifts and the sign-up both come here, and both ask [`Standing::decide`].

use std::collections::HashMap;

use conman_sdk::prelude::*;

use crate::here::Here;
use crate::rules::decision::{
    self, Commitment, FREE, Reader, Refusal, RoleFacts, Seat, ShiftFacts, Standing, VolunteerFacts,
};
use crate::rules::entry::State;
use crate::rules::words;
use crate::schema::{ShiftInTheWay, SignUpCode, SignUpDecision, VolunteerRole};
use crate::stored::{entry, role, span, volunteer};

/// A volunteer with everything that speaks for or against them.
pub(crate) struct Asker {
    pub(crate) known: bool,
    pub(crate) name: String,
    facts: VolunteerFacts,
    commitments: Vec<Commitment>,
}

/// A shift with its places.
pub(crate) struct Offer {
    pub(crate) shift: ShiftFacts,
    pub(crate) department: String,
    pub(crate) seats: Vec<OfferedSeat>,
}

/// The places for one role.
pub(crate) struct OfferedSeat {
    pub(crate) role: VolunteerRole,
    facts: RoleFacts,
    needed: i64,
    taken: i64,
}

/// A decision about one role on a shift.
pub(crate) struct Decided {
    pub(crate) role: VolunteerRole,
    pub(crate) outcome: Result<(), Refusal>,
}

#[derive(FromRow)]
struct OfferRow {
    id: String,
    title: String,
    department_id: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    cancelled: bool,
    role_id: String,
    needed: i64,
    taken: i64,
    role_name: String,
    role_description: String,
    role_department_id: Option<String>,
    needs_confirmation: bool,
    over_18: bool,
    licence: Option<String>,
}

// === impl Asker ===

impl Asker {
    /// Reads what is known of an account, as far as it matters for these offers.
    pub(crate) fn of<'o>(account: &str, offers: impl IntoIterator<Item = &'o Offer>) -> Result<Self> {
        let profile = volunteer::find(account)?;
        let asks_much =
            offers.into_iter().flat_map(|offer| &offer.seats).any(|seat| seat.facts.asks_for_confirmation());
        let confirmed = if asks_much { volunteer::confirmed(account)? } else { volunteer::Confirmed::default() };
        let entries = entry::of_accounts([account])?;
        let no_shows = entries.iter().filter(|entry| entry.state == State::NoShow).count();
        let pardoned = profile.as_ref().map_or(0, |profile| profile.pardoned_no_shows);
        Ok(Self {
            facts: VolunteerFacts {
                arrived: profile.as_ref().is_some_and(|profile| profile.arrived_at.is_some()),
                adult: profile.as_ref().is_some_and(|profile| profile.adult_confirmed_at.is_some()),
                confirmed_roles: confirmed.roles,
                licences: confirmed.licences,
                no_shows: i64::try_from(no_shows).unwrap_or(i64::MAX).saturating_sub(pardoned),
            },
            commitments: entries.iter().map(entry::EntryRow::commitment).collect::<Result<_>>()?,
            known: profile.is_some(),
            name: profile.map(|profile| profile.name).unwrap_or_default(),
        })
    }

    /// Ready to be asked about shifts.
    pub(crate) fn standing<'a>(&'a self, here: &'a Here<'_>) -> Standing<'a> {
        Standing::new(&here.policy, &here.calendar, here.now, &self.facts, &self.commitments)
    }
}

// === impl Offer ===

impl Offer {
    /// Reads shifts with their places, by shift. Shifts without places are left out.
    pub(crate) fn of<K: ToValue>(shifts: impl IntoIterator<Item = K>) -> Result<HashMap<String, Self>> {
        let sql = "SELECT s.id, s.title, s.department_id, s.starts_at, s.ends_at, s.cancelled, t.role_id, t.needed, t.taken, \
                   r.name AS role_name, r.description AS role_description, r.department_id AS role_department_id, \
                   r.needs_confirmation, r.over_18, r.licence FROM shift s JOIN shift_seat t ON t.shift_id = s.id \
                   JOIN volunteer_role r ON r.id = t.role_id WHERE s.id IN ($keys) ORDER BY s.id, r.name, t.role_id";
        let mut offers: HashMap<String, Self> = HashMap::new();
        for row in database::query_in::<OfferRow, _>(sql, params![], shifts)? {
            let role = VolunteerRole {
                id: row.role_id,
                name: row.role_name,
                description: row.role_description,
                department_id: row.role_department_id,
                needs_confirmation: row.needs_confirmation,
                over18: row.over_18,
                licence: row.licence,
            };
            let seat = OfferedSeat { facts: role::facts(&role), role, needed: row.needed, taken: row.taken };
            match offers.get_mut(&row.id) {
                Some(offer) => offer.seats.push(seat),
                None => {
                    let span = span(row.starts_at, row.ends_at)?;
                    let shift = ShiftFacts { id: row.id.clone(), title: row.title, span, cancelled: row.cancelled };
                    offers.insert(row.id, Self { shift, department: row.department_id, seats: vec![seat] });
                }
            }
        }
        Ok(offers)
    }

    /// Decides about each role.
    pub(crate) fn decide(&self, standing: &Standing<'_>) -> Vec<Decided> {
        let decided = self
            .seats
            .iter()
            .map(|seat| Decided { outcome: standing.decide(&self.shift, seat.facts()), role: seat.role.clone() });
        decided.collect()
    }
}

impl OfferedSeat {
    /// What of it matters for a decision.
    pub(crate) const fn facts(&self) -> Seat<'_> {
        Seat { role: &self.facts, needed: self.needed, taken: self.taken }
    }

    /// The refusal of whoever comes too late.
    pub(crate) fn occupied(&self) -> Refusal {
        Refusal::Occupied { role: self.role.name.clone(), needed: self.needed }
    }
}

/// Decisions of the account about shifts, by shift.
pub(crate) fn decisions<K: ToValue>(
    here: &Here<'_>,
    account: &str,
    shifts: impl IntoIterator<Item = K>,
) -> Result<HashMap<String, Vec<Decided>>> {
    let offers = Offer::of(shifts)?;
    let asker = Asker::of(account, offers.values())?;
    let standing = asker.standing(here);
    Ok(offers.into_iter().map(|(id, offer)| (id, offer.decide(&standing))).collect())
}

/// The decision nearest to a yes.
pub(crate) fn nearest(decided: Vec<Decided>) -> Option<Decided> {
    decided.into_iter().min_by_key(|decided| decision::distance(&decided.outcome))
}

/// A refusal as an error, for whoever tried anyway.
pub(crate) fn refused(here: &Here<'_>, refusal: &Refusal, reader: Reader) -> Error {
    Error::new(refusal.code(), refusal.message(&here.calendar, reader)).at("/shift")
}

/// A decision as GraphQL shows it.
pub(crate) fn shown(here: &Here<'_>, decided: Decided) -> Result<SignUpDecision> {
    let Decided { role, outcome } = decided;
    let word = outcome.as_ref().err().map_or(FREE, Refusal::code);
    let code: SignUpCode = word.parse().map_err(|_| Error::internal(format!("`{word}` is no word of SignUpCode")))?;
    let refusal = outcome.err();
    let refusal = refusal.as_ref();
    let in_the_way = refusal.and_then(Refusal::shift_in_the_way).map(|shift| ShiftInTheWay {
        id: shift.id.clone(),
        title: shift.title.clone(),
        start: here.local(shift.span.start),
        end: here.local(shift.span.end),
    });
    Ok(SignUpDecision {
        code,
        role,
        message: refusal.map(|refusal| refusal.message(&here.calendar, Reader::Volunteer)).unwrap_or_default(),
        in_the_way,
        opens_at: refusal.and_then(Refusal::opens_at).map(|at| here.local(at)),
        missing_rest_minutes: refusal.and_then(Refusal::missing_rest).map(words::minutes),
    })
}
