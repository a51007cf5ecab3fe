//! Conventions: what organizations hold, and what everything else is about.

use std::sync::Arc;

use conman_kernel::actor::Actor;
use conman_kernel::convention::{Convention, ConventionState};
use conman_kernel::id::{ConventionId, OrganizationId, Slug};
use conman_kernel::sql::{RowExt as _, Value};
use jiff::civil::{Date, Time};
use serde_json::json;

use crate::audit::Deed;
use crate::change::{Change, Touches};
use crate::declared::names;
use crate::error::{IdentityError, Result};
use crate::identity::Identity;
use crate::input;
use crate::realm::Realm;

/// The longest convention, in days: a slip in the year is likelier than a festival of four months.
const LONGEST: i32 = 120;

/// What a convention is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConvention {
    /// Who owns it.
    pub organization: OrganizationId,
    /// Its short name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// First day, local.
    pub starts_on: Date,
    /// Last day, local and inclusive.
    pub ends_on: Date,
    /// Items before this local time belong to the day before; 00:00 to 12:00.
    pub day_change: Time,
}

/// What is to change of a convention; what is none stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConventionChange {
    /// Its short name. Old addresses stop working.
    pub slug: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// First day.
    pub starts_on: Option<Date>,
    /// Last day.
    pub ends_on: Option<Date>,
    /// When a convention day ends.
    pub day_change: Option<Time>,
}

impl Identity {
    /// Makes a convention, as a draft.
    ///
    /// # Errors
    /// Without `convention.manage` in its organization, when the input is wrong or the short name taken, and what the database failed
    /// with.
    pub async fn create_convention(&self, by: &Actor, new: &NewConvention) -> Result<Convention> {
        self.require(by, &Realm::Organization(new.organization.clone()), names::CONVENTION_MANAGE).await?;
        let made = &checked(Convention {
            id: ConventionId::new(),
            slug: slug(&new.slug)?,
            name: new.name.clone(),
            organization: new.organization.clone(),
            time_zone: new.time_zone.clone(),
            starts_on: new.starts_on,
            ends_on: new.ends_on,
            day_change: new.day_change,
            state: ConventionState::Draft,
        })?;
        let now = self.now();
        self.change(by, Touches::Directory, |mut change| {
            Box::pin(async move {
                refuse_taken(&mut change, made).await?;
                let sql = "INSERT INTO identity_convention (id, slug, name, organization, time_zone, starts_on, ends_on, day_change, \
                           state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
                let parameters = [
                    made.id.as_str().into(),
                    made.slug.as_str().into(),
                    made.name.as_str().into(),
                    made.organization.as_str().into(),
                    made.time_zone.as_str().into(),
                    made.starts_on.to_string().into(),
                    made.ends_on.to_string().into(),
                    made.day_change.to_string().into(),
                    made.state.as_str().into(),
                    now.into(),
                ];
                change
                    .execute(sql, &parameters)
                    .await
                    .map_err(|error| error.or_exists("convention", made.slug.as_str()))?;
                change.tell(deed("convention.create", made, json!(null))).await
            })
        })
        .await?;
        Ok(made.clone())
    }

    /// The conventions the actor may know of, by first day: all but other people's drafts.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn conventions(&self, by: &Actor) -> Result<Vec<Arc<Convention>>> {
        let directory = self.directory().await?;
        let standing = self.standing(by).await?;
        let known = |convention: &&Arc<Convention>| {
            convention.state != ConventionState::Draft
                || standing.belongs(&directory, &Realm::Convention(convention.id.clone()))
        };
        let mut seen: Vec<_> = directory.conventions.values().filter(known).cloned().collect();
        seen.sort_by(|a, b| a.starts_on.cmp(&b.starts_on).then_with(|| a.slug.cmp(&b.slug)));
        Ok(seen)
    }

    /// Changes a convention's standing facts.
    ///
    /// # Errors
    /// Without `convention.manage` in it, when the input is wrong or the short name taken, and what the database failed with.
    pub async fn update_convention(
        &self,
        by: &Actor,
        id: &ConventionId,
        wanted: &ConventionChange,
    ) -> Result<Convention> {
        self.require(by, &Realm::Convention(id.clone()), names::CONVENTION_MANAGE).await?;
        self.change(by, Touches::Directory, |mut change| {
            Box::pin(async move {
                let before = find(&mut change, id).await?;
                let after = apply(before.clone(), wanted)?;
                refuse_taken(&mut change, &after).await?;
                let sql = "UPDATE identity_convention SET slug = $1, name = $2, time_zone = $3, starts_on = $4, ends_on = $5, \
                           day_change = $6 WHERE id = $7";
                let parameters = [
                    after.slug.as_str().into(),
                    after.name.as_str().into(),
                    after.time_zone.as_str().into(),
                    after.starts_on.to_string().into(),
                    after.ends_on.to_string().into(),
                    after.day_change.to_string().into(),
                    id.as_str().into(),
                ];
                change
                    .execute(sql, &parameters)
                    .await
                    .map_err(|error| error.or_exists("convention", after.slug.as_str()))?;
                change.tell(deed("convention.update", &after, facts(&before))).await?;
                Ok(after)
            })
        })
        .await
    }

    /// Opens a draft, archives what is over, or opens an archived convention again.
    ///
    /// # Errors
    /// Without `convention.manage` in it, when the step is not one of those, and what the database failed with.
    pub async fn set_convention_state(
        &self,
        by: &Actor,
        id: &ConventionId,
        state: ConventionState,
    ) -> Result<Convention> {
        self.require(by, &Realm::Convention(id.clone()), names::CONVENTION_MANAGE).await?;
        self.change(by, Touches::Directory, |mut change| {
            Box::pin(async move {
                let before = find(&mut change, id).await?;
                let after = Convention { state: next(before.state, state)?, ..before.clone() };
                let sql = "UPDATE identity_convention SET state = $1 WHERE id = $2";
                change.execute(sql, &[state.as_str().into(), id.as_str().into()]).await?;
                change.tell(deed("convention.state", &after, facts(&before))).await?;
                Ok(after)
            })
        })
        .await
    }
}

/// Which steps there are between states.
fn next(from: ConventionState, to: ConventionState) -> Result<ConventionState> {
    use ConventionState::{Archived, Draft, Live};
    match (from, to) {
        (Draft, Live) | (Live, Archived) | (Archived, Live) => Ok(to),
        _ => Err(IdentityError::Refused(format!(
            "a convention that is {} cannot become {}; a draft becomes live, what is live is archived, what is archived can go live again",
            from.as_str(),
            to.as_str()
        ))),
    }
}

fn apply(before: Convention, wanted: &ConventionChange) -> Result<Convention> {
    checked(Convention {
        slug: wanted.slug.as_deref().map(slug).transpose()?.unwrap_or(before.slug),
        name: wanted.name.clone().unwrap_or(before.name),
        time_zone: wanted.time_zone.clone().unwrap_or(before.time_zone),
        starts_on: wanted.starts_on.unwrap_or(before.starts_on),
        ends_on: wanted.ends_on.unwrap_or(before.ends_on),
        day_change: wanted.day_change.unwrap_or(before.day_change),
        ..before
    })
}

fn slug(text: &str) -> Result<Slug> {
    text.parse().map_err(|error: conman_kernel::id::InvalidSlug| IdentityError::invalid("/slug", error.to_string()))
}

/// The convention with its name trimmed and its time zone in its own spelling, if everything about it can be.
fn checked(convention: Convention) -> Result<Convention> {
    let name = input::name(&convention.name, "/name")?;
    let zone = jiff::tz::db().get(&convention.time_zone).ok();
    let Some(time_zone) = zone.as_ref().and_then(|zone| zone.iana_name()) else {
        let message =
            format!("there is no time zone `{}`; write one like `Europe/Berlin` or `UTC`", convention.time_zone);
        return Err(IdentityError::invalid("/timeZone", message));
    };
    let days = (convention.ends_on - convention.starts_on).get_days();
    if days < 0 {
        let message = format!("the last day, {}, is before the first, {}", convention.ends_on, convention.starts_on);
        return Err(IdentityError::invalid("/endsOn", message));
    }
    if days >= LONGEST {
        let message = format!("from {} to {} is longer than {LONGEST} days", convention.starts_on, convention.ends_on);
        return Err(IdentityError::invalid("/endsOn", message));
    }
    if convention.day_change > Time::constant(12, 0, 0, 0) {
        let message =
            "a convention day changes between 00:00 and 12:00; night items before it belong to the day before";
        return Err(IdentityError::invalid("/dayChange", message));
    }
    Ok(Convention { name, time_zone: time_zone.to_owned(), ..convention })
}

async fn refuse_taken(change: &mut Change<'_, '_>, convention: &Convention) -> Result<()> {
    let sql = "SELECT id FROM identity_convention WHERE slug = $1 AND id <> $2";
    let rows = change.query(sql, &[convention.slug.as_str().into(), convention.id.as_str().into()]).await?;
    if rows.rows.is_empty() {
        Ok(())
    } else {
        Err(IdentityError::AlreadyExists { thing: "convention", name: convention.slug.to_string() })
    }
}

async fn find(change: &mut Change<'_, '_>, id: &ConventionId) -> Result<Convention> {
    let sql = format!("SELECT {COLUMNS} FROM identity_convention WHERE id = $1");
    let rows = change.query(&sql, &[id.as_str().into()]).await?;
    rows.rows.first().map_or_else(|| Err(IdentityError::not_found("convention", id)), |row| from_row(row))
}

pub(crate) const COLUMNS: &str = "id, slug, name, organization, time_zone, starts_on, ends_on, day_change, state";

pub(crate) fn from_row(row: &[Value]) -> Result<Convention> {
    let damaged = |what: &str| IdentityError::Internal(format!("a stored convention's {what} is damaged"));
    Ok(Convention {
        id: ConventionId::from_stored(row.text(0)?),
        slug: row.text(1)?.parse().map_err(|_| damaged("slug"))?,
        name: row.text(2)?.to_owned(),
        organization: OrganizationId::from_stored(row.text(3)?),
        time_zone: row.text(4)?.to_owned(),
        starts_on: row.text(5)?.parse().map_err(|_| damaged("first day"))?,
        ends_on: row.text(6)?.parse().map_err(|_| damaged("last day"))?,
        day_change: row.text(7)?.parse().map_err(|_| damaged("day change"))?,
        state: match row.text(8)? {
            "draft" => ConventionState::Draft,
            "live" => ConventionState::Live,
            "archived" => ConventionState::Archived,
            _ => return Err(damaged("state")),
        },
    })
}

fn facts(convention: &Convention) -> serde_json::Value {
    json!({
        "slug": convention.slug,
        "name": convention.name,
        "organization": convention.organization,
        "timeZone": convention.time_zone,
        "startsOn": convention.starts_on.to_string(),
        "endsOn": convention.ends_on.to_string(),
        "dayChange": convention.day_change.to_string(),
        "state": convention.state.as_str(),
    })
}

fn deed<'a>(action: &'a str, convention: &Convention, before: serde_json::Value) -> Deed<'a> {
    Deed {
        action,
        target: format!("convention:{}", convention.id),
        convention: Some(convention.id.clone()),
        before,
        after: facts(convention),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convention() -> Convention {
        Convention {
            id: ConventionId::new(),
            slug: "moon".parse().unwrap(),
            name: " Moon Con ".to_owned(),
            organization: OrganizationId::new(),
            time_zone: "europe/berlin".to_owned(),
            starts_on: "2026-08-07".parse().unwrap(),
            ends_on: "2026-08-09".parse().unwrap(),
            day_change: "06:00".parse().unwrap(),
            state: ConventionState::Draft,
        }
    }

    #[test]
    fn a_time_zone_gets_its_own_spelling() {
        let checked = checked(convention()).unwrap();
        assert_eq!((checked.time_zone.as_str(), checked.name.as_str()), ("Europe/Berlin", "Moon Con"));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_place() {
        let bad = [
            (Convention { time_zone: "Moon/Tranquility".to_owned(), ..convention() }, "/timeZone"),
            (Convention { ends_on: "2026-08-06".parse().unwrap(), ..convention() }, "/endsOn"),
            (Convention { ends_on: "2062-08-09".parse().unwrap(), ..convention() }, "/endsOn"),
            (Convention { day_change: "18:00".parse().unwrap(), ..convention() }, "/dayChange"),
            (Convention { name: " ".to_owned(), ..convention() }, "/name"),
        ];
        for (convention, place) in bad {
            let Err(IdentityError::Invalid { pointer, .. }) = checked(convention) else { panic!("{place} was taken") };
            assert_eq!(pointer, place);
        }
    }

    #[test]
    fn a_draft_is_not_archived_and_nothing_becomes_a_draft_again() {
        use ConventionState::{Archived, Draft, Live};
        let allowed: Vec<_> = [Draft, Live, Archived]
            .into_iter()
            .flat_map(|from| [Draft, Live, Archived].into_iter().map(move |to| (from, to)))
            .filter(|(from, to)| next(*from, *to).is_ok())
            .collect();
        assert_eq!(allowed, [(Draft, Live), (Live, Archived), (Archived, Live)]);
    }
}
