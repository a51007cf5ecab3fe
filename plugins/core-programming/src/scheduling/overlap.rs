//! Sessions that should not be on at once: those that the same accounts marked, and those of one track.
//!
//! Tracks of a large programme are hundreds of thousands of pairs, so until the strongest are known they are numbers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::material::Material;
use super::wishes::Weights;

/// So many pairs are told at most; the strongest. What is stored until a proposal is explained has to fit into what a call may read.
pub const MOST: usize = 100_000;

/// A pair costs so much at most.
const DEAREST: u32 = 1_000_000;

/// The pairs of stated sessions of which one at least may move, and what to tell people where there are too many.
#[must_use]
pub fn pairs(
    material: &Material,
    weights: &Weights,
    is_stated: impl Fn(&str) -> bool,
    is_free: impl Fn(&str) -> bool,
) -> (Vec<(String, String, u32)>, Option<String>) {
    // By their ids, so that a pair is the same whichever of the two comes first.
    let mut sessions: Vec<&super::material::Session> =
        material.sessions.iter().filter(|session| is_stated(&session.id)).collect();
    sessions.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let free: Vec<bool> = sessions.iter().map(|session| is_free(&session.id)).collect();
    let number: HashMap<&str, usize> =
        sessions.iter().enumerate().map(|(at, session)| (session.id.as_str(), at)).collect();
    let mut pairs: Vec<(usize, usize, u32)> = Vec::new();
    let mut add = |one: usize, other: usize, cost: u32| {
        if cost > 0 && [one, other].into_iter().any(|at| free.get(at) == Some(&true)) {
            pairs.push((one.min(other), one.max(other), cost));
        }
    };
    for (one, other, accounts) in &material.marked_both {
        if let (Some(one), Some(other)) = (number.get(one.as_str()), number.get(other.as_str())) {
            add(*one, *other, accounts.saturating_mul(weights.favourites));
        }
    }
    let mut tracks: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, session) in sessions.iter().enumerate() {
        if let Some(track) = &session.track {
            tracks.entry(track).or_default().push(at);
        }
    }
    for members in tracks.values() {
        for (at, one) in members.iter().enumerate() {
            members.iter().skip(at + 1).for_each(|other| add(*one, *other, weights.track));
        }
    }
    pairs.sort_unstable();
    pairs.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        if same {
            kept.2 = kept.2.saturating_add(next.2);
        }
        same
    });
    let all = pairs.len();
    let note = (all > MOST).then(|| {
        pairs.sort_unstable_by_key(|&(one, other, cost)| (Reverse(cost), lot(one, other), one, other));
        pairs.truncate(MOST);
        format!("Of {all} pairs of sessions that should not be on at once the {MOST} strongest are looked at.")
    });
    let id = |at: usize| sessions.get(at).map(|session| session.id.clone());
    let told = pairs.into_iter().filter_map(|(one, other, cost)| Some((id(one)?, id(other)?, cost.min(DEAREST))));
    (told.collect(), note)
}

/// Which of equally strong pairs are left out is drawn: in any order, some sessions would lose all of theirs, and come to be at once.
/// The lots have to stay the same, whatever compiles this.
fn lot(one: usize, other: usize) -> u64 {
    mixed(mixed(one as u64) ^ other as u64)
}

/// The finalizer of SplitMix64.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
