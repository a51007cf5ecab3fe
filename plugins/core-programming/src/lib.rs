//! core-programming
