//! Thanks at thresholds: a shirt, a meal voucher, the ticket's price back.

use super::calendar::HOUR;

/// How many milliseconds of weighted work a threshold in hours asks for.
#[must_use]
pub fn threshold(hours: f64) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "a constant of seven digits")]
    let millis = (hours.max(0.0) * HOUR as f64).round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "float casts saturate, which is what an absurd threshold should do"
    )]
    let millis = millis as i64;
    millis
}

/// What is missing to a threshold, in milliseconds; nothing when it is reached.
#[must_use]
pub fn missing(threshold: i64, weighted: i64) -> i64 {
    threshold.saturating_sub(weighted).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_reached_when_nothing_is_missing() {
        assert_eq!(missing(threshold(4.5), 4 * HOUR), HOUR / 2);
        assert_eq!(missing(threshold(4.5), 5 * HOUR), 0);
        assert_eq!(threshold(f64::INFINITY), i64::MAX);
    }
}
