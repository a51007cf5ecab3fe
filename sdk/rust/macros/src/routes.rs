//! One method per route of the manifest, and the way from a request to it.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::manifest::Route;
use crate::names;

/// The trait, for the `schema` module.
pub(crate) fn handlers(routes: &[Route]) -> Result<TokenStream, String> {
    if routes.is_empty() {
        return Ok(TokenStream::new());
    }
    let mut seen = BTreeMap::new();
    for route in routes {
        if let Some(other) = seen.insert(method(route), &route.path) {
            return Err(format!(
                "plugin.toml: the routes `{other}` and `{}` would both be handled by `{}`; rename one",
                route.path,
                method(route)
            ));
        }
    }
    let list = routes.iter().map(|route| format!("`{} {}`", route.method, route.path)).collect::<Vec<_>>().join(", ");
    let message = format!("`{{Self}}` does not answer these routes: {list}");
    let methods = routes.iter().map(|route| {
        let name = names::ident(&method(route));
        let doc = format!(" Answers `{} {}`.", route.method, route.path);
        quote! {
            #[doc = #doc]
            ///
            /// # Errors
            /// What the client should learn instead.
            fn #name(ctx: &::conman_sdk::Context, request: &::conman_sdk::Request) -> ::conman_sdk::Result<::conman_sdk::Response>;
        }
    });
    Ok(quote! {
        /// Answers the routes that plugin.toml declares.
        #[diagnostic::on_unimplemented(message = #message, note = "plugin.toml declares them: write `impl RouteHandlers for {Self}`")]
        pub trait RouteHandlers { #(#methods)* }
    })
}

/// From a request to its handler: exact paths first, then the longest one ending in a star.
pub(crate) fn dispatch(routes: &[Route], plugin: &Ident) -> TokenStream {
    let mut routes: Vec<&Route> = routes.iter().collect();
    routes.sort_by_key(|route| (route.path.ends_with('*'), std::cmp::Reverse(route.path.len())));
    let arms = routes.iter().map(|route| {
        let (handler, method, path) = (names::ident(&method(route)), &route.method, &route.path);
        quote! {
            if request.is(#method, #path) {
                return <#plugin as schema::RouteHandlers>::#handler(context, &request);
            }
        }
    });
    quote! {
        impl rt::Routes for #plugin {
            fn route(context: &::conman_sdk::Context, mut request: ::conman_sdk::Request) -> ::conman_sdk::Result<::conman_sdk::Response> {
                #(#arms)*
                ::std::result::Result::Err(::conman_sdk::Error::not_found(::std::format!("There is no route `{} {}`.", request.method, request.path)))
            }
        }
    }
}

/// `GET schedule.xml` → `get_schedule_xml`, `GET people/*` → `get_people_any`.
fn method(route: &Route) -> String {
    let path = route.path.strip_suffix('*').map_or_else(|| route.path.clone(), |path| format!("{path}any"));
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(names::snake);
    std::iter::once(route.method.to_ascii_lowercase()).chain(words).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_named_after_their_routes() {
        let name = |verb: &str, path: &str| method(&Route { method: verb.to_owned(), path: path.to_owned() });
        assert_eq!(name("GET", "schedule.xml"), "get_schedule_xml");
        assert_eq!(name("POST", "import/frab-xml"), "post_import_frab_xml");
        assert_eq!(name("GET", "people/*"), "get_people_any");
        assert_eq!(name("GET", "*"), "get_any");
    }
}
