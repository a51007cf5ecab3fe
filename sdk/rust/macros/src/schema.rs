//! `schema.graphql` as a model: what the plugin defines, what it extends, and what each name means.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql_parser::types::{
    BaseType, ConstDirective, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::ConstValue;

/// Types the plugin's schema may extend without a key.
pub(crate) const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// A plugin's schema.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) roots: BTreeMap<&'static str, Vec<Field>>,
    pub(crate) objects: Vec<Object>,
    /// Other plugins' entities this one refers to or extends.
    pub(crate) foreign: Vec<Object>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) enums: Vec<Enum>,
}

/// An object type: the plugin's own, or what it adds to another's.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) description: String,
    /// The fields it is known by; none for a type that is no entity.
    pub(crate) key: Option<Vec<String>>,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) ty: Type,
    /// Whether a function resolves it for many parents; otherwise it is read out of its parent's JSON.
    pub(crate) batched: bool,
}

/// An argument, or a field of an input.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) ty: Type,
    /// Whether it has a default that is not `null`, so that it is never missing.
    pub(crate) always_there: bool,
}

#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) fields: Vec<Argument>,
}

#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) name: String,
    pub(crate) description: String,
    /// Wire name and description.
    pub(crate) values: Vec<(String, String)>,
}

/// What a name in the schema means.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Meaning<'s> {
    Scalar(&'static str),
    Object(&'s Object),
    Foreign(&'s Object),
    Input,
    Enum,
}

/// A fault in the schema: `schema.graphql:14: …`.
pub(crate) type Fault = String;

fn fault(at: Pos, message: impl std::fmt::Display) -> Fault {
    format!("schema.graphql:{}: {message}", at.line)
}

impl Schema {
    /// Reads `schema.graphql`.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let mut schema = Self::default();
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(schema);
        }
        let document = async_graphql_parser::parse_schema(text).map_err(|error| {
            let line = error.positions().next().map_or(1, |at| at.line);
            format!("schema.graphql:{line}: {error}")
        })?;
        let own: BTreeSet<String> = document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(ty) if !ty.node.extend => Some(ty.node.name.node.to_string()),
                _ => None,
            })
            .collect();
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Type(ty) => schema.take(ty.node, ty.pos, &own)?,
                // The host's directives may be declared for editors' sake.
                TypeSystemDefinition::Directive(_) => {}
                TypeSystemDefinition::Schema(found) => {
                    return Err(fault(
                        found.pos,
                        "a plugin has no `schema` of its own; write `extend type Query { … }`",
                    ));
                }
            }
        }
        schema.check()?;
        Ok(schema)
    }

    /// What `name` means, if anything.
    pub(crate) fn meaning(&self, name: &str) -> Option<Meaning<'_>> {
        const SCALARS: [&str; 10] =
            ["ID", "String", "Int", "Float", "Boolean", "Long", "DateTime", "Date", "Time", "JSON"];
        if let Some(scalar) = SCALARS.into_iter().find(|scalar| *scalar == name) {
            return Some(Meaning::Scalar(scalar));
        }
        let object = self.objects.iter().find(|object| object.name == name).map(Meaning::Object);
        object
            .or_else(|| self.foreign.iter().find(|object| object.name == name).map(Meaning::Foreign))
            .or_else(|| self.inputs.iter().find(|input| input.name == name).map(|_| Meaning::Input))
            .or_else(|| self.enums.iter().find(|found| found.name == name).map(|_| Meaning::Enum))
    }

    /// Whether any field needs code.
    pub(crate) fn resolves(&self) -> bool {
        self.roots.values().any(|fields| !fields.is_empty())
            || self.objects.iter().any(|object| object.key.is_some())
            || self.foreign.iter().any(|object| !object.fields.is_empty())
    }

    fn take(&mut self, ty: TypeDefinition, at: Pos, own: &BTreeSet<String>) -> Result<(), Fault> {
        let name = ty.name.node.to_string();
        let description = text(ty.description.as_ref());
        if let Some(root) = ROOTS.into_iter().find(|root| *root == name) {
            let TypeKind::Object(object) = ty.kind else {
                return Err(fault(at, format!("`{name}` is an object type")));
            };
            if !ty.extend {
                return Err(fault(at, format!("`{name}` belongs to everybody; write `extend type {name} {{ … }}`")));
            }
            let fields =
                object.fields.into_iter().map(|field| read_field(field.node)).collect::<Result<Vec<_>, _>>()?;
            self.roots.entry(root).or_default().extend(fields);
            return Ok(());
        }
        match ty.kind {
            TypeKind::Object(object) => {
                if let Some(interface) = object.implements.first() {
                    return Err(fault(
                        interface.pos,
                        "interfaces are not supported; list the fields, or use an enum to tell kinds apart",
                    ));
                }
                let key = read_key(&ty.directives)?;
                let mut fields =
                    object.fields.into_iter().map(|field| read_field(field.node)).collect::<Result<Vec<_>, _>>()?;
                let foreign = ty.extend && !own.contains(&name);
                if foreign {
                    // Whatever another plugin's type gets from here, this plugin resolves.
                    fields.iter_mut().for_each(|field| field.batched = true);
                    if key.is_none() && !self.foreign.iter().any(|known| known.name == name) {
                        return Err(fault(
                            at,
                            format!(
                                "`{name}` is not defined here; if another plugin owns it, say what it is known by: `extend type {name} @key(fields: \"id\")`"
                            ),
                        ));
                    }
                }
                let list = if foreign { &mut self.foreign } else { &mut self.objects };
                match list.iter_mut().find(|known| known.name == name) {
                    Some(known) => {
                        known.fields.extend(fields);
                        known.key = known.key.take().or(key);
                        if known.description.is_empty() {
                            known.description = description;
                        }
                    }
                    None => list.push(Object { name, description, key, fields }),
                }
            }
            TypeKind::InputObject(input) => {
                let fields = input.fields.into_iter().map(|field| read_argument(field.node)).collect();
                self.inputs.push(Input { name, description, fields });
            }
            TypeKind::Enum(found) => {
                let values = found
                    .values
                    .into_iter()
                    .map(|value| (value.node.value.node.to_string(), text(value.node.description.as_ref())))
                    .collect();
                self.enums.push(Enum { name, description, values });
            }
            // The host's scalars may be declared for editors' sake.
            TypeKind::Scalar if self.meaning(&name).is_some() => {}
            TypeKind::Scalar => {
                return Err(fault(
                    at,
                    format!("there is no scalar `{name}`; the host has DateTime, Date, Time, JSON and Long"),
                ));
            }
            TypeKind::Interface(_) | TypeKind::Union(_) => {
                return Err(fault(
                    at,
                    format!(
                        "`{name}`: interfaces and unions are not supported; use an object with an enum that tells the kinds apart"
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Refuses names that mean nothing and batched fields of types nobody can find again.
    fn check(&self) -> Result<(), Fault> {
        for (owner, field) in self.all_fields() {
            match self.meaning(base(&field.ty)) {
                Some(Meaning::Input) => {
                    return Err(format!(
                        "schema.graphql: `{owner}.{}` answers the input type `{}`; answer an object type",
                        field.name,
                        base(&field.ty)
                    ));
                }
                Some(_) => {}
                None => return Err(self.unknown(&format!("{owner}.{}", field.name), base(&field.ty))),
            }
            self.check_arguments(&format!("{owner}.{}", field.name), &field.arguments)?;
        }
        for input in &self.inputs {
            self.check_arguments(&input.name, &input.fields)?;
        }
        for object in &self.objects {
            let batched = object.fields.iter().find(|field| field.batched);
            if let (None, Some(field)) = (&object.key, batched) {
                return Err(format!(
                    "schema.graphql: `{0}.{1}` is resolved for many `{0}` at once, so `{0}` needs a key: `type {0} @key(fields: \"id\")`",
                    object.name, field.name
                ));
            }
            for key in object.key.iter().flatten() {
                if !object.fields.iter().any(|field| field.name == *key && !field.batched) {
                    return Err(format!(
                        "schema.graphql: `{}` has the key `{key}`, but no plain field of that name",
                        object.name
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_arguments(&self, owner: &str, arguments: &[Argument]) -> Result<(), Fault> {
        for argument in arguments {
            match self.meaning(base(&argument.ty)) {
                Some(Meaning::Scalar(_) | Meaning::Enum | Meaning::Input) => {}
                Some(_) => {
                    return Err(format!(
                        "schema.graphql: `{owner}` takes `{}` of the object type `{}`; take an input type",
                        argument.name,
                        base(&argument.ty)
                    ));
                }
                None => return Err(self.unknown(&format!("{owner}, {}", argument.name), base(&argument.ty))),
            }
        }
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "a method reads better where it is called")]
    fn unknown(&self, place: &str, name: &str) -> Fault {
        format!(
            "schema.graphql: `{place}` has the type `{name}`, which is defined nowhere; if another plugin owns it, add `extend type {name} @key(fields: \"id\")`"
        )
    }

    fn all_fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        let roots = self.roots.iter().flat_map(|(root, fields)| fields.iter().map(move |field| (*root, field)));
        let objects = self.objects.iter().chain(&self.foreign);
        roots.chain(objects.flat_map(|object| object.fields.iter().map(move |field| (object.name.as_str(), field))))
    }
}

/// The name inside all lists.
pub(crate) fn base(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => base(inner),
    }
}

fn text(description: Option<&Positioned<String>>) -> String {
    description.map(|description| description.node.trim().to_owned()).unwrap_or_default()
}

fn read_field(field: FieldDefinition) -> Result<Field, Fault> {
    let arguments: Vec<Argument> = field.arguments.into_iter().map(|argument| read_argument(argument.node)).collect();
    let batched =
        !arguments.is_empty() || field.directives.iter().any(|directive| directive.node.name.node == "batched");
    Ok(Field {
        name: field.name.node.to_string(),
        description: text(field.description.as_ref()),
        arguments,
        ty: field.ty.node,
        batched,
    })
}

fn read_argument(argument: InputValueDefinition) -> Argument {
    Argument {
        name: argument.name.node.to_string(),
        description: text(argument.description.as_ref()),
        ty: argument.ty.node,
        always_there: argument.default_value.is_some_and(|default| default.node != ConstValue::Null),
    }
}

fn read_key(directives: &[Positioned<ConstDirective>]) -> Result<Option<Vec<String>>, Fault> {
    let Some(key) = directives.iter().find(|directive| directive.node.name.node == "key") else { return Ok(None) };
    let fields = key.node.arguments.iter().find(|(name, _)| name.node == "fields").map(|(_, value)| &value.node);
    match fields {
        Some(ConstValue::String(fields)) if !fields.trim().is_empty() => {
            Ok(Some(fields.split_whitespace().map(str::to_owned).collect()))
        }
        _ => Err(fault(key.pos, "`@key` says which fields it is known by: `@key(fields: \"id\")`")),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(sdl: &str, expected: Expect) {
        expected.assert_eq(&Schema::parse(sdl).map_or_else(|fault| fault, |_| "fine".to_owned()));
    }

    #[test]
    fn faults_say_what_to_write() {
        check(
            "type Query { a: Int }",
            expect!["schema.graphql:1: `Query` belongs to everybody; write `extend type Query { … }`"],
        );
        check(
            "extend type Query { a: Session }",
            expect![[
                r#"schema.graphql: `Query.a` has the type `Session`, which is defined nowhere; if another plugin owns it, add `extend type Session @key(fields: "id")`"#
            ]],
        );
        check(
            "type A { id: ID!\n b: Int @batched }",
            expect![[
                r#"schema.graphql: `A.b` is resolved for many `A` at once, so `A` needs a key: `type A @key(fields: "id")`"#
            ]],
        );
        check(
            "\nextend type Session { a: Int }",
            expect![[
                r#"schema.graphql:2: `Session` is not defined here; if another plugin owns it, say what it is known by: `extend type Session @key(fields: "id")`"#
            ]],
        );
        check(
            "union A = B",
            expect![
                "schema.graphql:1: `A`: interfaces and unions are not supported; use an object with an enum that tells the kinds apart"
            ],
        );
        check(
            "type A @key(fields: \"id\") { name: String }",
            expect!["schema.graphql: `A` has the key `id`, but no plain field of that name"],
        );
        check("extend type Session @key(fields: \"id\")\nextend type Query { s: Session }", expect!["fine"]);
    }
}
