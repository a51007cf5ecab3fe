//! Events that a plugin failed to handle too often: seeing them, trying once more, giving up.

use conman_bus::DeadLetter;
use conman_identity::{Deed, Realm, permission};
use conman_kernel::fault::Fault;
use conman_kernel::id::DeliveryId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::plugin::plugin_id;
use super::{Answer, Ask, Paging};

#[derive(Deserialize)]
struct Which {
    id: String,
}

async fn allowed(ask: Ask<'_>) -> Result<(), Fault> {
    let realm = Realm::Convention(ask.convention()?.id.clone());
    Ok(ask.desk.parts.identity.require(&ask.scope.actor, &realm, permission::DEAD_LETTER_MANAGE).await?)
}

pub(super) async fn dead_letters(ask: Ask<'_>) -> Answer {
    allowed(ask).await?;
    let page = ask.arguments::<Paging>()?.request()?;
    let after = page.after.map(DeliveryId::from_stored);
    let letters = ask.desk.parts.bus.dead_letters(&ask.convention()?.id, after.as_ref(), page.limit).await?;
    Ok(letters.iter().map(letter_json).collect())
}

fn letter_json(letter: &DeadLetter) -> Value {
    let DeadLetter { id, subscriber, event, fault, attempts, died_at, .. } = letter;
    let payload = serde_json::from_str(&event.payload).unwrap_or_else(|_| json!(event.payload));
    json!({
        "id": id.as_str(), "plugin": subscriber, "topic": event.topic, "key": event.key, "payload": payload, "publisher": event.publisher,
        "emittedAt": event.emitted_at, "attempts": attempts, "code": fault.code, "message": fault.message, "diedAt": died_at,
    })
}

pub(super) async fn replay(ask: Ask<'_>) -> Answer {
    let Which { id } = ask.arguments()?;
    allowed(ask).await?;
    ask.desk.parts.bus.replay(&ask.convention()?.id, &DeliveryId::from_stored(id.as_str())).await?;
    record(ask, "event.replayed", format!("delivery:{id}"), Value::Null).await?;
    Ok(json!(true))
}

pub(super) async fn replay_all(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        #[serde(default)]
        plugin: Option<String>,
    }
    let Arguments { plugin } = ask.arguments()?;
    let plugin = plugin.map(|plugin| plugin_id(&plugin, "/plugin")).transpose()?;
    allowed(ask).await?;
    let replayed = ask.desk.parts.bus.replay_all(&ask.convention()?.id, plugin.as_ref()).await?;
    let target = plugin.map_or_else(|| "deliveries".to_owned(), |plugin| format!("plugin:{plugin}"));
    record(ask, "event.replayed-all", target, json!({ "replayed": replayed })).await?;
    Ok(json!(replayed))
}

pub(super) async fn discard(ask: Ask<'_>) -> Answer {
    let Which { id } = ask.arguments()?;
    allowed(ask).await?;
    ask.desk.parts.bus.discard(&ask.convention()?.id, &DeliveryId::from_stored(id.as_str())).await?;
    record(ask, "event.discarded", format!("delivery:{id}"), Value::Null).await?;
    Ok(json!(true))
}

async fn record(ask: Ask<'_>, action: &str, target: String, after: Value) -> Result<(), Fault> {
    let convention = Some(ask.convention()?.id.clone());
    let deed = Deed { action, target, convention, before: Value::Null, after };
    Ok(ask.desk.parts.identity.audit().record(&ask.scope.actor, &deed).await?)
}
