//! Whether a whole operation may be served again: only if every call in it may, for as long and for whom the strictest says.

use std::time::Duration;

use crate::model::{CacheRule, CacheScope};
use crate::request::CacheControl;

/// Whether everything so far may be served again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Caching {
    /// Nothing that could change was asked for.
    Always,
    For(CacheRule),
    Never,
}

impl Caching {
    pub(crate) fn add(&mut self, rule: Option<CacheRule>) {
        *self = match (*self, rule) {
            (Self::Never, _) | (_, None) => Self::Never,
            (Self::Always, Some(rule)) => Self::For(rule),
            (Self::For(a), Some(b)) => {
                let scope = if a.scope == CacheScope::Public { b.scope } else { a.scope };
                Self::For(CacheRule { max_age: a.max_age.min(b.max_age), scope })
            }
        };
    }

    pub(crate) fn control(self) -> Option<CacheControl> {
        match self {
            // What the host says about a schema holds as long as there is that schema, and its generation is in every key.
            Self::Always => Some(CacheControl { max_age: Duration::from_secs(3600), scope: CacheScope::Public }),
            Self::For(rule) => Some(CacheControl { max_age: rule.max_age, scope: rule.scope }),
            Self::Never => None,
        }
    }
}
