//! A contract as texts that can be compared: what a built plugin depends on, and nothing else (no words, no order of declarations).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use semver::Version;
use wit_parser::{InterfaceId, Resolve, Type, TypeDefKind, TypeId, UnresolvedPackageGroup, WorldItem};

/// `conman:host/clock` → its parts. Versions are left out of names: a contract is compared within one major version.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Of all four packages.
    pub(crate) version: Version,
    pub(crate) interfaces: BTreeMap<String, InterfaceShape>,
    pub(crate) worlds: BTreeMap<String, WorldShape>,
}

/// Names and their one-line descriptions.
#[derive(Debug, Default)]
pub(crate) struct InterfaceShape {
    pub(crate) types: BTreeMap<String, (&'static str, String)>,
    pub(crate) functions: BTreeMap<String, String>,
}

/// Names of interfaces.
#[derive(Debug, Default)]
pub(crate) struct WorldShape {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

const PACKAGES: [&str; 4] = ["types", "host", "plugin", "worlds"];

impl Shape {
    pub(crate) fn of_folder(folder: &Path) -> Self {
        Self::of_folder_with(folder, "", str::to_owned)
    }

    /// Reads the folder as if `file` had been edited.
    pub(crate) fn of_folder_with(folder: &Path, file: &str, edit: impl Fn(&str) -> String) -> Self {
        let mut resolve = Resolve::default();
        for package in PACKAGES {
            let mut sources = wit_parser::SourceMap::new();
            let mut names: Vec<_> =
                fs::read_dir(folder.join(package)).unwrap().map(|e| e.unwrap().file_name()).collect();
            names.sort();
            for name in names {
                let name = format!("{package}/{}", name.to_str().unwrap());
                let text = fs::read_to_string(folder.join(&name)).unwrap();
                sources.push_str(&name, if name == file { edit(&text) } else { text });
            }
            let group: UnresolvedPackageGroup = sources.parse().map_err(|(_, error)| format!("{error:?}")).unwrap();
            resolve.push_group(group).unwrap();
        }
        Self::of(&resolve)
    }

    fn of(resolve: &Resolve) -> Self {
        let mut versions: Vec<_> =
            resolve.packages.iter().filter_map(|(_, package)| package.name.version.clone()).collect();
        versions.sort();
        versions.dedup();
        let [version] = versions.as_slice() else { panic!("the packages carry different versions: {versions:?}") };
        let mut shape = Self { version: version.clone(), interfaces: BTreeMap::new(), worlds: BTreeMap::new() };
        for (id, interface) in resolve.interfaces.iter() {
            let mut parts = InterfaceShape::default();
            for (name, type_id) in &interface.types {
                let kind = &resolve.types[*type_id].kind;
                parts.types.insert(name.clone(), (kind.as_str(), definition(resolve, kind)));
            }
            for (name, function) in &interface.functions {
                let parameters: Vec<String> =
                    function.params.iter().map(|p| format!("{}: {}", p.name, reference(resolve, &p.ty))).collect();
                let result = function.result.as_ref().map_or_else(|| "nothing".to_owned(), |t| reference(resolve, t));
                parts.functions.insert(name.clone(), format!("({}) -> {result}", parameters.join(", ")));
            }
            shape.interfaces.insert(interface_name(resolve, id), parts);
        }
        for (_, world) in resolve.worlds.iter() {
            let names = |items: &wit_parser::IndexMap<_, WorldItem>| -> Vec<String> {
                let mut names: Vec<String> = items
                    .values()
                    .filter_map(|item| match item {
                        WorldItem::Interface { id, .. } => Some(interface_name(resolve, *id)),
                        _ => None,
                    })
                    .collect();
                names.sort();
                names
            };
            let package = &resolve.packages[world.package.unwrap()].name;
            let name = format!("{}:{}/{}", package.namespace, package.name, world.name);
            shape.worlds.insert(name, WorldShape { imports: names(&world.imports), exports: names(&world.exports) });
        }
        shape
    }
}

fn interface_name(resolve: &Resolve, id: InterfaceId) -> String {
    let interface = &resolve.interfaces[id];
    let package = &resolve.packages[interface.package.unwrap()].name;
    format!("{}:{}/{}", package.namespace, package.name, interface.name.as_deref().unwrap_or("?"))
}

/// What a named type is made of; order counts, because it is the binary layout.
fn definition(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let optional = |t: &Option<Type>| t.as_ref().map_or_else(|| "_".to_owned(), |t| reference(resolve, t));
    match kind {
        TypeDefKind::Record(record) => {
            let fields: Vec<String> =
                record.fields.iter().map(|f| format!("{}: {}", f.name, reference(resolve, &f.ty))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        TypeDefKind::Enum(cases) => {
            format!("{{{}}}", cases.cases.iter().map(|case| case.name.clone()).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Flags(flags) => {
            format!("{{{}}}", flags.flags.iter().map(|flag| flag.name.clone()).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Variant(variant) => {
            let cases: Vec<String> =
                variant.cases.iter().map(|case| format!("{}({})", case.name, optional(&case.ty))).collect();
            format!("{{{}}}", cases.join(", "))
        }
        TypeDefKind::Tuple(tuple) => {
            format!("tuple<{}>", tuple.types.iter().map(|t| reference(resolve, t)).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Option(inner) => format!("option<{}>", reference(resolve, inner)),
        TypeDefKind::Result(result) => format!("result<{}, {}>", optional(&result.ok), optional(&result.err)),
        TypeDefKind::List(inner) => format!("list<{}>", reference(resolve, inner)),
        TypeDefKind::Type(inner) => reference(resolve, inner),
        other => other.as_str().to_owned(),
    }
}

fn reference(resolve: &Resolve, ty: &Type) -> String {
    match ty {
        Type::Id(id) => named(resolve, *id),
        plain => format!("{plain:?}").to_lowercase(),
    }
}

/// Follows `use` to where a type is declared, so that re-exporting it elsewhere is no change.
fn named(resolve: &Resolve, id: TypeId) -> String {
    let ty = &resolve.types[id];
    match (&ty.kind, &ty.name, ty.owner) {
        (TypeDefKind::Type(Type::Id(original)), ..) => named(resolve, *original),
        (_, Some(name), wit_parser::TypeOwner::Interface(owner)) => {
            format!("{}.{name}", interface_name(resolve, owner))
        }
        (kind, ..) => definition(resolve, kind),
    }
}
