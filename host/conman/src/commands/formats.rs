//! Which file formats a convention's plugins speak. The command itself knows none.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use crate::commands::take;
use crate::door::Door;
use crate::failure::Failure;

/// A format, as a plugin declares it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Format {
    pub(crate) plugin: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) extensions: Vec<String>,
    pub(crate) import: Option<String>,
    #[serde(rename = "importBytes")]
    pub(crate) largest: Option<usize>,
    pub(crate) export: Option<String>,
}

/// Which way a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

impl Format {
    /// The plugin's route for that direction.
    pub(crate) fn route(&self, direction: Direction) -> Option<&str> {
        match direction {
            Direction::In => self.import.as_deref(),
            Direction::Out => self.export.as_deref(),
        }
    }

    /// The route's address on the host.
    pub(crate) fn address(&self, convention: &str, route: &str) -> String {
        let name = self.plugin.split_once('/').map_or(self.plugin.as_str(), |(_, name)| name);
        format!("/c/{convention}/x/{name}/{route}")
    }
}

/// All formats of a convention's plugins.
pub(crate) async fn of(door: &Door, convention: &str) -> Result<Vec<Format>, Failure> {
    let operation = "{ plugins { formats { plugin id name extensions import importBytes export } } }";
    let data = door.graphql(Some(convention), operation, json!({})).await?;
    #[derive(Deserialize)]
    struct Plugin {
        formats: Vec<Format>,
    }
    let plugins: Vec<Plugin> = serde_json::from_value(take(data, "plugins")).map_err(|error| {
        Failure::new(crate::failure::Kind::Failed, format!("the host lists formats in a way unknown here: {error}"))
    })?;
    Ok(plugins.into_iter().flat_map(|plugin| plugin.formats).collect())
}

/// The one format that is meant, by its id and plugin or by a file's ending.
pub(crate) fn choose(
    formats: &[Format],
    direction: Direction,
    id: Option<&str>,
    plugin: Option<&str>,
    file: Option<&Path>,
) -> Result<Format, Failure> {
    let possible: Vec<_> = formats
        .iter()
        .filter(|format| format.route(direction).is_some())
        .filter(|format| {
            plugin.is_none_or(|plugin| format.plugin == plugin || format.plugin.ends_with(&format!("/{plugin}")))
        })
        .collect();
    let file_name = file.and_then(Path::file_name).map(|name| name.to_string_lossy().to_lowercase());
    let ends = |format: &Format| {
        let fits = |extension: &String| {
            file_name.as_ref().is_some_and(|name| name.ends_with(&format!(".{}", extension.to_lowercase())))
        };
        format.extensions.iter().filter(|extension| fits(extension)).map(String::len).max().unwrap_or(0)
    };
    let matching: Vec<_> = match id {
        Some(id) => possible.iter().copied().filter(|format| format.id == id).collect(),
        None => {
            // The longest ending says most: `.schedule.json` before `.json`.
            let longest = possible.iter().map(|format| ends(format)).max().unwrap_or(0);
            possible.iter().copied().filter(|format| longest > 0 && ends(format) == longest).collect()
        }
    };
    match matching.as_slice() {
        [format] => Ok((*format).clone()),
        [] => {
            let asked = id.map_or_else(|| file_name.unwrap_or_default(), |id| format!("format {id}"));
            Err(Failure::not_found(format!(
                "no plugin here takes {asked}; with --format there are: {}",
                names(&possible)
            )))
        }
        several => Err(Failure::usage(format!(
            "several formats fit; choose one with --format (and --plugin): {}",
            names(several)
        ))),
    }
}

fn names(formats: &[&Format]) -> String {
    if formats.is_empty() {
        return "none (is the plugin enabled? see `conman plugin list`)".to_owned();
    }
    formats
        .iter()
        .map(|format| format!("{} ({}, {})", format.id, format.name, format.plugin))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(plugin: &str, id: &str, extensions: &[&str]) -> Format {
        let extensions = extensions.iter().map(|extension| (*extension).to_owned()).collect();
        let route = Some(format!("import/{id}"));
        Format {
            plugin: plugin.to_owned(),
            id: id.to_owned(),
            name: id.to_owned(),
            extensions,
            import: route.clone(),
            largest: None,
            export: None,
        }
    }

    fn chosen(formats: &[Format], id: Option<&str>, plugin: Option<&str>, file: &str) -> Result<String, String> {
        let chosen = choose(formats, Direction::In, id, plugin, Some(Path::new(file)));
        chosen.map(|format| format!("{} {}", format.plugin, format.id)).map_err(|failure| failure.message)
    }

    #[test]
    fn a_files_ending_chooses_and_the_longest_wins() {
        let formats = [
            format("aa/bb", "xml", &["xml"]),
            format("aa/bb", "json", &["json"]),
            format("aa/bb", "special", &["schedule.json"]),
        ];
        assert_eq!(chosen(&formats, None, None, "x.XML").unwrap(), "aa/bb xml");
        assert_eq!(chosen(&formats, None, None, "x.json").unwrap(), "aa/bb json");
        assert_eq!(chosen(&formats, None, None, "39.schedule.json").unwrap(), "aa/bb special");
    }

    #[test]
    fn what_is_not_clear_is_asked_and_not_guessed() {
        let formats = [format("aa/bb", "one", &["json"]), format("aa/cc", "two", &["json"])];
        assert!(chosen(&formats, None, None, "x.json").unwrap_err().contains("--format"));
        assert_eq!(chosen(&formats, None, Some("aa/cc"), "x.json").unwrap(), "aa/cc two");
        assert_eq!(chosen(&formats, Some("one"), None, "x.txt").unwrap(), "aa/bb one");
        assert!(chosen(&formats, None, None, "x.txt").unwrap_err().contains("there are: one"));
        assert!(chosen(&[], None, None, "x.txt").unwrap_err().contains("plugin enabled"));
    }

    #[test]
    fn a_format_that_only_goes_out_does_not_come_in() {
        let mut out = format("aa/bb", "ical", &["ics"]);
        out.export = out.import.take();
        assert!(chosen(&[out], None, None, "x.ics").is_err());
    }
}
