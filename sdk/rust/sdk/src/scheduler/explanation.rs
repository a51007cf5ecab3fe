//! What the host says of a timetable: what it costs, what keeps sessions from having a place, what would mend broken wishes.

use serde::{Deserialize, Serialize};

use super::solution::Cost;

/// What the host says of a timetable.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Explanation {
    /// What it costs, counted anew.
    pub cost: Cost,
    /// What keeps sessions from having a place: of 200 of them at most.
    pub unplaced: Vec<Blocked>,
    /// Sessions without a place besides.
    pub more_unplaced: u64,
    /// The broken wishes that cost most, those first: 500 of them at most.
    pub wishes: Vec<Wish>,
    /// Broken wishes besides.
    pub more_wishes: u64,
    /// What must not be broken and is, 1,000 of it at most, and less where ids are long. Where there is any, changes of the cost may be off.
    pub broken: Vec<Broken>,
    /// What is broken besides.
    pub more: u64,
}

/// A session without a place, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Blocked {
    /// Which.
    pub session: String,
    /// Why, the strongest reason first.
    pub reasons: Vec<Blocker>,
}

/// A rule that a timetable breaks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Broken {
    /// The rule, by its name in the format.
    pub constraint: String,
    /// The session that breaks it.
    #[serde(default)]
    pub session: Option<String>,
    /// In the host's words.
    pub what: String,
}

/// What keeps a session from having a place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Blocker {
    /// The rule, by its name in the format.
    pub constraint: String,
    /// In the host's words.
    pub detail: String,
    /// Whether it is proven that this keeps it from having one.
    pub proven: bool,
    /// The sessions it is about: 50 of them at most, as of rooms and people.
    pub sessions: Vec<String>,
    /// Sessions it is about besides.
    pub more_sessions: u64,
    /// The rooms.
    pub rooms: Vec<String>,
    /// Rooms besides.
    pub more_rooms: u64,
    /// The people.
    pub people: Vec<String>,
    /// People besides.
    pub more_people: u64,
    /// What was counted.
    pub count: Option<Count>,
}

/// What sessions need, and what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Counted in stretches of so many slots.
    pub slots: u32,
    /// So many are needed.
    pub demand: u32,
    /// So many there are.
    pub supply: u32,
}

/// A broken wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Its term, by its name in the format.
    pub constraint: String,
    /// The sessions it is about: 50 of them at most.
    pub sessions: Vec<String>,
    /// Sessions it is about besides.
    #[serde(default)]
    pub more_sessions: u64,
    /// Whose wish it is.
    pub people: Vec<String>,
    /// Where these sessions are.
    pub rooms: Vec<String>,
    /// The group it is about.
    #[serde(default)]
    pub group: Option<String>,
    /// What it costs.
    pub cost: u64,
    /// In the host's words.
    pub text: String,
    /// What would mend it most cheaply.
    pub mend: Mend,
}

/// What would mend a wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mend {
    /// This.
    Found {
        /// One session's move, or those of two that change places.
        moves: Vec<Move>,
        /// What it adds to the cost.
        change: i64,
        /// What the wish still costs then.
        left: u64,
        /// In the host's words.
        text: String,
    },
    /// Nothing does.
    None,
    /// Not looked for.
    NotSought,
}

impl Mend {
    /// Who moves where, and that in words, where something was found.
    #[must_use]
    pub fn found(&self) -> Option<(&[Move], &str)> {
        match self {
            Self::Found { moves, text, .. } => Some((moves, text)),
            Self::None | Self::NotSought => None,
        }
    }
}

/// Where a session would go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Which.
    pub session: String,
    /// Its first slot.
    pub start: u32,
    /// Its room.
    pub room: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_says_is_read_and_what_it_says_one_day_is_no_matter() {
        let text = r#"{"cost":{"unplaced":1,"soft":4,"terms":{"overlap":4}},
            "unplaced":[{"session":"a","reasons":[{"constraint":"room_busy","detail":"r is full","proven":true,"sessions":["a"],
                "more_sessions":3,"rooms":["r"],"more_rooms":2,"people":[],"more_people":1,"count":{"slots":1,"demand":3,"supply":2}}]}],
            "wishes":[{"constraint":"overlap","sessions":["b","c"],"more_sessions":0,"people":[],"rooms":["r"],"group":null,"cost":4,
                "text":"at once","mend":{"kind":"found","moves":[{"session":"b","start":3,"room":"r"}],"change":-4,"left":0,"text":"move"}},
                {"constraint":"overflow","sessions":[],"people":[],"rooms":[],"cost":1,"text":"full","mend":{"kind":"not_sought"}}],
            "more_wishes":2,"broken":[{"constraint":"day","session":null,"what":"late"}],"more":0,"mood":"good"}"#;
        let told: Explanation = serde_json::from_str(text).unwrap();
        assert_eq!((told.cost.soft, told.unplaced[0].reasons[0].count.unwrap().demand), (4, 3));
        let reason = &told.unplaced[0].reasons[0];
        assert_eq!((reason.more_sessions, reason.more_rooms, reason.more_people), (3, 2, 1));
        assert_eq!(told.wishes[0].mend.found().unwrap().0[0].start, 3);
        assert_eq!((&told.wishes[1].mend, told.more_wishes, told.more_unplaced), (&Mend::NotSought, 2, 0));
        let again: Explanation = serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap();
        assert_eq!(again, told);
    }
}
