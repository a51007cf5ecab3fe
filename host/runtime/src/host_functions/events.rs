//! `conman:host/events`.

use super::database::told;
use crate::bindings::host::events::Host;
use crate::bindings::types::Error;
use crate::state::CallState;

impl Host for CallState {
    async fn emit(&mut self, topic: String, key: String, payload: String) -> wasmtime::Result<Result<String, Error>> {
        let now = self.surroundings.clock.now();
        told(self.transactions.emit(&topic, &key, &payload, now).await.map(|id| id.to_string()))
    }
}
