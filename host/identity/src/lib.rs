//! Who there is, where they belong, and what they may do there.
//!
//! Accounts hold roles in realms: organizations, which form one tree, and the conventions these own. A role held in a realm is held
//! in everything below it; the root organization is the host's operator, so that a role there is held everywhere. Plugins and the
//! host declare permissions and the roles that have them; conventions may override that. [`Identity::authenticate`] turns a bearer
//! secret into an [`Actor`](conman_kernel::actor::Actor) and costs no database call while its caches are warm.
//!
//! Every management call takes the actor it is done for and derives that actor's rights anew in the realm it touches: an actor made
//! for one convention brings nothing into another.

mod account;
mod acquaintance;
mod audit;
mod authenticate;
mod change;
mod convention;
mod credential;
mod declared;
mod directory;
mod error;
mod identity;
mod input;
mod membership;
mod organization;
mod page;
mod password;
mod realm;
mod rights;
mod secret;
mod session;
mod sweep;
mod throttle;
mod token;

pub use account::{Account, AccountState, CreatedAccount};
pub use audit::{Audit, AuditEntry, AuditFilter, Deed};
pub use convention::{ConventionChange, NewConvention};
pub use declared::{Declared, HOST_PERMISSIONS, HostPermission, PermissionCollision, names as permission};
pub use error::{IdentityError, Result};
pub use identity::{COMPONENT, Identity, IdentityConfig, MIGRATIONS};
pub use membership::{Membership, Override, Who};
pub use organization::{MAX_DEPTH, Organization};
pub use page::{Page, PageRequest};
pub use password::PasswordCost;
pub use realm::Realm;
pub use secret::Secret;
pub use session::{Client, Session, SignedIn};
pub use sweep::Swept;
pub use throttle::ThrottleConfig;
pub use token::{ApiToken, CreatedToken, NewToken};
