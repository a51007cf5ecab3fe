//! conman-bus
