//! Remembers verdicts by the statement's text, so that each text is parsed once.

use std::sync::Arc;

use super::{Author, Kind, Statement, judge};
use crate::session::own;
use conman_kernel::sql::SqlError;
use moka::sync::Cache;

/// Bytes of remembered texts and what was written from them, over all plugins.
const MOST_BYTES: u64 = 32 << 20;

type Verdict = Result<Arc<Statement>, SqlError>;

/// The parser's wall, with its memory.
pub(crate) struct Wall {
    stands: bool,
    tag: Arc<str>,
    guest: Cache<Box<str>, Verdict>,
    host: Cache<Box<str>, Verdict>,
}

impl Wall {
    /// A wall that stands, or lets everything through unread.
    pub(crate) fn new(stands: bool) -> Result<Self, SqlError> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| SqlError::Unavailable(format!("no random numbers: {error}")))?;
        let tag = format!("/*{}*/", hex::encode(random)).into();
        Ok(Self { stands, tag, guest: cache(), host: cache() })
    }

    /// The comment on the host's statements.
    pub(crate) const fn tag(&self) -> &Arc<str> {
        &self.tag
    }

    /// A plugin's statement.
    pub(crate) fn guest(&self, sql: &str) -> Verdict {
        if let Some(verdict) = self.guest.get(sql) {
            return verdict;
        }
        let verdict =
            if self.stands { judged(sql, Author::Guest, "").and_then(one) } else { Ok(Arc::new(unread(sql))) };
        self.guest.insert(sql.into(), verdict.clone());
        verdict
    }

    /// A statement of the host's own.
    pub(crate) fn host(&self, sql: &str) -> Verdict {
        if let Some(verdict) = self.host.get(sql) {
            return verdict;
        }
        let verdict = judged(sql, Author::Host, &self.tag).and_then(one);
        self.host.insert(sql.into(), verdict.clone());
        verdict
    }

    /// A plugin's migration.
    pub(crate) fn guest_migration(&self, sql: &str) -> Result<Vec<Statement>, SqlError> {
        if self.stands {
            return judged(sql, Author::Guest, "");
        }
        Ok(sql.split(';').filter(|text| !text.trim().is_empty()).map(unread).collect())
    }

    /// A migration of the host's own.
    pub(crate) fn host_migration(&self, sql: &str) -> Result<Vec<Statement>, SqlError> {
        judged(sql, Author::Host, &self.tag)
    }
}

fn judged(sql: &str, author: Author, tag: &str) -> Result<Vec<Statement>, SqlError> {
    judge(sql, author, tag).map_err(|refusal| SqlError::Refused(refusal.0))
}

/// What runs when the wall is down: the text as it came in.
fn unread(sql: &str) -> Statement {
    let select = sql.trim_start().get(..6).is_some_and(|verb| verb.eq_ignore_ascii_case("select"));
    own(if select { Kind::Query } else { Kind::Change }, sql)
}

/// The one statement of a text that is not a migration.
fn one(mut statements: Vec<Statement>) -> Verdict {
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) if statement.kind == Kind::Schema => Err(SqlError::Refused(
            "the schema is changed by migrations only; write this into a new file under migrations/".to_owned(),
        )),
        (Some(statement), true) => Ok(Arc::new(statement)),
        (None, _) => Err(SqlError::Refused("there is no statement in the text".to_owned())),
        _ => Err(SqlError::Refused("write one statement at a time".to_owned())),
    }
}

fn cache() -> Cache<Box<str>, Verdict> {
    #[expect(clippy::borrowed_box, reason = "the cache hands its keys out like this")]
    let weigh = |text: &Box<str>, _: &Verdict| u32::try_from(text.len() * 3 + 256).unwrap_or(u32::MAX);
    Cache::builder().max_capacity(MOST_BYTES).weigher(weigh).build()
}
