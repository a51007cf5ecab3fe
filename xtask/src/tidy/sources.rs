//! What can be seen in the sources themselves.

use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::command::{command, output};
use crate::workspace;

/// Longer files are two ideas.
const MOST_LINES: usize = 500;

pub fn check() -> anyhow::Result<Vec<Finding>> {
    let plugins = folders(&workspace::root().join("plugins"))?;
    let mut findings = Vec::new();
    for path in output(command("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]))?.lines() {
        let Ok(text) = fs::read_to_string(workspace::root().join(path)) else { continue };
        let path = Path::new(path);
        if path.starts_with("host") {
            findings.extend(plugin_names(path, &text, &plugins));
        }
        if path.extension().is_some_and(|extension| extension == "rs") {
            findings.extend(unfinished(path, &text));
            findings.extend(too_long(path, &text));
        }
        if path.file_name().is_some_and(|name| name == "Cargo.toml")
            && path.starts_with("host")
            && !text.contains("[lints]\nworkspace = true")
        {
            findings.push(Finding {
                place: path.display().to_string(),
                message: "add `[lints]` with `workspace = true`".to_owned(),
            });
        }
    }
    Ok(findings)
}

fn folders(parent: &Path) -> anyhow::Result<Vec<String>> {
    let names = fs::read_dir(parent)?.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
    Ok(names.filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

/// The host has no special case for a feature.
fn plugin_names<'a>(path: &'a Path, text: &'a str, plugins: &'a [String]) -> impl Iterator<Item = Finding> + 'a {
    lines(text).flat_map(move |(number, line)| {
        let names = |plugin: &&String| line.contains(plugin.as_str()) || line.contains(&plugin.replace('-', "_"));
        plugins.iter().filter(names).map(move |plugin| Finding {
            place: format!("{}:{number}", path.display()),
            message: format!("names the plugin {plugin}; the host treats every plugin alike"),
        })
    })
}

fn unfinished<'a>(path: &'a Path, text: &'a str) -> impl Iterator<Item = Finding> + 'a {
    const MARKS: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX"), concat!("HA", "CK")];
    lines(text).filter(|(_, line)| MARKS.iter().any(|mark| line.contains(mark))).map(|(number, _)| Finding {
        place: format!("{}:{number}", path.display()),
        message: "finish it, or say in an issue what is missing".to_owned(),
    })
}

fn too_long(path: &Path, text: &str) -> Option<Finding> {
    let count = text.lines().count();
    (count > MOST_LINES).then(|| Finding {
        place: PathBuf::from(path).display().to_string(),
        message: format!("has {count} lines, more than {MOST_LINES}; split it by idea"),
    })
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}
