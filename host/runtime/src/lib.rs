//! conman-runtime
