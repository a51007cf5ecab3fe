//! The seam between relaying and delivering: the relay hands events over and knows no more.
//!
//! Today there is one carrier, the host's own database and the [conductor](crate::conductor) that works on it. A broker's carrier would
//! publish here and feed what it consumes into the same ledger, one file per broker.

use async_trait::async_trait;
use conman_kernel::event::Event;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::SqlError;

/// Events of one publisher, in order, each with those who want it.
#[derive(Debug, Clone)]
pub(crate) struct Consignment {
    pub(crate) convention: ConventionId,
    pub(crate) events: Vec<(Event, Vec<PluginId>)>,
}

/// Takes events over.
#[async_trait]
pub(crate) trait Carrier: Send + Sync {
    /// Returns once the events are safe. Handing the same events over again changes nothing.
    async fn carry(&self, consignment: Consignment) -> Result<(), SqlError>;
}
