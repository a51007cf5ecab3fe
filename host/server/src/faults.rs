//! What goes wrong when packages are installed and plugins enabled, as faults that tell the person at the other end what to do.

use conman_kernel::fault::{Fault, code};
use conman_runtime::{EnableError, InstallError};

pub(crate) fn of_installing(error: InstallError) -> Fault {
    match error {
        InstallError::File(error) => Fault::internal(format!("a package's file: {error}")),
        InstallError::Database(error) => error.into(),
        wrong => Fault::new(code::INVALID, wrong.to_string()),
    }
}

pub(crate) fn of_enabling(error: EnableError) -> Fault {
    let text = error.to_string();
    match error {
        EnableError::NotInstalled(_) | EnableError::NoSuchPackage { .. } | EnableError::NotEnabled { .. } => {
            Fault::new(code::NOT_FOUND, text).at("/id")
        }
        EnableError::NoSuchVersion { .. } => Fault::new(code::NOT_FOUND, text).at("/version"),
        EnableError::NameTaken { .. } | EnableError::InUse(_) => Fault::new(code::CONFLICT, text).at("/id"),
        EnableError::Purging(_) => Fault::new(code::CONFLICT, text).at("/id").retryable(),
        EnableError::Config(_) => Fault::new(code::INVALID, text).at("/config"),
        EnableError::Load(error) => of_installing(error),
        EnableError::Migration(_) => Fault::new(code::SQL_FAILED, text),
        EnableError::Check(fault) => fault,
        EnableError::Database(error) => error.into(),
    }
}
