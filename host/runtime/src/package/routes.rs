//! `[[routes]]` and `[[formats]]`: what of a plugin can be reached over plain HTTP, and what `conman import` and `export` offer.

use std::fmt;
use std::str::FromStr;

use conman_kernel::dispatch::CallKind;

/// An HTTP method that a route can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Does something.
    Post,
    /// Replaces something.
    Put,
    /// Removes something.
    Delete,
}

impl Method {
    /// As in a request.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A route that a plugin answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path below the plugin's own.
    pub path: RoutePath,
    /// How its calls run.
    pub kind: CallKind,
    /// Who may call it; everybody when none.
    pub permission: Option<String>,
    /// The largest body, in bytes.
    pub body_limit: usize,
}

/// What `conman import` and `export` offer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// Its id on the command line, `frab-xml`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// File name endings, without a dot.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// The POST route that takes a file and answers a report.
    pub import: Option<String>,
    /// The GET route that answers a file.
    pub export: Option<String>,
}

/// A path, `schedule.xml`, or everything below one, `people/*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct RoutePath(String);

impl RoutePath {
    /// Whether a request's path (without a leading slash) is this or below it.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => path.len() > prefix.len() && path.starts_with(prefix),
            None => path == self.0,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoutePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fixed = text.strip_suffix("/*").unwrap_or(text);
        let segment = |segment: &str| {
            !segment.is_empty()
                && !segment.bytes().all(|b| b == b'.')
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        if text.len() <= 200 && fixed.split('/').all(segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is no route path; write segments of letters, digits, `-`, `_` and `.` without a leading slash, like \
                 `schedule.xml`; the last may be `*`: `people/*`"
            ))
        }
    }
}

impl TryFrom<String> for RoutePath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_what_is_below_and_nothing_else() {
        let path: RoutePath = "people/*".parse().unwrap();
        assert!(path.matches("people/1") && path.matches("people/1/picture"));
        assert!(!path.matches("people/") && !path.matches("people") && !path.matches("peoples/1"));
    }

    #[test]
    fn a_path_that_could_leave_its_place_is_none() {
        for bad in ["", "/a", "a//b", "../a", "a/..", "*", "a*", "a/*/b", "a b"] {
            assert!(bad.parse::<RoutePath>().is_err(), "{bad}");
        }
    }
}
