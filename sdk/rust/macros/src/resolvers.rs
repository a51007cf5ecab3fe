//! The traits a plugin implements for its fields, and the way from a field's name to its resolver.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::names;
use crate::schema::{Field, Object, Schema};
use crate::types;

/// The traits, for the `schema` module.
pub(crate) fn traits(schema: &Schema) -> TokenStream {
    let roots = schema.roots.iter().map(|(root, fields)| root_trait(schema, root, fields));
    let loaders = schema.objects.iter().filter(|object| object.key.is_some()).map(loader_trait);
    let extensions = schema.objects.iter().chain(&schema.foreign).filter_map(|object| fields_trait(schema, object));
    quote! { #(#roots)* #(#loaders)* #(#extensions)* }
}

/// From a field's name to its resolver.
pub(crate) fn dispatch(schema: &Schema, plugin: &Ident) -> TokenStream {
    let roots = schema.roots.iter().flat_map(|(root, fields)| {
        fields.iter().map(move |field| {
            let (method, name) = (names::field(&field.name), &field.name);
            let resolvers = root_trait_name(root);
            let arguments = types::arguments_name(root, field).map(|_| quote!(, field.arguments()?));
            let event = (*root == "Subscription").then(|| quote!(, &field.event()?));
            quote! { (#root, #name) => rt::answer(<#plugin as schema::#resolvers>::#method(context #arguments #event)), }
        })
    });
    let loaders = schema.objects.iter().filter(|object| object.key.is_some()).map(|object| {
        let (name, loader, key) = (&object.name, loader_name(object), types::key_name(object));
        quote! { (#name, "__entity") => rt::batch(parents, |keys: &[schema::#key]| <#plugin as schema::#loader>::load(context, keys)), }
    });
    let batches = schema.objects.iter().chain(&schema.foreign).flat_map(|object| {
        batched(object).map(move |field| {
            let (owner, name, method) = (&object.name, &field.name, names::field(&field.name));
            let (fields, key) = (fields_name(object), types::key_name(object));
            let (read, pass) = match types::arguments_name(owner, field) {
                Some(_) => (quote!(let arguments = field.arguments()?;), quote!(, arguments)),
                None => (TokenStream::new(), TokenStream::new()),
            };
            quote! {
                (#owner, #name) => {
                    #read
                    rt::batch(parents, |keys: &[schema::#key]| <#plugin as schema::#fields>::#method(context, keys #pass))
                }
            }
        })
    });
    quote! {
        #[allow(unused_variables, clippy::match_single_binding)]
        impl rt::Resolvers for #plugin {
            fn resolve(context: &::conman_sdk::Context, field: &rt::Field) -> ::conman_sdk::Result<::std::string::String> {
                match field.name() { #(#roots)* _ => field.unknown() }
            }

            fn resolve_batch(
                context: &::conman_sdk::Context,
                field: &rt::Field,
                parents: &[::std::string::String],
            ) -> ::conman_sdk::Result<::std::vec::Vec<::conman_sdk::Result<::std::string::String>>> {
                match field.name() { #(#loaders)* #(#batches)* _ => field.unknown() }
            }
        }
    }
}

fn root_trait(schema: &Schema, root: &str, fields: &[Field]) -> TokenStream {
    let methods = fields.iter().map(|field| {
        let method = names::field(&field.name);
        let doc = types::doc(&field.description, &format!("Resolves `{root}.{}`.", field.name));
        let arguments = types::arguments_name(root, field).map(|arguments| quote!(, args: #arguments));
        let answer = types::answer(schema, field);
        let (event, answer) = if root == "Subscription" {
            // `None` means: not for this subscriber.
            let answer = if field.ty.nullable { answer } else { quote!(::std::option::Option<#answer>) };
            (Some(quote!(, event: &::conman_sdk::Event)), answer)
        } else {
            (None, answer)
        };
        quote! {
            #doc
            ///
            /// # Errors
            /// What the client should learn instead.
            fn #method(ctx: &::conman_sdk::Context #arguments #event) -> ::conman_sdk::Result<#answer>;
        }
    });
    declare(&root_trait_name(root), &format!("Resolves the fields of `{root}`."), fields.iter(), root, methods)
}

fn loader_trait(object: &Object) -> TokenStream {
    let (name, key) = (names::ident(&object.name), types::key_name(object));
    let loader = loader_name(object);
    let message = format!("`{{Self}}` does not load `{}`", object.name);
    let note = format!(
        "schema.graphql gives `{}` a @key, so others may refer to it: write `impl {loader} for {{Self}}`",
        object.name
    );
    let doc = format!(" Finds each `{}` by its key.", object.name);
    quote! {
        #[doc = #doc]
        #[diagnostic::on_unimplemented(message = #message, note = #note)]
        pub trait #loader {
            #[doc = #doc]
            ///
            /// # Errors
            /// Of the whole batch; what is not there is `None` in its place.
            fn load(ctx: &::conman_sdk::Context, keys: &[#key]) -> ::conman_sdk::batch::Batch<::std::option::Option<#name>>;
        }
    }
}

fn fields_trait(schema: &Schema, object: &Object) -> Option<TokenStream> {
    batched(object).next()?;
    let key = types::key_name(object);
    let parents = names::field(&plural(&object.name));
    let methods = batched(object).map(|field| {
        let method = names::field(&field.name);
        let doc = types::doc(&field.description, &format!("Resolves `{}.{}` for many at once.", object.name, field.name));
        let arguments = types::arguments_name(&object.name, field).map(|arguments| quote!(, args: #arguments));
        let answer = types::answer(schema, field);
        quote! {
            #doc
            ///
            /// # Errors
            /// Of the whole batch; one parent's own error stands in its place.
            fn #method(ctx: &::conman_sdk::Context, #parents: &[#key] #arguments) -> ::conman_sdk::batch::Batch<#answer>;
        }
    });
    Some(declare(
        &fields_name(object),
        &format!("Resolves fields of `{}`, for many at once.", object.name),
        batched(object),
        &object.name,
        methods,
    ))
}

fn declare<'a>(
    name: &Ident,
    doc: &str,
    fields: impl Iterator<Item = &'a Field>,
    owner: &str,
    methods: impl Iterator<Item = TokenStream>,
) -> TokenStream {
    let list = fields.map(|field| format!("`{}`", field.name)).collect::<Vec<_>>().join(", ");
    let message = format!("`{{Self}}` does not resolve these fields of `{owner}`: {list}");
    let note = format!("schema.graphql declares them: write `impl {name} for {{Self}}`");
    let doc = format!(" {doc}");
    quote! {
        #[doc = #doc]
        #[diagnostic::on_unimplemented(message = #message, note = #note)]
        pub trait #name { #(#methods)* }
    }
}

fn batched(object: &Object) -> impl Iterator<Item = &Field> {
    object.fields.iter().filter(|field| field.batched)
}

fn root_trait_name(root: &str) -> Ident {
    format_ident!("{root}Resolvers")
}

fn loader_name(object: &Object) -> Ident {
    format_ident!("{}Entity", object.name)
}

fn fields_name(object: &Object) -> Ident {
    format_ident!("{}Fields", object.name)
}

/// Good enough for a parameter's name.
fn plural(name: &str) -> String {
    if name.ends_with('s') { name.to_owned() } else { format!("{name}s") }
}
