//! Giving a place back: until the deadline, or at any time when the shift has changed under one's feet.

use jiff::Timestamp;

use super::calendar::{Calendar, Span, after_minutes};
use super::entry::State;
use super::words;

/// Why a volunteer cannot withdraw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooLate {
    /// The deadline passed at this instant.
    Deadline(Timestamp),
    /// The shift has begun.
    Begun,
    /// There is nothing to give back in this state.
    State(State),
}

/// Until when a volunteer may withdraw.
#[must_use]
pub fn deadline(shift: Span, minutes: i64) -> Timestamp {
    after_minutes(shift.start, -minutes)
}

/// Checks a volunteer's own withdrawal. A head may remove an entry that is signed up at any time.
///
/// # Errors
/// When it is too late.
pub fn check(now: Timestamp, shift: Span, state: State, flagged: bool, minutes: i64) -> Result<(), TooLate> {
    if state != State::SignedUp {
        return Err(TooLate::State(state));
    }
    if flagged {
        return Ok(());
    }
    let deadline = deadline(shift, minutes);
    match () {
        () if now >= shift.start => Err(TooLate::Begun),
        () if now > deadline => Err(TooLate::Deadline(deadline)),
        () => Ok(()),
    }
}

impl TooLate {
    /// What happened and what to do next.
    #[must_use]
    pub fn message(self, calendar: &Calendar, department: &str) -> String {
        match self {
            Self::Deadline(deadline) => format!(
                "Withdrawing was possible until {}. Ask a head of “{department}” to take you off the shift.",
                words::instant(calendar, deadline)
            ),
            Self::Begun => format!("The shift has begun. Tell a head of “{department}” if you cannot stay."),
            Self::State(state) => format!("The entry is {}; there is no place to give back.", state.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::calendar::tests::{at, berlin, span};
    use super::*;

    fn withdraw(now: &str, flagged: bool) -> Result<(), TooLate> {
        check(at(now), span("2026-08-14 10:00/12:00"), State::SignedUp, flagged, 120)
    }

    #[test]
    fn until_the_deadline_and_not_after_it() {
        assert_eq!(withdraw("2026-08-14 08:00", false), Ok(()));
        let late = withdraw("2026-08-14 08:01", false).unwrap_err();
        expect!["Withdrawing was possible until Fri 14 Aug 08:00. Ask a head of “Stage” to take you off the shift."]
            .assert_eq(&late.message(&berlin(), "Stage"));
        assert_eq!(withdraw("2026-08-14 10:00", false), Err(TooLate::Begun));
    }

    #[test]
    fn whoever_was_hurt_by_a_change_may_always_go() {
        assert_eq!(withdraw("2026-08-14 09:59", true), Ok(()));
    }

    #[test]
    fn what_was_worked_is_not_withdrawn() {
        let done = check(at("2026-08-14 08:00"), span("2026-08-14 10:00/12:00"), State::Completed, true, 120);
        assert_eq!(done, Err(TooLate::State(State::Completed)));
    }
}
