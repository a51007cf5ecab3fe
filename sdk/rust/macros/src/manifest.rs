//! The part of `plugin.toml` that code depends on. The host checks the rest when it packs and installs.

use serde::Deserialize;

/// What `plugin!` needs to know.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) plugin: About,
    #[serde(default)]
    pub(crate) needs: Needs,
    #[serde(default)]
    pub(crate) routes: Vec<Route>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct About {
    #[serde(default)]
    pub(crate) summary: String,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Needs {
    #[serde(default)]
    events: Events,
}

#[derive(Debug, Default, Deserialize)]
struct Events {
    #[serde(default)]
    subscribe: Vec<toml::Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Route {
    pub(crate) method: String,
    pub(crate) path: String,
}

impl Manifest {
    /// Reads `plugin.toml`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let line =
                error.span().and_then(|span| text.get(..span.start)).map_or(0, |before| before.matches('\n').count())
                    + 1;
            format!("plugin.toml:{line}: {}", error.message())
        })
    }

    /// Whether the plugin listens to events.
    pub(crate) fn subscribes(&self) -> bool {
        !self.needs.events.subscribe.is_empty()
    }
}
