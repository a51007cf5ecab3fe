//! Volunteers: departments, shifts, sign-up, hours and rewards.

pub mod rules;
