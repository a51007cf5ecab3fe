//! Rust types for the schema's.

use std::collections::BTreeSet;

use async_graphql_parser::types::{BaseType, Type};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::names;
use crate::schema::{Argument, Enum, Field, Input, Meaning, Object, Schema, base};

/// Every type of the schema.
pub(crate) fn all(schema: &Schema) -> TokenStream {
    let objects = schema.objects.iter().map(|object| self::object(schema, object));
    let keys = schema.objects.iter().chain(&schema.foreign).filter_map(|object| key(schema, object));
    let inputs = schema.inputs.iter().map(|input| self::input(schema, input));
    let enums = schema.enums.iter().map(enumeration);
    let arguments = schema.roots.iter().flat_map(|(root, fields)| fields.iter().map(move |field| (*root, field)));
    let arguments = arguments
        .chain(
            schema
                .objects
                .iter()
                .chain(&schema.foreign)
                .flat_map(|object| object.fields.iter().map(move |field| (object.name.as_str(), field))),
        )
        .filter_map(|(owner, field)| self::arguments(schema, owner, field));
    quote! { #(#objects)* #(#keys)* #(#inputs)* #(#enums)* #(#arguments)* }
}

/// What a resolver of `field` answers.
pub(crate) fn answer(schema: &Schema, field: &Field) -> TokenStream {
    rust_type(schema, &field.ty)
}

/// The struct of a field's arguments, if it has any.
pub(crate) fn arguments_name(owner: &str, field: &Field) -> Option<proc_macro2::Ident> {
    (!field.arguments.is_empty()).then(|| format_ident!("{owner}{}Args", names::camel(&field.name)))
}

/// The struct an entity is known by.
pub(crate) fn key_name(object: &Object) -> proc_macro2::Ident {
    format_ident!("{}Key", object.name)
}

/// A GraphQL description, or what stands in for one, as Rust documentation.
pub(crate) fn doc(description: &str, otherwise: &str) -> TokenStream {
    let text = if description.is_empty() { otherwise } else { description };
    let lines = text.lines().map(|line| format!(" {line}"));
    quote! { #(#[doc = #lines])* }
}

fn rust_type(schema: &Schema, ty: &Type) -> TokenStream {
    let inner = match &ty.base {
        BaseType::List(item) => {
            let item = rust_type(schema, item);
            quote!(::std::vec::Vec<#item>)
        }
        BaseType::Named(name) => named(schema, name),
    };
    if ty.nullable { quote!(::std::option::Option<#inner>) } else { inner }
}

fn named(schema: &Schema, name: &str) -> TokenStream {
    match schema.meaning(name) {
        Some(Meaning::Scalar(scalar)) => match scalar {
            "Int" => quote!(i32),
            "Long" => quote!(i64),
            "Float" => quote!(f64),
            "Boolean" => quote!(bool),
            "DateTime" => quote!(::conman_sdk::DateTime),
            "Date" => quote!(::conman_sdk::jiff::civil::Date),
            "Time" => quote!(::conman_sdk::jiff::civil::Time),
            "JSON" => quote!(::conman_sdk::serde_json::Value),
            _ => quote!(::std::string::String),
        },
        Some(Meaning::Foreign(object)) => {
            let key = key_name(object);
            quote!(#key)
        }
        _ => {
            let name = names::ident(name);
            quote!(#name)
        }
    }
}

fn serde_name(wire: &str, rust: &proc_macro2::Ident) -> TokenStream {
    if *rust == wire { TokenStream::new() } else { quote!(#[serde(rename = #wire)]) }
}

fn object(schema: &Schema, object: &Object) -> TokenStream {
    let name = names::ident(&object.name);
    let doc = doc(&object.description, &format!("`{}` of the schema.", object.name));
    let fields = plain(object).map(|field| {
        let rust = names::field(&field.name);
        let rename = serde_name(&field.name, &rust);
        let doc = self::doc(&field.description, &format!("`{}`.", field.name));
        let mut ty = rust_type(schema, &field.ty);
        if embeds(schema, field, &object.name, &mut BTreeSet::new()) {
            ty = match ty_without_option(schema, &field.ty) {
                Some(inner) => quote!(::std::option::Option<::std::boxed::Box<#inner>>),
                None => quote!(::std::boxed::Box<#ty>),
            };
        }
        // What is absent is null to the host, and costs neither side a byte.
        let skip = field.ty.nullable.then(|| quote!(#[serde(skip_serializing_if = "::std::option::Option::is_none")]));
        quote! { #doc #rename #skip pub #rust: #ty }
    });
    let default = has_default(schema, object, &mut BTreeSet::new()).then(|| quote!(, Default));
    quote! {
        #doc
        #[derive(Debug, Clone, PartialEq, ::conman_sdk::serde::Serialize #default)]
        #[serde(crate = "::conman_sdk::serde")]
        pub struct #name { #(#fields),* }
    }
}

fn plain(object: &Object) -> impl Iterator<Item = &Field> {
    object.fields.iter().filter(|field| !field.batched)
}

fn ty_without_option(schema: &Schema, ty: &Type) -> Option<TokenStream> {
    ty.nullable.then(|| rust_type(schema, &Type { base: ty.base.clone(), nullable: false }))
}

/// Whether a value of `field` holds, without a list between, another `target`: then Rust needs a box.
fn embeds(schema: &Schema, field: &Field, target: &str, seen: &mut BTreeSet<String>) -> bool {
    let BaseType::Named(name) = &field.ty.base else { return false };
    let Some(Meaning::Object(object)) = schema.meaning(name) else { return false };
    object.name == target
        || (seen.insert(object.name.clone()) && plain(object).any(|field| embeds(schema, field, target, seen)))
}

fn has_default(schema: &Schema, object: &Object, seen: &mut BTreeSet<String>) -> bool {
    seen.insert(object.name.clone())
        && plain(object).all(|field| {
            field.ty.nullable
                || match (&field.ty.base, schema.meaning(base(&field.ty))) {
                    (BaseType::List(_), _) => true,
                    // A time nobody chose is no default.
                    (BaseType::Named(_), Some(Meaning::Scalar(scalar))) => {
                        !matches!(scalar, "DateTime" | "Date" | "Time")
                    }
                    (BaseType::Named(_), Some(Meaning::Object(inner))) => has_default(schema, inner, seen),
                    _ => false,
                }
        })
}

fn key(schema: &Schema, object: &Object) -> Option<TokenStream> {
    let fields = object.key.as_ref()?;
    let name = key_name(object);
    let doc = format!(" What a `{}` is known by.", object.name);
    let types: Vec<TokenStream> = fields
        .iter()
        .map(|key| match object.fields.iter().find(|field| field.name == *key && !field.batched) {
            Some(field) => rust_type(schema, &field.ty),
            // Another plugin's key; ids are texts.
            None => quote!(::std::string::String),
        })
        .collect();
    let idents: Vec<_> = fields.iter().map(|field| names::field(field)).collect();
    let renames = fields.iter().zip(&idents).map(|(wire, rust)| serde_name(wire, rust));
    let docs = fields.iter().map(|field| format!(" `{field}`."));
    let texts = matches!((types.as_slice(), fields.as_slice()), ([ty], [_]) if ty.to_string() == quote!(::std::string::String).to_string());
    let from = texts.then(|| {
        let field = &idents;
        quote! {
            impl ::std::convert::From<::std::string::String> for #name {
                fn from(key: ::std::string::String) -> Self { Self { #(#field: key)* } }
            }
            impl ::std::convert::From<&::std::string::String> for #name {
                fn from(key: &::std::string::String) -> Self { Self { #(#field: ::std::clone::Clone::clone(key))* } }
            }
            impl ::std::convert::From<&str> for #name {
                fn from(key: &str) -> Self { Self { #(#field: ::std::borrow::ToOwned::to_owned(key))* } }
            }
        }
    });
    Some(quote! {
        #[doc = #doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, ::conman_sdk::serde::Serialize, ::conman_sdk::serde::Deserialize)]
        #[serde(crate = "::conman_sdk::serde")]
        pub struct #name { #(#[doc = #docs] #renames pub #idents: #types),* }
        #from
    })
}

fn argument_fields<'a>(
    schema: &'a Schema,
    arguments: &'a [Argument],
    patch: bool,
) -> impl Iterator<Item = TokenStream> + 'a {
    arguments.iter().map(move |argument| {
        let rust = names::field(&argument.name);
        let rename = serde_name(&argument.name, &rust);
        let doc = doc(&argument.description, &format!("`{}`.", argument.name));
        let there = Type { base: argument.ty.base.clone(), nullable: false };
        let ty = match (argument.ty.nullable, patch) {
            (true, true) => {
                let inner = rust_type(schema, &there);
                return quote! { #doc #rename #[serde(default)] pub #rust: ::conman_sdk::Maybe<#inner> };
            }
            (true, false) if argument.always_there => rust_type(schema, &there),
            _ => rust_type(schema, &argument.ty),
        };
        quote! { #doc #rename pub #rust: #ty }
    })
}

fn input(schema: &Schema, input: &Input) -> TokenStream {
    let name = names::ident(&input.name);
    let doc = doc(&input.description, &format!("`{}` of the schema.", input.name));
    let fields = argument_fields(schema, &input.fields, input.name.ends_with("Patch"));
    let default = input.fields.iter().all(|field| field.ty.nullable && !field.always_there).then(|| quote!(, Default));
    quote! {
        #doc
        #[derive(Debug, Clone, PartialEq, ::conman_sdk::serde::Serialize, ::conman_sdk::serde::Deserialize #default)]
        #[serde(crate = "::conman_sdk::serde")]
        pub struct #name { #(#fields),* }
    }
}

fn arguments(schema: &Schema, owner: &str, field: &Field) -> Option<TokenStream> {
    let name = arguments_name(owner, field)?;
    let doc = format!(" The arguments of `{owner}.{}`.", field.name);
    let fields = argument_fields(schema, &field.arguments, false);
    Some(quote! {
        #[doc = #doc]
        #[derive(Debug, Clone, PartialEq, ::conman_sdk::serde::Deserialize)]
        #[serde(crate = "::conman_sdk::serde")]
        pub struct #name { #(#fields),* }
    })
}

fn enumeration(found: &Enum) -> TokenStream {
    let name = names::ident(&found.name);
    let doc = doc(&found.description, &format!("`{}` of the schema.", found.name));
    let wires: Vec<&String> = found.values.iter().map(|(wire, _)| wire).collect();
    let variants: Vec<_> = wires.iter().map(|wire| names::variant(wire)).collect();
    let docs = found.values.iter().map(|(wire, description)| self::doc(description, &format!("`{wire}`.")));
    let expected = format!("one of {}", wires.iter().map(|wire| wire.as_str()).collect::<Vec<_>>().join(", "));
    quote! {
        #doc
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::conman_sdk::serde::Serialize, ::conman_sdk::serde::Deserialize)]
        #[serde(crate = "::conman_sdk::serde")]
        pub enum #name { #(#docs #[serde(rename = #wires)] #variants),* }

        impl #name {
            /// Every value, in the schema's order.
            pub const ALL: &'static [Self] = &[#(Self::#variants),*];

            /// As it is on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { #(Self::#variants => #wires),* }
            }
        }

        impl ::std::str::FromStr for #name {
            type Err = ::conman_sdk::Error;

            fn from_str(text: &str) -> ::conman_sdk::Result<Self> {
                match text {
                    #(#wires => ::std::result::Result::Ok(Self::#variants),)*
                    _ => ::std::result::Result::Err(::conman_sdk::Error::invalid(::std::format!(concat!("`{}` is not ", #expected), text))),
                }
            }
        }

        impl ::std::fmt::Display for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::conman_sdk::database::ToValue for #name {
            fn to_value(&self) -> ::conman_sdk::database::Value {
                ::conman_sdk::database::ToValue::to_value(self.as_str())
            }
        }

        impl ::conman_sdk::database::FromValue for #name {
            const EXPECTED: &'static str = #expected;

            fn from_value(value: ::conman_sdk::database::Value) -> ::std::result::Result<Self, ::conman_sdk::database::Value> {
                ::conman_sdk::database::parse(value)
            }
        }
    }
}
