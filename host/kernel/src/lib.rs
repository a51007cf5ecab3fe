//! The words every other crate speaks: ids, errors, time, who is asking, and the two seams they meet at.
//!
//! This crate knows no other crate of the host. It holds vocabulary and traits, no behaviour worth swapping:
//! [`sql::Database`] is how the host reaches any database, [`dispatch::Dispatcher`] is how it reaches any plugin.

pub mod actor;
pub mod clock;
pub mod convention;
pub mod digest;
pub mod dispatch;
pub mod event;
pub mod fault;
pub mod id;
pub mod sql;
