//! Whom a change hurts: a shift moved, and now a volunteer is in two places, gets too little rest, is not available, or is
//! expected at a time they never agreed to.

use super::calendar::{Calendar, Span};
use super::decision::{Misfit, Neighbour, ShiftFacts, Standing};
use super::rest::Tired;
use super::words;

/// Why an entry needs somebody's attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hurt {
    /// The shift will not take place.
    Cancelled,
    /// It collides with another shift, or breaks the rest rule.
    DoesNotFit(Misfit),
    /// It lies outside the times the volunteer gave.
    OutsideAvailability,
    /// It begins at another time than the volunteer agreed to, or ends later.
    Moved {
        /// The time agreed to.
        agreed: Span,
    },
    /// It was cancelled, and takes place after all: the volunteer was told not to come.
    TakesPlaceAgain,
}

/// Whether `shift`, which the volunteer has an entry for, hurts them as it is now. No availability given means always; no time
/// agreed to means that it was cancelled since.
#[must_use]
pub fn check(standing: &Standing<'_>, shift: &ShiftFacts, availability: &[Span], agreed: Option<Span>) -> Option<Hurt> {
    if shift.cancelled {
        return Some(Hurt::Cancelled);
    }
    if let Err(misfit) = standing.fits(shift) {
        return Some(Hurt::DoesNotFit(misfit));
    }
    if !availability.is_empty() && !shift.span.is_covered_by(availability) {
        return Some(Hurt::OutsideAvailability);
    }
    match agreed {
        None => Some(Hurt::TakesPlaceAgain),
        Some(agreed) => {
            let moved = shift.span.start != agreed.start || shift.span.end > agreed.end;
            moved.then_some(Hurt::Moved { agreed })
        }
    }
}

impl Hurt {
    /// The flag's word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => "CANCELLED",
            Self::DoesNotFit(misfit) => misfit.code(),
            Self::OutsideAvailability => "OUTSIDE_AVAILABILITY",
            Self::Moved { .. } => "MOVED",
            Self::TakesPlaceAgain => "TAKES_PLACE_AGAIN",
        }
    }

    /// What happened and what to do next, in words that the volunteer and the head can both read.
    #[must_use]
    pub fn message(&self, calendar: &Calendar, shift: &ShiftFacts) -> String {
        let span = |span| words::span(calendar, span);
        let (title, now) = (&shift.title, span(shift.span));
        match self {
            Self::Cancelled => format!("“{title}” ({now}) was cancelled."),
            Self::DoesNotFit(Misfit::Collides { with }) => format!(
                "“{title}” is now {now}, at the same time as “{}” ({}). One of the two has to be given back.",
                with.title,
                span(with.span)
            ),
            Self::DoesNotFit(Misfit::RestRule(Tired::TooShortARest { neighbour: Neighbour(other), gap, missing })) => {
                format!(
                    "“{title}” is now {now}, only {} from “{}” ({}): {} of rest are missing. One of the two has to be given back.",
                    words::length(*gap),
                    other.title,
                    span(other.span),
                    words::length(*missing)
                )
            }
            Self::DoesNotFit(Misfit::RestRule(Tired::TooLongADay { day, would_be, most, .. })) => format!(
                "“{title}” is now {now}. That makes {} of work on {}, and {} are the most. One of that day has to be given back.",
                words::length(*would_be),
                words::day(*day),
                words::length(*most)
            ),
            Self::OutsideAvailability => {
                format!("“{title}” is now {now}, outside the times given as available. Give it back, or dismiss this.")
            }
            Self::Moved { agreed } => format!(
                "“{title}” is now {now}; agreed to was {}. Give it back, or dismiss this to agree.",
                span(*agreed)
            ),
            Self::TakesPlaceAgain => {
                format!("“{title}” takes place after all: {now}. Give it back, or dismiss this to agree.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::calendar::tests::{at, berlin, span};
    use super::super::decision::tests::permissive;
    use super::super::decision::{Commitment, Policy, VolunteerFacts};
    use super::super::rest::RestPolicy;
    use super::*;

    fn shift(id: &str, when: &str) -> ShiftFacts {
        ShiftFacts { id: id.to_owned(), title: id.to_owned(), span: span(when), cancelled: false }
    }

    fn check_moved(moved: &ShiftFacts, other: &str, availability: &[Span], agreed: Option<Span>, expected: Expect) {
        let rest = RestPolicy { break_minutes: 30, minimum_minutes: 120, most_minutes_per_day: Some(10 * 60) };
        let policy = Policy { rest, ..permissive() };
        let calendar = berlin();
        let volunteer = VolunteerFacts::default();
        let commitments: Vec<_> = [moved.clone(), shift("Door", other)]
            .into_iter()
            .map(|shift| Commitment { shift, binding: true })
            .collect();
        let standing = Standing::new(&policy, &calendar, at("2026-08-01 00:00"), &volunteer, &commitments);
        let text = check(&standing, moved, availability, agreed)
            .map_or("fine".to_owned(), |hurt| format!("{}: {}", hurt.code(), hurt.message(&calendar, moved)));
        expected.assert_eq(&text);
    }

    #[test]
    fn each_way_to_be_hurt() {
        let moved = shift("Stage", "2026-08-14 10:00/12:00");
        let agreed = Some(moved.span);
        check_moved(&moved, "2026-08-14 14:00/15:00", &[], agreed, expect!["fine"]);
        check_moved(
            &moved,
            "2026-08-14 11:00/15:00",
            &[],
            agreed,
            expect![
                "COLLIDES: “Stage” is now Fri 14 Aug 10:00–12:00, at the same time as “Door” (Fri 14 Aug 11:00–15:00). One of the two has to be given back."
            ],
        );
        check_moved(
            &moved,
            "2026-08-14 13:00/15:00",
            &[],
            agreed,
            expect![
                "REST_RULE: “Stage” is now Fri 14 Aug 10:00–12:00, only 1 h from “Door” (Fri 14 Aug 13:00–15:00): 1 h of rest are missing. One of the two has to be given back."
            ],
        );
        check_moved(
            &moved,
            "2026-08-14 14:00/23:30",
            &[],
            agreed,
            expect![
                "REST_RULE: “Stage” is now Fri 14 Aug 10:00–12:00. That makes 11 h 30 min of work on Fri 14 Aug, and 10 h are the most. One of that day has to be given back."
            ],
        );
        check_moved(
            &moved,
            "2026-08-14 14:00/15:00",
            &[span("2026-08-14 11:00/20:00")],
            agreed,
            expect![
                "OUTSIDE_AVAILABILITY: “Stage” is now Fri 14 Aug 10:00–12:00, outside the times given as available. Give it back, or dismiss this."
            ],
        );
        check_moved(
            &moved,
            "2026-08-14 14:00/15:00",
            &[],
            None,
            expect![
                "TAKES_PLACE_AGAIN: “Stage” takes place after all: Fri 14 Aug 10:00–12:00. Give it back, or dismiss this to agree."
            ],
        );
        let cancelled = ShiftFacts { cancelled: true, ..moved };
        check_moved(
            &cancelled,
            "2026-08-14 10:00/12:00",
            &[],
            agreed,
            expect!["CANCELLED: “Stage” (Fri 14 Aug 10:00–12:00) was cancelled."],
        );
    }

    #[test]
    fn who_agreed_to_another_time_is_told_though_nothing_collides() {
        let moved = shift("Stage", "2026-08-14 10:00/12:00");
        let check = |agreed: &str, expected: Expect| {
            check_moved(&moved, "2026-08-14 18:00/19:00", &[], Some(span(agreed)), expected);
        };
        check(
            "2026-08-16 20:00/22:00",
            expect![
                "MOVED: “Stage” is now Fri 14 Aug 10:00–12:00; agreed to was Sun 16 Aug 20:00–22:00. Give it back, or dismiss this to agree."
            ],
        );
        check(
            "2026-08-14 10:00/11:00",
            expect![
                "MOVED: “Stage” is now Fri 14 Aug 10:00–12:00; agreed to was Fri 14 Aug 10:00–11:00. Give it back, or dismiss this to agree."
            ],
        );
        // Going home earlier hurts nobody.
        check("2026-08-14 10:00/13:00", expect!["fine"]);
    }
}
