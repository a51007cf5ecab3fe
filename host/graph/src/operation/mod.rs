//! Operations before they run: read, measured, validated, planned.

pub(crate) mod caching;
pub(crate) mod collect;
pub(crate) mod cost;
pub(crate) mod input;
pub(crate) mod introspection;
pub(crate) mod measure;
pub(crate) mod plan;
pub(crate) mod planner;
pub(crate) mod position;
pub(crate) mod prepare;
pub(crate) mod wanted;
