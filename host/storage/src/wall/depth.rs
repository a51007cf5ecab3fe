//! How deep a statement can nest, told from its tokens.
//!
//! The parser reads `1+1+1+…` in a loop but builds a tree as deep as the chain is long, and whoever walks or drops that
//! tree recurses. So the depth is bounded before there is a tree: every word and operator counts one at the level of
//! parentheses it stands on, a comma starts the level anew.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::writer::{Refusal, refuse};

/// The deepest there may be: SQLite's own limit.
const DEEPEST: usize = 1_000;

/// UNIONs and the like in one statement. They chain across commas.
const MOST_SETS: usize = 200;

/// A bound of the depth of the tree made of `tokens`.
pub(super) fn bound(tokens: &[Token]) -> Result<usize, Refusal> {
    let mut levels = vec![0_usize];
    let (mut here, mut deepest, mut sets) = (0, 0, 0);
    for token in tokens {
        match token {
            Token::LParen => levels.push(1),
            Token::RParen if levels.len() > 1 => {
                here -= levels.pop().unwrap_or(0);
                continue;
            }
            Token::Comma => {
                if let Some(level) = levels.last_mut() {
                    here -= *level;
                    *level = 0;
                }
                continue;
            }
            Token::SemiColon => {
                levels.truncate(1);
                levels.fill(0);
                (here, sets) = (0, 0);
                continue;
            }
            Token::Word(word) if matches!(word.keyword, Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT) => {
                sets += 1;
                continue;
            }
            Token::Word(word) if word.keyword == Keyword::NoKeyword || word.quote_style.is_some() => continue,
            Token::Whitespace(_)
            | Token::Placeholder(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Period => continue,
            _ => {
                if let Some(level) = levels.last_mut() {
                    *level += 1;
                }
            }
        }
        here += 1;
        deepest = deepest.max(here);
        if deepest > DEEPEST || sets > MOST_SETS {
            return refuse("the statement nests too deeply; write long lists as IN (…) or in several statements");
        }
    }
    Ok(deepest + sets)
}

#[cfg(test)]
mod tests {
    use sqlparser::dialect::PostgreSqlDialect;
    use sqlparser::tokenizer::Tokenizer;

    use super::*;

    fn of(sql: &str) -> Result<usize, Refusal> {
        bound(&Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize().unwrap())
    }

    #[test]
    fn chains_and_parentheses_count_and_lists_do_not() {
        assert_eq!(of("($1, $2), ($3, $4)").unwrap(), 1);
        assert_eq!(of("1 + 1 + 1").unwrap(), 2);
        assert_eq!(of("f(1 + 1, 1 + 1)").unwrap(), 2);
        assert!(of("))))").is_ok());
    }

    #[test]
    fn a_chain_that_would_overflow_the_stack_is_refused_and_a_long_list_is_not() {
        assert!(of(&"1+".repeat(100_000)).is_err());
        assert!(of(&"NOT ".repeat(100_000)).is_err());
        assert!(of(&"(".repeat(100_000)).is_err());
        assert!(of(&"SELECT a, b UNION ".repeat(10_000)).is_err());
        assert!(of(&"($1, -2, NULL), ".repeat(100_000)).is_ok());
    }
}
