//! May this volunteer take this place? One function answers, for the list and for the sign-up alike.
//!
//! The first reason that applies is the one given: what cannot be helped comes first (it is over, you have it already), then
//! what somebody else must change (locked, not open, not arrived, not qualified), then what another choice would mend
//! (collides, rest), and last what may mend itself (occupied).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::calendar::{Calendar, Span, after_minutes};
use super::rest::{self, RestPolicy, Tired};

mod wording;

pub use wording::Reader;

/// What a convention decided about sign-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Nobody signs up before this.
    pub opens_at: Option<Timestamp>,
    /// A shift opens only this long before it starts; none: with everything else.
    pub opens_minutes_before: Option<i64>,
    /// A shift closes this long before it starts; none: only when it is over.
    pub closes_minutes_before: Option<i64>,
    /// Who has not arrived at the convention may not sign up from this instant on; none: arrival does not matter.
    pub arrival_from: Option<Timestamp>,
    /// That many no-shows lock sign-up; none: they never do.
    pub no_shows_until_locked: Option<i64>,
    /// Rest between blocks of work, and the longest day.
    pub rest: RestPolicy,
}

impl Policy {
    /// The same for a head who signs somebody up: the times at which volunteers may do so themselves do not bind heads.
    #[must_use]
    pub const fn of_a_head(self) -> Self {
        Self { opens_at: None, opens_minutes_before: None, closes_minutes_before: None, ..self }
    }
}

/// What is known of the volunteer who is asking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolunteerFacts {
    /// Has arrived at the convention.
    pub arrived: bool,
    /// Somebody has seen that they are over 18.
    pub adult: bool,
    /// Roles somebody confirmed them for.
    pub confirmed_roles: BTreeSet<String>,
    /// Licences somebody has seen.
    pub licences: BTreeSet<String>,
    /// No-shows since the last pardon.
    pub no_shows: i64,
}

/// What a role asks of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFacts {
    /// The role's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Somebody has to confirm each volunteer for it.
    pub needs_confirmation: bool,
    /// Only for adults.
    pub over_18: bool,
    /// The licence it takes.
    pub licence: Option<String>,
}

/// What of a shift matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftFacts {
    /// The shift's id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// When it is.
    pub span: Span,
    /// It will not take place.
    pub cancelled: bool,
}

/// The places of one role on a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat<'a> {
    /// Whom it takes.
    pub role: &'a RoleFacts,
    /// How many are needed.
    pub needed: i64,
    /// How many have signed up.
    pub taken: i64,
}

/// An entry the volunteer has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// The shift.
    pub shift: ShiftFacts,
    /// Whether its time is spoken for: not after a no-show, nor when it was given up.
    pub binding: bool,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Cancelled, over, or closed at this instant.
    Ended(Ending),
    /// There is an entry for this shift already.
    Already {
        /// It holds a place: it was not closed as a no-show or given up.
        open: bool,
    },
    /// Too many no-shows.
    Locked {
        /// How many.
        no_shows: i64,
        /// How many are too many.
        limit: i64,
    },
    /// Sign-up opens later.
    NotYet {
        /// When.
        opens_at: Timestamp,
    },
    /// Has not arrived at the convention.
    NotArrived,
    /// Lacks what the role asks for.
    NotQualified {
        /// The role's name.
        role: String,
        /// What is missing.
        missing: Vec<Missing>,
    },
    /// It does not fit between the other shifts.
    DoesNotFit(Misfit),
    /// All places are taken.
    Occupied {
        /// The role's name.
        role: String,
        /// How many places there are.
        needed: i64,
    },
}

/// How a shift does not fit between the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Another shift is at the same time.
    Collides {
        /// The other shift.
        with: ShiftFacts,
    },
    /// Too little rest, or too long a day.
    RestRule(Tired<Neighbour>),
}

/// How it came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It will not take place.
    Cancelled,
    /// It was over at this instant.
    Over(Timestamp),
    /// Sign-up closed at this instant.
    Closed(Timestamp),
}

/// A requirement that is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// Nobody has confirmed the volunteer for the role.
    Confirmation,
    /// Nobody has confirmed that they are over 18.
    Adulthood,
    /// Nobody has seen this licence.
    Licence(String),
}

/// The shift before or after that leaves too little rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour(pub ShiftFacts);

/// A volunteer at an instant, ready to be asked about many shifts.
#[derive(Debug)]
pub struct Standing<'a> {
    policy: &'a Policy,
    calendar: &'a Calendar,
    now: Timestamp,
    volunteer: &'a VolunteerFacts,
    commitments: &'a [Commitment],
    work: Vec<(&'a ShiftFacts, Span)>,
    by_day: BTreeMap<Date, i64>,
}

impl RoleFacts {
    /// Whether it asks for something that somebody has to have written down besides the profile.
    #[must_use]
    pub const fn asks_for_confirmation(&self) -> bool {
        self.needs_confirmation || self.licence.is_some()
    }
}

// === impl Standing ===

impl<'a> Standing<'a> {
    /// Gathers what every question needs.
    #[must_use]
    pub fn new(
        policy: &'a Policy,
        calendar: &'a Calendar,
        now: Timestamp,
        volunteer: &'a VolunteerFacts,
        commitments: &'a [Commitment],
    ) -> Self {
        let work: Vec<_> = commitments
            .iter()
            .filter(|commitment| commitment.binding && !commitment.shift.cancelled)
            .map(|commitment| (&commitment.shift, commitment.shift.span))
            .collect();
        let by_day = rest::by_day(calendar, &work);
        Self { policy, calendar, now, volunteer, commitments, work, by_day }
    }

    /// Decides about one place on one shift.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn decide(&self, shift: &ShiftFacts, seat: Seat<'_>) -> Result<(), Refusal> {
        self.still_open(shift)?;
        if let Some(entry) = self.commitments.iter().find(|commitment| commitment.shift.id == shift.id) {
            return Err(Refusal::Already { open: entry.binding });
        }
        self.allowed_at_all(shift)?;
        self.qualified(seat.role)?;
        self.fits(shift).map_err(Refusal::DoesNotFit)?;
        if seat.taken >= seat.needed {
            return Err(Refusal::Occupied { role: seat.role.name.clone(), needed: seat.needed });
        }
        Ok(())
    }

    /// Whether the shift fits between the others, whatever else speaks against it. An entry for the shift itself is not
    /// held against it, so that this can be asked about shifts one has, after they moved.
    ///
    /// # Errors
    /// What it does not fit with.
    pub fn fits(&self, shift: &ShiftFacts) -> Result<(), Misfit> {
        if !self.work.iter().any(|(other, _)| other.id == shift.id) {
            return self.fits_between(&self.work, &self.by_day, shift);
        }
        let others: Vec<_> = self.work.iter().copied().filter(|(other, _)| other.id != shift.id).collect();
        self.fits_between(&others, &rest::by_day(self.calendar, &others), shift)
    }

    /// Whether somebody may have a place back that they gave up, or were given up for lost on: not while they are elsewhere.
    /// Rest counts only for what is still ahead; of what is over, this corrects the record.
    ///
    /// # Errors
    /// What it does not fit with.
    pub fn fits_again(&self, shift: &ShiftFacts) -> Result<(), Misfit> {
        match self.fits(shift) {
            _ if shift.cancelled => Ok(()),
            Err(Misfit::RestRule(_)) if shift.span.end <= self.now => Ok(()),
            outcome => outcome,
        }
    }

    fn fits_between(
        &self,
        work: &[(&ShiftFacts, Span)],
        by_day: &BTreeMap<Date, i64>,
        shift: &ShiftFacts,
    ) -> Result<(), Misfit> {
        if let Some((with, _)) = work.iter().find(|(_, span)| span.overlaps(shift.span)) {
            return Err(Misfit::Collides { with: (*with).clone() });
        }
        match rest::check(self.policy.rest, self.calendar, work, by_day, shift.span) {
            None => Ok(()),
            Some(tired) => Err(Misfit::RestRule(owned(tired))),
        }
    }

    fn still_open(&self, shift: &ShiftFacts) -> Result<(), Refusal> {
        let closes = self.policy.closes_minutes_before.map(|minutes| after_minutes(shift.span.start, -minutes));
        match closes {
            _ if shift.cancelled => Err(Refusal::Ended(Ending::Cancelled)),
            _ if shift.span.end <= self.now => Err(Refusal::Ended(Ending::Over(shift.span.end))),
            Some(closes) if closes <= self.now => Err(Refusal::Ended(Ending::Closed(closes))),
            _ => Ok(()),
        }
    }

    fn allowed_at_all(&self, shift: &ShiftFacts) -> Result<(), Refusal> {
        let no_shows = self.volunteer.no_shows;
        if let Some(limit) = self.policy.no_shows_until_locked.filter(|limit| no_shows >= *limit) {
            return Err(Refusal::Locked { no_shows, limit });
        }
        let own = self.policy.opens_minutes_before.map(|minutes| after_minutes(shift.span.start, -minutes));
        if let Some(opens_at) = self.policy.opens_at.max(own).filter(|opens_at| self.now < *opens_at) {
            return Err(Refusal::NotYet { opens_at });
        }
        if !self.volunteer.arrived && self.policy.arrival_from.is_some_and(|from| self.now >= from) {
            return Err(Refusal::NotArrived);
        }
        Ok(())
    }

    fn qualified(&self, role: &RoleFacts) -> Result<(), Refusal> {
        let mut missing = Vec::new();
        if role.needs_confirmation && !self.volunteer.confirmed_roles.contains(&role.id) {
            missing.push(Missing::Confirmation);
        }
        if role.over_18 && !self.volunteer.adult {
            missing.push(Missing::Adulthood);
        }
        if let Some(licence) = role.licence.as_ref().filter(|licence| !self.volunteer.licences.contains(*licence)) {
            missing.push(Missing::Licence(licence.clone()));
        }
        if missing.is_empty() { Ok(()) } else { Err(Refusal::NotQualified { role: role.name.clone(), missing }) }
    }
}

fn owned(tired: Tired<&ShiftFacts>) -> Tired<Neighbour> {
    match tired {
        Tired::TooShortARest { neighbour, gap, missing } => {
            Tired::TooShortARest { neighbour: Neighbour(neighbour.clone()), gap, missing }
        }
        Tired::TooLongADay { day, taken, would_be, most } => Tired::TooLongADay { day, taken, would_be, most },
    }
}

// === impl Refusal ===

/// The word for a yes.
pub const FREE: &str = "FREE";

impl Refusal {
    /// The word in the decision vocabulary.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ended(_) => "ENDED",
            Self::Already { .. } => "ALREADY",
            Self::Locked { .. } => "LOCKED",
            Self::NotYet { .. } => "NOT_YET",
            Self::NotArrived => "NOT_ARRIVED",
            Self::NotQualified { .. } => "NOT_QUALIFIED",
            Self::DoesNotFit(misfit) => misfit.code(),
            Self::Occupied { .. } => "OCCUPIED",
        }
    }

    /// The shift that stands in the way, where one does.
    #[must_use]
    pub const fn shift_in_the_way(&self) -> Option<&ShiftFacts> {
        match self {
            Self::DoesNotFit(
                Misfit::Collides { with: shift }
                | Misfit::RestRule(Tired::TooShortARest { neighbour: Neighbour(shift), .. }),
            ) => Some(shift),
            _ => None,
        }
    }

    /// When sign-up opens, where that is the reason.
    #[must_use]
    pub const fn opens_at(&self) -> Option<Timestamp> {
        match self {
            Self::NotYet { opens_at } => Some(*opens_at),
            _ => None,
        }
    }

    /// How much rest is missing, in milliseconds, where that is the reason.
    #[must_use]
    pub const fn missing_rest(&self) -> Option<i64> {
        match self {
            Self::DoesNotFit(Misfit::RestRule(Tired::TooShortARest { missing, .. })) => Some(*missing),
            _ => None,
        }
    }
}

// === impl Misfit ===

impl Misfit {
    /// The word in the decision vocabulary.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Collides { .. } => "COLLIDES",
            Self::RestRule(_) => "REST_RULE",
        }
    }
}

/// How far a refusal is from a yes; the smallest is the one to show for a shift with several roles.
#[must_use]
pub const fn distance(decision: &Result<(), Refusal>) -> u8 {
    match decision {
        Ok(()) => 0,
        Err(Refusal::Occupied { .. }) => 1,
        Err(Refusal::DoesNotFit(Misfit::RestRule(_))) => 2,
        Err(Refusal::DoesNotFit(Misfit::Collides { .. })) => 3,
        Err(Refusal::NotQualified { .. }) => 4,
        Err(Refusal::NotArrived) => 5,
        Err(Refusal::NotYet { .. }) => 6,
        Err(Refusal::Locked { .. }) => 7,
        Err(Refusal::Already { .. }) => 8,
        Err(Refusal::Ended(_)) => 9,
    }
}

#[cfg(test)]
pub(super) mod tests;
