//! The macros of `conman-sdk`; see there for what a plugin looks like.
//!
//! `plugin!` reads `plugin.toml` and `schema.graphql` into a small model ([`manifest`], [`schema`]) and writes Rust from it: types
//! ([`types`]), traits and the way from a field's name to its resolver ([`resolvers`]), the same for HTTP routes ([`routes`]), and
//! the component's exports ([`plugin`]).

mod from_row;
mod manifest;
mod names;
mod plugin;
mod resolvers;
mod routes;
mod schema;
mod types;

use proc_macro::TokenStream;

/// Declares the plugin: `plugin!(Hello);`, or `plugin!(Hello, lifecycle);` if it checks its configuration in code.
#[proc_macro]
pub fn plugin(input: TokenStream) -> TokenStream {
    plugin::expand(input.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Reads a struct from a row, by column name.
///
/// On a field: `#[row(rename = "column")]` where the names differ, `#[row(json)]` for a TEXT column holding JSON,
/// `#[row(default)]` where the statement may not answer the column.
#[proc_macro_derive(FromRow, attributes(row))]
pub fn from_row(input: TokenStream) -> TokenStream {
    syn::parse(input).and_then(from_row::expand).unwrap_or_else(syn::Error::into_compile_error).into()
}
