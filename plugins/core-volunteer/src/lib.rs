//! core-volunteer
