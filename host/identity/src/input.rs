//! What people type, checked once at the door and trusted behind it.

use crate::error::{IdentityError, Result};

/// An email address: as typed, and the key that makes it unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email {
    pub(crate) typed: String,
    pub(crate) key: String,
}

impl Email {
    /// Takes what could be an address. Whether mail arrives there only mail can tell, so this refuses no more than obvious slips.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let typed = text.trim();
        let shaped = match typed.rsplit_once('@') {
            Some((local, host)) => {
                !local.is_empty() && !host.is_empty() && !host.starts_with('.') && !host.ends_with('.')
            }
            None => false,
        };
        let clean = typed.len() <= 254 && !typed.chars().any(|c| c.is_whitespace() || c.is_control());
        if shaped && clean {
            Ok(Self { typed: typed.to_owned(), key: typed.to_lowercase() })
        } else {
            Err(IdentityError::invalid("/email", "this is no email address; write one like `name@example.org`"))
        }
    }
}

/// A name for people: trimmed, 1 to 200 characters, none of them a control character.
pub(crate) fn name(text: &str, pointer: &'static str) -> Result<String> {
    let text = text.trim();
    let count = text.chars().count();
    if (1..=200).contains(&count) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(IdentityError::invalid(pointer, "a name has 1 to 200 characters on one line"))
    }
}

/// A role's or a permission's name: lower-case words joined by `-` and `.`, at most 80 characters.
pub(crate) fn word(text: &str, pointer: &'static str) -> Result<()> {
    let valid = (1..=80).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    if valid {
        Ok(())
    } else {
        Err(IdentityError::invalid(
            pointer,
            format!("`{text}` is no name; use lower-case letters, digits, `-` and `.`"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_any_case() {
        assert_eq!(Email::parse(" Ada@Example.ORG ").unwrap().key, Email::parse("ada@example.org").unwrap().key);
    }

    #[test]
    fn slips_are_refused() {
        for bad in ["", "ada", "ada@", "@example.org", "a b@example.org", "ada@example.org\u{7}", "ada@.org"] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }
}
