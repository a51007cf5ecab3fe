//! What can go wrong when people look after deliveries. Failing deliveries are no errors here: they are what the bus is for.

use conman_kernel::fault::{Fault, code};
use conman_kernel::id::DeliveryId;
use conman_kernel::sql::{SqlError, WrongColumn};

/// Why a call of the bus failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BusError {
    /// There is no such dead letter in that convention: it was never there, or has been replayed or discarded.
    #[error("there is no dead letter `{0}` here; it may have been replayed or discarded already")]
    NotFound(DeliveryId),
    /// The database failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
}

impl From<WrongColumn> for BusError {
    fn from(error: WrongColumn) -> Self {
        Self::Sql(error.into())
    }
}

impl From<BusError> for Fault {
    fn from(error: BusError) -> Self {
        match error {
            BusError::NotFound(_) => Self::new(code::NOT_FOUND, error.to_string()),
            BusError::Sql(error @ (SqlError::Serialization(_) | SqlError::Unavailable(_))) => error.into(),
            BusError::Sql(error) => Self::internal(error),
        }
    }
}
