//! Who may know whom, read from `cargo metadata`.

use serde::Deserialize;

use super::Finding;
use crate::command::{cargo, output};

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `dev` for test dependencies: tests may bring any two crates together.
    kind: Option<String>,
}

/// Crates that know none of the others here, and why.
const ALONE: &[(&str, &str)] = &[
    ("conman-kernel", "kernel knows nobody"),
    ("conman-scheduler", "scheduler knows neither plugins nor conventions"),
];

/// `(crate, what it may not depend on, why)`.
const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    ("conman-storage", &["conman-bus", "conman-identity"], "storage, bus and identity meet in runtime and server only"),
    ("conman-bus", &["conman-storage", "conman-identity"], "storage, bus and identity meet in runtime and server only"),
    ("conman-identity", &["conman-storage", "conman-bus"], "storage, bus and identity meet in runtime and server only"),
    (
        "conman-graph",
        &["conman-runtime", "conman-storage", "conman-bus", "conman-identity"],
        "graph reaches plugins through kernel's Dispatcher",
    ),
    ("conman-bus", &["conman-runtime", "conman-graph"], "bus reaches plugins through kernel's Dispatcher"),
    (
        "conman-solving",
        &["conman-storage", "conman-bus", "conman-identity", "conman-runtime", "conman-graph"],
        "solving reaches databases and listeners through traits of its own",
    ),
    ("conman-runtime", &["conman-graph", "conman-server"], "runtime knows nothing of GraphQL or HTTP"),
];

pub fn check() -> anyhow::Result<Vec<Finding>> {
    let metadata: Metadata =
        serde_json::from_str(&output(cargo().args(["metadata", "--format-version=1", "--no-deps"]))?)?;
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let known: Vec<&str> =
            package.dependencies.iter().filter(|d| d.kind.as_deref() != Some("dev")).map(|d| d.name.as_str()).collect();
        let mut refuse = |other: &str, why: &str| {
            findings.push(Finding {
                place: package.name.clone(),
                message: format!("depends on {other}, but {why}; reach it through a trait of kernel instead"),
            });
        };
        for (alone, why) in ALONE.iter().filter(|(alone, _)| *alone == package.name) {
            let others = known.iter().filter(|name| name.starts_with("conman") && *name != alone);
            others.for_each(|name| refuse(name, why));
        }
        if package.name != "conman-runtime" {
            let wasm = known.iter().filter(|name| **name == "wasmtime" || name.starts_with("wasmtime-"));
            wasm.for_each(|name| refuse(name, "only runtime names wasmtime"));
        }
        for (_, others, why) in FORBIDDEN.iter().filter(|(name, ..)| *name == package.name) {
            known.iter().filter(|name| others.contains(name)).for_each(|name| refuse(name, why));
        }
    }
    Ok(findings)
}
