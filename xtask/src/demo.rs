//! From a clone to a running convention.
