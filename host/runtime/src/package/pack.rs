//! Writes a package: a component, and after it everything that `plugin.toml`'s folder holds, as custom sections.

use super::{ASSET, CONFIG, LOCALE, MANIFEST, MIGRATION, Package, PackageError, SCHEMA, UI, read};
use crate::package::sections::{Sections, append};

/// What goes into a package besides the component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// `plugin.toml`.
    pub manifest: String,
    /// `schema.graphql`.
    pub schema: Option<String>,
    /// `config.schema.json`.
    pub config_schema: Option<String>,
    /// File name and SQL: `0001_notes.sql`.
    pub migrations: Vec<(String, String)>,
    /// `ui.json`.
    pub ui: Option<String>,
    /// Language tag and JSON.
    pub locales: Vec<(String, String)>,
    /// Path below `assets/`, and content.
    pub assets: Vec<(String, Vec<u8>)>,
}

/// Makes a package of a component, and reads it back, so that what cannot be installed is not packed.
///
/// Sections that an earlier packing left in the component are replaced.
///
/// # Errors
/// What [`read`] would say of the package.
pub fn pack(component: &[u8], parts: &Parts) -> Result<(Vec<u8>, Package), PackageError> {
    let mut bytes = without_our_sections(component)?;
    append(&mut bytes, MANIFEST, parts.manifest.as_bytes());
    for (name, text) in [(SCHEMA, &parts.schema), (CONFIG, &parts.config_schema), (UI, &parts.ui)] {
        if let Some(text) = text {
            append(&mut bytes, name, text.as_bytes());
        }
    }
    for (prefix, files) in [(MIGRATION, &parts.migrations), (LOCALE, &parts.locales)] {
        for (file, text) in files {
            append(&mut bytes, &format!("{prefix}{file}"), text.as_bytes());
        }
    }
    for (path, content) in &parts.assets {
        append(&mut bytes, &format!("{ASSET}{path}"), content);
    }
    let package = read(&bytes)?;
    Ok((bytes, package))
}

fn without_our_sections(component: &[u8]) -> Result<Vec<u8>, PackageError> {
    let mut bytes = Vec::with_capacity(component.len() + 4096);
    let mut kept = 0;
    for section in Sections::of(component)? {
        let section = section?;
        if section.name.starts_with("conman:") {
            bytes.extend_from_slice(component.get(kept..section.span.start).unwrap_or_default());
            kept = section.span.end;
        }
    }
    bytes.extend_from_slice(component.get(kept..).unwrap_or_default());
    Ok(bytes)
}
