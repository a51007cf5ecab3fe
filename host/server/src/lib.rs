//! conman-server
