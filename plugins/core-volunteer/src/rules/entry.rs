//! An entry's life: who signed up arrives or does not, and stays or does not. [`after`] is the one place that says which step
//! is allowed from where.

use jiff::Timestamp;

use super::calendar::{Calendar, Span, after_minutes};
use super::words;

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Has the place.
    SignedUp,
    /// Is there.
    Arrived,
    /// Stayed to the end.
    Completed,
    /// Left before the end.
    Abandoned,
    /// Never came.
    NoShow,
}

/// What a head does to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The volunteer is there.
    CheckIn,
    /// The work is done.
    Complete,
    /// The volunteer left.
    Abandon,
    /// The volunteer did not come.
    MarkNoShow,
    /// The last step was a mistake: back to the start.
    Reopen,
}

/// Why a step is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misstep {
    /// Not from this state.
    NotFrom(State, Step),
    /// Not before this instant.
    TooEarly(Step, Timestamp),
    /// The shift was cancelled.
    Cancelled,
}

/// The state after a step.
///
/// # Errors
/// When the step is not possible from this state, or not yet.
pub fn after(
    state: State,
    step: Step,
    now: Timestamp,
    shift: Span,
    cancelled: bool,
    check_in_minutes: i64,
) -> Result<State, Misstep> {
    let next = match (state, step) {
        // Whoever was given up for lost may still turn up, and whoever was forgotten at the desk may still have worked.
        (State::SignedUp | State::NoShow, Step::CheckIn) => State::Arrived,
        (State::SignedUp | State::Arrived, Step::Complete) => State::Completed,
        (State::Arrived, Step::Abandon) => State::Abandoned,
        (State::SignedUp, Step::MarkNoShow) => State::NoShow,
        (State::Arrived | State::Completed | State::Abandoned | State::NoShow, Step::Reopen) => {
            return Ok(State::SignedUp);
        }
        (state, step) => return Err(Misstep::NotFrom(state, step)),
    };
    if cancelled {
        return Err(Misstep::Cancelled);
    }
    let earliest = match step {
        Step::CheckIn => after_minutes(shift.start, -check_in_minutes),
        Step::Complete | Step::MarkNoShow => shift.start,
        Step::Abandon | Step::Reopen => return Ok(next),
    };
    if now < earliest { Err(Misstep::TooEarly(step, earliest)) } else { Ok(next) }
}

// === impl State ===

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::SignedUp, Self::Arrived, Self::Completed, Self::Abandoned, Self::NoShow];

    /// As stored and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedUp => "signed_up",
            Self::Arrived => "arrived",
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
            Self::NoShow => "no_show",
        }
    }

    /// Whether an entry in this state takes a place that somebody else could have, and its volunteer's time.
    #[must_use]
    pub const fn holds_a_place(self) -> bool {
        matches!(self, Self::SignedUp | Self::Arrived | Self::Completed)
    }

    /// Whether the work can be rated.
    #[must_use]
    pub const fn can_be_rated(self) -> bool {
        matches!(self, Self::Completed | Self::Abandoned)
    }
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::CheckIn, Self::Complete, Self::Abandon, Self::MarkNoShow, Self::Reopen];

    const fn verb(self) -> &'static str {
        match self {
            Self::CheckIn => "be checked in",
            Self::Complete => "be completed",
            Self::Abandon => "be abandoned",
            Self::MarkNoShow => "be marked as no-show",
            Self::Reopen => "be reopened",
        }
    }
}

impl Misstep {
    /// Stable, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotFrom(..) => "WRONG_STATE",
            Self::TooEarly(..) => "TOO_EARLY",
            Self::Cancelled => "SHIFT_CANCELLED",
        }
    }

    /// What happened and what to do next.
    #[must_use]
    pub fn message(self, calendar: &Calendar) -> String {
        match self {
            Self::NotFrom(state, Step::Abandon) => {
                format!("An entry that is {} cannot be abandoned; check the volunteer in first.", state.as_str())
            }
            Self::NotFrom(State::SignedUp, Step::Reopen) => "The entry is open already.".to_owned(),
            Self::NotFrom(state, step) => {
                format!("An entry that is {} cannot {}; reopen it first.", state.as_str(), step.verb())
            }
            Self::TooEarly(step, earliest) => {
                format!("The entry cannot {} before {}.", step.verb(), words::instant(calendar, earliest))
            }
            Self::Cancelled => {
                "The shift was cancelled; its entries stay as they are. Work that was done on it goes into the worklog."
                    .to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::calendar::tests::{at, berlin, span};
    use super::*;

    #[test]
    fn the_whole_table() {
        let mut table = String::new();
        for state in State::ALL {
            for step in Step::ALL {
                let after = after(state, step, at("2026-08-14 11:00"), span("2026-08-14 10:00/12:00"), false, 60);
                let after = after.map_or("-", State::as_str);
                table.push_str(&format!("{:10} {:11} {after}\n", state.as_str(), format!("{step:?}")));
            }
        }
        expect![[r#"
            signed_up  CheckIn     arrived
            signed_up  Complete    completed
            signed_up  Abandon     -
            signed_up  MarkNoShow  no_show
            signed_up  Reopen      -
            arrived    CheckIn     -
            arrived    Complete    completed
            arrived    Abandon     abandoned
            arrived    MarkNoShow  -
            arrived    Reopen      signed_up
            completed  CheckIn     -
            completed  Complete    -
            completed  Abandon     -
            completed  MarkNoShow  -
            completed  Reopen      signed_up
            abandoned  CheckIn     -
            abandoned  Complete    -
            abandoned  Abandon     -
            abandoned  MarkNoShow  -
            abandoned  Reopen      signed_up
            no_show    CheckIn     arrived
            no_show    Complete    -
            no_show    Abandon     -
            no_show    MarkNoShow  -
            no_show    Reopen      signed_up
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn nobody_is_missing_before_it_began() {
        let shift = span("2026-08-14 10:00/12:00");
        let early = after(State::SignedUp, Step::MarkNoShow, at("2026-08-14 09:59"), shift, false, 60);
        let misstep = early.unwrap_err();
        expect!["The entry cannot be marked as no-show before Fri 14 Aug 10:00."]
            .assert_eq(&misstep.message(&berlin()));
        assert_eq!(after(State::SignedUp, Step::CheckIn, at("2026-08-14 09:00"), shift, false, 60), Ok(State::Arrived));
    }

    #[test]
    fn what_was_cancelled_is_not_worked_on() {
        let shift = span("2026-08-14 10:00/12:00");
        let outcome = after(State::SignedUp, Step::CheckIn, at("2026-08-14 10:00"), shift, true, 60);
        assert_eq!(outcome, Err(Misstep::Cancelled));
    }
}
