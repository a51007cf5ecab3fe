//! Sessions that nobody could tell apart but by their names, such as the lectures of one course: it is no use exchanging them.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::model::Model;

/// By session, what it is like. Told by hashes: two that only seem to be twins, once in many billions, are not exchanged directly, and
/// nothing else comes of it.
#[derive(Default)]
pub(crate) struct Twins {
    alike: Vec<Likeness>,
}

/// What a session is like, if it counts as in conflict with itself and if it does not: twins that are in conflict with each other have
/// the first in common, others the second.
struct Likeness {
    with_itself: u64,
    without: u64,
}

impl Twins {
    pub(crate) fn new(model: &Model<'_>) -> Self {
        Self { alike: (0..model.sessions).map(|session| Likeness::of(model, session)).collect() }
    }

    /// Whether it makes no difference which of the two is where.
    pub(crate) fn are_twins(&self, a: u32, b: u32) -> bool {
        let (a, b) = (&self.alike[a as usize], &self.alike[b as usize]);
        a.with_itself == b.with_itself || a.without == b.without
    }
}

impl Likeness {
    fn of(model: &Model<'_>, session: usize) -> Self {
        let mut hasher = DefaultHasher::new();
        let s = session;
        if !model.neighbours.of(s).is_empty() || !model.before.of(s).is_empty() || !model.after.of(s).is_empty() {
            // Who has audience in common with others, or an order to keep, is hardly ever like another, and long lists take time.
            s.hash(&mut hasher);
            return Self { with_itself: hasher.finish(), without: !hasher.finish() };
        }
        model.shape[s].hash(&mut hasher);
        model.starts.row(s).hash(&mut hasher);
        model.start_cost[s * model.horizon..(s + 1) * model.horizon].hash(&mut hasher);
        model.room_choice.of(s).hash(&mut hasher);
        model.room_choice_cost.of(s).hash(&mut hasher);
        model.people_of.of(s).hash(&mut hasher);
        for groups in [&model.groups.spread_of, &model.groups.compact_of, &model.groups.together_of] {
            groups.of(s).hash(&mut hasher);
        }
        let mut conflicts = model.conflicts.of(s).to_vec();
        let mut without = hasher.clone();
        conflicts.hash(&mut without);
        if let Err(at) = conflicts.binary_search(&(s as u32)) {
            conflicts.insert(at, s as u32);
        }
        conflicts.hash(&mut hasher);
        Self { with_itself: hasher.finish(), without: without.finish() }
    }
}
