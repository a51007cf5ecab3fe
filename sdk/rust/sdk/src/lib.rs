//! conman-sdk
