//! conman-testkit
