//! `plugin.toml`. Unknown keys are errors, and every error names its line.

use std::collections::{BTreeMap, BTreeSet};

use conman_kernel::actor::{DeclaredPermission, Role};
use conman_kernel::dispatch::CallKind;
use conman_kernel::event::is_topic;
use conman_kernel::id::PluginId;
use serde::Deserialize;
use toml::Spanned;

use super::needs::Needs;
use super::routes::{Format, Method, Route, RoutePath};

/// A plugin's manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// What it is.
    pub about: About,
    /// What it was built for.
    pub compat: Compat,
    /// What it asks for.
    pub needs: Needs,
    /// What it offers to other plugins.
    pub provides: Provides,
    /// Permissions it introduces.
    pub permissions: BTreeMap<String, Permission>,
    /// Lower limits than the host's.
    pub limits: ManifestLimits,
    /// Its HTTP routes.
    pub routes: Vec<Route>,
    /// Its file formats.
    pub formats: Vec<Format>,
}

/// `[plugin]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// `publisher/name`.
    pub id: PluginId,
    /// Semantic version.
    pub version: semver::Version,
    /// Its name for people.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// SPDX expression.
    pub license: String,
    /// What kind of plugin.
    pub category: Category,
}

/// What kind of plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// A part of what a convention does.
    Feature,
    /// Takes money.
    Payment,
    /// Speaks to printers.
    Printer,
    /// Carries messages.
    Channel,
    /// Carries audio and video.
    Stream,
    /// Connects another system.
    Integration,
}

/// `[compat]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Compat {
    /// The host APIs it runs on: `^1.0`.
    pub host_api: semver::VersionReq,
}

/// `[provides]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provides {
    /// Extension points it serves.
    pub points: Vec<String>,
}

/// A value of `[permissions]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// Roles that have it unless a convention says otherwise.
    pub roles: Vec<Role>,
    /// What it allows, for the admin.
    pub summary: Option<String>,
}

/// `[limits]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ManifestLimits {
    /// Memory of one call.
    pub memory_mib: Option<u16>,
    /// SQL statements of one call.
    pub statements: Option<u32>,
    /// Rows read by one call.
    pub rows: Option<usize>,
    /// Events emitted by one call.
    pub events: Option<u32>,
    /// Guest processor time of a query.
    pub query_cpu_ms: Option<u32>,
    /// Guest processor time of a mutation or an event.
    pub mutation_cpu_ms: Option<u32>,
    /// Guest processor time of an action.
    pub action_cpu_ms: Option<u32>,
}

/// What is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("plugin.toml:{line}: {message}")]
pub struct ManifestError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: Spanned<u32>,
    plugin: About,
    compat: Compat,
    #[serde(default)]
    needs: Needs,
    #[serde(default)]
    provides: Provides,
    #[serde(default)]
    permissions: BTreeMap<Spanned<String>, Permission>,
    #[serde(default)]
    limits: ManifestLimits,
    #[serde(default)]
    routes: Vec<Spanned<WrittenRoute>>,
    #[serde(default)]
    formats: Vec<Spanned<Format>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenRoute {
    method: Method,
    path: RoutePath,
    kind: Option<WrittenKind>,
    permission: Option<String>,
    body_mib: Option<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenKind {
    Query,
    Mutation,
    Action,
}

const MAX_BODY_MIB: u32 = 32;

impl Manifest {
    /// Reads `plugin.toml`.
    ///
    /// # Errors
    /// [`ManifestError`] with the line of the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let place = Place(text);
        let written: Written = toml::from_str(text).map_err(|error| {
            let remedy =
                if error.message().starts_with("unknown field") { "; remove it or correct its name" } else { "" };
            place.error(error.span(), format!("{}{remedy}", error.message()))
        })?;
        if *written.schema.get_ref() != 1 {
            return Err(
                place.error(Some(written.schema.span()), "this host reads manifests with schema = 1".to_owned())
            );
        }
        let mut permissions = BTreeMap::new();
        for (name, permission) in written.permissions {
            if !is_topic(name.get_ref()) || !name.get_ref().contains('.') {
                let message = format!(
                    "`{}` is no permission; write lower-case words with dots, like \"shift.manage\"",
                    name.get_ref()
                );
                return Err(place.error(Some(name.span()), message));
            }
            permissions.insert(name.into_inner(), permission);
        }
        let routes = routes(&written.routes, &permissions, place)?;
        let formats = formats(written.formats, &routes, place)?;
        Ok(Self {
            about: written.plugin,
            compat: written.compat,
            needs: written.needs,
            provides: written.provides,
            permissions,
            limits: written.limits,
            routes,
            formats,
        })
    }

    /// The route that answers a request; none when the manifest declares none.
    #[must_use]
    pub fn route(&self, method: &str, path: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.method.as_str() == method && route.path.matches(path))
    }

    /// The permissions it introduces.
    #[must_use]
    pub fn declared_permissions(&self) -> Vec<DeclaredPermission> {
        let declared = |(name, permission): (&String, &Permission)| DeclaredPermission {
            name: name.clone(),
            plugin: self.about.id.clone(),
            default_roles: permission.roles.clone(),
        };
        self.permissions.iter().map(declared).collect()
    }

    /// Whether it may emit events of `topic`.
    #[must_use]
    pub fn may_publish(&self, topic: &str) -> bool {
        self.needs.events.publish.iter().any(|asked| asked.what.matches(topic))
    }
}

#[derive(Clone, Copy)]
struct Place<'t>(&'t str);

impl Place<'_> {
    fn error(self, span: Option<std::ops::Range<usize>>, message: String) -> ManifestError {
        let before = span.and_then(|span| self.0.get(..span.start)).unwrap_or_default();
        ManifestError { line: before.matches('\n').count() + 1, message }
    }
}

fn routes(
    written: &[Spanned<WrittenRoute>],
    permissions: &BTreeMap<String, Permission>,
    place: Place<'_>,
) -> Result<Vec<Route>, ManifestError> {
    let (mut routes, mut seen) = (Vec::new(), BTreeSet::new());
    for spanned in written {
        let route = spanned.get_ref();
        let wrong = |message: String| place.error(Some(spanned.span()), message);
        let kind = match (route.method, route.kind) {
            (Method::Get, None | Some(WrittenKind::Query)) => CallKind::Query,
            (Method::Get, Some(_)) => {
                return Err(wrong("a GET route only reads; remove `kind`, or make it a POST".to_owned()));
            }
            (_, Some(WrittenKind::Query)) => {
                return Err(wrong("a route that only reads is a GET; remove `kind`, or make it a GET".to_owned()));
            }
            (_, None | Some(WrittenKind::Mutation)) => CallKind::Mutation,
            (_, Some(WrittenKind::Action)) => CallKind::Action,
        };
        if !seen.insert((route.method.as_str(), route.path.as_str())) {
            return Err(wrong(format!(
                "the route {} {} is declared twice; remove one",
                route.method,
                route.path.as_str()
            )));
        }
        if let Some(name) = &route.permission
            && !permissions.contains_key(name)
        {
            return Err(wrong(format!(
                "the permission \"{name}\" is declared nowhere; add \"{name}\" = {{ roles = [\"staff\"] }} under [permissions]"
            )));
        }
        let mebibytes = route.body_mib.unwrap_or(1);
        if !(1..=MAX_BODY_MIB).contains(&mebibytes) {
            return Err(wrong(format!("body-mib = {mebibytes} is out of range; write 1 to {MAX_BODY_MIB}")));
        }
        routes.push(Route {
            method: route.method,
            path: route.path.clone(),
            kind,
            permission: route.permission.clone(),
            body_limit: usize::try_from(mebibytes).unwrap_or(1) << 20,
        });
    }
    Ok(routes)
}

fn formats(written: Vec<Spanned<Format>>, routes: &[Route], place: Place<'_>) -> Result<Vec<Format>, ManifestError> {
    let (mut formats, mut seen) = (Vec::new(), BTreeSet::new());
    for spanned in written {
        let span = spanned.span();
        let format = spanned.into_inner();
        let wrong = |message: String| place.error(Some(span.clone()), message);
        if !seen.insert(format.id.clone()) {
            return Err(wrong(format!("the format \"{}\" is declared twice; remove one", format.id)));
        }
        if format.import.is_none() && format.export.is_none() {
            return Err(wrong(format!(
                "the format \"{}\" can do nothing; add import = \"…\" or export = \"…\"",
                format.id
            )));
        }
        for (path, method, key) in [(&format.import, Method::Post, "import"), (&format.export, Method::Get, "export")] {
            let Some(path) = path else { continue };
            if !routes.iter().any(|route| route.method == method && route.path.matches(path)) {
                return Err(wrong(format!(
                    "{key} = \"{path}\" is no {method} route of this plugin; add it under [[routes]]"
                )));
            }
        }
        formats.push(format);
    }
    Ok(formats)
}
