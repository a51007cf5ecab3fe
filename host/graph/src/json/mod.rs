//! Plugins' JSON, read without building values: what clients asked for is copied from the text.

mod scan;
mod tape;

pub(crate) use scan::BadJson;
pub(crate) use tape::{Kind, Node, NodeId, Tape};
