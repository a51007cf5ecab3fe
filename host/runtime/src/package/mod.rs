//! A plugin is one file: a WebAssembly component that carries its manifest, schema and migrations in custom sections.
//!
//! [`read`] takes bytes from strangers: every length is checked, nothing panics, and what is wrong is said with its place.

mod folder;
mod manifest;
mod needs;
mod pack;
mod routes;
mod sections;

use std::collections::BTreeMap;

pub use conman_storage::PluginMigration;
pub use manifest::{About, Category, Compat, Manifest, ManifestError, ManifestLimits, Permission, Provides};
pub use needs::{Asked, Events, GraphField, HttpHost, Name, Needs};
pub use pack::{Parts, pack};
pub use routes::{Format, Method, Route, RoutePath};

use sections::Sections;

/// No package is larger.
pub const MAX_BYTES: usize = 64 << 20;
/// No text section is larger.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// What a package holds besides its code and its assets, which stay in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// `plugin.toml`, read.
    pub manifest: Manifest,
    /// `plugin.toml`, as written.
    pub manifest_text: String,
    /// The GraphQL SDL; empty when the plugin adds no fields.
    pub schema: String,
    /// The JSON Schema of its configuration.
    pub config_schema: Option<String>,
    /// Its migrations, by number, without gaps from 1.
    pub migrations: Vec<PluginMigration>,
    /// Its pages, as data.
    pub ui: Option<String>,
    /// Translated strings by language tag.
    pub locales: BTreeMap<String, String>,
}

/// Why bytes are no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Over [`MAX_BYTES`].
    #[error("the package has {0} bytes; a package may have {MAX_BYTES} (64 MiB): ship fewer or smaller assets")]
    TooLarge(usize),
    /// It does not begin like a component.
    #[error(
        "this is no WebAssembly component ({0}); build the plugin for wasm32-wasip2, or with `conman plugin build`"
    )]
    NotAComponent(&'static str),
    /// The framing of its sections is broken.
    #[error("the file is damaged at byte {at}: {what}; build or download it again")]
    Damaged {
        /// Offset in the file.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// A section that must be there is not.
    #[error("the section `{0}` is missing; build the plugin with `conman plugin build`, which writes it")]
    Missing(&'static str),
    /// Two sections of one name.
    #[error("the section `{0}` is there twice; build the plugin again from its folder")]
    Twice(String),
    /// A text section over [`MAX_TEXT_BYTES`].
    #[error("the section `{name}` has {bytes} bytes; a text may have {MAX_TEXT_BYTES} (1 MiB)")]
    TextTooLarge {
        /// Which section.
        name: String,
        /// How large it is.
        bytes: usize,
    },
    /// A text section that is not UTF-8.
    #[error("the section `{name}` is not UTF-8 at byte {at}; save the file as UTF-8")]
    NotText {
        /// Which section.
        name: String,
        /// Where in it.
        at: usize,
    },
    /// The manifest is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A migration's file name or number is wrong.
    #[error("migrations/{file}: {problem}")]
    Migration {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A file of the plugin's folder cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
}

pub(crate) const MANIFEST: &str = "conman:manifest";
pub(crate) const SCHEMA: &str = "conman:schema";
pub(crate) const CONFIG: &str = "conman:config";
pub(crate) const UI: &str = "conman:ui";
pub(crate) const MIGRATION: &str = "conman:migration/";
pub(crate) const LOCALE: &str = "conman:locale/";
pub(crate) const ASSET: &str = "conman:asset/";

/// Reads a package. The code itself is not looked at.
///
/// # Errors
/// [`PackageError`], with the place and the remedy.
pub fn read(bytes: &[u8]) -> Result<Package, PackageError> {
    if bytes.len() > MAX_BYTES {
        return Err(PackageError::TooLarge(bytes.len()));
    }
    let mut texts: BTreeMap<&str, &str> = BTreeMap::new();
    for section in Sections::of(bytes)? {
        let section = section?;
        let is_text = [MANIFEST, SCHEMA, CONFIG, UI].contains(&section.name)
            || section.name.starts_with(MIGRATION)
            || section.name.starts_with(LOCALE);
        if is_text && texts.insert(section.name, text(section.name, section.data)?).is_some() {
            return Err(PackageError::Twice(section.name.to_owned()));
        }
    }
    let manifest_text = (*texts.get(MANIFEST).ok_or(PackageError::Missing(MANIFEST))?).to_owned();
    let under =
        |prefix: &'static str| texts.iter().filter_map(move |(name, text)| Some((name.strip_prefix(prefix)?, *text)));
    Ok(Package {
        manifest: Manifest::parse(&manifest_text)?,
        manifest_text,
        schema: texts.get(SCHEMA).map_or_else(String::new, |text| (*text).to_owned()),
        config_schema: texts.get(CONFIG).map(|text| (*text).to_owned()),
        migrations: migrations(under(MIGRATION))?,
        ui: texts.get(UI).map(|text| (*text).to_owned()),
        locales: under(LOCALE).map(|(language, text)| (language.to_owned(), text.to_owned())).collect(),
    })
}

fn text<'b>(name: &str, data: &'b [u8]) -> Result<&'b str, PackageError> {
    if data.len() > MAX_TEXT_BYTES {
        return Err(PackageError::TextTooLarge { name: name.to_owned(), bytes: data.len() });
    }
    std::str::from_utf8(data).map_err(|error| PackageError::NotText { name: name.to_owned(), at: error.valid_up_to() })
}

fn migrations<'b>(files: impl Iterator<Item = (&'b str, &'b str)>) -> Result<Vec<PluginMigration>, PackageError> {
    let mut migrations = files.map(|(file, sql)| migration(file, sql)).collect::<Result<Vec<_>, _>>()?;
    migrations.sort_by_key(|migration| migration.version);
    for (expected, migration) in (1_u32..).zip(&migrations) {
        if migration.version != expected {
            return Err(PackageError::Migration {
                file: format!("{:04}_{}.sql", migration.version, migration.name),
                problem: format!(
                    "the number should be {expected:04}; number migrations from 0001, each once and without gaps"
                ),
            });
        }
    }
    Ok(migrations)
}

fn migration(file: &str, sql: &str) -> Result<PluginMigration, PackageError> {
    let parsed = file.strip_suffix(".sql").and_then(|stem| stem.split_once('_')).and_then(|(number, name)| {
        let digits = number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit());
        let word = !name.is_empty()
            && name.len() <= 60
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        (digits && word).then(|| number.parse().ok()).flatten().map(|version| (version, name))
    });
    match parsed {
        Some((version, name)) => Ok(PluginMigration { version, name: name.to_owned(), sql: sql.to_owned() }),
        None => Err(PackageError::Migration {
            file: file.chars().take(80).collect(),
            problem: "name it like `0001_notes.sql`: four digits, `_`, lower-case letters, digits and `_`".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests;
