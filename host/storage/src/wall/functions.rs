//! The functions of the portable subset: those that mean the same on both engines, or can be written so.

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Of single values, with this many arguments.
    Scalar {
        /// At least.
        least: usize,
        /// At most.
        most: usize,
    },
    /// Over rows, with this many arguments; also as a window function.
    Aggregate(usize),
    /// Only with OVER (…), with this many arguments.
    Window {
        /// At least.
        least: usize,
        /// At most.
        most: usize,
    },
}

const FUNCTIONS: &[(&str, Shape)] = &[
    ("abs", Shape::Scalar { least: 1, most: 1 }),
    ("coalesce", Shape::Scalar { least: 2, most: 100 }),
    ("length", Shape::Scalar { least: 1, most: 1 }),
    ("lower", Shape::Scalar { least: 1, most: 1 }),
    ("nullif", Shape::Scalar { least: 2, most: 2 }),
    ("replace", Shape::Scalar { least: 3, most: 3 }),
    ("substr", Shape::Scalar { least: 2, most: 3 }),
    ("trim", Shape::Scalar { least: 1, most: 1 }),
    ("upper", Shape::Scalar { least: 1, most: 1 }),
    ("avg", Shape::Aggregate(1)),
    ("count", Shape::Aggregate(1)),
    ("max", Shape::Aggregate(1)),
    ("min", Shape::Aggregate(1)),
    ("string_agg", Shape::Aggregate(2)),
    ("sum", Shape::Aggregate(1)),
    ("dense_rank", Shape::Window { least: 0, most: 0 }),
    ("first_value", Shape::Window { least: 1, most: 1 }),
    ("lag", Shape::Window { least: 1, most: 3 }),
    ("last_value", Shape::Window { least: 1, most: 1 }),
    ("lead", Shape::Window { least: 1, most: 3 }),
    ("rank", Shape::Window { least: 0, most: 0 }),
    ("row_number", Shape::Window { least: 0, most: 0 }),
];

/// The shape of a function, by its lower-case name.
pub(crate) fn shape(name: &str) -> Option<Shape> {
    FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, shape)| *shape)
}

/// Whether SQLite may be asked for it by a guest. Besides the functions themselves there is the one LIKE is made of.
pub(crate) fn is_known_to_sqlite(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "like" || shape(&name).is_some()
}

/// What to write instead of a function that is not in the subset.
pub(crate) fn remedy(name: &str) -> &'static str {
    match name {
        "now" | "current_timestamp" | "current_date" | "current_time" | "localtime" | "localtimestamp" | "date"
        | "datetime" | "time" | "strftime" | "julianday" | "unixepoch" | "date_trunc" | "extract" | "to_char"
        | "age" => "take the time from the clock, store instants as BIGINT milliseconds, and pass them as parameters",
        "random" | "randomblob" | "gen_random_uuid" | "uuid_generate_v4" | "hex" => {
            "make random values in the plugin and pass them as parameters"
        }
        "group_concat" | "array_agg" => "write STRING_AGG(value, ', ')",
        "ifnull" | "nvl" | "isnull" => "write COALESCE(value, other)",
        "iif" | "if" => "write CASE WHEN condition THEN value ELSE other END",
        "total" => "write COALESCE(SUM(value), 0)",
        "char_length" | "character_length" | "octet_length" => "write LENGTH(value)",
        "substring" => "write SUBSTR(text, start, count)",
        "greatest" | "least" => "write CASE WHEN a > b THEN a ELSE b END",
        "concat" => "write a || b",
        "round" | "ceil" | "ceiling" | "floor" | "trunc" => "round in the plugin: the databases round differently",
        "json_extract" | "json_object" | "json_array" | "jsonb_build_object" | "to_json" | "row_to_json"
        | "json_agg" => "keep JSON as TEXT and read it in the plugin",
        "last_insert_rowid" | "currval" | "lastval" | "nextval" => "make ids in the plugin, or use RETURNING",
        "user" | "current_user" | "session_user" | "current_role" | "current_catalog" | "current_schema" => {
            "ask the host who is calling instead of the database"
        }
        _ => "compute it in the plugin",
    }
}
