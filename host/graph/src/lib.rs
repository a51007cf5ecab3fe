//! conman-graph
