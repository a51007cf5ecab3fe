//! The contract in `wit/`, as Rust: generated, and wrapped by the modules a plugin sees.
//!
//! Each role has a world and so a module of its own. A role becomes part of a component only where its `export_…!` macro is
//! used, which `plugin!` does for the roles a plugin has.

#![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic, clippy::restriction)]

wit_bindgen::generate!({
    path: ["../../../wit/types", "../../../wit/host", "../../../wit/plugin", "../../../wit/worlds"],
    world: "conman:worlds/imports",
    generate_all,
    additional_derives: [PartialEq],
    generate_unused_types: true,
});

/// GraphQL fields.
pub mod resolvers {
    wit_bindgen::generate!({
        path: ["../../../wit/types", "../../../wit/host", "../../../wit/plugin", "../../../wit/worlds"],
        world: "conman:worlds/resolvers-role",
        generate_all,
        with: { "conman:types/types@1.1.0": crate::bindings::conman::types::types },
        pub_export_macro: true,
        export_macro_name: "export_resolvers",
    });
}

/// Events.
pub mod event_handler {
    wit_bindgen::generate!({
        path: ["../../../wit/types", "../../../wit/host", "../../../wit/plugin", "../../../wit/worlds"],
        world: "conman:worlds/event-handler-role",
        generate_all,
        with: { "conman:types/types@1.1.0": crate::bindings::conman::types::types },
        pub_export_macro: true,
        export_macro_name: "export_event_handler",
    });
}

/// HTTP.
pub mod routes {
    wit_bindgen::generate!({
        path: ["../../../wit/types", "../../../wit/host", "../../../wit/plugin", "../../../wit/worlds"],
        world: "conman:worlds/routes-role",
        generate_all,
        with: { "conman:types/types@1.1.0": crate::bindings::conman::types::types },
        pub_export_macro: true,
        export_macro_name: "export_routes",
    });
}

/// Configuration.
pub mod lifecycle {
    wit_bindgen::generate!({
        path: ["../../../wit/types", "../../../wit/host", "../../../wit/plugin", "../../../wit/worlds"],
        world: "conman:worlds/lifecycle-role",
        generate_all,
        with: { "conman:types/types@1.1.0": crate::bindings::conman::types::types },
        pub_export_macro: true,
        export_macro_name: "export_lifecycle",
    });
}
