//! That a sentence is for people: names for ids, the clock for slots, and a unit to every number.

/// Panics where it is not.
#[track_caller]
pub fn assert_human(said: &str) {
    for no in ["[", "]", "@", "#", "slot"] {
        assert!(!said.contains(no), "{said}");
    }
    let is_uuid = |word: &str| word.len() >= 36 && word.matches('-').count() >= 4;
    assert!(!said.split(['"', ' ', '“', '”']).any(is_uuid), "{said}");
    let words: Vec<&str> = said.split(' ').collect();
    assert!(!(0..words.len()).any(|at| is_bare(&words, at)), "{said}");
}

/// A number that nobody says the unit of.
fn is_bare(words: &[&str], at: usize) -> bool {
    let plain = |word: &str| word.trim_matches(|one: char| !one.is_alphanumeric()).to_owned();
    let (word, next) = (plain(words[at]), words.get(at + 1).map_or_else(String::new, |next| plain(next)));
    let is_number = !word.is_empty() && word.chars().all(|one| one.is_ascii_digit());
    let units = "hour hours minute minutes people seats sessions stretches others more places would lie one of the days rooms moves in Aug";
    let is_limit = at > 0 && words[at - 1] == "than" && at + 1 == words.len();
    is_number && !units.split(' ').any(|unit| unit == next) && !is_limit
}
