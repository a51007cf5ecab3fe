//! The scalars there are: GraphQL's own five and the host's. Plugins cannot add any, so that every client knows them all.

/// A scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scalar {
    Int,
    Float,
    String,
    Boolean,
    Id,
    DateTime,
    Date,
    Time,
    Json,
    Long,
}

impl Scalar {
    pub(crate) const ALL: [Self; 10] = [
        Self::Int,
        Self::Float,
        Self::String,
        Self::Boolean,
        Self::Id,
        Self::DateTime,
        Self::Date,
        Self::Time,
        Self::Json,
        Self::Long,
    ];

    /// Those GraphQL does not bring.
    pub(crate) const HOST: [Self; 5] = [Self::DateTime, Self::Date, Self::Time, Self::Json, Self::Long];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Int => "Int",
            Self::Float => "Float",
            Self::String => "String",
            Self::Boolean => "Boolean",
            Self::Id => "ID",
            Self::DateTime => "DateTime",
            Self::Date => "Date",
            Self::Time => "Time",
            Self::Json => "JSON",
            Self::Long => "Long",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scalar| scalar.name() == name)
    }

    /// What a value of it is, for messages.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Int => "a whole number from -2147483648 to 2147483647",
            Self::Float => "a number",
            Self::String => "text",
            Self::Boolean => "true or false",
            Self::Id => "an id: text, or a whole number",
            Self::DateTime => "a moment with its offset from UTC, like 2026-08-14T10:30:00+02:00",
            Self::Date => "a date, like 2026-08-14",
            Self::Time => "a local time, like 10:30 or 10:30:00",
            Self::Json => "any JSON value",
            Self::Long => "a whole number of at most 64 bits",
        }
    }

    /// For introspection and SDL.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::DateTime => "A moment: RFC 3339 with an offset from UTC, `2026-08-14T10:30:00+02:00`.",
            Self::Date => "A calendar date: `2026-08-14`.",
            Self::Time => "A local time of day: `10:30` or `10:30:00`.",
            Self::Json => "Any JSON value.",
            Self::Long => "A whole number of at most 64 bits. JavaScript's numbers are exact only up to 2^53.",
            Self::Int | Self::Float | Self::String | Self::Boolean | Self::Id => "",
        }
    }

    /// Whether `text` is a value of one of the scalars written as strings with a shape of their own.
    pub(crate) fn accepts_text(self, text: &str) -> bool {
        match self {
            Self::String | Self::Id | Self::Json => true,
            Self::DateTime => is_date_time(text.as_bytes()),
            Self::Date => date(text.as_bytes()).is_some_and(<[u8]>::is_empty),
            Self::Time => time(text.as_bytes()).is_some_and(<[u8]>::is_empty),
            Self::Int | Self::Float | Self::Boolean | Self::Long => false,
        }
    }
}

fn is_date_time(text: &[u8]) -> bool {
    let Some([b'T' | b't', rest @ ..]) = date(text) else { return false };
    // RFC 3339 wants seconds where ISO 8601 lets them go.
    if rest.get(5) != Some(&b':') {
        return false;
    }
    match time(rest) {
        Some([b'Z' | b'z']) => true,
        Some([b'+' | b'-', offset @ ..]) => offset.len() == 5 && time(offset).is_some_and(<[u8]>::is_empty),
        _ => false,
    }
}

fn two_digits(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

/// Reads `2026-08-14` and returns what follows.
fn date(text: &[u8]) -> Option<&[u8]> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, rest @ ..] = text else { return None };
    let year = u16::from(two_digits(*y1, *y2)?) * 100 + u16::from(two_digits(*y3, *y4)?);
    let days = match two_digits(*m1, *m2)? {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => return None,
    };
    (1..=days).contains(&two_digits(*d1, *d2)?).then_some(rest)
}

/// Reads `10:30`, `10:30:00` or `10:30:00.123` and returns what follows. 60 is a second too: RFC 3339 knows leap seconds.
fn time(text: &[u8]) -> Option<&[u8]> {
    let [h1, h2, b':', m1, m2, rest @ ..] = text else { return None };
    if two_digits(*h1, *h2)? > 23 || two_digits(*m1, *m2)? > 59 {
        return None;
    }
    let [b':', s1, s2, rest @ ..] = rest else { return Some(rest) };
    if two_digits(*s1, *s2)? > 60 {
        return None;
    }
    let [b'.', fraction @ ..] = rest else { return Some(rest) };
    let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 { None } else { fraction.get(digits..) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scalar: Scalar, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(scalar.accepts_text(text), "{text}");
        }
        for text in bad {
            assert!(!scalar.accepts_text(text), "{text}");
        }
    }

    #[test]
    fn a_moment_has_an_offset() {
        check(
            Scalar::DateTime,
            &["2026-08-14T10:30:00Z", "2026-08-14T10:30:00+02:00", "2024-02-29T23:59:60.125-11:30"],
            &[
                "2026-08-14T10:30:00",
                "2026-08-14 10:30:00Z",
                "2026-08-14T10:30Z",
                "2026-08-14T10:30:00+0200",
                "2026-08-14T25:00:00Z",
                "",
                "2026-08-14T10:30:00Zx",
                "2026-08-14T10:30:00.Z",
            ],
        );
    }

    #[test]
    fn a_date_is_in_the_calendar() {
        check(
            Scalar::Date,
            &["2026-08-14", "2024-02-29"],
            &["2026-02-29", "2026-13-01", "2026-00-10", "14.08.2026", "2026-08-14T", "26-08-14"],
        );
    }

    #[test]
    fn a_time_is_on_the_clock() {
        check(Scalar::Time, &["10:30", "23:59:59", "04:00:00.5"], &["24:00", "10", "10:60", "10:30Z", "1:30"]);
    }
}
