//! GraphQL's names as Rust's.

use proc_macro2::{Ident, Span};

/// `sessionTime` → `session_time`, escaped where Rust has the word for itself.
pub(crate) fn field(name: &str) -> Ident {
    ident(&snake(name))
}

/// `NO_SHOW` → `NoShow`, `signUp` → `SignUp`.
pub(crate) fn camel(name: &str) -> String {
    let shouted = !name.chars().any(char::is_lowercase);
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
            let rest: String = if shouted { letters.flat_map(char::to_lowercase).collect() } else { letters.collect() };
            first + &rest
        })
        .collect()
}

/// The enum variant for a wire name.
pub(crate) fn variant(name: &str) -> Ident {
    ident(&camel(name))
}

/// An identifier, raw where it must be.
pub(crate) fn ident(name: &str) -> Ident {
    // These four cannot be raw identifiers.
    if matches!(name, "self" | "super" | "crate" | "Self" | "_") {
        return Ident::new(&format!("{name}_"), Span::call_site());
    }
    if syn::parse_str::<Ident>(name).is_ok() {
        Ident::new(name, Span::call_site())
    } else {
        Ident::new_raw(name, Span::call_site())
    }
}

/// `sessionTime` → `session_time`, `frabXML` → `frab_xml`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut before = None;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let word_starts = letter.is_uppercase()
            && before.is_some_and(|before: char| before != '_')
            && (before.is_some_and(|before| !before.is_uppercase())
                || letters.peek().is_some_and(|next| next.is_lowercase()));
        if word_starts {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
        before = Some(letter);
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rusts_habits() {
        let snakes = ["sessionTime", "frabXML", "id", "A", "ical_url", "x2Y"].map(snake);
        assert_eq!(snakes, ["session_time", "frab_xml", "id", "a", "ical_url", "x2_y"]);
        assert_eq!(
            ["NO_SHOW", "DONE", "signUp", "already_there", "A1"].map(camel),
            ["NoShow", "Done", "signUp".replace('s', "S").as_str(), "AlreadyThere", "A1"].map(String::from)
        );
    }

    #[test]
    fn rusts_own_words_are_escaped() {
        assert_eq!(field("type").to_string(), "r#type");
        assert_eq!(field("self").to_string(), "self_");
    }
}
