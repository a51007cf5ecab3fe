//! The plugins of this repository, built into packages.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use conman_runtime::package::{Parts, pack, read};

use crate::conman;

/// Names the folder that holds them when they are built already, as by `cargo xtask test`.
const BUILT: &str = "CONMAN_PLUGINS";

/// The package of the plugin with that name, built with `conman plugin build` when it has not been.
#[must_use]
pub fn package(name: &str) -> PathBuf {
    static PACKAGES: Mutex<Option<HashMap<String, Arc<OnceLock<PathBuf>>>>> = Mutex::new(None);
    let slot = Arc::clone(PACKAGES.lock().unwrap().get_or_insert_default().entry(name.to_owned()).or_default());
    slot.get_or_init(|| find_or_build(name)).clone()
}

fn find_or_build(name: &str) -> PathBuf {
    let file = format!("{name}.wasm");
    if let Some(folder) = std::env::var_os(BUILT) {
        let built = Path::new(&folder).join(&file);
        if built.exists() {
            return built;
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let source = ["plugins", "examples", "tests/guests"].map(|parent| root.join(parent).join(name));
    let source = source.into_iter().find(|folder| folder.join("plugin.toml").exists());
    let source = source.unwrap_or_else(|| panic!("no plugin of this repository is called {name}"));
    let output = root.join("target/plugins");
    std::fs::create_dir_all(&output).unwrap();
    let built = conman().args(["plugin", "build"]).arg(&source).arg("--output").arg(&output).run();
    assert_eq!(built.code, 0, "building {name}: {}{}", built.stdout, built.stderr);
    output.join(file)
}

/// The package of the plugin with that name, with something about it changed that its code does not depend on.
#[must_use]
pub fn repacked(name: &str, change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let bytes = std::fs::read(package(name)).unwrap();
    let package = read(&bytes).unwrap();
    let migrations =
        package.migrations.iter().map(|step| (format!("{:04}_{}.sql", step.version, step.name), step.sql.clone()));
    let mut parts = Parts {
        manifest: package.manifest_text.clone(),
        schema: Some(package.schema.clone()),
        config_schema: package.config_schema.clone(),
        migrations: migrations.collect(),
        ..Parts::default()
    };
    change(&mut parts);
    pack(&bytes, &parts).unwrap().0
}

/// The probe with a schema that offers its misbehaviours to anybody.
#[must_use]
pub fn misbehaving() -> Vec<u8> {
    const SCHEMA: &str = r#"
extend type Query {
  spin: String
  hoard: String
  trap: String
  recurse: String
  garbage: String
  big(bytes: Int!): String
  logFlood(lines: Int!, bytes: Int!): Boolean
  script(steps: JSON!): JSON
}
extend type Mutation { script(steps: JSON!): JSON }
extend type Subscription { echo: JSON @topics(patterns: ["scheduler.*"]) }
"#;
    repacked("probe", |parts| parts.schema = Some(SCHEMA.to_owned()))
}
