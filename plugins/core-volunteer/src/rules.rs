//! What is allowed, and what follows from what: pure functions over facts, without database, clock or GraphQL.
//!
//! Everything around them gathers facts, asks here, and writes down the answer. That is why `shifts { decision }` and
//! `signUp` cannot disagree: both ask [`decision::Standing::decide`].

pub mod calendar;
pub mod decision;
pub mod entry;
pub mod hours;
pub mod hurt;
pub mod making;
pub mod reconcile;
pub mod rest;
pub mod reward;
pub mod tree;
pub mod withdrawal;
pub mod words;
