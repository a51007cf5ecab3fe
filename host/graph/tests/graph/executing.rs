//! Operations: what is called, and what comes out.

use conman_graph::{Outcome, Request, compose, compose_knowing};
use expect_test::{Expect, expect};
use serde_json::json;

use crate::plugins::{
    PROGRAMME, Plugins, VOLUNTEER, account, anonymous, body, both, contribution, convention, run, shown,
};

async fn check(query: &str, calls: &Expect, response: &Expect) {
    let plugins = convention();
    let answer = run(&both(), &plugins, Request::new(query), &anonymous()).await;
    calls.assert_eq(&plugins.calls().join("\n"));
    response.assert_eq(std::str::from_utf8(&answer.body).unwrap());
}

#[tokio::test]
async fn a_nested_field_of_another_plugin_is_one_batch() {
    check("{ sessions { title shifts { name entries { person hours } } room { name } } }", &expect![[r#"
        query Query.sessions {} ["title","id","room.name"]
        query Session.shifts {} ["name","id"] for {"id":"s1"} {"id":"s2"}
        query Shift.entries {} ["person","hours"] for {"id":"x-s1"} {"id":"x-s2"}"#]], &expect![[r#"{"data":{"sessions":[{"title":"Title s1","shifts":[{"name":"Door","entries":[{"person":"for x-s1","hours":2.5}]}],"room":{"name":"Hall"}},{"title":"Title s2","shifts":[{"name":"Door","entries":[{"person":"for x-s2","hours":2.5}]}],"room":{"name":"Hall"}}]}}"#]]).await;
}

#[tokio::test]
async fn only_what_was_selected_comes_in_the_order_it_was_asked_for() {
    check("{ __typename s: session(id: \"s1\") { start title again: title kind tags __typename room { __typename } id } }", &expect![[r#"query Query.session {"id":"s1"} ["start","title","kind","tags","room","id"]"#]], &expect![[r#"{"data":{"__typename":"Query","s":{"start":"2026-08-14T10:30:00+02:00","title":"Title s1","again":"Title s1","kind":"TALK","tags":null,"__typename":"Session","room":{"__typename":"Room"},"id":"s1"}}}"#]]).await;
}

#[tokio::test]
async fn another_plugins_entity_is_loaded_once_for_all_who_refer_to_it() {
    check("{ shifts { name session { title id room { name } shifts { id } } } mySessions { title } }", &expect![[r#"
        query Query.shifts {} ["name","session.id"]
        query Session.shifts {} ["id"] for {"id":"s1"} {"id":"gone"}
        query Session.__entity {} ["title","room.name"] for {"id":"s1"} {"id":"gone"}
        query Query.mySessions {} ["id"]
        query Session.__entity {} ["title"] for {"id":"s2"} {"id":"gone"}"#]], &expect![[r#"{"data":{"shifts":[{"name":"Door","session":{"title":"Title s1","id":"s1","room":{"name":"Hall"},"shifts":[{"id":"x-s1"}]}},{"name":"Desk","session":{"title":"Title s1","id":"s1","room":{"name":"Hall"},"shifts":[{"id":"x-s1"}]}},{"name":"Bar","session":null}],"mySessions":[{"title":"Title s2"},null]}}"#]]).await;
}

#[tokio::test]
async fn a_key_is_answered_without_loading() {
    check("{ shifts { session { id __typename } } }", &expect![[r#"query Query.shifts {} ["session.id"]"#]], &expect![[r#"{"data":{"shifts":[{"session":{"id":"s1","__typename":"Session"}},{"session":{"id":"s1","__typename":"Session"}},{"session":{"id":"gone","__typename":"Session"}}]}}"#]]).await;
}

#[tokio::test]
async fn equal_parents_are_asked_for_once_across_lists() {
    check("{ sessions { people { name sessions(limit: 3) { title } } } }", &expect![[r#"
        query Query.sessions {} ["people.name","people.id"]
        query Person.sessions {"limit":3} ["title"] for {"id":"p1"} {"id":"p2"}"#]], &expect![[r#"{"data":{"sessions":[{"people":[{"name":"Person p1","sessions":[{"title":"Theirs"}]},{"name":"Person p2","sessions":[{"title":"Theirs"}]}]},{"people":[{"name":"Person p1","sessions":[{"title":"Theirs"}]},{"name":"Person p2","sessions":[{"title":"Theirs"}]}]}]}}"#]]).await;
}

#[tokio::test]
async fn fragments_conditions_and_repeated_fields_come_to_one_selection() {
    check(
        "query($no: Boolean = false, $yes: Boolean = true) {
           sessions { ...A title @skip(if: $yes) room { name } ... on Session @include(if: $yes) { room { id } } ...B @include(if: $no) }
           sessions { kind }
         }
         fragment A on Session { id room { ...R } }
         fragment B on Session { tags }
         fragment R on Room { capacity }",
        &expect![[r#"query Query.sessions {} ["id","room.capacity","room.name","room.id","kind"]"#]],
        &expect![[r#"{"data":{"sessions":[{"id":"s1","room":{"capacity":300,"name":"Hall","id":"r1"},"kind":"TALK"},{"id":"s2","room":{"capacity":300,"name":"Hall","id":"r1"},"kind":"TALK"}]}}"#]],
    )
    .await;
}

#[tokio::test]
async fn mutations_run_one_after_another_and_actions_as_actions() {
    let plugins = convention();
    let request = Request::new(
        "mutation { b: rename(id: \"s2\", title: \"B\") { id shifts { id } } a: rename(id: \"s1\", title: \"A\") { id } publish }",
    );
    let answer = run(&both(), &plugins, request, &account("anna", &["programme.edit"])).await;
    expect![[r#"
        mutation Mutation.rename {"id":"s2","title":"B"} ["id"]
        query Session.shifts {} ["id"] for {"id":"s2"}
        mutation Mutation.rename {"id":"s1","title":"A"} ["id"]
        action Mutation.publish {} []"#]]
    .assert_eq(&plugins.calls().join("\n"));
    expect![[r#"{"data":{"b":{"id":"s2","shifts":[{"id":"x-s2"}]},"a":{"id":"s1"},"publish":true}}"#]]
        .assert_eq(std::str::from_utf8(&answer.body).unwrap());
    assert_eq!((answer.outcome, answer.errors), (Outcome::Executed, 0));
}

#[tokio::test]
async fn arguments_get_defaults_and_inputs_are_filled_in() {
    let plugins = convention().always("Query.sessions", json!([]));
    let request = Request::new("query($f: SessionFilter, $n: Int) { a: sessions(filter: {kind: TALK, rooms: [1, \"r2\"]}) { id } b: sessions(filter: $f, limit: $n) { id } c: sessions(limit: 5) { id } }")
        .with_variables(json!({"f": {"text": "a \"quoted\" word", "rooms": "r1"}}));
    run(&both(), &plugins, request, &anonymous()).await;
    expect![[r#"
        query Query.sessions {"filter":{"kind":"TALK","text":"","rooms":["1","r2"]}} ["id"]
        query Query.sessions {"filter":{"text":"a \"quoted\" word","rooms":["r1"]}} ["id"]
        query Query.sessions {"limit":5} ["id"]"#]]
    .assert_eq(&plugins.calls().join("\n"));
}

#[tokio::test]
async fn introspection_is_answered_beside_fields() {
    let plugins = convention();
    let request = Request::new(
        "query($name: String!) { sessions { id } __type(name: $name) { ...T } kinds: __type(name: \"Kind\") { enumValues { name } } __schema { queryType { name } } }
         fragment T on __Type { name description fields { name type { kind ofType { name } } args { name defaultValue } } }",
    )
    .with_variables(json!({"name": "Person"}));
    let answer = run(&both(), &plugins, request, &anonymous()).await;
    expect![[r#"{"data":{"sessions":[{"id":"s1"},{"id":"s2"}],"__type":{"name":"Person","description":null,"fields":[{"name":"id","type":{"kind":"NON_NULL","ofType":{"name":"ID"}},"args":[]},{"name":"name","type":{"kind":"NON_NULL","ofType":{"name":"String"}},"args":[]},{"name":"email","type":{"kind":"SCALAR","ofType":null},"args":[]},{"name":"sessions","type":{"kind":"LIST","ofType":{"name":null}},"args":[{"name":"limit","defaultValue":"10"}]}]},"kinds":{"enumValues":[{"name":"TALK"},{"name":"PANEL"}]},"__schema":{"queryType":{"name":"Query"}}}}"#]].assert_eq(std::str::from_utf8(&answer.body).unwrap());
    assert_eq!(plugins.calls().len(), 1);
}

#[tokio::test]
async fn the_introspection_of_graphiql_passes_all_limits() {
    let query = "query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name } types { ...FullType }
        directives { name description locations args { ...InputValue } } } }
      fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
        inputFields { ...InputValue } interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
      fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
      fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }";
    let answer = run(&both(), &Plugins::default(), Request::new(query), &anonymous()).await;
    assert_eq!(answer.errors, 0, "{}", shown(&answer));
    let types = body(&answer)["data"]["__schema"]["types"].as_array().unwrap().len();
    assert!(types > 15, "{types}");
}

#[tokio::test]
async fn what_is_not_valid_is_refused_before_any_call() {
    let plugins = Plugins::default();
    let mut all = String::new();
    for query in [
        "",
        "{ sessions { id }",
        "{ sesions { id } }",
        "{ sessions }",
        "{ sessions { id { x } } }",
        "{ session { id } }",
        "{ session(id: {}) { id } }",
        "{ sessions(filter: {knd: TALK}) { id } }",
        "{ sessions(filter: {kind: LOUD}) { id } }",
        "query($x: Strin) { session(id: $x) { id } }",
        "query($x: [Nope] = [1]) { session(id: \"1\") { id } }",
        "query($x: Session) { session(id: $x) { id } }",
        "query($x: String) { session(id: $x) { id } }",
        "query { session(id: $x) { id } }",
        "query($x: [ID!]) { sessions(filter: {rooms: [$x]}) { id } }",
        "query($x: String) { sessions(filter: {kind: $x}) { id } }",
        "query($x: Int) { sessions(filter: {text: $x}) { id } }",
        "query($x: String) { sessions @include(if: $x) { id } }",
        "{ a: sessions { id } a: shifts { id } }",
        "{ sessions { x: id } ... on Query { sessions { x: title } } }",
        "{ sessions(limit: 1) { id } sessions(limit: 2) { id } }",
        "{ sessions { people { sessions(limit: 1) { id } } } sessions { people { sessions(limit: 2) { id } } } }",
        "{ sessions { ...A } } fragment A on Session { ...B } fragment B on Session { ...A }",
        "{ sessions { ...Nope } }",
        "{ sessions { ... on Room { id } } }",
        "fragment A on Session { id }",
        "query A { shifts { id } } query B { shifts { id } }",
        "{ shifts { id } } query B { shifts { id } }",
        "{ sessions @nope { id } }",
        "subscription { x }",
    ] {
        let answer = run(&both(), &plugins, Request::new(query), &anonymous()).await;
        assert_eq!(answer.outcome, Outcome::Refused, "{query}");
        let messages: Vec<String> = body(&answer)["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| format!("{} {}", error["locations"][0], error["message"]))
            .collect();
        all += &format!("{query}\n  {}\n", messages.join("\n  "));
    }
    expect![[r#"

          null "the document is empty; send a query"
        { sessions { id }
          {"column":18,"line":1} "not GraphQL: expected selection"
        { sesions { id } }
          {"column":3,"line":1} "Unknown field \"sesions\" on type \"Query\". Did you mean \"sessions\", \"session\", \"mySessions\"?"
        { sessions }
          {"column":3,"line":1} "Field \"sessions\" of type \"Session\" must have a selection of subfields"
        { sessions { id { x } } }
          {"column":14,"line":1} "Field \"id\" must not have a selection since type \"ID\" has no subfields"
          {"column":19,"line":1} "Unknown field \"x\" on type \"ID\"."
        { session { id } }
          {"column":3,"line":1} "Field \"session\" argument \"id\" of type \"Query\" is required but not provided"
        { session(id: {}) { id } }
          {"column":11,"line":1} "Invalid value for argument \"id\", expected type \"ID\""
        { sessions(filter: {knd: TALK}) { id } }
          {"column":12,"line":1} "Invalid value for argument \"filter\", unknown field \"knd\" of type \"SessionFilter\""
        { sessions(filter: {kind: LOUD}) { id } }
          {"column":12,"line":1} "Invalid value for argument \"filter.kind\", enumeration type \"Kind\" does not contain the value \"LOUD\""
        query($x: Strin) { session(id: $x) { id } }
          {"column":7,"line":1} "the type `Strin` of `$x` is not known; did you mean `String`?"
        query($x: [Nope] = [1]) { session(id: "1") { id } }
          {"column":7,"line":1} "the type `Nope` of `$x` is not known"
        query($x: Session) { session(id: $x) { id } }
          {"column":7,"line":1} "the type `Session` of `$x` is no input type"
        query($x: String) { session(id: $x) { id } }
          {"column":21,"line":1} "argument `id` of `session`: `$x` is `String`, but `ID!` is expected here"
        query { session(id: $x) { id } }
          {"column":17,"line":1} "Variable \"$x\" is not defined"
        query($x: [ID!]) { sessions(filter: {rooms: [$x]}) { id } }
          {"column":20,"line":1} "argument `filter` of `sessions`: `$x` is `[ID!]`, but `ID!` is expected here"
        query($x: String) { sessions(filter: {kind: $x}) { id } }
          {"column":21,"line":1} "argument `filter` of `sessions`: `$x` is `String`, but `Kind` is expected here"
        query($x: Int) { sessions(filter: {text: $x}) { id } }
          {"column":18,"line":1} "argument `filter` of `sessions`: `$x` is `Int`, but `String` is expected here"
        query($x: String) { sessions @include(if: $x) { id } }
          {"column":7,"line":1} "`$x` decides `@skip` or `@include`, so it must be `Boolean!`, not `String`"
        { a: sessions { id } a: shifts { id } }
          {"column":3,"line":1} "Fields \"a\" conflict because \"sessions\" and \"shifts\" are different fields. Use different aliases on the fields to fetch both if this was intentional."
        { sessions { x: id } ... on Query { sessions { x: title } } }
          {"column":14,"line":1} "`x` stands for two things: the fields `id` and `title`; give one of them an alias"
        { sessions(limit: 1) { id } sessions(limit: 2) { id } }
          {"column":3,"line":1} "Fields \"limit\" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional."
        { sessions { people { sessions(limit: 1) { id } } } sessions { people { sessions(limit: 2) { id } } } }
          {"column":23,"line":1} "`sessions` stands for two things: the field `sessions` with different arguments; give one of them an alias"
        { sessions { ...A } } fragment A on Session { ...B } fragment B on Session { ...A }
          {"column":78,"line":1} "fragment `A` spreads itself; break the cycle"
        { sessions { ...Nope } }
          {"column":14,"line":1} "Unknown fragment: \"Nope\""
        { sessions { ... on Room { id } } }
          {"column":14,"line":1} "Fragment cannot be spread here as objects of type \"Session\" can never be of type \"Room\""
        fragment A on Session { id }
          null "not GraphQL: document does not contain an operation"
        query A { shifts { id } } query B { shifts { id } }
          null "there are several operations; say which with `operationName`"
        { shifts { id } } query B { shifts { id } }
          {"column":1,"line":1} "not GraphQL: document contains multiple operations"
        { sessions @nope { id } }
          {"column":12,"line":1} "Unknown directive \"nope\""
        subscription { x }
          {"column":1,"line":1} "Schema is not configured for subscriptions."
          {"column":1,"line":1} "Schema is not configured for subscriptions."
    "#]].assert_eq(&all);
    assert!(plugins.calls().is_empty());
}

#[tokio::test]
async fn the_operation_is_chosen_by_name() {
    let plugins = convention();
    let text = "query A { mySessions { id } } query B { shifts { id } }";
    let mut all = Vec::new();
    for name in [Some("B"), Some("C"), Some(""), None] {
        let request = Request { operation_name: name.map(str::to_owned), ..Request::new(text) };
        let answer = run(&both(), &plugins, request, &anonymous()).await;
        all.push(std::str::from_utf8(&answer.body).unwrap().to_owned());
    }
    expect![[r#"
        {"data":{"shifts":[{"id":"x1"},{"id":"x2"},{"id":"x3"}]}}
        {"errors":[{"message":"there is no operation `C`; did you mean `A`?","extensions":{"code":"graphql-invalid","retryable":false,"requestId":"req1"}}]}
        {"errors":[{"message":"there are several operations; say which with `operationName`","extensions":{"code":"graphql-invalid","retryable":false,"requestId":"req1"}}]}
        {"errors":[{"message":"there are several operations; say which with `operationName`","extensions":{"code":"graphql-invalid","retryable":false,"requestId":"req1"}}]}"#]].assert_eq(&all.join("\n"));
}

#[tokio::test]
async fn a_field_of_a_plugin_that_is_not_enabled_names_the_plugin() {
    let schema = compose_knowing(
        vec![contribution("conman/programme", PROGRAMME)],
        &[contribution("conman/volunteer", VOLUNTEER)],
    )
    .unwrap();
    let request = Request::new("{ shifts { id } sessions { ...S } } fragment S on Session { title shifts { name } }");
    let answer = run(&schema, &Plugins::default(), request, &anonymous()).await;
    expect![[r#"
        {
          "errors": [
            {
              "extensions": {
                "code": "graphql-invalid",
                "plugin": "conman/volunteer",
                "requestId": "req1",
                "retryable": false
              },
              "locations": [
                {
                  "column": 3,
                  "line": 1
                }
              ],
              "message": "`Query.shifts` is offered by the plugin `conman/volunteer`, which is not enabled here; enable it, or leave the field out"
            },
            {
              "extensions": {
                "code": "graphql-invalid",
                "plugin": "conman/volunteer",
                "requestId": "req1",
                "retryable": false
              },
              "locations": [
                {
                  "column": 67,
                  "line": 1
                }
              ],
              "message": "`Session.shifts` is offered by the plugin `conman/volunteer`, which is not enabled here; enable it, or leave the field out"
            }
          ]
        }"#]].assert_eq(&shown(&answer));
}

#[tokio::test]
async fn a_schema_of_nothing_still_answers() {
    let schema = compose(vec![]).unwrap();
    let answer =
        run(&schema, &Plugins::default(), Request::new("{ __typename _service { __typename } }"), &anonymous()).await;
    expect![[r#"{"data":{"__typename":"Query","_service":{"__typename":"_Service"}}}"#]]
        .assert_eq(std::str::from_utf8(&answer.body).unwrap());
}
