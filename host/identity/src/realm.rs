//! Where a role is held.

use std::fmt;

use conman_kernel::id::{ConventionId, OrganizationId};

use crate::error::{IdentityError, Result};

const ROOT: &str = "root";

/// An organization or a convention: a place where roles are held and rights are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Realm {
    /// An organization; its roles hold in everything below it too.
    Organization(OrganizationId),
    /// A convention.
    Convention(ConventionId),
}

impl Realm {
    /// The root organization: the host itself.
    #[must_use]
    pub fn host() -> Self {
        Self::Organization(root())
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Organization(_) => "organization",
            Self::Convention(_) => "convention",
        }
    }

    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Organization(id) => id.as_str(),
            Self::Convention(id) => id.as_str(),
        }
    }

    pub(crate) const fn convention(&self) -> Option<&ConventionId> {
        match self {
            Self::Organization(_) => None,
            Self::Convention(id) => Some(id),
        }
    }

    pub(crate) fn from_stored(kind: &str, id: &str) -> Result<Self> {
        match kind {
            "organization" => Ok(Self::Organization(OrganizationId::from_stored(id))),
            "convention" => Ok(Self::Convention(ConventionId::from_stored(id))),
            other => Err(IdentityError::Internal(format!("`{other}` is no kind of realm"))),
        }
    }
}

/// The root organization's id, the same on every host.
pub(crate) fn root() -> OrganizationId {
    OrganizationId::from_stored(ROOT)
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::host() { f.write_str("the host") } else { write!(f, "{} `{}`", self.kind(), self.id()) }
    }
}
