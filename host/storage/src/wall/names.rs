//! Names nobody but the host and the engines may use.

/// Whether a table's (or index's) name belongs to the host or an engine. Compared without case: SQLite ignores it.
pub(crate) fn is_reserved(name: &str) -> bool {
    is_hosts(name) || is_engines(name)
}

/// Whether the host keeps its own rows there.
pub(crate) fn is_hosts(name: &str) -> bool {
    starts_with(name, "conman_")
}

/// Whether an engine keeps its catalogue there.
pub(crate) fn is_engines(name: &str) -> bool {
    starts_with(name, "sqlite_")
        || starts_with(name, "pg_")
        || starts_with(name, "pragma_")
        || name.eq_ignore_ascii_case("information_schema")
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_found_in_any_case() {
        for name in [
            "conman_outbox",
            "CONMAN_x",
            "sqlite_master",
            "pg_class",
            "PG_catalog",
            "information_schema",
            "pragma_table_info",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["conman", "shift", "sqlite", "pg", "é", "conmän_x"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
