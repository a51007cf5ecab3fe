//! Where databases live, and what each is called there.
//!
//! Convention and plugin ids become file and schema names, so this is the place that makes sure no id can name
//! anything outside the folder or the database it was given.

use std::path::{Path, PathBuf};

use conman_kernel::digest::Digest;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::SqlError;

/// Which engine, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// SQLite files below this folder, which is created when missing.
    Folder(PathBuf),
    /// A PostgreSQL database. The user named in the URL has to own the database (or be allowed to create schemas in
    /// it) and to have CREATEROLE, because every plugin database gets a login role of its own.
    Postgres {
        /// `postgres://user:password@host:port/database`
        url: String,
    },
}

impl Location {
    /// `postgres://…` and `postgresql://…` are databases; everything else is a folder.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::Postgres { url: text.to_owned() }
        } else {
            Self::Folder(PathBuf::from(text))
        }
    }
}

/// The host's own file.
pub(crate) fn host_file(folder: &Path) -> PathBuf {
    folder.join("host.sqlite")
}

/// The folder of a convention's plugin files.
pub(crate) fn convention_folder(folder: &Path, convention: &ConventionId) -> Result<PathBuf, SqlError> {
    let id = convention.as_str();
    let valid =
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if valid {
        Ok(folder.join("conventions").join(id))
    } else {
        Err(SqlError::Refused(format!(
            "`{id}` is not a convention id; it would be a file name, so it has to be lower-case letters and digits"
        )))
    }
}

/// A plugin's file. Plugin ids hold only `a-z 0-9 -` and one slash, so `+` cannot be part of either half.
pub(crate) fn plugin_file(folder: &Path, convention: &ConventionId, plugin: &PluginId) -> Result<PathBuf, SqlError> {
    let name = format!("{}+{}.sqlite", plugin.publisher(), plugin.name());
    Ok(convention_folder(folder, convention)?.join(name))
}

/// The plugin a file belongs to, if it is a plugin's file.
pub(crate) fn plugin_of_file(name: &str) -> Option<PluginId> {
    let (publisher, name) = name.strip_suffix(".sqlite")?.split_once('+')?;
    format!("{publisher}/{name}").parse().ok()
}

/// A plugin's schema: readable first, unique by the digest. PostgreSQL cuts names at 63 bytes.
pub(crate) fn plugin_schema(convention: &ConventionId, plugin: &PluginId) -> String {
    let digest = Digest::of(format!("{convention} {plugin}").as_bytes()).to_string();
    let short: String = digest.chars().take(20).collect();
    let name: String = plugin.name().chars().take(30).map(|c| if c == '-' { '_' } else { c }).collect();
    format!("conman_{name}_{short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_postgres_and_anything_else_a_folder() {
        assert_eq!(Location::parse("/srv/conman"), Location::Folder("/srv/conman".into()));
        assert_eq!(Location::parse("postgres://a@b/c"), Location::Postgres { url: "postgres://a@b/c".into() });
    }

    #[test]
    fn an_id_that_could_leave_the_folder_is_refused() {
        for bad in ["", "..", "../x", "a/b", "A", "a.b", "a\0b", &"x".repeat(65)] {
            let id = ConventionId::from_stored(bad);
            assert!(convention_folder(Path::new("/data"), &id).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_plugin_file_names_its_plugin() {
        let plugin: PluginId = "conman/night-market".parse().unwrap();
        let file = plugin_file(Path::new("/data"), &ConventionId::from_stored("c1"), &plugin).unwrap();
        assert_eq!(file, Path::new("/data/conventions/c1/conman+night-market.sqlite"));
        assert_eq!(plugin_of_file("conman+night-market.sqlite"), Some(plugin));
        assert_eq!(plugin_of_file("conman+night-market.sqlite-wal"), None);
    }

    #[test]
    fn a_schema_name_fits_postgres_and_tells_plugins_apart() {
        let convention = ConventionId::from_stored("c1");
        let long: PluginId = format!("{}/{}", "p".repeat(40), "n".repeat(40)).parse().unwrap();
        assert!(plugin_schema(&convention, &long).len() <= 63);
        let (a, b) = ("aa/same".parse().unwrap(), "bb/same".parse().unwrap());
        assert_ne!(plugin_schema(&convention, &a), plugin_schema(&convention, &b));
    }
}
