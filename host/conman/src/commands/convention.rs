//! `conman convention`

use serde_json::{Value, json};

use crate::arguments::{ConventionCommand, ConventionCreate, ConventionUpdate, In, State, Where};
use crate::commands::{at, convention as chosen, list, take};
use crate::door::{Door, Missing};
use crate::failure::Outcome;
use crate::terminal::{Terminal, cell};

const FIELDS: &str = "id slug name timeZone startsOn endsOn dayChange state";

pub(crate) async fn run(place: &Where, command: ConventionCommand, terminal: Terminal) -> Outcome {
    let missing = if matches!(command, ConventionCommand::Create(_)) { Missing::Create } else { Missing::Refuse };
    let door = Door::find(place, missing, terminal).await?;
    let outcome = match command {
        ConventionCommand::Create(create) => self::create(&door, create, terminal).await,
        ConventionCommand::List => list_all(&door, terminal).await,
        ConventionCommand::Show { slug } => show(&door, In { convention: slug }, terminal).await,
        ConventionCommand::Update(update) => self::update(&door, update, terminal).await,
        ConventionCommand::State { slug, state } => set_state(&door, &slug, state, terminal).await,
    };
    door.close().await;
    outcome
}

async fn create(door: &Door, create: ConventionCreate, terminal: Terminal) -> Outcome {
    let operation = format!(
        "mutation($slug: String!, $name: String!, $timeZone: String!, $startsOn: Date!, $endsOn: Date!, $dayChange: Time!) {{
           createConvention(slug: $slug, name: $name, timeZone: $timeZone, startsOn: $startsOn, endsOn: $endsOn, dayChange: $dayChange) {{ {FIELDS} }}
         }}"
    );
    let variables = json!({
        "slug": create.slug, "name": create.name.unwrap_or_else(|| create.slug.clone()), "timeZone": create.time_zone,
        "startsOn": create.starts_on, "endsOn": create.ends_on, "dayChange": create.day_change,
    });
    let mut made = take(door.graphql(None, &operation, variables).await?, "createConvention");
    if create.live {
        made = state(door, &create.slug, State::Live).await?;
    }
    terminal.answer(&made)?;
    terminal.say(format!("made {} ({})", cell(at(&made, "name")), cell(at(&made, "slug"))))
}

async fn list_all(door: &Door, terminal: Terminal) -> Outcome {
    let data = door.graphql(None, &format!("{{ conventions {{ {FIELDS} }} }}"), json!({})).await?;
    terminal.answer(at(&data, "conventions"))?;
    let rows = list(&data, "conventions").iter().map(|convention| {
        ["slug", "name", "state", "startsOn", "endsOn", "timeZone"].map(|key| cell(at(convention, key)))
    });
    terminal.table(["Convention", "Name", "State", "From", "To", "Time zone"], rows)
}

async fn show(door: &Door, place: In, terminal: Terminal) -> Outcome {
    let slug = chosen(door, &place).await?;
    let operation =
        format!("{{ convention {{ {FIELDS} }} plugins {{ id version name formats {{ id name import export }} }} }}");
    let data = door.graphql(Some(&slug), &operation, json!({})).await?;
    terminal.answer(&data)?;
    facts(at(&data, "convention"), terminal)?;
    let rows = list(&data, "plugins").iter().map(|plugin| {
        let formats = list(plugin, "formats").iter().map(|format| cell(at(format, "id"))).collect::<Vec<_>>();
        [cell(at(plugin, "id")), cell(at(plugin, "version")), cell(at(plugin, "name")), formats.join(", ")]
    });
    terminal.table(["Plugin", "Version", "Name", "Formats"], rows)
}

fn facts(convention: &Value, terminal: Terminal) -> Outcome {
    let facts = [
        ("Short name", "slug"),
        ("Name", "name"),
        ("State", "state"),
        ("From", "startsOn"),
        ("To", "endsOn"),
        ("Time zone", "timeZone"),
        ("Day changes at", "dayChange"),
        ("Id", "id"),
    ];
    terminal.table(["Convention", ""], facts.map(|(label, key)| [label.to_owned(), cell(at(convention, key))]))
}

async fn update(door: &Door, update: ConventionUpdate, terminal: Terminal) -> Outcome {
    let operation = format!(
        "mutation($slug: String, $name: String, $timeZone: String, $startsOn: Date, $endsOn: Date, $dayChange: Time) {{
           updateConvention(slug: $slug, name: $name, timeZone: $timeZone, startsOn: $startsOn, endsOn: $endsOn, dayChange: $dayChange) {{ {FIELDS} }}
         }}"
    );
    let variables = json!({
        "slug": update.new_slug, "name": update.name, "timeZone": update.time_zone,
        "startsOn": update.starts_on, "endsOn": update.ends_on, "dayChange": update.day_change,
    });
    let updated = take(door.graphql(Some(&update.slug), &operation, variables).await?, "updateConvention");
    terminal.answer(&updated)?;
    facts(&updated, terminal)
}

async fn set_state(door: &Door, slug: &str, wanted: State, terminal: Terminal) -> Outcome {
    let convention = state(door, slug, wanted).await?;
    terminal.answer(&convention)?;
    terminal.say(format!("{slug} is {}", cell(at(&convention, "state")).to_lowercase()))
}

async fn state(door: &Door, slug: &str, wanted: State) -> Result<Value, crate::failure::Failure> {
    let operation =
        format!("mutation($state: ConventionState!) {{ setConventionState(state: $state) {{ {FIELDS} }} }}");
    let name = match wanted {
        State::Draft => "DRAFT",
        State::Live => "LIVE",
        State::Archived => "ARCHIVED",
    };
    Ok(take(door.graphql(Some(slug), &operation, json!({ "state": name })).await?, "setConventionState"))
}
