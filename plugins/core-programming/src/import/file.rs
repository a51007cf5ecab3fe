//! What a file says, in terms that all formats share. A field is `None` where the format or the file does not speak of it.

use std::collections::BTreeSet;

use super::{Finding, Format};
use crate::model::{Conference, Environment, Link, Recording, Role, Slot, State};
use crate::place::Offset;

/// What a file says.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its format.
    pub format: Format,
    /// Whose programme it is: items this source brought earlier and no longer has are removed.
    pub source: String,
    /// About the whole; empty fields say nothing.
    pub conference: Conference,
    /// Rooms, in order; rooms that only sessions name included.
    pub rooms: Vec<FileRoom>,
    /// Tracks, in order; tracks that only sessions name included.
    pub tracks: Vec<FileTrack>,
    /// People, in order of appearance.
    pub people: Vec<FilePerson>,
    /// Sessions; `None` when the file does not speak of sessions at all.
    pub sessions: Option<Vec<FileSession>>,
    /// What could not be read.
    pub unreadable: Vec<Finding>,
    /// How many could not be read, also beyond those listed.
    pub unreadable_count: usize,
    /// Ids of sessions that are in the file but could not be read: they are not missing from it.
    pub unreadable_ids: BTreeSet<String>,
    /// An unreadable item did not even have an id, so nothing can be said about what is missing.
    pub unreadable_unknown: bool,
    /// What the importer should know.
    pub notes: Vec<String>,
}

/// A room as a file has it: known by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileRoom {
    /// Its name.
    pub name: String,
    /// Its UUID.
    pub id: Option<String>,
    /// Building or area.
    pub area: Option<String>,
    /// Seats.
    pub capacity: Option<Option<i64>>,
    /// About it.
    pub description: Option<String>,
    /// The format's own fields.
    pub extra: Option<serde_json::Map<String, serde_json::Value>>,
    /// Several sessions share the place: taken over for new rooms only.
    pub shared: bool,
}

/// A track as a file has it: known by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileTrack {
    /// Its name.
    pub name: String,
    /// Its UUID.
    pub id: Option<String>,
    /// `#a4a300`.
    pub color: Option<String>,
    /// Words for an address.
    pub slug: Option<String>,
}

/// A person as a file has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilePerson {
    /// The UUID, given or derived.
    pub id: String,
    /// The UUID under which an earlier file may have brought them, if the person known by it has the same name.
    pub also: Option<String>,
    /// The id was made from the name alone: an existing person of that name is meant.
    pub by_name: bool,
    /// Only a session mentions them: the name is for when nothing better is known.
    pub in_passing: bool,
    /// The number old systems know them by.
    pub number: Option<i64>,
    /// The name.
    pub name: String,
    /// About them.
    pub biography: Option<String>,
    /// A picture.
    pub avatar: Option<String>,
    /// Their page.
    pub url: Option<String>,
    /// Other places.
    pub links: Option<Vec<Link>>,
}

/// A person in a session, as a file has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// The person's [`FilePerson::id`].
    pub person: String,
    /// As what, if the file says.
    pub role: Option<Role>,
}

/// A session as a file has it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileSession {
    /// Where it stands in the file.
    pub offset: Offset,
    /// The UUID, given or derived.
    pub id: String,
    /// The number.
    pub number: Option<i64>,
    /// The code.
    pub code: Option<String>,
    /// Words for an address.
    pub slug: Option<String>,
    /// Title.
    pub title: String,
    /// Subtitle.
    pub subtitle: Option<String>,
    /// Abstract.
    pub abstract_text: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// State; formats without one mean `scheduled`.
    pub state: Option<State>,
    /// Where the audience is.
    pub environment: Option<Environment>,
    /// Language.
    pub language: Option<String>,
    /// The track's name; inner `None` for no track.
    pub track: Option<Option<String>>,
    /// The room's name; inner `None` for no room.
    pub room: Option<Option<String>>,
    /// When; inner `None` for unplaced.
    pub slot: Option<Option<Slot>>,
    /// How long an unplaced one takes.
    pub minutes: Option<i64>,
    /// Its page.
    pub url: Option<String>,
    /// Links.
    pub links: Option<Vec<Link>>,
    /// Files.
    pub attachments: Option<Vec<Link>>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Expected audience.
    pub audience: Option<Option<i64>>,
    /// What its room has to have.
    pub needs: Option<Vec<String>>,
    /// Minutes its room is needed before.
    pub setup_minutes: Option<i64>,
    /// Minutes its room is needed after.
    pub teardown_minutes: Option<i64>,
    /// Picture.
    pub logo: Option<String>,
    /// Feedback.
    pub feedback_url: Option<String>,
    /// Origin.
    pub origin_url: Option<String>,
    /// Video.
    pub video_url: Option<String>,
    /// Recording.
    pub recording: Option<Recording>,
    /// Who is in it.
    pub people: Option<Vec<FilePart>>,
}
