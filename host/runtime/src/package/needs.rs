//! What a plugin asks for. Each wish may be written short, or as a table with the reason that the admin is shown:
//! `events.publish = ["volunteer.*"]` or `[{ topic = "volunteer.*", reason = "…" }]`.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use conman_kernel::event::{TopicPattern, is_of_the_host};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

/// `[needs]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Needs {
    /// A database of its own.
    #[serde(deserialize_with = "whole")]
    pub database: Option<Asked<()>>,
    /// The timetabling solver.
    #[serde(deserialize_with = "whole")]
    pub scheduler: Option<Asked<()>>,
    /// Events.
    pub events: Events,
    /// Hosts on the internet.
    pub http: Vec<Asked<HttpHost>>,
    /// Secrets that the admin enters.
    pub secrets: Vec<Asked<Name>>,
    /// Kinds of devices.
    pub devices: Vec<Asked<Name>>,
    /// Extension points it calls.
    pub calls: Vec<Asked<Name>>,
    /// Fields of the host and of other plugins that it reads.
    pub graph: Vec<Asked<GraphField>>,
}

/// `needs.events`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// Topics it emits.
    #[serde(deserialize_with = "own_topics")]
    pub publish: Vec<Asked<TopicPattern>>,
    /// Topics it is told of.
    pub subscribe: Vec<Asked<TopicPattern>>,
}

/// A wish and its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<T> {
    /// What is asked for.
    pub what: T,
    /// Why; shown to the admin.
    pub reason: Option<String>,
}

/// A host name, `api.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpHost(pub String);

/// A name of lower-case letters, digits and `-`: a secret, a kind of device, an extension point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(pub String);

/// `person.name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphField(pub String);

/// What a wish is called in its long form.
trait Wish: FromStr<Err: fmt::Display> {
    const KEY: &'static str;
}

impl Wish for TopicPattern {
    const KEY: &'static str = "topic";
}

impl Wish for HttpHost {
    const KEY: &'static str = "host";
}

impl Wish for Name {
    const KEY: &'static str = "name";
}

impl Wish for GraphField {
    const KEY: &'static str = "field";
}

impl FromStr for HttpHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let valid = text.len() <= 253 && text.contains('.') && text.split('.').all(label);
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{text}` is no host name; write one like `api.example.com`"))
        }
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let valid = (1..=60).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{text}` is no name; use lower-case letters, digits and `-`"))
        }
    }
}

impl FromStr for GraphField {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let valid = text.len() <= 120 && text.contains('.') && text.split('.').all(word);
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{text}` is no field; write one like `person.name`"))
        }
    }
}

impl<'de, T: Wish> Deserialize<'de> for Asked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AskedVisitor(PhantomData))
    }
}

struct AskedVisitor<T>(PhantomData<T>);

impl<'de, T: Wish> Visitor<'de> for AskedVisitor<T> {
    type Value = Asked<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text, or {{ {} = \"…\", reason = \"…\" }}", T::KEY)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Asked<T>, E> {
        Ok(Asked { what: text.parse().map_err(E::custom)?, reason: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Asked<T>, A::Error> {
        let (mut what, mut reason) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            if key == T::KEY {
                what = Some(map.next_value::<String>()?.parse().map_err(de::Error::custom)?);
            } else if key == "reason" {
                reason = Some(map.next_value()?);
            } else {
                return Err(de::Error::custom(format!("unknown field `{key}`, expected `{}` or `reason`", T::KEY)));
            }
        }
        Ok(Asked { what: what.ok_or_else(|| de::Error::custom(format!("`{}` is missing", T::KEY)))?, reason })
    }
}

/// Topics of the host's own are nobody else's to tell.
fn own_topics<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Asked<TopicPattern>>, D::Error> {
    let topics = Vec::<Asked<TopicPattern>>::deserialize(deserializer)?;
    match topics.iter().find(|asked| is_of_the_host(asked.what.as_str())) {
        Some(asked) => Err(de::Error::custom(format!(
            "`{}` is told by the host alone; give the topic another first word, or subscribe to it",
            asked.what
        ))),
        None => Ok(topics),
    }
}

/// What is asked for or not: there is no more to say of it than why.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Asked<()>>, D::Error> {
    struct Whole;

    impl<'de> Visitor<'de> for Whole {
        type Value = Option<Asked<()>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("`true`, or { reason = \"…\" }")
        }

        fn visit_bool<E: de::Error>(self, wanted: bool) -> Result<Self::Value, E> {
            Ok(wanted.then_some(Asked { what: (), reason: None }))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut reason = None;
            while let Some(key) = map.next_key::<String>()? {
                if key != "reason" {
                    return Err(de::Error::custom(format!("unknown field `{key}`, expected `reason`")));
                }
                reason = Some(map.next_value()?);
            }
            Ok(Some(Asked { what: (), reason }))
        }
    }

    deserializer.deserialize_any(Whole)
}
