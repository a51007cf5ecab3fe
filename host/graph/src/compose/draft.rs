//! One plugin's SDL, read and held to the dialect; names of others are looked at only after merging.

use std::sync::Arc;

use async_graphql_parser::types::{
    FieldDefinition, InputValueDefinition, ServiceDocument, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql_parser::{Pos, Positioned, parse_schema};
use conman_kernel::id::PluginId;
use indexmap::IndexMap;
use indexmap::map::Entry;

use super::directives::{Directives, Reader, Site, check_name};
use super::problem::Problems;
use crate::model::{self, CacheRule, CacheScope, EnumValue, Field, InputValue, Resolution, Root, list_depth};
use crate::nesting::{MAX_NESTING, deepest};
use crate::scalar::Scalar;

/// Lists of lists of lists are as far as it goes.
const MAX_LIST_DEPTH: usize = 3;

/// Names the composed schema uses for itself.
const RESERVED: [&str; 3] = ["_Any", "_Entity", "_Service"];
const RESERVED_ROOT_FIELDS: [&str; 2] = ["_service", "_entities"];

/// What one plugin brings.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) roots: Vec<(Root, Field)>,
    pub(super) objects: Vec<model::Object>,
    pub(super) extensions: Vec<Extension>,
    pub(super) inputs: Vec<model::Input>,
    pub(super) enums: Vec<model::Enum>,
}

/// `extend type Session @key(fields: "id") { … }`.
#[derive(Debug)]
pub(super) struct Extension {
    pub(super) name: Arc<str>,
    pub(super) key: Option<Vec<Arc<str>>>,
    /// Fields, each with whether it said `@batched`.
    pub(super) fields: IndexMap<Arc<str>, Field>,
    pub(super) pos: Pos,
}

/// Reads `sdl`; what is wrong with it goes to `problems`.
pub(super) fn read(plugin: &PluginId, sdl: &str, problems: &mut Problems) -> Draft {
    let mut reading = Reading { plugin, problems, draft: Draft::default() };
    if deepest(sdl) > MAX_NESTING {
        reading.add(Pos::default(), format!("brackets nest deeper than {MAX_NESTING}; no schema needs that"));
        return reading.draft;
    }
    // An author who has nothing to offer yet has an empty file, which the grammar does not know.
    let empty = sdl
        .lines()
        .all(|line| line.trim_start_matches([' ', '\t', '\u{feff}']).is_empty() || line.trim_start().starts_with('#'));
    if empty {
        return reading.draft;
    }
    match parse_schema(sdl) {
        Ok(document) => reading.document(document),
        Err(error) => {
            let pos = error.positions().next().unwrap_or_default();
            reading.add(pos, syntax_message(&error));
        }
    }
    reading.draft
}

/// The parser's message without its drawing of the line.
pub(crate) fn syntax_message(error: &async_graphql_parser::Error) -> String {
    let text = error.to_string();
    let last = text.lines().rev().map(|line| line.trim().trim_start_matches('=').trim()).find(|line| !line.is_empty());
    match (error, last) {
        (async_graphql_parser::Error::Syntax { .. }, Some(last)) => format!("not GraphQL: {last}"),
        _ => format!("not GraphQL: {text}"),
    }
}

struct Reading<'a> {
    plugin: &'a PluginId,
    problems: &'a mut Problems,
    draft: Draft,
}

impl Reading<'_> {
    fn add(&mut self, pos: Pos, message: impl Into<String>) {
        self.problems.add(self.plugin, pos, message);
    }

    fn directives(
        &mut self,
        directives: &[Positioned<async_graphql_parser::types::ConstDirective>],
        site: Site,
        subject: &str,
    ) -> Directives {
        Reader { plugin: self.plugin, problems: self.problems }.read(directives, site, subject)
    }

    fn document(&mut self, document: ServiceDocument) {
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    self.add(schema.pos, "the host writes the `schema` block; leave it out and use `extend type Query`, `Mutation` and `Subscription`");
                }
                TypeSystemDefinition::Directive(directive) => {
                    let message =
                        format!("directives belong to the host; leave out `directive @{}`", directive.node.name.node);
                    self.add(directive.pos, message);
                }
                TypeSystemDefinition::Type(definition) => self.definition(definition),
            }
        }
    }

    fn definition(&mut self, definition: Positioned<TypeDefinition>) {
        let Positioned { pos, node: definition } = definition;
        let name = &definition.name;
        check_name(self.problems, self.plugin, name);
        if RESERVED.contains(&name.node.as_str()) {
            self.add(name.pos, format!("`{}` is a name of the host; choose another", name.node));
            return;
        }
        let scalar = Scalar::named(&name.node);
        let extends = definition.extend;
        match (&definition.kind, scalar) {
            // Repeating the host's scalars keeps editors quiet.
            (TypeKind::Scalar, Some(_)) if !extends => {}
            (TypeKind::Scalar, _) => {
                let known: Vec<&str> = Scalar::HOST.iter().map(|scalar| scalar.name()).collect();
                let message = format!(
                    "a plugin cannot bring the scalar `{}`; the host has {} besides GraphQL's own",
                    name.node,
                    known.join(", ")
                );
                self.add(pos, message);
            }
            (_, Some(_)) => self.add(name.pos, format!("`{}` is a scalar of the host; choose another name", name.node)),
            (TypeKind::Interface(_), _) => {
                self.add(
                    pos,
                    format!("interface `{}`: interfaces are not offered; repeat the fields in each type", name.node),
                );
            }
            (TypeKind::Union(_), _) => {
                self.add(
                    pos,
                    format!(
                        "union `{}`: unions are not offered; use one type with a kind (an enum) and nullable fields",
                        name.node
                    ),
                );
            }
            (TypeKind::Object(object), _) => {
                if let Some(interface) = object.implements.first() {
                    self.add(
                        interface.pos,
                        format!(
                            "`{}` implements `{}`, but interfaces are not offered; leave it out",
                            name.node, interface.node
                        ),
                    );
                }
                self.object(pos, &definition, &object.fields);
            }
            (TypeKind::Enum(_) | TypeKind::InputObject(_), _) if extends => {
                self.add(
                    pos,
                    format!(
                        "`extend` works on Query, Mutation, Subscription and entities; write all of `{}` in one place",
                        name.node
                    ),
                );
            }
            (TypeKind::Enum(values), _) => self.enumeration(pos, &definition, values),
            (TypeKind::InputObject(input), _) => {
                self.directives(&definition.directives, Site::Nothing, &format!("`{}`", name.node));
                let fields = self.input_values(&input.fields, &name.node, "field");
                self.draft.inputs.push(model::Input {
                    name: Arc::from(name.node.as_str()),
                    owner: self.plugin.clone(),
                    description: definition.description.as_ref().map(|text| text.node.clone()),
                    fields,
                    pos,
                });
            }
        }
    }

    fn enumeration(&mut self, pos: Pos, definition: &TypeDefinition, values: &async_graphql_parser::types::EnumType) {
        let name = definition.name.node.as_str();
        self.directives(&definition.directives, Site::Nothing, &format!("`{name}`"));
        let mut read: IndexMap<Arc<str>, EnumValue> = IndexMap::new();
        for value in &values.values {
            check_name(self.problems, self.plugin, &value.node.value);
            let text = value.node.value.node.as_str();
            let directives = self.directives(&value.node.directives, Site::Value, &format!("`{name}.{text}`"));
            let description = value.node.description.as_ref().map(|text| text.node.clone());
            match read.entry(Arc::from(text)) {
                Entry::Occupied(_) => self.add(value.pos, format!("`{name}` has the value `{text}` twice; keep one")),
                Entry::Vacant(entry) => {
                    entry.insert(EnumValue { description, deprecated: directives.deprecated });
                }
            }
        }
        if read.is_empty() {
            self.add(pos, format!("enum `{name}` has no values; give it one or leave it out"));
        }
        self.draft.enums.push(model::Enum {
            name: Arc::from(name),
            owner: self.plugin.clone(),
            description: definition.description.as_ref().map(|text| text.node.clone()),
            values: Arc::new(read),
            pos,
        });
    }

    fn object(&mut self, pos: Pos, definition: &TypeDefinition, fields: &[Positioned<FieldDefinition>]) {
        let name = definition.name.node.as_str();
        if fields.is_empty() {
            self.add(pos, format!("`{name}` has no fields; give it one or leave it out"));
        }
        if let Some(root) = Root::named(name) {
            if !definition.extend {
                self.add(pos, format!("`type {name}` is the host's; write `extend type {name} {{ … }}`"));
            }
            self.directives(&definition.directives, Site::Nothing, &format!("`{name}`"));
            for field in self.fields(name, Some(root), fields).into_values() {
                self.draft.roots.push((root, field));
            }
            return;
        }
        let directives = self.directives(&definition.directives, Site::Type, &format!("`{name}`"));
        let fields = self.fields(name, None, fields);
        let key = directives.key.map(|(key, _)| key);
        if definition.extend {
            if let Some((_, at)) = directives.cache {
                self.add(at, format!("`@cache` of `{name}` is its owner's to set; here it can stand on the fields"));
            }
            if directives.permission.is_some() {
                self.add(
                    pos,
                    format!("`@permission` of `{name}` is its owner's to set; here it can stand on the fields"),
                );
            }
            self.draft.extensions.push(Extension { name: Arc::from(name), key, fields, pos });
            return;
        }
        if let (Some((_, at)), None) = (&directives.cache, &key) {
            self.add(*at, format!("`@cache` on `{name}` is about loading it by its key, and it has none; add `@key` or move `@cache` to a field"));
        }
        if directives.permission.is_some() && key.is_none() {
            self.add(pos, format!("`@permission` on `{name}` is about loading it by its key, and it has none; add `@key` or move `@permission` to the fields"));
        }
        if let (Some(permission), Some((rule, at))) = (&directives.permission, &directives.cache)
            && rule.scope == CacheScope::Public
        {
            self.add(*at, format!("`{name}` is cached for everybody but needs the permission `{permission}`; use `scope: ACTOR`, or drop one of the two"));
        }
        self.draft.objects.push(model::Object {
            name: Arc::from(name),
            owner: self.plugin.clone(),
            description: definition.description.as_ref().map(|text| text.node.clone()),
            key,
            permission: directives.permission,
            cache: directives.cache.map(|(rule, _)| rule),
            fields,
            pos,
        });
    }

    fn fields(
        &mut self,
        type_name: &str,
        root: Option<Root>,
        definitions: &[Positioned<FieldDefinition>],
    ) -> IndexMap<Arc<str>, Field> {
        let mut fields: IndexMap<Arc<str>, Field> = IndexMap::new();
        for definition in definitions {
            let field = self.field(type_name, root, definition);
            match fields.entry(Arc::clone(&field.name)) {
                Entry::Occupied(first) => {
                    let message =
                        format!("`{type_name}.{}` is defined twice; the first is at {}", field.name, first.get().pos);
                    self.add(definition.pos, message);
                }
                Entry::Vacant(entry) => {
                    entry.insert(field);
                }
            }
        }
        fields
    }

    fn field(&mut self, type_name: &str, root: Option<Root>, definition: &Positioned<FieldDefinition>) -> Field {
        let Positioned { pos, node: definition } = definition;
        let pos = *pos;
        check_name(self.problems, self.plugin, &definition.name);
        let name = definition.name.node.as_str();
        let subject = format!("`{type_name}.{name}`");
        if root.is_some() && RESERVED_ROOT_FIELDS.contains(&name) {
            self.add(pos, format!("{subject} is a field of the host; choose another name"));
        }
        if list_depth(&definition.ty.node) > MAX_LIST_DEPTH {
            self.add(
                definition.ty.pos,
                format!("{subject} is a list more than {MAX_LIST_DEPTH} deep; use types between"),
            );
        }
        let site = match root {
            Some(Root::Query) => Site::QueryField,
            Some(Root::Mutation) => Site::MutationField,
            Some(Root::Subscription) => Site::SubscriptionField,
            None => Site::ObjectField,
        };
        let directives = self.directives(&definition.directives, site, &subject);
        let arguments = self.input_values(&definition.arguments, &format!("{type_name}.{name}"), "argument");
        let resolution = match root {
            Some(_) => Resolution::Root,
            None if directives.batched.is_some() || !arguments.is_empty() => Resolution::Batched,
            None => Resolution::Plain,
        };
        if root == Some(Root::Subscription)
            && directives.topics.is_none()
            && !definition.directives.iter().any(|d| d.node.name.node == "topics")
        {
            self.add(pos, format!("{subject} does not say what wakes it; add `@topics(patterns: [\"…\"])`"));
        }
        let cache = self.field_cache(&directives, &subject);
        let cost = self.field_cost(&directives, &arguments, &definition.ty.node, &subject);
        Field {
            name: Arc::from(name),
            owner: self.plugin.clone(),
            description: definition.description.as_ref().map(|text| text.node.clone()),
            arguments,
            declared: definition.ty.node.clone(),
            exposed: definition.ty.node.clone(),
            resolution,
            permission: directives.permission,
            action: directives.action,
            cache,
            cost,
            topics: directives.topics.unwrap_or_default(),
            deprecated: directives.deprecated,
            pos,
        }
    }

    fn field_cache(&mut self, directives: &Directives, subject: &str) -> Option<CacheRule> {
        let (rule, at) = directives.cache?;
        if let (CacheScope::Public, Some(permission)) = (rule.scope, &directives.permission) {
            self.add(at, format!("{subject} is cached for everybody but needs the permission `{permission}`; use `scope: ACTOR`, or drop one of the two"));
            return None;
        }
        Some(rule)
    }

    fn field_cost(
        &mut self,
        directives: &Directives,
        arguments: &IndexMap<Arc<str>, InputValue>,
        ty: &async_graphql_parser::types::Type,
        subject: &str,
    ) -> model::Cost {
        let Some((cost, at)) = &directives.cost else { return model::Cost::default() };
        if list_depth(ty) == 0 && (cost.list_size.is_some() || cost.size_argument.is_some()) {
            self.add(*at, format!("{subject} is no list, so `@cost` has no use for listSize or sizeArgument"));
        }
        if let Some(name) = &cost.size_argument {
            let is_int = arguments.get(name).is_some_and(|argument| {
                matches!(model::base_name(&argument.ty).as_str(), "Int" | "Long") && list_depth(&argument.ty) == 0
            });
            if !is_int {
                self.add(*at, format!("`sizeArgument: \"{name}\"` of {subject} must name an argument of type Int"));
            }
        }
        cost.clone()
    }

    fn input_values(
        &mut self,
        definitions: &[Positioned<InputValueDefinition>],
        owner: &str,
        what: &str,
    ) -> IndexMap<Arc<str>, InputValue> {
        let mut values: IndexMap<Arc<str>, InputValue> = IndexMap::new();
        for definition in definitions {
            let Positioned { pos, node: definition } = definition;
            check_name(self.problems, self.plugin, &definition.name);
            let name = definition.name.node.as_str();
            let directives = self.directives(&definition.directives, Site::Value, &format!("`{owner}.{name}`"));
            if list_depth(&definition.ty.node) > MAX_LIST_DEPTH {
                self.add(
                    definition.ty.pos,
                    format!("{what} `{name}` of `{owner}` is a list more than {MAX_LIST_DEPTH} deep"),
                );
            }
            let value = InputValue {
                name: Arc::from(name),
                description: definition.description.as_ref().map(|text| text.node.clone()),
                ty: definition.ty.node.clone(),
                default: definition.default_value.as_ref().map(|value| value.node.clone()),
                deprecated: directives.deprecated,
                pos: *pos,
            };
            match values.entry(Arc::clone(&value.name)) {
                Entry::Occupied(_) => self.add(*pos, format!("`{owner}` has the {what} `{name}` twice; keep one")),
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
            }
        }
        values
    }
}
