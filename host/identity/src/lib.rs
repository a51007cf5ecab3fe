//! conman-identity
