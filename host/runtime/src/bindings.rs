//! The contract in `wit/`, as Rust: the imports once, and one small world per export.
//!
//! WIT has no optional exports. So each export interface has a world of its own, and the host looks for every one of them in a
//! component; what a component exports beyond them is ignored.
#![expect(unreachable_pub, reason = "generated from wit/, which carries the documentation")]

pub mod imports {
    wasmtime::component::bindgen!({
        path: ["../../wit/types", "../../wit/host", "../../wit/plugin", "../../wit/worlds"],
        world: "conman:worlds/imports",
        imports: {
            "conman:host/database": async | trappable,
            "conman:host/events": async | trappable,
            "conman:host/scheduler": async | trappable,
            default: trappable,
        },
    });
}

pub use imports::conman::host;
pub use imports::conman::types::types;

pub mod resolvers {
    wasmtime::component::bindgen!({
        path: ["../../wit/types", "../../wit/host", "../../wit/plugin", "../../wit/worlds"],
        world: "conman:worlds/resolvers-role",
        exports: { default: async },
        with: { "conman:types/types": super::types },
    });
}

pub mod event_handler {
    wasmtime::component::bindgen!({
        path: ["../../wit/types", "../../wit/host", "../../wit/plugin", "../../wit/worlds"],
        world: "conman:worlds/event-handler-role",
        exports: { default: async },
        with: { "conman:types/types": super::types },
    });
}

pub mod routes {
    wasmtime::component::bindgen!({
        path: ["../../wit/types", "../../wit/host", "../../wit/plugin", "../../wit/worlds"],
        world: "conman:worlds/routes-role",
        exports: { default: async },
        with: { "conman:types/types": super::types },
    });
}

pub mod lifecycle {
    wasmtime::component::bindgen!({
        path: ["../../wit/types", "../../wit/host", "../../wit/plugin", "../../wit/worlds"],
        world: "conman:worlds/lifecycle-role",
        exports: { default: async },
        with: { "conman:types/types": super::types },
    });
}
