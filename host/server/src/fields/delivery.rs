//! Events that a plugin failed to handle too often: seeing them, trying once more, giving up.

use conman_bus::{DeadLetter, DeliveryId};
use conman_identity::{Deed, Realm, permission};
use conman_kernel::fault::Fault;
use serde::Deserialize;
use serde_json::{Value, json};

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
    let after = page.after.map(DeliveryId::from_shown);
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
    ask.desk.parts.bus.replay(&ask.convention()?.id, &DeliveryId::from_shown(id.as_str())).await?;
    record(ask, "event.replayed", id).await
}

pub(super) async fn discard(ask: Ask<'_>) -> Answer {
    let Which { id } = ask.arguments()?;
    allowed(ask).await?;
    ask.desk.parts.bus.discard(&ask.convention()?.id, &DeliveryId::from_shown(id.as_str())).await?;
    record(ask, "event.discarded", id).await
}

async fn record(ask: Ask<'_>, action: &str, id: String) -> Answer {
    let convention = Some(ask.convention()?.id.clone());
    let deed = Deed { action, target: format!("delivery:{id}"), convention, before: Value::Null, after: Value::Null };
    ask.desk.parts.identity.audit().record(&ask.scope.actor, &deed).await?;
    Ok(json!(true))
}
