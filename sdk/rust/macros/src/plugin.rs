//! `plugin!`: reads the two files, and puts types, traits, dispatch and exports together.

use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Token};

use crate::manifest::Manifest;
use crate::schema::Schema;
use crate::{resolvers, routes, types};

/// `Hello` or `Hello, lifecycle`.
struct Declaration {
    name: Ident,
    lifecycle: bool,
}

impl Parse for Declaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        let mut lifecycle = false;
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let word: Ident = input.parse()?;
            if word != "lifecycle" {
                return Err(syn::Error::new(word.span(), "write `plugin!(Name)` or `plugin!(Name, lifecycle)`"));
            }
            lifecycle = true;
        }
        Ok(Self { name, lifecycle })
    }
}

/// Expands `plugin!`.
pub(crate) fn expand(input: TokenStream) -> syn::Result<TokenStream> {
    let declaration: Declaration = syn::parse2(input)?;
    let span = declaration.name.span();
    let fail = |message: String| syn::Error::new(span, message);
    let folder = PathBuf::from(
        std::env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| fail("plugin! has to be built by cargo".to_owned()))?,
    );
    let (manifest_path, manifest) = read(&folder, "plugin.toml").map_err(fail)?;
    let (schema_path, sdl) = read(&folder, "schema.graphql").map_err(fail)?;
    let tokens = assemble(&declaration, &manifest, &sdl).map_err(fail)?;
    Ok(quote! {
        // Tells the compiler that this crate depends on both files.
        const _: &str = ::std::include_str!(#manifest_path);
        const _: &str = ::std::include_str!(#schema_path);
        #tokens
    })
}

fn read(folder: &Path, name: &str) -> Result<(LitStr, String), String> {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        format!("a plugin has a `{name}` beside its Cargo.toml; {} cannot be read: {error}", path.display())
    })?;
    let path = path
        .to_str()
        .ok_or_else(|| format!("the folder of this plugin has a name that is no UTF-8: {}", path.display()))?;
    Ok((LitStr::new(path, Span::call_site()), text))
}

fn assemble(declaration: &Declaration, manifest: &str, sdl: &str) -> Result<TokenStream, String> {
    let manifest = Manifest::parse(manifest)?;
    let schema = Schema::parse(sdl)?;
    let plugin = &declaration.name;
    let doc = types::doc(&manifest.plugin.summary, "The plugin.");
    let (types, traits) = (types::all(&schema), resolvers::traits(&schema));
    let handlers = routes::handlers(&manifest.routes)?;
    let mut glue = TokenStream::new();
    let mut exports = TokenStream::new();
    if schema.resolves() {
        glue.extend(resolvers::dispatch(&schema, plugin));
        exports.extend(quote! {
            impl resolvers::exports::conman::plugin::resolvers::Guest for Component {
                fn resolve(
                    context: types::Context,
                    request: resolvers::exports::conman::plugin::resolvers::FieldRequest,
                ) -> ::std::result::Result<::std::string::String, types::Error> {
                    rt::resolve::<super::#plugin>(context, request)
                }

                fn resolve_batch(
                    context: types::Context,
                    request: resolvers::exports::conman::plugin::resolvers::FieldRequest,
                    parents: ::std::vec::Vec<::std::string::String>,
                ) -> ::std::result::Result<::std::vec::Vec<::std::result::Result<::std::string::String, types::Error>>, types::Error> {
                    rt::resolve_batch::<super::#plugin>(context, request, parents)
                }
            }
            ::conman_sdk::bindings::resolvers::export_resolvers!(Component with_types_in ::conman_sdk::bindings::resolvers);
        });
    }
    if manifest.subscribes() {
        glue.extend(requires(plugin, &quote!(::conman_sdk::EventHandler)));
        exports.extend(quote! {
            impl event_handler::exports::conman::plugin::event_handler::Guest for Component {
                fn handle(
                    context: types::Context,
                    event: event_handler::exports::conman::plugin::event_handler::Event,
                ) -> ::std::result::Result<(), types::Error> {
                    rt::handle::<super::#plugin>(context, event)
                }
            }
            ::conman_sdk::bindings::event_handler::export_event_handler!(Component with_types_in ::conman_sdk::bindings::event_handler);
        });
    }
    if !manifest.routes.is_empty() {
        glue.extend(routes::dispatch(&manifest.routes, plugin));
        exports.extend(quote! {
            impl routes::exports::conman::plugin::routes::Guest for Component {
                fn handle(
                    context: types::Context,
                    request: routes::exports::conman::plugin::routes::Request,
                ) -> ::std::result::Result<routes::exports::conman::plugin::routes::Response, types::Error> {
                    rt::route::<super::#plugin>(context, request)
                }
            }
            ::conman_sdk::bindings::routes::export_routes!(Component with_types_in ::conman_sdk::bindings::routes);
        });
    }
    if declaration.lifecycle {
        glue.extend(requires(plugin, &quote!(::conman_sdk::Lifecycle)));
        exports.extend(quote! {
            impl lifecycle::exports::conman::plugin::lifecycle::Guest for Component {
                fn validate_config(
                    context: types::Context,
                    config: ::std::string::String,
                ) -> ::std::result::Result<(), ::std::vec::Vec<types::Error>> {
                    rt::validate_config::<super::#plugin>(context, config)
                }
            }
            ::conman_sdk::bindings::lifecycle::export_lifecycle!(Component with_types_in ::conman_sdk::bindings::lifecycle);
        });
    }
    Ok(quote! {
        #doc
        #[derive(Debug, Clone, Copy)]
        pub struct #plugin;

        /// The types and traits of schema.graphql.
        #[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
        pub mod schema {
            #types
            #traits
            #handlers
        }

        const _: () = {
            #[allow(unused_imports)]
            use ::conman_sdk::rt;
            #glue
        };

        // Only a component has exports; natively, in unit tests, the rest is all there is.
        #[cfg(target_family = "wasm")]
        #[doc(hidden)]
        #[allow(unused_imports, unreachable_pub, unsafe_code, missing_docs, clippy::all, clippy::pedantic)]
        mod __component {
            use ::conman_sdk::bindings::{conman::types::types, event_handler, lifecycle, resolvers, routes};
            use ::conman_sdk::rt;

            struct Component;
            #exports
        }
    })
}

fn requires(plugin: &Ident, bound: &TokenStream) -> TokenStream {
    quote! {
        const _: fn() = || {
            fn implemented<T: #bound>() {}
            implemented::<#plugin>();
        };
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;

    #[test]
    fn the_generated_code_is_as_agreed() {
        let declaration = Declaration { name: Ident::new("Greetings", Span::call_site()), lifecycle: false };
        let manifest = "[plugin]\nsummary = \"Greets.\"\n[[routes]]\nmethod = \"GET\"\npath = \"greetings.csv\"\n";
        let tokens = assemble(&declaration, manifest, include_str!("../tests/greetings.graphql")).unwrap();
        let code = prettyplease::unparse(&syn::parse2(tokens).unwrap());
        expect_file!["../tests/greetings.rs.txt"].assert_eq(&code);
    }
}
