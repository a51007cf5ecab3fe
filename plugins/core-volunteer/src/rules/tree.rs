//! The department tree: whose subtree somebody may manage, and which moves would tie a knot.

use std::collections::{BTreeMap, BTreeSet};

/// Departments with their parents.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    parents: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// A tree of departments and their parents.
    pub fn new(departments: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        Self { parents: departments.into_iter().collect() }
    }

    /// Whether there is such a department.
    #[must_use]
    pub fn contains(&self, department: &str) -> bool {
        self.parents.contains_key(department)
    }

    /// The department itself, its parent, and so on to the root.
    pub fn upwards<'a>(&'a self, department: &'a str) -> impl Iterator<Item = &'a str> {
        let first = self.contains(department).then_some(department);
        // The bound keeps a knot, should a database ever hold one, from turning into an endless walk.
        std::iter::successors(first, |id| self.parents.get(*id)?.as_deref()).take(self.parents.len())
    }

    /// Whether `department` is one of `heads` or below one.
    #[must_use]
    pub fn is_under_any(&self, department: &str, heads: &BTreeSet<String>) -> bool {
        self.upwards(department).any(|id| heads.contains(id))
    }

    /// The department and all below it.
    #[must_use]
    pub fn subtree(&self, root: &str) -> BTreeSet<String> {
        let roots = BTreeSet::from([root.to_owned()]);
        self.parents.keys().filter(|id| self.is_under_any(id, &roots)).cloned().collect()
    }

    /// Whether `department` below `parent` would be below itself.
    #[must_use]
    pub fn would_tie_a_knot(&self, department: &str, parent: &str) -> bool {
        department == parent || self.upwards(parent).any(|id| id == department)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let pairs = [("ops", None), ("stage", Some("ops")), ("light", Some("stage")), ("food", None)];
        Tree::new(pairs.map(|(id, parent)| (id.to_owned(), parent.map(str::to_owned))))
    }

    #[test]
    fn a_head_manages_what_is_below() {
        let heads = BTreeSet::from(["stage".to_owned()]);
        assert!(tree().is_under_any("light", &heads));
        assert!(tree().is_under_any("stage", &heads));
        assert!(!tree().is_under_any("ops", &heads));
        assert!(!tree().is_under_any("food", &heads));
        assert!(!tree().is_under_any("gone", &heads));
    }

    #[test]
    fn a_subtree_is_the_department_and_all_below() {
        assert_eq!(tree().subtree("stage").into_iter().collect::<Vec<_>>(), ["light", "stage"]);
        assert!(tree().subtree("gone").is_empty());
    }

    #[test]
    fn no_department_is_below_itself() {
        assert!(tree().would_tie_a_knot("ops", "light"));
        assert!(tree().would_tie_a_knot("ops", "ops"));
        assert!(!tree().would_tie_a_knot("food", "light"));
    }

    #[test]
    fn a_knot_does_not_trap_the_walk() {
        let knot = Tree::new([("a".to_owned(), Some("b".to_owned())), ("b".to_owned(), Some("a".to_owned()))]);
        assert!(!knot.is_under_any("a", &BTreeSet::from(["c".to_owned()])));
    }
}
