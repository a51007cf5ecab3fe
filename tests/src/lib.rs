//! conman-tests
