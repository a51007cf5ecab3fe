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

/// What of volunteers an actor may see: of themselves everything; of others, whoever manages a department, the profile and the hours,
/// and the work in the departments they manage. The permission alone shows nothing: staff have it who never deal with volunteers.
pub(crate) struct Sight {
    own: Option<String>,
    others: Option<Reach>,
}

impl Sight {
    /// Reads the actor's place in the tree, where it can matter.
    pub(crate) fn of(ctx: &Context) -> Result<Self> {
        let manages = ctx.actor.may(MANAGE) || ctx.actor.may(ADMINISTER);
        let reach = if manages { Some(Reach::of(ctx)?) } else { None };
        Ok(Self { own: ctx.actor.account().map(str::to_owned), others: reach.filter(Reach::is_somebody) })
    }

    /// Whether they may see the profile and the hours of this account.
    pub(crate) fn covers(&self, account: &str) -> bool {
        self.others.is_some() || self.own.as_deref() == Some(account)
    }

    /// Whether they may see what this account does in a department, or for none in particular.
    pub(crate) fn covers_work(&self, account: &str, department: Option<&str>) -> bool {
        let of_others = |reach: &Reach| department.is_none_or(|department| reach.covers(department));
        self.own.as_deref() == Some(account) || self.others.as_ref().is_some_and(of_others)
    }
}
