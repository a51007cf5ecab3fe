//! How far a job has come: what is stored of it while it runs, beside the best timetable itself.

use std::time::Duration;

use conman_scheduler::cost::Cost;
use conman_scheduler::solve::Found;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::limits::POINTS;

/// How far a job has come, over all hosts that worked on it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Course {
    /// Seconds searched.
    pub(crate) elapsed: f64,
    /// Proposals looked at until the best was found.
    pub(crate) iterations: u64,
    /// What the best costs, by term.
    pub(crate) terms: Map<String, Value>,
    /// How the cost fell; the last is the best.
    pub(crate) costs: Vec<Point>,
}

/// What the best timetable cost at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) elapsed: f64,
    pub(crate) unplaced: u32,
    pub(crate) soft: u64,
}

impl Course {
    /// As it is stored; a new one where nothing is, or nothing that this host could read.
    pub(crate) fn read(stored: Option<&str>) -> Self {
        stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    pub(crate) fn stored(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The best so far.
    pub(crate) fn best(&self) -> Option<Point> {
        self.costs.last().copied()
    }

    /// Notes a better timetable, found by a search that began where `before` ended.
    pub(crate) fn better(&mut self, before: &Self, found: &Found) {
        let point = Point {
            elapsed: rounded(before.elapsed + found.elapsed.as_secs_f64()),
            unplaced: found.cost.unplaced,
            soft: found.cost.soft(),
        };
        self.iterations = before.iterations.saturating_add(found.iterations);
        self.terms = terms(&found.cost);
        if self.costs.len() >= POINTS {
            // Every second one goes; the first stays, and what comes now is the last.
            let mut at = 0;
            self.costs.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
        self.costs.push(point);
    }

    /// Notes how long has been searched.
    pub(crate) fn searched(&mut self, before: &Self, for_so_long: Duration) {
        self.elapsed = rounded(before.elapsed + for_so_long.as_secs_f64());
    }
}

/// What costs nothing is not named.
fn terms(cost: &Cost) -> Map<String, Value> {
    cost.terms
        .in_order()
        .into_iter()
        .filter(|(_, amount)| *amount > 0)
        .map(|(name, amount)| (name.to_owned(), json!(amount)))
        .collect()
}

/// To the millisecond: what is finer is noise.
pub(crate) fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use conman_scheduler::cost::Terms;
    use conman_scheduler::solve::Counted;
    use conman_scheduler::timetable::Timetable;

    use super::*;

    fn found(soft: u64) -> Found {
        let cost = Cost { unplaced: 0, terms: Terms { overlap: soft, ..Terms::default() } };
        Found {
            timetable: Timetable { places: Vec::new() },
            counted: Counted::from(&cost),
            cost,
            elapsed: Duration::from_millis(2000 - soft),
            iterations: 10,
        }
    }

    #[test]
    fn a_long_fall_is_kept_in_few_points_with_its_first_and_its_last() {
        let before = Course { elapsed: 1.0, iterations: 5, ..Course::default() };
        let mut course = before.clone();
        for soft in (1..=1000).rev() {
            course.better(&before, &found(soft));
        }
        assert!(course.costs.len() <= POINTS, "{}", course.costs.len());
        assert!(course.costs.is_sorted_by(|one, next| one.soft > next.soft && one.elapsed < next.elapsed));
        assert_eq!((course.costs[0].soft, course.best().map(|best| best.soft)), (1000, Some(1)));
        assert_eq!((course.costs[0].elapsed, course.iterations), (2.0, 15));
        assert_eq!(Value::Object(course.terms.clone()), json!({ "overlap": 1 }));
        assert_eq!(Course::read(Some(&course.stored())), course);
        assert_eq!(Course::read(Some("damaged")), Course::default());
    }
}
