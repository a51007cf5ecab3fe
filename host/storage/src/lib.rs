//! conman-storage
