//! Gathers a plugin's folder: where its author keeps what a package carries.

use std::path::{Path, PathBuf};

use super::{PackageError, Parts};

impl Parts {
    /// Reads `plugin.toml`, `schema.graphql`, `config.schema.json`, `ui.json`, `migrations/*.sql`, `locales/*.json`, `README.md` and
    /// `assets/**` of a plugin's folder. Only `plugin.toml` has to be there.
    ///
    /// # Errors
    /// [`PackageError::Unreadable`] names the file.
    pub fn of_folder(folder: &Path) -> Result<Self, PackageError> {
        let optional = |name: &str| {
            let path = folder.join(name);
            if path.is_file() { text(&path).map(Some) } else { Ok(None) }
        };
        let mut locales = files_with(&folder.join("locales"), ".json")?;
        for (language, _) in &mut locales {
            language.truncate(language.len() - ".json".len());
        }
        let mut assets = Vec::new();
        if folder.join("README.md").is_file() {
            assets.push(("README.md".to_owned(), content(&folder.join("README.md"))?));
        }
        below(&folder.join("assets"), "", &mut assets)?;
        Ok(Self {
            manifest: text(&folder.join("plugin.toml"))?,
            schema: optional("schema.graphql")?,
            config_schema: optional("config.schema.json")?,
            migrations: files_with(&folder.join("migrations"), ".sql")?,
            ui: optional("ui.json")?,
            locales,
            assets,
        })
    }
}

fn unreadable(path: &Path, reason: impl std::fmt::Display) -> PackageError {
    PackageError::Unreadable { path: path.display().to_string(), reason: reason.to_string() }
}

fn content(path: &Path) -> Result<Vec<u8>, PackageError> {
    std::fs::read(path).map_err(|error| unreadable(path, error))
}

fn text(path: &Path) -> Result<String, PackageError> {
    String::from_utf8(content(path)?).map_err(|_| unreadable(path, "it is not UTF-8; save it as UTF-8"))
}

/// The entries of a folder, sorted by name, so that the same folder always makes the same package.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, PackageError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| unreadable(&path, "its name is not UTF-8"))?;
        if !name.starts_with('.') {
            found.push((name.to_owned(), path));
        }
    }
    found.sort();
    Ok(found)
}

fn files_with(folder: &Path, ending: &str) -> Result<Vec<(String, String)>, PackageError> {
    let matching = entries(folder)?.into_iter().filter(|(name, _)| name.ends_with(ending));
    matching.map(|(name, path)| Ok((name, text(&path)?))).collect()
}

fn below(folder: &Path, prefix: &str, found: &mut Vec<(String, Vec<u8>)>) -> Result<(), PackageError> {
    for (name, path) in entries(folder)? {
        if path.is_dir() {
            below(&path, &format!("{prefix}{name}/"), found)?;
        } else {
            found.push((format!("{prefix}{name}"), content(&path)?));
        }
    }
    Ok(())
}
