//! Sessions that should not be on at once: those that the same accounts marked, and those of one track.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::material::Material;
use super::wishes::Weights;

/// So many pairs are told at most; the strongest.
pub const MOST: usize = 40_000;

/// A pair costs so much at most.
const DEAREST: u32 = 1_000_000;

/// The pairs, of which one at least may move, and what to tell people where there are too many.
#[must_use]
pub fn pairs(
    material: &Material,
    weights: &Weights,
    stated: &HashSet<String>,
    free: &HashSet<&str>,
) -> (Vec<(String, String, u32)>, Option<String>) {
    let mut costs: HashMap<(&str, &str), u32> = HashMap::new();
    let mut add = |one: &'_ str, other: &'_ str, cost: u32| {
        let known = |id: &str| stated.get(id).map(String::as_str);
        if let (Some(one), Some(other)) = (known(one), known(other))
            && cost > 0
            && (free.contains(one) || free.contains(other))
        {
            let pair = if one < other { (one, other) } else { (other, one) };
            let sum = costs.entry(pair).or_default();
            *sum = sum.saturating_add(cost).min(DEAREST);
        }
    };
    for (one, other, accounts) in &material.marked_both {
        add(one, other, accounts.saturating_mul(weights.favourites));
    }
    let mut tracks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for session in &material.sessions {
        if let Some(track) = &session.track {
            tracks.entry(track).or_default().push(&session.id);
        }
    }
    for sessions in tracks.values() {
        for (at, one) in sessions.iter().enumerate() {
            for other in sessions.iter().skip(at + 1) {
                add(one, other, weights.track);
            }
        }
    }
    let mut pairs: Vec<((&str, &str), u32)> = costs.into_iter().collect();
    pairs.sort_unstable_by_key(|&(pair, cost)| (Reverse(cost), pair));
    let note = (pairs.len() > MOST).then(|| {
        format!(
            "Of {} pairs of sessions that should not be on at once the {MOST} strongest are looked at.",
            pairs.len()
        )
    });
    pairs.truncate(MOST);
    (pairs.into_iter().map(|((one, other), cost)| (one.to_owned(), other.to_owned(), cost)).collect(), note)
}
