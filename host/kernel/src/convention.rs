//! What a call knows of the convention it runs for.

use serde::{Deserialize, Serialize};

use crate::id::{ConventionId, OrganizationId, Slug};

/// A convention's standing facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Convention {
    /// Its id.
    pub id: ConventionId,
    /// Its short name in addresses.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// Who owns it.
    pub organization: OrganizationId,
    /// IANA time zone, `Europe/Berlin`.
    pub time_zone: String,
    /// First day, local.
    pub starts_on: jiff::civil::Date,
    /// Last day, local and inclusive; its night may run past midnight.
    pub ends_on: jiff::civil::Date,
    /// When a convention day ends and the next begins: items before this local time belong to the day before.
    pub day_change: jiff::civil::Time,
    /// Where it stands.
    pub state: ConventionState,
}

/// Where a convention stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConventionState {
    /// Being prepared; only its people see it.
    Draft,
    /// Open to everybody it invites.
    Live,
    /// Over: readable, no longer changed.
    Archived,
}

impl ConventionState {
    /// As stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Live => "live",
            Self::Archived => "archived",
        }
    }
}
