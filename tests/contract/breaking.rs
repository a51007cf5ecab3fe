//! Which differences break a plugin that was built for the older contract.

use crate::shape::{InterfaceShape, Shape, WorldShape};

/// One line for each breaking difference, naming the thing.
pub(crate) fn breaking_changes(old: &Shape, new: &Shape) -> Vec<String> {
    let mut breaking = Vec::new();
    let exported: Vec<&String> = old.worlds.values().flat_map(|world| &world.exports).collect();
    for (name, interface) in &old.interfaces {
        match new.interfaces.get(name) {
            None => breaking.push(format!("interface {name} is gone")),
            Some(now) => interface_changes(name, interface, now, exported.contains(&name), &mut breaking),
        }
    }
    for (name, world) in &old.worlds {
        match new.worlds.get(name) {
            None => breaking.push(format!("world {name} is gone")),
            Some(now) => world_changes(name, world, now, &mut breaking),
        }
    }
    breaking
}

fn interface_changes(
    name: &str,
    old: &InterfaceShape,
    new: &InterfaceShape,
    exported_by_plugins: bool,
    breaking: &mut Vec<String>,
) {
    for (type_name, (kind, definition)) in &old.types {
        match new.types.get(type_name) {
            None => breaking.push(format!("{kind} {name}.{type_name} is gone")),
            Some((_, now)) if now != definition => {
                breaking.push(format!("{kind} {name}.{type_name} was {definition} and is {now}"));
            }
            Some(_) => {}
        }
    }
    for (function, signature) in &old.functions {
        match new.functions.get(function) {
            None => breaking.push(format!("function {name}.{function} is gone")),
            Some(now) if now != signature => {
                breaking.push(format!("function {name}.{function} was {signature} and is {now}"));
            }
            Some(_) => {}
        }
    }
    if exported_by_plugins {
        for function in new.functions.keys().filter(|function| !old.functions.contains_key(*function)) {
            breaking.push(format!("interface {name} now asks plugins for {function}; put it into a new interface"));
        }
    }
}

fn world_changes(name: &str, old: &WorldShape, new: &WorldShape, breaking: &mut Vec<String>) {
    for import in old.imports.iter().filter(|import| !new.imports.contains(import)) {
        breaking.push(format!("world {name} no longer offers {import}"));
    }
    if old.exports != new.exports {
        breaking.push(format!("world {name} asked plugins for {:?} and asks for {:?}", old.exports, new.exports));
    }
}
