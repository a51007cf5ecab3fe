//! Whom a change hurts: a shift moved, and now a volunteer is in two places, gets too little rest, or is not available.

use super::calendar::{Calendar, Span};
use super::decision::{Refusal, ShiftFacts, Standing};
use super::words;

/// Why an entry needs somebody's attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hurt {
    /// The shift will not take place.
    Cancelled,
    /// It collides with another shift, or breaks the rest rule.
    DoesNotFit(Refusal),
    /// It lies outside the times the volunteer gave.
    OutsideAvailability,
}

/// Whether `shift`, which the volunteer has an entry for, hurts them as it is now. No availability given means always.
#[must_use]
pub fn check(standing: &Standing<'_>, shift: &ShiftFacts, availability: &[Span]) -> Option<Hurt> {
    if shift.cancelled {
        return Some(Hurt::Cancelled);
    }
    if let Err(refusal) = standing.fits(shift) {
        return Some(Hurt::DoesNotFit(refusal));
    }
    (!availability.is_empty() && !shift.span.is_covered_by(availability)).then_some(Hurt::OutsideAvailability)
}

impl Hurt {
    /// The flag's word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => "CANCELLED",
            Self::DoesNotFit(refusal) => refusal.code(),
            Self::OutsideAvailability => "OUTSIDE_AVAILABILITY",
        }
    }

    /// What happened, for the volunteer and the head.
    #[must_use]
    pub fn message(&self, calendar: &Calendar, shift: &ShiftFacts) -> String {
        let now = words::span(calendar, shift.span);
        match self {
            Self::Cancelled => format!("“{}” ({now}) was cancelled.", shift.title),
            Self::DoesNotFit(refusal) => {
                format!("“{}” is now {now}. {}", shift.title, refusal.message(calendar))
            }
            Self::OutsideAvailability => {
                format!("“{}” is now {now}, outside the times you are available.", shift.title)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::calendar::tests::{at, berlin, span};
    use super::super::decision::{Commitment, Policy, VolunteerFacts};
    use super::super::rest::RestPolicy;
    use super::*;

    fn shift(id: &str, when: &str) -> ShiftFacts {
        ShiftFacts { id: id.to_owned(), title: id.to_owned(), span: span(when), cancelled: false }
    }

    fn check_moved(moved: &ShiftFacts, other: &str, availability: &[Span], expected: Expect) {
        let rest = RestPolicy { break_minutes: 30, minimum_minutes: 120, most_minutes_per_day: None };
        let policy = Policy { rest, ..Policy::permissive() };
        let calendar = berlin();
        let volunteer = VolunteerFacts::default();
        let commitments: Vec<_> = [moved.clone(), shift("Door", other)]
            .into_iter()
            .map(|shift| Commitment { shift, binding: true })
            .collect();
        let standing = Standing::new(&policy, &calendar, at("2026-08-01 00:00"), &volunteer, &commitments);
        let text = check(&standing, moved, availability)
            .map_or("fine".to_owned(), |hurt| format!("{}: {}", hurt.code(), hurt.message(&calendar, moved)));
        expected.assert_eq(&text);
    }

    #[test]
    fn each_way_to_be_hurt() {
        let moved = shift("Stage", "2026-08-14 10:00/12:00");
        check_moved(&moved, "2026-08-14 14:00/15:00", &[], expect!["fine"]);
        check_moved(
            &moved,
            "2026-08-14 11:00/15:00",
            &[],
            expect![
                "COLLIDES: “Stage” is now Fri 14 Aug 10:00–12:00. It is at the same time as your shift “Door” (Fri 14 Aug 11:00–15:00). Withdraw from that one first."
            ],
        );
        check_moved(
            &moved,
            "2026-08-14 13:00/15:00",
            &[],
            expect![
                "REST_RULE: “Stage” is now Fri 14 Aug 10:00–12:00. Between it and your shift “Door” (Fri 14 Aug 13:00–15:00) there are only 1 h; 1 h of rest are missing."
            ],
        );
        check_moved(
            &moved,
            "2026-08-14 14:00/15:00",
            &[span("2026-08-14 11:00/20:00")],
            expect![
                "OUTSIDE_AVAILABILITY: “Stage” is now Fri 14 Aug 10:00–12:00, outside the times you are available."
            ],
        );
        let cancelled = ShiftFacts { cancelled: true, ..moved };
        check_moved(
            &cancelled,
            "2026-08-14 10:00/12:00",
            &[],
            expect!["CANCELLED: “Stage” (Fri 14 Aug 10:00–12:00) was cancelled."],
        );
    }
}
