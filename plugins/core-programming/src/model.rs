//! The programme as this plugin thinks of it: what is on, where, when and with whom.
//!
//! Everything here is plain data without a database, so that readers, writers, conflicts and comparisons can be tested natively.
//! Texts are clean by construction (see [`crate::text`]): no control characters but line feed and tab, so every format can say them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$case_doc])* #[serde(rename = $word)] $case),+ }

        impl $name {
            /// Every case.
            pub const ALL: &'static [Self] = &[$(Self::$case),+];

            /// As stored and written to files.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|case| case.as_str().eq_ignore_ascii_case(text.trim())).ok_or_else(|| UnknownWord {
                    word: text.to_owned(),
                    known: Self::ALL.iter().map(|case| case.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}

/// A word that is not in one of the vocabularies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord {
    word: String,
    known: String,
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not known here; write one of: {}", self.word, self.known)
    }
}

vocabulary! {
    /// Where a session stands.
    State {
        /// Being worked on; only organisers see it.
        Draft = "draft",
        /// Part of the programme.
        Scheduled = "scheduled",
        /// Called off; attendees who saw it before see that.
        Cancelled = "cancelled",
    }
}

vocabulary! {
    /// Where the audience is.
    Environment {
        /// In the room.
        InPerson = "in_person",
        /// In the room and online.
        Hybrid = "hybrid",
        /// Online only.
        Virtual = "virtual",
    }
}

vocabulary! {
    /// What a person does in a session.
    Role {
        /// Gives it.
        Presenter = "presenter",
        /// Chairs it.
        Moderator = "moderator",
        /// Sits on the panel.
        Participant = "participant",
        /// Steps in when somebody is missing; not announced.
        Reserve = "reserve",
        /// Is there but not announced.
        Invisible = "invisible",
    }
}

impl Role {
    /// Whether the public is told.
    #[must_use]
    pub const fn announced(self) -> bool {
        matches!(self, Self::Presenter | Self::Moderator | Self::Participant)
    }

    /// Whether the person has to be there, and so cannot be elsewhere.
    #[must_use]
    pub const fn attends(self) -> bool {
        !matches!(self, Self::Reserve)
    }
}

/// From when to when, to the second; `end` is not before `start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

/// The longest session there can be: what frab's `HH:MM` can say.
pub const LONGEST_SECONDS: i64 = 99 * 3600 + 59 * 60 + 59;

/// The most minutes a room is needed before or after a session: a day.
pub const MOST_MINUTES: i64 = 24 * 60;

impl Slot {
    /// A slot of so many seconds; nothing when that is negative, too long or leaves the calendar.
    #[must_use]
    pub fn lasting(start: Timestamp, seconds: i64) -> Option<Self> {
        if !(0..=LONGEST_SECONDS).contains(&seconds) {
            return None;
        }
        // Sub-second parts are dropped: no format can say them.
        let start = Timestamp::from_second(start.as_second()).ok()?;
        let end = Timestamp::from_second(start.as_second().checked_add(seconds)?).ok()?;
        Some(Self { start, end })
    }

    /// A slot between two instants; nothing when it would be negative or too long.
    #[must_use]
    pub fn between(start: Timestamp, end: Timestamp) -> Option<Self> {
        Self::lasting(start, end.as_second().checked_sub(start.as_second())?)
    }

    /// The slot with so many minutes before and after it; as far as the calendar goes.
    #[must_use]
    pub fn widened(&self, before: i64, after: i64) -> Self {
        let moved = |at: Timestamp, minutes: i64| Timestamp::from_second(at.as_second() + minutes * 60).unwrap_or(at);
        Self { start: moved(self.start, -before), end: moved(self.end, after) }
    }

    /// How long it is.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.end.as_second() - self.start.as_second()
    }
}

/// Something on the web that belongs to a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// Its address, possibly relative to the programme's base.
    pub url: String,
    /// What people see.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What it is: `slides`, `paper`, …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
}

/// Whether and how a session is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recording {
    /// Under which licence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub licence: String,
    /// Whether the presenters do not want it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<bool>,
}

impl Recording {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What some formats say beyond the common fields.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Extra {
    /// A picture's address, possibly relative.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub logo: String,
    /// Where to give feedback.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub feedback_url: String,
    /// The session in the system it came from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub origin_url: String,
    /// Where its video is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub video_url: String,
    /// About recording.
    #[serde(skip_serializing_if = "Recording::is_empty")]
    pub recording: Recording,
}

/// One item of the programme.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// A UUID, the same in every export and import.
    pub id: String,
    /// The number old systems know it by; unique within the programme.
    pub number: i64,
    /// A short code; empty for none.
    pub code: String,
    /// Words for an address; empty for none.
    pub slug: String,
    /// What it is called.
    pub title: String,
    /// The line below the title.
    pub subtitle: String,
    /// A few sentences; may hold Markdown or simple HTML, as its source wrote it.
    pub abstract_text: String,
    /// All there is to say; may hold Markdown or simple HTML.
    pub description: String,
    /// `talk`, `panel`, `workshop`, …: the words are the convention's own.
    pub kind: String,
    /// Where it stands.
    pub state: State,
    /// Where its audience is.
    pub environment: Environment,
    /// `en`, `de`, `de, en`: as its source wrote it.
    pub language: String,
    /// Which track.
    pub track: Option<String>,
    /// Which room.
    pub room: Option<String>,
    /// When.
    pub slot: Option<Slot>,
    /// How long it takes, in minutes, where it has no time that says so and somebody did.
    pub minutes: Option<i64>,
    /// Its page.
    pub url: String,
    /// On the web, besides.
    pub links: Vec<Link>,
    /// Files.
    pub attachments: Vec<Link>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// How many people are expected.
    pub audience: Option<i64>,
    /// What its room has to have; each once, in any case.
    pub needs: Vec<String>,
    /// How many minutes before it starts its room is needed.
    pub setup_minutes: i64,
    /// How many minutes after it has ended its room is still needed.
    pub teardown_minutes: i64,
    /// What only some formats say.
    pub extra: Extra,
    /// Which import it came from; empty when made by hand.
    pub source: String,
}

impl Session {
    /// An empty draft.
    #[must_use]
    pub fn new(id: impl Into<String>, number: i64, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            number,
            code: String::new(),
            slug: String::new(),
            title: title.into(),
            subtitle: String::new(),
            abstract_text: String::new(),
            description: String::new(),
            kind: String::new(),
            state: State::Draft,
            environment: Environment::InPerson,
            language: String::new(),
            track: None,
            room: None,
            slot: None,
            minutes: None,
            url: String::new(),
            links: Vec::new(),
            attachments: Vec::new(),
            tags: Vec::new(),
            audience: None,
            needs: Vec::new(),
            setup_minutes: 0,
            teardown_minutes: 0,
            extra: Extra::default(),
            source: String::new(),
        }
    }

    /// Gives it a time.
    pub fn set_time(&mut self, slot: Slot) {
        self.slot = Some(slot);
        self.minutes = None;
    }

    /// Takes its time away; how long it takes is remembered.
    pub fn clear_time(&mut self) {
        if let Some(slot) = self.slot.take().filter(|slot| slot.seconds() > 0) {
            self.minutes = Some(((slot.seconds() + 59) / 60).min(LONGEST_SECONDS / 60));
        }
    }

    /// Whether it stands in a printed programme: scheduled, with a time.
    #[must_use]
    pub fn on_schedule(&self) -> bool {
        self.state == State::Scheduled && self.slot.is_some()
    }
}

/// A place where sessions happen.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    /// A UUID.
    pub id: String,
    /// What people call it; unique within the programme.
    pub name: String,
    /// Its place in lists.
    pub position: i64,
    /// The building or venue part it is in.
    pub area: String,
    /// How many people it holds.
    pub capacity: Option<i64>,
    /// Whether one session has it to itself. A hall of tables or a lawn does not: several sessions there are no conflict.
    pub exclusive: bool,
    /// How to find it, what it has.
    pub description: String,
    /// What formats say beyond (frab JSON: `type`, `features`, `stream_id`, …).
    pub extra: serde_json::Map<String, serde_json::Value>,
    /// Which import it came from; empty when made by hand.
    pub source: String,
}

/// A theme that runs through the programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// A UUID.
    pub id: String,
    /// What people call it; unique within the programme.
    pub name: String,
    /// Its place in lists.
    pub position: i64,
    /// `#a4a300`; empty for none.
    pub color: String,
    /// Words for an address; empty for none.
    pub slug: String,
    /// Which import it came from; empty when made by hand.
    pub source: String,
}

/// Somebody on the programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// A UUID.
    pub id: String,
    /// The number old systems know them by.
    pub number: Option<i64>,
    /// As they want to be called in public.
    pub name: String,
    /// About them; may hold Markdown or simple HTML.
    pub biography: String,
    /// A picture's address.
    pub avatar: String,
    /// Their page.
    pub url: String,
    /// Their places on the web.
    pub links: Vec<Link>,
    /// Which import they came from; empty when made by hand.
    pub source: String,
}

/// A person in a session.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// Which session.
    pub session: String,
    /// Their place in its line-up.
    pub position: i64,
    /// Who.
    pub person: String,
    /// As what.
    pub role: Role,
}

/// What files say about the whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Conference {
    /// `39c3`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub acronym: String,
    /// `39th Chaos Communication Congress`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What relative addresses start from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub base_url: String,
    /// Its page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// `00:10`: the grid of printed timetables.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub timeslot: String,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Programme {
    /// About the whole.
    pub conference: Conference,
    /// In list order.
    pub rooms: Vec<Room>,
    /// In list order.
    pub tracks: Vec<Track>,
    /// By id.
    pub people: Vec<Person>,
    /// By id.
    pub sessions: Vec<Session>,
    /// By session and position.
    pub parts: Vec<Part>,
}

impl Programme {
    /// Puts everything into its one order, so that two programmes with the same content are equal.
    pub fn sort(&mut self) {
        self.rooms.sort_by(|a, b| (a.position, &a.id).cmp(&(b.position, &b.id)));
        self.tracks.sort_by(|a, b| (a.position, &a.id).cmp(&(b.position, &b.id)));
        self.people.sort_by(|a, b| a.id.cmp(&b.id));
        self.sessions.sort_by(|a, b| a.id.cmp(&b.id));
        self.parts.sort_by(|a, b| (&a.session, a.position, &a.person).cmp(&(&b.session, b.position, &b.person)));
    }
}
