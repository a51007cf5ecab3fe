//! `conman plugin build`: a crate becomes one file that a host can install.

use std::path::{Path, PathBuf};

use conman_plugin_build::{Build, BuildError, Output, Toolchain};
use conman_runtime::package::{Package, PackageError, Parts, pack};
use serde_json::json;

use crate::arguments::PluginBuild;
use crate::failure::{Failure, Kind, Outcome};
use crate::terminal::{Format, Terminal, size};

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let kind = match error {
            BuildError::NoCrate(_) => Kind::NotFound,
            BuildError::Unreadable { .. } | BuildError::DoesNotCompile { .. } | BuildError::NoComponent(_) => {
                Kind::Invalid
            }
            BuildError::NoToolchain { .. } | BuildError::NotStarted { .. } => Kind::Failed,
        };
        Self::new(kind, error.to_string())
    }
}

pub(super) fn run(build: PluginBuild, terminal: Terminal) -> Outcome {
    // The manifest first: a mistake in it should not take a build to be found.
    let wrong = |error: PackageError| Failure::invalid(format!("{}: {error}", build.folder.display()));
    if !build.folder.join("plugin.toml").is_file() {
        return Err(Failure::not_found(format!(
            "there is no plugin.toml in {}; name the plugin's folder",
            build.folder.display()
        )));
    }
    let parts = Parts::of_folder(&build.folder).map_err(wrong)?;
    let toolchain = Toolchain::find()?;
    terminal.note(&format!("building {} with {toolchain}", build.folder.display()));
    let output = if terminal.format == Format::Json { Output::Kept } else { Output::Shown };
    let built = Build::of(&build.folder).output(output).run(&toolchain)?;
    let progress = terminal.progress("packing");
    let cannot_read = |error| Failure::new(Kind::Failed, format!("cannot read {}: {error}", built.component.display()));
    let component = std::fs::read(&built.component).map_err(cannot_read)?;
    let (bytes, package) = pack(&component, &parts).map_err(wrong)?;
    let path = target(build.output, &package, &built.component);
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, &bytes));
    written.map_err(|error| Failure::new(Kind::Failed, format!("cannot write {}: {error}", path.display())))?;
    drop(progress);
    let about = &package.manifest.about;
    terminal.answer(
        &json!({ "package": path, "id": about.id, "version": about.version.to_string(), "bytes": bytes.len() }),
    )?;
    terminal.say(format!("{} {}: {} ({})", about.id, about.version, path.display(), size(bytes.len())))
}

/// `<name>.wasm` in the folder that was named, or the file that was named, or beside the component.
fn target(output: Option<PathBuf>, package: &Package, component: &Path) -> PathBuf {
    let file = format!("{}.wasm", package.manifest.about.id.name());
    match output {
        Some(path) if path.extension().is_some_and(|extension| extension == "wasm") => path,
        Some(folder) => folder.join(file),
        None => component.with_file_name(file),
    }
}
