//! Who may manage what: the permission `shift.manage` opens the door, being a head says how far it leads.

use std::collections::BTreeSet;

use conman_sdk::prelude::*;

use crate::rules::tree::Tree;

/// Manage departments one heads.
pub(crate) const MANAGE: &str = "shift.manage";
/// Manage every department.
pub(crate) const ADMINISTER: &str = "volunteer.administer";

/// The departments an actor may manage.
pub(crate) struct Reach {
    pub(crate) tree: Tree,
    everything: bool,
    heads: BTreeSet<String>,
}

impl Reach {
    /// Reads the tree and the actor's place in it.
    pub(crate) fn of(ctx: &Context) -> Result<Self> {
        let sql = "SELECT d.id, d.parent_id, h.account_id FROM department d \
                   LEFT JOIN department_head h ON h.department_id = d.id AND h.account_id = $1";
        let account = ctx.actor.account().unwrap_or_default();
        let rows = database::query_as::<(String, Option<String>, Option<String>)>(sql, params![account])?;
        let may = ctx.actor.may(MANAGE);
        let heads = rows.iter().filter(|row| may && row.2.is_some()).map(|row| row.0.clone()).collect();
        let tree = Tree::new(rows.into_iter().map(|(id, parent, _)| (id, parent)));
        Ok(Self { tree, everything: ctx.actor.may(ADMINISTER), heads })
    }

    /// Whether the actor may manage this department.
    pub(crate) fn covers(&self, department: &str) -> bool {
        self.tree.contains(department) && (self.everything || self.tree.is_under_any(department, &self.heads))
    }

    /// Whether the actor manages any department at all.
    pub(crate) fn is_somebody(&self) -> bool {
        self.everything || !self.heads.is_empty()
    }

    /// Refuses whoever may not manage this department.
    pub(crate) fn require(&self, department: &str) -> Result<()> {
        if !self.tree.contains(department) {
            return Err(Error::not_found("There is no such department."));
        }
        if self.covers(department) {
            return Ok(());
        }
        Err(Error::forbidden("You are no head of this department or of one above it."))
    }

    /// Refuses whoever manages nothing: for what concerns a volunteer rather than a department.
    pub(crate) fn require_some(&self) -> Result<()> {
        if self.is_somebody() { Ok(()) } else { Err(Error::forbidden("You are no head of any department.")) }
    }

    /// Refuses whoever may not manage what concerns this department, or, without one, all of them.
    pub(crate) fn require_for(&self, department: Option<&str>) -> Result<()> {
        match department {
            Some(department) => self.require(department),
            None if self.everything => Ok(()),
            None => {
                Err(Error::forbidden(format!("What concerns all departments takes the permission `{ADMINISTER}`.")))
            }
        }
    }
}

/// Whether the actor may see what concerns this account: their own, and everybody's for those who manage volunteers.
pub(crate) fn may_see(ctx: &Context, account: &str) -> bool {
    ctx.actor.account() == Some(account) || ctx.actor.may(MANAGE)
}
