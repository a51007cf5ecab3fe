//! Many plugins' SDL becomes one schema.

mod check;
mod directives;
mod draft;
mod library;
mod merge;
mod print;
mod problem;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::dynamic::Schema;
use conman_kernel::id::PluginId;

pub(crate) use draft::syntax_message;
pub(crate) use library::ValidateOnly;
pub use problem::ComposeError;
use problem::Problems;

use crate::absent::Absent;
use crate::model::Model;

/// One plugin's part of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Whose.
    pub plugin: PluginId,
    /// Its `schema.graphql`.
    pub sdl: String,
}

/// One schema made of many plugins' SDL. Cheap to clone; what it was made of never changes.
#[derive(Clone)]
pub struct ComposedSchema(Arc<Composed>);

struct Composed {
    generation: u64,
    model: Model,
    library: Schema,
    plugins: Vec<PluginId>,
    sdl: String,
    federation_sdl: String,
    absent: Absent,
}

impl std::fmt::Debug for ComposedSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ComposedSchema")
            .field("generation", &self.0.generation)
            .field("plugins", &self.0.plugins)
            .finish_non_exhaustive()
    }
}

/// Composes the SDL of all enabled plugins. The order of `contributions` does not matter.
///
/// # Errors
/// Everything that is wrong, by plugin and place: what is not in the dialect, names that collide (both plugins are named), and
/// references that lead nowhere.
pub fn compose(contributions: Vec<Contribution>) -> Result<ComposedSchema, Vec<ComposeError>> {
    compose_knowing(contributions, &[])
}

/// Like [`compose`], but knows which plugins are installed and not enabled, so that a client asking for one of their fields is told
/// which plugin is missing.
///
/// # Errors
/// As [`compose`]. Nothing that is wrong with `absent` is an error.
pub fn compose_knowing(
    mut contributions: Vec<Contribution>,
    absent: &[Contribution],
) -> Result<ComposedSchema, Vec<ComposeError>> {
    static GENERATION: AtomicU64 = AtomicU64::new(1);

    contributions.sort_by(|a, b| a.plugin.cmp(&b.plugin));
    let mut problems = Problems::default();
    let mut drafts = Vec::new();
    let mut plugins = BTreeSet::new();
    for Contribution { plugin, sdl } in contributions {
        let draft = draft::read(&plugin, &sdl, &mut problems);
        if plugins.insert(plugin.clone()) {
            drafts.push((plugin, draft));
        } else {
            problems.add(&plugin, async_graphql_parser::Pos::default(), "this plugin is enabled twice");
        }
    }
    let mut model = merge::merge(drafts, &mut problems);
    check::check(&model, &mut problems);
    if !problems.is_empty() {
        return Err(problems.into_sorted());
    }
    check::expose(&mut model);
    let library = match library::build(&model) {
        Ok(library) => library,
        Err(error) => {
            // The library refuses something the dialect lets through: the last plugin's id is as good as any.
            for plugin in &plugins {
                problems.add(
                    plugin,
                    async_graphql_parser::Pos::default(),
                    format!("the composed schema is refused: {error}"),
                );
            }
            return Err(problems.into_sorted());
        }
    };
    Ok(ComposedSchema(Arc::new(Composed {
        generation: GENERATION.fetch_add(1, Ordering::Relaxed),
        sdl: print::print(&model, print::Reader::Person),
        federation_sdl: print::print(&model, print::Reader::Gateway),
        absent: Absent::read(absent),
        plugins: plugins.into_iter().collect(),
        model,
        library,
    })))
}

impl ComposedSchema {
    /// Tells this schema from every other one made by this process; part of every cache's key.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation
    }

    /// The plugins it is made of, by id.
    #[must_use]
    pub fn plugins(&self) -> &[PluginId] {
        &self.0.plugins
    }

    /// The schema clients see, as SDL.
    #[must_use]
    pub fn sdl(&self) -> &str {
        &self.0.sdl
    }

    /// The schema as a subgraph of Apollo Federation v2, as `_service { sdl }` answers it.
    #[must_use]
    pub fn federation_sdl(&self) -> &str {
        &self.0.federation_sdl
    }

    pub(crate) fn model(&self) -> &Model {
        &self.0.model
    }

    pub(crate) fn library(&self) -> &Schema {
        &self.0.library
    }

    pub(crate) fn absent(&self) -> &Absent {
        &self.0.absent
    }
}
