//! Permissions: the host's own, and those that a convention's plugins declare.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use conman_kernel::actor::{DeclaredPermission, Role, role};
use conman_kernel::id::PluginId;

/// Names of the host's own permissions.
pub mod names {
    /// See, make and disable accounts. Asked for on the host.
    pub const ACCOUNT_MANAGE: &str = "account.manage";
    /// Make, rename and move organizations.
    pub const ORGANIZATION_MANAGE: &str = "organization.manage";
    /// Make conventions in an organization, change them and their state.
    pub const CONVENTION_MANAGE: &str = "convention.manage";
    /// Install plugins (on the host); enable, configure and disable them (in a convention).
    pub const PLUGIN_MANAGE: &str = "plugin.manage";
    /// See who holds which role.
    pub const MEMBER_READ: &str = "member.read";
    /// Give and take roles.
    pub const MEMBER_MANAGE: &str = "member.manage";
    /// Read the audit trail.
    pub const AUDIT_READ: &str = "audit.read";
    /// See, replay and discard events that could not be delivered.
    pub const DEAD_LETTER_MANAGE: &str = "dead-letter.manage";
    /// See and revoke other people's sessions and API tokens. Asked for on the host.
    pub const TOKEN_MANAGE: &str = "token.manage";
}

/// A permission that the host itself checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostPermission {
    /// Its name.
    pub name: &'static str,
    /// What it allows, for the people who give it.
    pub summary: &'static str,
    /// Roles that have it besides admins and owners, who have everything.
    pub roles: &'static [&'static str],
}

/// All of them.
pub const HOST_PERMISSIONS: &[HostPermission] = &[
    HostPermission { name: names::ACCOUNT_MANAGE, summary: "see, make and disable accounts", roles: &[] },
    HostPermission { name: names::ORGANIZATION_MANAGE, summary: "make, rename and move organizations", roles: &[] },
    HostPermission { name: names::CONVENTION_MANAGE, summary: "make and change conventions", roles: &[] },
    HostPermission { name: names::PLUGIN_MANAGE, summary: "install, enable and configure plugins", roles: &[] },
    HostPermission { name: names::MEMBER_READ, summary: "see who holds which role", roles: &[role::STAFF] },
    HostPermission { name: names::MEMBER_MANAGE, summary: "give and take roles", roles: &[] },
    HostPermission { name: names::AUDIT_READ, summary: "read the audit trail", roles: &[] },
    HostPermission { name: names::DEAD_LETTER_MANAGE, summary: "replay or discard undelivered events", roles: &[] },
    HostPermission { name: names::TOKEN_MANAGE, summary: "see and revoke other people's tokens", roles: &[] },
];

/// Whether the host itself checks a permission of this name.
pub(crate) fn is_host_permission(name: &str) -> bool {
    HOST_PERMISSIONS.iter().any(|permission| permission.name == name)
}

/// Two declarations of one permission: the second could hand out what the first protects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the plugin {plugin} declares the permission `{permission}`, which {owner} has already; rename it in plugin.toml"
)]
pub struct PermissionCollision {
    /// The permission.
    pub permission: String,
    /// Who declares it a second time.
    pub plugin: PluginId,
    /// Whose it is: a plugin's id, or `the host`.
    pub owner: String,
}

/// The permissions that a convention's plugins declare. Made once per set of enabled plugins and kept: what is computed from it is
/// cached under its serial number.
#[derive(Debug)]
pub struct Declared {
    serial: u64,
    names: BTreeSet<String>,
    by_role: HashMap<Role, BTreeSet<String>>,
}

static SERIAL: AtomicU64 = AtomicU64::new(1);

impl Declared {
    /// Takes the declarations of all enabled plugins.
    ///
    /// # Errors
    /// [`PermissionCollision`] when a name is the host's, or two plugins' at once.
    pub fn new(permissions: impl IntoIterator<Item = DeclaredPermission>) -> Result<Self, PermissionCollision> {
        let mut owners: HashMap<String, PluginId> = HashMap::new();
        let mut by_role: HashMap<Role, BTreeSet<String>> = HashMap::new();
        for DeclaredPermission { name, plugin, default_roles } in permissions {
            if is_host_permission(&name) {
                return Err(PermissionCollision { permission: name, plugin, owner: "the host".to_owned() });
            }
            if let Some(owner) = owners.get(&name)
                && *owner != plugin
            {
                return Err(PermissionCollision { permission: name, plugin, owner: owner.to_string() });
            }
            for role in default_roles {
                by_role.entry(role).or_default().insert(name.clone());
            }
            owners.insert(name, plugin);
        }
        Ok(Self { serial: SERIAL.fetch_add(1, Ordering::Relaxed), names: owners.into_keys().collect(), by_role })
    }

    /// No plugin declares anything.
    #[must_use]
    pub fn none() -> Self {
        Self { serial: 0, names: BTreeSet::new(), by_role: HashMap::new() }
    }

    pub(crate) const fn serial(&self) -> u64 {
        self.serial
    }

    /// All permissions there are: declared ones and the host's.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).chain(HOST_PERMISSIONS.iter().map(|permission| permission.name))
    }

    /// What `role` has by declaration.
    pub(crate) fn of_role(&self, role: &Role) -> impl Iterator<Item = &str> {
        let declared = self.by_role.get(role).into_iter().flatten().map(String::as_str);
        let host = HOST_PERMISSIONS.iter().filter(|permission| permission.roles.contains(&role.0.as_str()));
        declared.chain(host.map(|permission| permission.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(name: &str, plugin: &str) -> DeclaredPermission {
        DeclaredPermission {
            name: name.to_owned(),
            plugin: plugin.parse().unwrap(),
            default_roles: vec![Role(role::PUBLIC.to_owned())],
        }
    }

    #[test]
    fn a_plugin_cannot_hand_out_the_hosts_permissions() {
        let error = Declared::new([declared("plugin.manage", "evil/plugin")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the plugin evil/plugin declares the permission `plugin.manage`, which the host has already; rename it in plugin.toml"
        );
    }

    #[test]
    fn a_plugin_cannot_hand_out_another_plugins_permissions() {
        let both = [declared("shift.manage", "conman/shifts"), declared("shift.manage", "evil/plugin")];
        assert_eq!(Declared::new(both).unwrap_err().owner, "conman/shifts");
    }
}
