//! Answers the schema's fields: each resolver checks who asks, asks the rules, writes rows, and tells of it.

mod accounts;
mod departments;
mod entries;
mod mutation;
mod query;
mod roles;
mod rules;
mod shifts;
mod sign_up;
mod subscription;
mod volunteers;
