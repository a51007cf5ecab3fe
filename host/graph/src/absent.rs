//! What plugins that are installed but not enabled would offer, so that "unknown field" can name the one to enable.

use std::collections::HashMap;

use async_graphql_parser::parse_schema;
use async_graphql_parser::types::{TypeKind, TypeSystemDefinition};
use conman_kernel::id::PluginId;

use crate::compose::Contribution;
use crate::nesting::{MAX_NESTING, deepest};

/// Fields of plugins that are not enabled, by type and field.
#[derive(Debug, Default)]
pub(crate) struct Absent(HashMap<String, HashMap<String, PluginId>>);

impl Absent {
    /// Reads their SDL; what does not parse is passed over, since it is not in use.
    pub(crate) fn read(contributions: &[Contribution]) -> Self {
        let mut fields: HashMap<String, HashMap<String, PluginId>> = HashMap::new();
        for Contribution { plugin, sdl } in contributions {
            if deepest(sdl) > MAX_NESTING {
                continue;
            }
            let definitions = parse_schema(sdl).map(|document| document.definitions).unwrap_or_default();
            for definition in definitions {
                let TypeSystemDefinition::Type(definition) = definition else { continue };
                let TypeKind::Object(object) = &definition.node.kind else { continue };
                let of_type = fields.entry(definition.node.name.node.to_string()).or_default();
                for field in &object.fields {
                    of_type.entry(field.node.name.node.to_string()).or_insert_with(|| plugin.clone());
                }
            }
        }
        Self(fields)
    }

    /// Who would offer `field` on the type named `type_name`.
    pub(crate) fn offers(&self, type_name: &str, field: &str) -> Option<&PluginId> {
        self.0.get(type_name)?.get(field)
    }
}
