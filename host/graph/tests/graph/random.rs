//! Whatever comes, nothing panics, and what comes out is JSON.

use conman_graph::{Outcome, Request, compose};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::plugins::{Plugins, anonymous, body, both, contribution, convention, engine};

const WORDS: [&str; 52] = [
    "{",
    "}",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "=",
    "@",
    "$",
    "...",
    "\"",
    "\"\"\"",
    "#",
    "\n",
    ",",
    "query",
    "mutation",
    "subscription",
    "fragment",
    "on",
    "A",
    "B",
    "Session",
    "Query",
    "Int",
    "String",
    "[Int!]!",
    "sessions",
    "id",
    "title",
    "shifts",
    "people",
    "x:",
    "filter:",
    "{kind: TALK}",
    "$v",
    "$v: Int",
    "@skip(if: true)",
    "@include(if: $v)",
    "...A",
    "... on Session",
    "__typename",
    "__schema",
    "__type(name: \"A\")",
    "_entities(representations: [1])",
    "type",
    "extend",
    "1.5e9",
];

fn soup() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..40).prop_map(|words| words.join(" "))
}

/// Documents that parse, with fields, fragments and arguments that may or may not be there.
fn document() -> impl Strategy<Value = String> {
    let field = proptest::sample::select(
        &[
            "id",
            "title",
            "kind",
            "sessions",
            "shifts",
            "people",
            "room",
            "name",
            "session",
            "mySessions",
            "nope",
            "__typename",
            "email",
            "entries",
            "hours",
            "secret",
        ][..],
    );
    let leaf = (field.clone(), any::<bool>())
        .prop_map(|(field, alias)| if alias { format!("a: {field}") } else { field.to_owned() });
    let selection = leaf.prop_recursive(6, 40, 5, move |inner| {
        (field.clone(), proptest::collection::vec(inner, 1..5), 0..6_u8).prop_map(|(field, inner, form)| {
            let inner = inner.join(" ");
            match form {
                0 => format!("... {{ {inner} }}"),
                1 => format!("... on Session {{ {inner} }}"),
                2 => format!("{field}(limit: $v) {{ {inner} }}"),
                3 => format!("{field} @include(if: $w) {{ {inner} }}"),
                4 => format!("...F {field} {{ {inner} }}"),
                _ => format!("{field} {{ {inner} }}"),
            }
        })
    });
    (proptest::collection::vec(selection.clone(), 1..4), selection).prop_map(|(fields, fragment)| {
        format!("query($v: Int, $w: Boolean = true) {{ {} }} fragment F on Session {{ {fragment} }}", fields.join(" "))
    })
}

fn answer() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Into::into),
        any::<bool>().prop_map(Into::into),
        "[a-zA-Z0-9 \"\\\\é]{0,6}".prop_map(Into::into),
        Just(json!("TALK")),
        Just(json!("2026-08-14T10:30:00Z"))
    ];
    let name =
        proptest::sample::select(&["id", "title", "kind", "room", "people", "name", "start", "session", "tags"][..]);
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::hash_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn everything(answer: &Value) -> Plugins {
    let mut plugins = convention();
    for field in [
        "Query.sessions",
        "Query.session",
        "Query.mySessions",
        "Query.shifts",
        "Session.__entity",
        "Session.shifts",
        "Person.sessions",
        "Shift.entries",
    ] {
        plugins = plugins.always(field, answer.clone());
    }
    plugins
}

fn execute(plugins: &Plugins, request: &Request) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(engine().execute(&both(), request, &anonymous(), plugins));
    let body = body(&answer);
    assert_eq!(body.get("data").is_none(), answer.outcome == Outcome::Refused);
    assert_eq!(body.get("errors").is_some(), answer.errors > 0);
    answer.outcome
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_words_are_answered(text in soup()) {
        execute(&convention(), &Request::new(text));
    }

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        prop_assert_eq!(execute(&Plugins::default(), &Request::new(text)), Outcome::Refused);
    }

    #[test]
    fn any_document_is_answered_from_any_data(text in document(), answer in answer(), v in any::<Option<i32>>()) {
        execute(&everything(&answer), &Request::new(text).with_variables(json!({"v": v, "w": false})));
    }

    #[test]
    fn any_data_fit_or_are_refused(answer in answer()) {
        let request = Request::new("{ sessions { id title start kind room { id name capacity } people { id name sessions { id } } tags shifts { id session { title } entries { hours } } } mySessions { title } }");
        prop_assert_eq!(execute(&everything(&answer), &request), Outcome::Executed);
    }

    #[test]
    fn any_schema_composes_or_is_refused(text in soup(), other in any::<String>()) {
        let _ = compose(vec![contribution("aa/aa", &text), contribution("bb/bb", &other)]);
        let _ = compose(vec![contribution("aa/aa", &format!("type A @key(fields: \"id\") {{ id: ID! {text} }}")), contribution("bb/bb", &format!("extend type Query {{ {other} }}"))]);
    }
}
