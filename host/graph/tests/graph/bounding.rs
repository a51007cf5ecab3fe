//! Limits: settled before anything is called, and in words that help.

use conman_graph::{Outcome, Request};
use expect_test::expect;
use serde_json::json;

use crate::plugins::{Plugins, anonymous, body, both, convention, run};

async fn refusal(request: Request) -> String {
    let plugins = Plugins::default();
    let answer = run(&both(), &plugins, request, &anonymous()).await;
    assert_eq!(answer.outcome, Outcome::Refused, "{}", String::from_utf8_lossy(&answer.body));
    assert!(plugins.calls().is_empty());
    body(&answer)["errors"][0]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_limit_names_itself_the_value_and_what_is_allowed() {
    let nested = |levels: usize| {
        format!("{{ sessions {{ {} id {} }} }}", "people { sessions {".repeat(levels), "} }".repeat(levels))
    };
    let bomb = {
        let mut text = "{ sessions { ...F0 } }".to_owned();
        for n in 0..40 {
            text +=
                &format!(" fragment F{n} on Session {{ a{n}: id ...F{m} ... on Session {{ ...F{m} }} }}", m = n + 1);
        }
        text + " fragment F40 on Session { id }"
    };
    let wide = {
        let mut text = "{ sessions { ...F0 } }".to_owned();
        for n in 0..12 {
            text += &format!(
                " fragment F{n} on Session {{ a{n}: id {} }}",
                format!("... on Session {{ ...F{} }} ", n + 1).repeat(9)
            );
        }
        text + " fragment F12 on Session { id }"
    };
    let chain = {
        let mut text = "{ sessions { ...F0 } }".to_owned();
        for n in 0..90 {
            text += &format!(" fragment F{n} on Session {{ ...F{} }}", n + 1);
        }
        text + " fragment F90 on Session { id }"
    };
    let many = |what: fn(usize) -> String, count: usize| (0..count).map(what).collect::<String>();
    let mut all = String::new();
    for (name, query) in [
        ("depth", nested(6)),
        ("cost", nested(4)),
        ("list argument", "{ sessions(limit: 1000000) { id people { id } } }".to_owned()),
        ("bomb", bomb),
        ("wide", wide),
        ("chain", chain),
        ("aliases", format!("{{ {} }}", many(|n| format!("a{n}: mySessions {{ id }} "), 201))),
        ("calls", format!("{{ {} }}", many(|n| format!("a{n}: mySessions {{ id }} "), 51))),
        ("fields", format!("{{ sessions {{ {} }} }}", "id ".repeat(2_000))),
        ("directives", format!("{{ sessions {{ {} }} }}", "id @skip(if: false) ".repeat(101))),
        ("operations", many(|n| format!("query A{n} {{ shifts {{ id }} }} "), 101)),
        ("brackets", "{".repeat(60_000)),
        ("lists", format!("{{ session(id: {}) {{ id }} }}", "[".repeat(30_000))),
        ("bytes", " ".repeat(70_000)),
        (
            "introspection lists",
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }".to_owned(),
        ),
        (
            "introspection depth",
            format!("{{ __type(name: \"A\") {{ {} name {} }} }}", "ofType {".repeat(20), "}".repeat(20)),
        ),
    ] {
        all += &format!("{name}: {}\n", refusal(Request::new(query)).await);
    }
    expect![[r#"
        depth: depth: 14, allowed are 12; ask for less nested fields, or in two requests
        cost: cost (objects asked for, lists by their size): 22222222200, allowed are 300000; ask for shorter lists or fewer nested ones
        list argument: cost (objects asked for, lists by their size): 11000000, allowed are 300000; ask for shorter lists or fewer nested ones
        bomb: nested selections and fragments: 83, allowed are 64; write fragments out where they are used once
        wide: fields: 317733228542, allowed are 2000; ask for fewer, or in several requests
        chain: nested selections and fragments: 93, allowed are 64; write fragments out where they are used once
        aliases: aliases: 201, allowed are 200; ask in several requests
        calls: calls of plugins: 51, allowed are 50; ask in several requests
        fields: fields: 2001, allowed are 2000; ask for fewer, or in several requests
        directives: directives: 101, allowed are 100; leave some out
        operations: operations and fragments: 101, allowed are 100; send fewer at a time
        brackets: nested brackets: 60000, allowed are 64; nest less
        lists: nested brackets: 30002, allowed are 64; nest less
        bytes: bytes of the document: 70000, allowed are 65536; send less, or use variables
        introspection lists: lists within lists of introspection: 4, allowed are 3; ask for the types first, then for theirs
        introspection depth: introspection depth: 22, allowed are 20; shorten the chain of `ofType`
    "#]].assert_eq(&all);
}

#[tokio::test]
async fn a_list_costs_what_its_argument_asks_for() {
    let text = "query($n: Int) { sessions(limit: $n) { id people { id } } }";
    let plugins = convention();
    for n in [json!(1), json!(1000), serde_json::Value::Null] {
        let answer = run(&both(), &plugins, Request::new(text).with_variables(json!({"n": n})), &anonymous()).await;
        assert_eq!(answer.outcome, Outcome::Executed, "{n}");
    }
    expect!["cost (objects asked for, lists by their size): 330000, allowed are 300000; ask for shorter lists or fewer nested ones"].assert_eq(&refusal(Request::new(text).with_variables(json!({"n": 30_000}))).await);
}

#[tokio::test]
async fn the_deepest_nesting_that_is_read_does_not_overflow() {
    for text in [
        format!("{{ session(id: {}1{}) {{ id }} }}", "[".repeat(62), "]".repeat(62)),
        format!("{{ session(id: {}1{}) {{ id }} }}", "{a: ".repeat(62), "}".repeat(62)),
        format!("query($x: {}Int{}) {{ shifts {{ id }} }}", "[".repeat(63), "]".repeat(63)),
    ] {
        refusal(Request::new(text)).await;
    }
    let fragments = format!("{{ mySessions {} {{ id }} {} }}", "{ ... ".repeat(61), "}".repeat(61));
    assert_eq!(run(&both(), &convention(), Request::new(fragments), &anonymous()).await.errors, 0);
}

#[tokio::test]
async fn a_gateway_asks_for_so_many_entities_at_once() {
    let representations: Vec<_> = (0..1_001).map(|n| json!({"__typename": "Session", "id": n.to_string()})).collect();
    let request = Request::new("query($r: [_Any!]!) { _entities(representations: $r) { ... on Session { title } } }")
        .with_variables(json!({"r": representations}));
    let plugins = Plugins::default();
    let answer = run(&both(), &plugins, request, &anonymous()).await;
    assert!(plugins.calls().is_empty());
    expect!["representations: 1001, allowed are 1000; ask in several requests"]
        .assert_eq(body(&answer)["errors"][0]["message"].as_str().unwrap());
}

#[tokio::test]
async fn every_entity_counts() {
    let query =
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on Person { sessions(limit: 400) { id } } } }";
    let of = |count: usize| {
        let all: Vec<_> = (0..count).map(|n| json!({"__typename": "Person", "id": n.to_string()})).collect();
        Request::new(query).with_variables(json!({ "r": all }))
    };
    expect!["cost (objects asked for, lists by their size): 320800, allowed are 300000; ask for shorter lists or fewer nested ones"]
        .assert_eq(&refusal(of(800)).await);
    assert_eq!(run(&both(), &convention(), of(700), &anonymous()).await.outcome, Outcome::Executed);
    let literal = "{ _entities(representations: [{__typename: \"Person\", id: \"1\"}]) { ... on Person { sessions(limit: 400000) { id } } } }";
    expect!["cost (objects asked for, lists by their size): 400001, allowed are 300000; ask for shorter lists or fewer nested ones"]
        .assert_eq(&refusal(Request::new(literal)).await);
}
