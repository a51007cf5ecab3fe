//! Giving a place back: until the deadline, or as long as it matters when the shift has changed under one's feet.

use jiff::Timestamp;

use super::calendar::{Calendar, Span, after_minutes};
use super::entry::State;
use super::words;

/// Who gives a place back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The volunteer whose place it is.
    Volunteer {
        /// A change hurt them.
        flagged: bool,
    },
    /// A head takes somebody off.
    Head,
}

/// Why a place cannot be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The deadline passed at this instant.
    Deadline(Timestamp),
    /// The shift has begun.
    Begun,
    /// The shift is over: who was not there is marked so, and does not slip away.
    Over,
    /// There is nothing to give back in this state.
    State(State),
}

/// Until when a volunteer may withdraw.
#[must_use]
pub fn deadline(shift: Span, flagged: bool, minutes: i64) -> Timestamp {
    if flagged { shift.end } else { after_minutes(shift.start, -minutes) }
}

/// Checks whether an entry may be taken off its shift.
///
/// # Errors
/// Why not.
pub fn check(now: Timestamp, shift: Span, state: State, by: By, minutes: i64) -> Result<(), Kept> {
    match by {
        _ if state != State::SignedUp => Err(Kept::State(state)),
        By::Head => Ok(()),
        By::Volunteer { .. } if now >= shift.end => Err(Kept::Over),
        By::Volunteer { flagged: true } => Ok(()),
        By::Volunteer { flagged: false } if now >= shift.start => Err(Kept::Begun),
        By::Volunteer { flagged: false } => {
            let deadline = deadline(shift, false, minutes);
            if now > deadline { Err(Kept::Deadline(deadline)) } else { Ok(()) }
        }
    }
}

impl Kept {
    /// Stable, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Deadline(_) | Self::Begun | Self::Over => "TOO_LATE",
            Self::State(_) => "WRONG_STATE",
        }
    }

    /// What happened and what to do next.
    #[must_use]
    pub fn message(self, calendar: &Calendar, department: &str) -> String {
        match self {
            Self::Deadline(deadline) => format!(
                "Withdrawing was possible until {}. Ask a head of “{department}” to take you off the shift.",
                words::instant(calendar, deadline)
            ),
            Self::Begun => format!("The shift has begun. Tell a head of “{department}” if you cannot stay."),
            Self::Over => format!("The shift is over. Tell a head of “{department}” if you could not come."),
            Self::State(State::Arrived) => {
                format!("The entry is checked in. A head of “{department}” can mark who leaves early, or reopen it.")
            }
            Self::State(state) => format!(
                "The entry is {}, so there is no place to give back. If that is wrong, a head of “{department}” can reopen it.",
                state.as_str()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::calendar::tests::{at, berlin, span};
    use super::*;

    fn withdraw(now: &str, by: By) -> Result<(), Kept> {
        check(at(now), span("2026-08-14 10:00/12:00"), State::SignedUp, by, 120)
    }

    const VOLUNTEER: By = By::Volunteer { flagged: false };
    const FLAGGED: By = By::Volunteer { flagged: true };

    #[test]
    fn until_the_deadline_and_not_after_it() {
        assert_eq!(withdraw("2026-08-14 08:00", VOLUNTEER), Ok(()));
        let late = withdraw("2026-08-14 08:01", VOLUNTEER).unwrap_err();
        expect!["Withdrawing was possible until Fri 14 Aug 08:00. Ask a head of “Stage” to take you off the shift."]
            .assert_eq(&late.message(&berlin(), "Stage"));
        assert_eq!(withdraw("2026-08-14 10:00", VOLUNTEER), Err(Kept::Begun));
    }

    #[test]
    fn whoever_was_hurt_by_a_change_may_go_until_it_is_over() {
        assert_eq!(withdraw("2026-08-14 11:59", FLAGGED), Ok(()));
        assert_eq!(withdraw("2026-08-14 12:00", FLAGGED), Err(Kept::Over));
        assert_eq!(withdraw("2026-08-14 12:00", By::Head), Ok(()));
    }

    #[test]
    fn what_was_worked_is_not_withdrawn() {
        for by in [FLAGGED, By::Head] {
            let done = check(at("2026-08-14 08:00"), span("2026-08-14 10:00/12:00"), State::Completed, by, 120);
            assert_eq!(done.map_err(Kept::code), Err("WRONG_STATE"));
        }
    }
}
