//! Events: facts a plugin tells others after its transaction commits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{ConventionId, EventId, PluginId};

/// An event passes through at most this many handlers that emit events of their own.
pub const MAX_HOPS: u32 = 8;

/// What topics of the host's own begin with: it tells of what it does for a plugin, and tells that plugin alone.
const OF_THE_HOST: &str = "scheduler.";

/// A job of the scheduler has come further. Only subscriptions hear of it.
pub const SCHEDULER_PROGRESS: &str = "scheduler.progress";

/// A job of the scheduler has ended.
pub const SCHEDULER_ENDED: &str = "scheduler.ended";

/// A fact that was committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The same across retries and replays: what handlers deduplicate by.
    pub id: EventId,
    /// `programming.session.moved`: lower-case words with dots.
    pub topic: String,
    /// Events of one publisher with the same key arrive in the order they were committed.
    pub key: String,
    /// JSON.
    pub payload: String,
    /// Who emitted it.
    pub publisher: PluginId,
    /// When it was emitted.
    pub emitted_at: jiff::Timestamp,
    /// How many handlers it has passed through.
    pub hops: u32,
}

/// Hears of events as this host comes to tell of them, as the feeder of subscriptions does. Must not block.
pub trait EventListener: Send + Sync {
    /// An event was published.
    fn published(&self, convention: &ConventionId, event: &Event);
}

/// Which topics: a topic, or a topic whose last word is `*` for everything below.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TopicPattern(String);

/// Why a text is no topic or pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a topic; write lower-case words with dots, like `volunteer.shift.moved`, or `volunteer.*` for all below"
)]
pub struct InvalidTopic(String);

impl Event {
    /// Whether `plugin` may hear of it, if it wants to: of what the host does for a plugin, only that plugin may.
    #[must_use]
    pub fn concerns(&self, plugin: &PluginId) -> bool {
        !is_of_the_host(&self.topic) || self.publisher == *plugin
    }
}

/// Whether a topic, or a pattern of topics, is of the host's own: no plugin emits it.
#[must_use]
pub fn is_of_the_host(topic: &str) -> bool {
    topic.starts_with(OF_THE_HOST)
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether `topic` is a well-formed topic (no wildcard), at most 120 characters.
#[must_use]
pub fn is_topic(topic: &str) -> bool {
    topic.len() <= 120 && topic.split('.').all(is_word)
}

impl TopicPattern {
    /// Whether `topic` falls under this pattern.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => topic.len() > prefix.len() && topic.starts_with(prefix),
            None => topic == self.0,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TopicPattern {
    type Err = InvalidTopic;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = match text.strip_suffix(".*") {
            Some(prefix) => is_topic(prefix),
            None => is_topic(text),
        };
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidTopic(text.to_owned())) }
    }
}

impl TryFrom<String> for TopicPattern {
    type Error = InvalidTopic;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TopicPattern> for String {
    fn from(pattern: TopicPattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for TopicPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_everything_below_and_not_the_word_itself() {
        let pattern: TopicPattern = "volunteer.*".parse().unwrap();
        assert!(pattern.matches("volunteer.shift.moved"));
        assert!(!pattern.matches("volunteer"));
        assert!(!pattern.matches("volunteers.shift"));
    }

    #[test]
    fn what_the_host_tells_concerns_one_plugin() {
        let event = |topic: &str| Event {
            id: EventId::new(),
            topic: topic.to_owned(),
            key: String::new(),
            payload: "{}".to_owned(),
            publisher: "conman/one".parse().unwrap(),
            emitted_at: jiff::Timestamp::UNIX_EPOCH,
            hops: 0,
        };
        let other = "conman/other".parse().unwrap();
        assert!(event("schedulers.ended").concerns(&other));
        assert!(!event(SCHEDULER_ENDED).concerns(&other) && !event(SCHEDULER_PROGRESS).concerns(&other));
        assert!(event(SCHEDULER_ENDED).concerns(&"conman/one".parse().unwrap()));
        assert!(is_of_the_host("scheduler.*") && !is_of_the_host("scheduler"));
    }

    #[test]
    fn a_star_alone_or_in_the_middle_is_refused() {
        for bad in ["*", "a.*.b", "a.b*", "", ".", "a..b", "A.b"] {
            assert!(bad.parse::<TopicPattern>().is_err(), "{bad}");
        }
    }
}
