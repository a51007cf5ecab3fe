//! What a schedule.json looks like: every field may be missing, and texts may be numbers or `null`.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::text;

#[derive(Deserialize)]
#[serde(expecting = "an object with a \"schedule\"")]
pub(super) struct Document<'t> {
    #[serde(borrow)]
    pub(super) schedule: Option<&'t RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Schedule<'t> {
    #[serde(default)]
    pub(super) base_url: Word,
    #[serde(borrow)]
    pub(super) conference: Option<&'t RawValue>,
    #[serde(borrow, default)]
    pub(super) rooms: Option<Vec<&'t RawValue>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Conference<'t> {
    #[serde(default)]
    pub(super) acronym: Word,
    #[serde(default)]
    pub(super) title: Word,
    #[serde(default)]
    pub(super) url: Word,
    #[serde(default)]
    pub(super) timeslot_duration: Word,
    #[serde(borrow, default)]
    pub(super) time_zone_name: Option<&'t RawValue>,
    #[serde(borrow, default)]
    pub(super) tracks: Option<Vec<&'t RawValue>>,
    #[serde(borrow, default)]
    pub(super) rooms: Option<Vec<&'t RawValue>>,
    #[serde(borrow, default)]
    pub(super) days: Option<Vec<Day<'t>>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a day")]
pub(super) struct Day<'t> {
    #[serde(default)]
    pub(super) date: Word,
    #[serde(borrow, default)]
    pub(super) rooms: Option<RoomsOfDay<'t>>,
}

/// An object of lists, in the file's order.
pub(super) struct RoomsOfDay<'t>(pub(super) Vec<(String, Vec<&'t RawValue>)>);

impl<'de: 't, 't> Deserialize<'de> for RoomsOfDay<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rooms<'t>(std::marker::PhantomData<&'t ()>);
        impl<'de: 't, 't> Visitor<'de> for Rooms<'t> {
            type Value = RoomsOfDay<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a list of events for each room")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut rooms = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    rooms.push((name, map.next_value::<Vec<&'t RawValue>>()?));
                }
                Ok(RoomsOfDay(rooms))
            }

            // PHP writes an empty object as an empty list.
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(RoomsOfDay(Vec::new()))
            }
        }
        deserializer.deserialize_any(Rooms(std::marker::PhantomData))
    }
}

#[derive(Deserialize)]
#[serde(expecting = "a track")]
pub(super) struct Track {
    #[serde(default)]
    pub(super) name: Word,
    #[serde(default)]
    pub(super) guid: Word,
    #[serde(default)]
    pub(super) color: Word,
    #[serde(default)]
    pub(super) slug: Word,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "an event")]
pub(super) struct EventFields {
    pub(super) guid: Word,
    pub(super) id: Number,
    pub(super) code: Word,
    pub(super) date: Word,
    pub(super) end: Word,
    pub(super) duration: Word,
    pub(super) room: Word,
    pub(super) slug: Word,
    pub(super) url: Word,
    pub(super) title: Word,
    pub(super) subtitle: Word,
    pub(super) track: Word,
    #[serde(rename = "type")]
    pub(super) kind: Word,
    pub(super) language: Word,
    #[serde(rename = "abstract")]
    pub(super) abstract_text: Word,
    pub(super) description: Word,
    pub(super) logo: Word,
    pub(super) recording_license: Word,
    #[serde(deserialize_with = "stated")]
    pub(super) do_not_record: Option<Option<bool>>,
    pub(super) persons: Option<Vec<PersonFields>>,
    pub(super) links: Option<Vec<Reference>>,
    pub(super) attachments: Option<Vec<Reference>>,
    pub(super) feedback_url: Word,
    pub(super) origin_url: Word,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "a person")]
pub(super) struct PersonFields {
    pub(super) guid: Word,
    pub(super) id: Number,
    pub(super) code: Word,
    pub(super) name: Word,
    pub(super) public_name: Word,
    pub(super) biography: Word,
    pub(super) avatar: Word,
    pub(super) url: Word,
    pub(super) links: Option<Vec<Reference>>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "a link")]
pub(super) struct Reference {
    pub(super) url: Word,
    pub(super) title: Word,
    #[serde(rename = "type")]
    pub(super) kind: Word,
}

/// Tells an absent field from `null`.
fn stated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<bool>>, D::Error> {
    Option::<bool>::deserialize(deserializer).map(Some)
}

/// A whole number, or whatever stands in its place.
#[derive(Default)]
pub(super) struct Number {
    pub(super) number: Option<i64>,
    pub(super) given: String,
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(match &value {
            serde_json::Value::Null => Self::default(),
            // 39C3's own file has three of its 895 ids in quotes.
            serde_json::Value::String(text) => {
                let text = text::line(text);
                Self { number: text.parse().ok(), given: text }
            }
            other => Self { number: other.as_i64(), given: other.to_string() },
        })
    }
}

/// A text, also where a writer made it a number or `null`; absent when the field is.
#[derive(Default)]
pub(super) struct Word(pub(super) Option<String>);

impl Word {
    /// One line, empty when absent.
    pub(super) fn text(&self) -> String {
        self.0.as_deref().map(text::line).unwrap_or_default()
    }

    /// One line, if said.
    pub(super) fn said(&self) -> Option<String> {
        self.0.as_deref().map(text::line)
    }

    /// Several lines, if said.
    pub(super) fn cleaned(&self) -> Option<String> {
        self.0.as_deref().map(text::clean)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E>(self, text: &str) -> Result<Word, E> {
                Ok(Word(Some(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Word, E> {
                Ok(Word(Some(text)))
            }

            fn visit_unit<E>(self) -> Result<Word, E> {
                Ok(Word(Some(String::new())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Word, E> {
                Ok(Word(Some(number.to_string())))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Word, E> {
                Ok(Word(Some(number.to_string())))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Word, E> {
                Ok(Word(Some(number.to_string())))
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Word, E> {
                Ok(Word(Some(flag.to_string())))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
