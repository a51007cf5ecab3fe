//! Refusals as sentences: what happened and what to do next. A volunteer is told what they can do; a head who signs somebody
//! up or reopens an entry is told what heads can do.

use super::super::calendar::Calendar;
use super::super::rest::Tired;
use super::super::words;
use super::{Ending, Misfit, Missing, Neighbour, Refusal};

/// Who reads the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The one it is about.
    Volunteer,
    /// A head, about a volunteer.
    Head,
}

impl Reader {
    const fn pick<'t>(self, volunteer: &'t str, head: &'t str) -> &'t str {
        match self {
            Self::Volunteer => volunteer,
            Self::Head => head,
        }
    }
}

impl Refusal {
    /// What happened and what to do next.
    #[must_use]
    pub fn message(&self, calendar: &Calendar, reader: Reader) -> String {
        match self {
            Self::Ended(Ending::Cancelled) => "This shift was cancelled. Choose another one.".to_owned(),
            Self::Ended(Ending::Over(end)) => {
                let next = reader.pick("Choose another one.", "Work that was done on it goes into the worklog.");
                format!("This shift was over at {}. {next}", words::instant(calendar, *end))
            }
            Self::Ended(Ending::Closed(closed)) => format!(
                "Sign-up for this shift closed at {}. Ask a department head, who can still sign you up.",
                words::instant(calendar, *closed)
            ),
            Self::Already { open: true } => {
                let whose = reader.pick("You have", "They have");
                format!("{whose} an entry for this shift already.")
            }
            Self::Already { open: false } => reader
                .pick(
                    "You had a place on this shift, and were marked as absent or gone. Ask a department head to reopen it.",
                    "They had a place on this shift, and were marked as absent or gone. Reopen that entry.",
                )
                .to_owned(),
            Self::Locked { no_shows, limit } => {
                let next = reader.pick("Talk to a department head, who can unlock it.", "Unlock it first.");
                format!("Sign-up is locked after {no_shows} no-shows (the limit is {limit}). {next}")
            }
            Self::NotYet { opens_at } => {
                format!("Sign-up for this shift opens at {}.", words::instant(calendar, *opens_at))
            }
            Self::NotArrived => reader
                .pick(
                    "You are not marked as arrived at the convention. Come to the volunteer desk first.",
                    "They are not marked as arrived at the convention. Mark their arrival first.",
                )
                .to_owned(),
            Self::NotQualified { role, missing } => {
                let missing: Vec<_> = missing.iter().map(|missing| missing.sentence(reader)).collect();
                format!("The role “{role}” asks for more: {}.", missing.join("; "))
            }
            Self::DoesNotFit(misfit) => misfit.message(calendar, reader),
            Self::Occupied { role, needed: 0 } => {
                let next = reader.pick("Choose another one.", "Change what the shift needs first.");
                format!("Nobody is needed for “{role}” on this shift. {next}")
            }
            Self::Occupied { role, needed } => {
                let next = reader.pick(
                    "Choose another one, or look again later: places are given back.",
                    "Ask for more people on the shift first.",
                );
                match needed {
                    1 => format!("The one place for “{role}” is taken. {next}"),
                    needed => format!("All {needed} places for “{role}” are taken. {next}"),
                }
            }
        }
    }
}

impl Misfit {
    /// What is in the way and what to do about it.
    #[must_use]
    pub fn message(&self, calendar: &Calendar, reader: Reader) -> String {
        let whose = reader.pick("your", "their");
        let give_back = reader.pick("withdraw from", "take them off");
        match self {
            Self::Collides { with } => {
                let next = reader.pick("Withdraw from that one first.", "Take them off that one first.");
                let when = words::span(calendar, with.span);
                format!("It is at the same time as {whose} shift “{}” ({when}). {next}", with.title)
            }
            Self::RestRule(Tired::TooShortARest { neighbour: Neighbour(shift), gap, missing }) => format!(
                "Between it and {whose} shift “{}” ({}) there are only {}; {} of rest are missing. \
                 Choose another one, or {give_back} that one first.",
                shift.title,
                words::span(calendar, shift.span),
                words::length(*gap),
                words::length(*missing)
            ),
            Self::RestRule(Tired::TooLongADay { day, taken, would_be, most }) => format!(
                "There are {} of {whose} work on {} already; with this shift it would be {}, and {} are the most for a day. \
                 Choose one on another day, or {give_back} one of that day first.",
                words::length(*taken),
                words::day(*day),
                words::length(*would_be),
                words::length(*most)
            ),
        }
    }
}

impl Missing {
    fn sentence(&self, reader: Reader) -> String {
        let (whom, who, whose) = match reader {
            Reader::Volunteer => ("you", "you are", "your"),
            Reader::Head => ("them", "they are", "their"),
        };
        match self {
            Self::Confirmation => format!("a head of the department has to confirm {whom} for it"),
            Self::Adulthood => format!("somebody has to confirm at the desk that {who} over 18"),
            Self::Licence(licence) => format!("somebody has to see {whose} licence “{licence}”"),
        }
    }
}
