//! `#[derive(FromRow)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Field, Fields, LitStr};

/// How a field is read.
#[derive(Default)]
struct Reading {
    column: Option<String>,
    json: bool,
    default: bool,
}

/// Expands the derive.
pub(crate) fn expand(input: DeriveInput) -> syn::Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new(input.ident.span(), "only a struct can be read from a row"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(syn::Error::new(
            input.ident.span(),
            "columns are found by name, so the fields need names; a tuple is read by position as it is",
        ));
    };
    let mut finders = Vec::new();
    let mut readers = Vec::new();
    let mut column_types = Vec::new();
    for (place, field) in fields.named.iter().enumerate() {
        let Some(ident) = &field.ident else { continue };
        let reading = reading(field)?;
        let column = reading.column.unwrap_or_else(|| ident.to_string().trim_start_matches("r#").to_owned());
        let ty = &field.ty;
        let place = syn::Index::from(place);
        let take = if reading.json {
            quote!(row.get::<::conman_sdk::database::Json<#ty>>(column).map(|json| json.0))
        } else {
            quote!(row.get::<#ty>(column))
        };
        if reading.default {
            column_types.push(quote!(::std::option::Option<::conman_sdk::database::Column>));
            finders.push(quote!(::conman_sdk::database::Column::optional(#column, names)));
            readers.push(quote! { #ident: match &columns.#place {
                ::std::option::Option::Some(column) => #take?,
                ::std::option::Option::None => ::std::default::Default::default(),
            }});
        } else {
            column_types.push(quote!(::conman_sdk::database::Column));
            finders.push(quote!(::conman_sdk::database::Column::named(#column, names)?));
            readers.push(quote! { #ident: { let column = &columns.#place; #take? } });
        }
    }
    let name = &input.ident;
    let (impl_generics, type_generics, bounds) = input.generics.split_for_impl();
    let names = if finders.is_empty() { format_ident!("_names") } else { format_ident!("names") };
    Ok(quote! {
        impl #impl_generics ::conman_sdk::database::FromRow for #name #type_generics #bounds {
            type Columns = (#(#column_types,)*);

            fn columns(#names: &[::std::string::String]) -> ::conman_sdk::Result<Self::Columns> {
                ::std::result::Result::Ok((#(#finders,)*))
            }

            #[allow(unused_variables)]
            fn from_row(columns: &Self::Columns, row: &::conman_sdk::database::Row<'_>) -> ::conman_sdk::Result<Self> {
                ::std::result::Result::Ok(Self { #(#readers),* })
            }
        }
    })
}

fn reading(field: &Field) -> syn::Result<Reading> {
    let mut reading = Reading::default();
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("row")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                reading.column = Some(meta.value()?.parse::<LitStr>()?.value());
            } else if meta.path.is_ident("json") {
                reading.json = true;
            } else if meta.path.is_ident("default") {
                reading.default = true;
            } else {
                return Err(meta.error("write `rename = \"column\"`, `json` or `default`"));
            }
            Ok(())
        })?;
    }
    Ok(reading)
}
