//! What a component can reach, computed from its imports before a byte of it is compiled: what is not imported cannot be called,
//! so "cannot reach the network" is a proof and not a claim.

use semver::Version;
use wasmparser::{Parser, Payload};

use crate::package::Needs;

/// The host API that this host offers: the version of `conman:host`.
pub const HOST_API: Version = Version::new(1, 1, 0);

/// Something a plugin can do, for the admin who consents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// What: `database`, `events.publish volunteer.*`.
    pub what: String,
    /// Why, in the plugin author's words.
    pub reason: Option<String>,
}

/// Why a component may not be linked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The bytes are no valid component.
    #[error("the component is damaged: {0}")]
    Damaged(String),
    /// It imports what its manifest does not ask for.
    #[error("the plugin calls {import}, which plugin.toml does not ask for; add `{line}` under [needs]")]
    NotAsked {
        /// The interface.
        import: String,
        /// What to write.
        line: &'static str,
    },
    /// It was built for a newer host.
    #[error(
        "the plugin needs host API {needed} ({import}), this host offers {HOST_API}; update the host or build for the older API"
    )]
    TooNew {
        /// The interface.
        import: String,
        /// Its version.
        needed: Version,
    },
    /// No host offers that.
    #[error("the plugin imports {import}, which plugins cannot have: {instead}")]
    NotOffered {
        /// The interface.
        import: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// The manifest asks for what this host cannot give.
    #[error(
        "plugin.toml asks for needs.{need}, which this host (API {HOST_API}) does not offer; remove it or update the host"
    )]
    NeedNotOffered {
        /// The key.
        need: &'static str,
    },
}

/// The host's interfaces that a component imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Imports {
    pub(crate) database: bool,
    pub(crate) events: bool,
    pub(crate) scheduler: bool,
}

/// Checks that a component imports nothing beyond what its manifest asks for.
pub(crate) fn check_imports(component: &[u8], needs: &Needs) -> Result<Imports, ImportError> {
    for (need, asked) in [
        ("http", !needs.http.is_empty()),
        ("secrets", !needs.secrets.is_empty()),
        ("devices", !needs.devices.is_empty()),
        ("calls", !needs.calls.is_empty()),
        ("graph", !needs.graph.is_empty()),
    ] {
        if asked {
            return Err(ImportError::NeedNotOffered { need });
        }
    }
    let mut imports = Imports::default();
    for name in imported_names(component)? {
        check_import(&name, needs, &mut imports)?;
    }
    Ok(imports)
}

/// The names of a component's imports; those of components nested in it are its own business.
fn imported_names(component: &[u8]) -> Result<Vec<String>, ImportError> {
    let damaged = |error: wasmparser::BinaryReaderError| ImportError::Damaged(error.to_string());
    let (mut depth, mut names) = (0_u32, Vec::new());
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(damaged)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    names.push(import.map_err(damaged)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

fn check_import(name: &str, needs: &Needs, imports: &mut Imports) -> Result<(), ImportError> {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    let import = || name.to_owned();
    if let Some(of_host) = interface.strip_prefix("conman:host/") {
        let known = ["log", "clock", "random", "config", "database", "events", "scheduler"].contains(&of_host);
        if let Ok(needed) = Version::parse(version)
            && (needed.major != HOST_API.major || needed > HOST_API || !known)
        {
            return Err(ImportError::TooNew { import: import(), needed });
        }
        return match of_host {
            "database" if needs.database.is_none() => {
                Err(ImportError::NotAsked { import: import(), line: "database = true" })
            }
            "events" if needs.events.publish.is_empty() => {
                Err(ImportError::NotAsked { import: import(), line: "events.publish = [\"your-topic.*\"]" })
            }
            "scheduler" if needs.scheduler.is_none() => {
                Err(ImportError::NotAsked { import: import(), line: "scheduler = true" })
            }
            "scheduler" => {
                imports.scheduler = true;
                Ok(())
            }
            "database" => {
                imports.database = true;
                Ok(())
            }
            "events" => {
                imports.events = true;
                Ok(())
            }
            _ if known => Ok(()),
            _ => Err(ImportError::NotOffered { import: import(), instead: "remove the import" }),
        };
    }
    let wasi = ["wasi:io/", "wasi:clocks/", "wasi:random/", "wasi:cli/", "wasi:filesystem/"];
    if interface == "conman:types/types" || wasi.iter().any(|package| interface.starts_with(package)) {
        return Ok(());
    }
    let instead = if interface.starts_with("wasi:sockets/") || interface.starts_with("wasi:http/") {
        "there are no sockets in the sandbox; remove what opens connections"
    } else {
        "only conman:host and WASI's clocks, random, io, cli and filesystem are there"
    };
    Err(ImportError::NotOffered { import: import(), instead })
}

/// What the admin is shown.
pub(crate) fn capabilities(imports: Imports, needs: &Needs) -> Vec<Capability> {
    let mut capabilities = Vec::new();
    if let Some(asked) = &needs.database
        && imports.database
    {
        capabilities.push(Capability { what: "database".to_owned(), reason: asked.reason.clone() });
    }
    if let Some(asked) = &needs.scheduler
        && imports.scheduler
    {
        capabilities.push(Capability { what: "scheduler".to_owned(), reason: asked.reason.clone() });
    }
    if imports.events {
        for asked in &needs.events.publish {
            capabilities
                .push(Capability { what: format!("events.publish {}", asked.what), reason: asked.reason.clone() });
        }
    }
    for asked in &needs.events.subscribe {
        capabilities
            .push(Capability { what: format!("events.subscribe {}", asked.what), reason: asked.reason.clone() });
    }
    capabilities
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(import: &str, expected: Expect) {
        let refusal = check_import(import, &Needs::default(), &mut Imports::default()).unwrap_err();
        expected.assert_eq(&refusal.to_string());
    }

    #[test]
    fn what_is_not_asked_for_names_the_line_to_add() {
        check(
            "conman:host/database@1.0.0",
            expect![
                "the plugin calls conman:host/database@1.0.0, which plugin.toml does not ask for; add `database = true` under [needs]"
            ],
        );
        check(
            "conman:host/events@1.0.0",
            expect![[
                r#"the plugin calls conman:host/events@1.0.0, which plugin.toml does not ask for; add `events.publish = ["your-topic.*"]` under [needs]"#
            ]],
        );
        check(
            "conman:host/scheduler@1.1.0",
            expect![
                "the plugin calls conman:host/scheduler@1.1.0, which plugin.toml does not ask for; add `scheduler = true` under [needs]"
            ],
        );
    }

    #[test]
    fn a_newer_api_is_named_with_both_versions() {
        check(
            "conman:host/clock@1.3.0",
            expect![
                "the plugin needs host API 1.3.0 (conman:host/clock@1.3.0), this host offers 1.1.0; update the host or build for the older API"
            ],
        );
    }

    #[test]
    fn the_network_is_not_there() {
        check(
            "wasi:sockets/tcp@0.2.6",
            expect![
                "the plugin imports wasi:sockets/tcp@0.2.6, which plugins cannot have: there are no sockets in the sandbox; remove what opens connections"
            ],
        );
        check(
            "env",
            expect![
                "the plugin imports env, which plugins cannot have: only conman:host and WASI's clocks, random, io, cli and filesystem are there"
            ],
        );
    }

    #[test]
    fn everybody_may_log_and_tell_the_time() {
        for import in
            ["conman:host/log@1.0.0", "conman:host/clock@1.0.0", "conman:types/types@1.0.0", "wasi:io/streams@0.2.6"]
        {
            assert_eq!(check_import(import, &Needs::default(), &mut Imports::default()), Ok(()), "{import}");
        }
    }
}
