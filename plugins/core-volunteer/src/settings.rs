//! What an admin of the convention configured, and what it means for the rules.

use std::collections::BTreeSet;

use conman_sdk::prelude::*;
use jiff::civil::time;

use crate::rules::calendar::Calendar;
use crate::rules::decision::Policy;
use crate::rules::hours::NightPolicy;
use crate::rules::rest::RestPolicy;
use crate::schema::RewardKind;

/// The configuration; `config.schema.json` says what each key means.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    pub(crate) sign_up_opens: Option<DateTime>,
    pub(crate) sign_up_opens_minutes_before: i64,
    pub(crate) sign_up_closes_minutes_before: Option<i64>,
    pub(crate) withdrawal_minutes_before: i64,
    pub(crate) arrival: Arrival,
    pub(crate) break_minutes: i64,
    pub(crate) minimum_rest_minutes: i64,
    pub(crate) most_hours_per_day: f64,
    pub(crate) no_shows_until_locked: i64,
    pub(crate) check_in_minutes_before: i64,
    pub(crate) night_from: Time,
    pub(crate) night_until: Time,
    pub(crate) night_factor: f64,
    pub(crate) rewards: Vec<Reward>,
}

/// When volunteers must have arrived at the convention to sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Arrival {
    /// Arrival does not matter.
    Never,
    /// From the first day on.
    DuringConvention,
    /// Even before.
    Always,
}

/// Thanks at a threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Reward {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) hours: f64,
}

/// What sort of thanks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Something to wear.
    Shirt,
    /// Something to eat.
    MealVoucher,
    /// The ticket's price, or a part of it.
    Refund,
    /// Anything else.
    Other,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sign_up_opens: None,
            sign_up_opens_minutes_before: 0,
            sign_up_closes_minutes_before: None,
            withdrawal_minutes_before: 720,
            arrival: Arrival::DuringConvention,
            break_minutes: 30,
            minimum_rest_minutes: 60,
            most_hours_per_day: 10.0,
            no_shows_until_locked: 3,
            check_in_minutes_before: 60,
            night_from: time(2, 0, 0, 0),
            night_until: time(8, 0, 0, 0),
            night_factor: 2.0,
            rewards: Vec::new(),
        }
    }
}

impl Settings {
    /// The rules of sign-up for a convention that starts on `first_day`.
    pub(crate) fn policy(&self, calendar: &Calendar, first_day: Date) -> Policy {
        Policy {
            opens_at: self.sign_up_opens.map(DateTime::timestamp),
            opens_minutes_before: positive(self.sign_up_opens_minutes_before),
            closes_minutes_before: self.sign_up_closes_minutes_before,
            arrival_from: match self.arrival {
                Arrival::Never => None,
                Arrival::DuringConvention => Some(calendar.day_start(first_day)),
                Arrival::Always => Some(Timestamp::MIN),
            },
            no_shows_until_locked: positive(self.no_shows_until_locked),
            rest: RestPolicy {
                break_minutes: self.break_minutes,
                minimum_minutes: self.minimum_rest_minutes,
                most_minutes_per_day: positive(rounded(self.most_hours_per_day * 60.0)),
            },
        }
    }

    /// Which hours count more.
    pub(crate) fn night(&self) -> NightPolicy {
        NightPolicy { from: self.night_from, until: self.night_until, percent: rounded(self.night_factor * 100.0) }
    }

    /// What is wrong with it beyond its JSON Schema.
    pub(crate) fn findings(&self) -> Vec<Error> {
        let mut findings = Vec::new();
        if self.minimum_rest_minutes > 0 && self.minimum_rest_minutes <= self.break_minutes {
            let message = format!(
                "A rest of {} minutes is no longer than a break of {}; make it longer, or 0 for no rest rule.",
                self.minimum_rest_minutes, self.break_minutes
            );
            findings.push(Error::invalid(message).at("/minimumRestMinutes"));
        }
        let mut seen = BTreeSet::new();
        for (index, reward) in self.rewards.iter().enumerate() {
            if !seen.insert(&reward.id) {
                let message = format!("There are two rewards `{}`; give each an id of its own.", reward.id);
                findings.push(Error::invalid(message).at(format!("/rewards/{index}/id")));
            }
        }
        findings
    }

    /// The rewards, cheapest first.
    pub(crate) fn rewards(&self) -> Vec<Reward> {
        let mut rewards = self.rewards.clone();
        rewards.sort_by(|a, b| a.hours.total_cmp(&b.hours));
        rewards
    }
}

impl From<Kind> for RewardKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Shirt => Self::Shirt,
            Kind::MealVoucher => Self::MealVoucher,
            Kind::Refund => Self::Refund,
            Kind::Other => Self::Other,
        }
    }
}

/// The nearest whole number; float casts saturate, which is what an absurd figure should do.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
pub(crate) fn rounded(number: f64) -> i64 {
    number.round() as i64
}

fn positive(number: i64) -> Option<i64> {
    (number > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_and_the_struct_have_the_same_keys_and_defaults() {
        let schema: serde_json::Value = serde_json::from_str(include_str!("../config.schema.json")).unwrap();
        let struct_defaults = serde_json::to_value(Settings::default()).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        let keys: Vec<_> = struct_defaults.as_object().unwrap().keys().collect();
        let mut declared: Vec<_> = properties.keys().collect();
        declared.sort();
        let mut keys_sorted = keys;
        keys_sorted.sort();
        assert_eq!(declared, keys_sorted);
        let schema_defaults: serde_json::Map<_, _> =
            properties.iter().map(|(key, property)| (key.clone(), property["default"].clone())).collect();
        let read: Settings = serde_json::from_value(serde_json::Value::Object(schema_defaults)).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), struct_defaults);
    }

    #[test]
    fn what_makes_no_sense_is_found_with_its_place() {
        let settings: Settings = serde_json::from_str(
            r#"{"breakMinutes": 60, "minimumRestMinutes": 60, "rewards": [
                {"id": "a", "name": "A", "kind": "shirt", "hours": 1}, {"id": "a", "name": "B", "kind": "other", "hours": 2}]}"#,
        )
        .unwrap();
        let places: Vec<_> = settings.findings().into_iter().map(|finding| finding.pointer).collect();
        assert_eq!(places, ["/minimumRestMinutes", "/rewards/1/id"]);
        assert!(Settings::default().findings().is_empty());
    }
}
