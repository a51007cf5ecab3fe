//! Conventions: which there are, making them, changing them.

use conman_identity::{ConventionChange, NewConvention};
use conman_kernel::convention::{Convention, ConventionState};
use conman_kernel::fault::{Fault, code};
use jiff::civil::{Date, Time};
use serde::Deserialize;
use serde_json::{Value, json};

use super::organization::organization_or_root;
use super::{Answer, Ask};

fn convention_json(convention: &Convention) -> Value {
    let Convention { id, slug, name, organization, time_zone, starts_on, ends_on, day_change, state } = convention;
    json!({
        "id": id, "slug": slug, "name": name, "timeZone": time_zone, "startsOn": starts_on, "endsOn": ends_on, "dayChange": day_change,
        "state": state.as_str().to_uppercase(), "organization": organization,
    })
}

pub(super) fn this(ask: Ask<'_>) -> Answer {
    Ok(convention_json(ask.convention()?))
}

pub(super) async fn list(ask: Ask<'_>) -> Answer {
    let conventions = ask.desk.parts.identity.conventions(&ask.scope.actor).await?;
    Ok(conventions.iter().map(|convention| convention_json(convention)).collect())
}

pub(super) async fn by_slug(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        slug: String,
    }
    let Arguments { slug } = ask.arguments()?;
    // Out of those the actor may see, so that asking for a draft by name tells nothing.
    let conventions = ask.desk.parts.identity.conventions(&ask.scope.actor).await?;
    Ok(conventions
        .iter()
        .find(|convention| convention.slug.as_str() == slug)
        .map(|convention| convention_json(convention))
        .into())
}

pub(super) async fn create(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Arguments {
        slug: String,
        name: String,
        time_zone: String,
        starts_on: Date,
        ends_on: Date,
        day_change: Time,
        #[serde(default)]
        organization: Option<String>,
    }
    let Arguments { slug, name, time_zone, starts_on, ends_on, day_change, organization } = ask.arguments()?;
    let organization = organization_or_root(organization)?;
    let wanted = NewConvention { organization, slug, name, time_zone, starts_on, ends_on, day_change };
    let created = ask.desk.parts.identity.create_convention(&ask.scope.actor, &wanted).await?;
    ask.desk.parts.conventions.open(&created.id).await?;
    Ok(convention_json(&created))
}

pub(super) async fn update(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Arguments {
        slug: Option<String>,
        name: Option<String>,
        time_zone: Option<String>,
        starts_on: Option<Date>,
        ends_on: Option<Date>,
        day_change: Option<Time>,
    }
    let Arguments { slug, name, time_zone, starts_on, ends_on, day_change } = ask.arguments()?;
    let change = ConventionChange { slug, name, time_zone, starts_on, ends_on, day_change };
    let id = &ask.convention()?.id;
    Ok(convention_json(&ask.desk.parts.identity.update_convention(&ask.scope.actor, id, &change).await?))
}

pub(super) async fn set_state(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        state: String,
    }
    let Arguments { state } = ask.arguments()?;
    let state = match state.as_str() {
        "DRAFT" => ConventionState::Draft,
        "LIVE" => ConventionState::Live,
        "ARCHIVED" => ConventionState::Archived,
        _ => return Err(Fault::new(code::INVALID, "a convention is DRAFT, LIVE or ARCHIVED").at("/state")),
    };
    let id = &ask.convention()?.id;
    Ok(convention_json(&ask.desk.parts.identity.set_convention_state(&ask.scope.actor, id, state).await?))
}
