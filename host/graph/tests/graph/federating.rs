//! The composed schema as a subgraph of Apollo Federation v2.

use conman_graph::{Request, compose};
use expect_test::expect;
use serde_json::json;

use crate::plugins::{Plugins, account, anonymous, body, both, contribution, convention, run};

#[tokio::test]
async fn the_service_answers_its_sdl() {
    let answer = run(&both(), &Plugins::default(), Request::new("{ _service { sdl } }"), &anonymous()).await;
    let sdl = body(&answer)["data"]["_service"]["sdl"].as_str().unwrap().to_owned();
    expect![[r#"
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        "A moment: RFC 3339 with an offset from UTC, `2026-08-14T10:30:00+02:00`."
        scalar DateTime

        "A calendar date: `2026-08-14`."
        scalar Date

        "A local time of day: `10:30` or `10:30:00`."
        scalar Time

        "Any JSON value."
        scalar JSON

        "A whole number of at most 64 bits. JavaScript's numbers are exact only up to 2^53."
        scalar Long

        type Query {
          sessions(filter: SessionFilter, limit: Int): [Session!]
          session(id: ID!): Session
          secret: String
          shifts: [Shift!]
          mySessions: [Session]
        }

        type Mutation {
          rename(id: ID!, title: String!): Session
          publish: Boolean
        }

        "What is on."
        type Session @key(fields: "id") {
          id: ID!
          title: String!
          start: DateTime
          kind: Kind!
          room: Room
          people: [Person!]!
          tags: [String!]
          shifts: [Shift!]
        }

        type Room @key(fields: "id") {
          id: ID!
          name: String!
          capacity: Int
        }

        type Person @key(fields: "id") {
          id: ID!
          name: String!
          email: String
          sessions(limit: Int = 10): [Session!]
        }

        input SessionFilter {
          kind: Kind
          text: String = ""
          rooms: [ID!]
        }

        enum Kind {
          TALK
          PANEL
        }

        type Shift @key(fields: "id") {
          id: ID!
          name: String!
          session: Session
          entries: [Entry!]
        }

        type Entry {
          person: String!
          hours: Float!
        }
    "#]]
    .assert_eq(&sdl);
    assert_eq!(sdl, both().federation_sdl());
    // What a gateway reads must parse.
    async_graphql_parser::parse_schema(&sdl).unwrap();
}

#[tokio::test]
async fn entities_are_answered_by_their_keys_in_order() {
    let plugins = convention();
    let request = Request::new(
        "query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Session { id title shifts { id } } ... on Shift { id entries { hours } } } }",
    )
    .with_variables(json!({"r": [
        {"__typename": "Session", "id": "s2"},
        {"__typename": "Shift", "id": "x1"},
        {"__typename": "Session", "id": "gone"},
        {"__typename": "Nope", "id": "1"},
        {"id": "1"},
        {"__typename": "Session"},
        7,
    ]}));
    let answer = run(&both(), &plugins, request, &anonymous()).await;
    expect![[r#"
        query Session.shifts {} ["id"] for {"id":"s2"} {"id":"gone"}
        query Session.__entity {} ["title"] for {"id":"s2"} {"id":"gone"}
        query Shift.entries {} ["hours"] for {"id":"x1"}"#]]
    .assert_eq(&plugins.calls().join("\n"));
    expect![[r#"{"data":{"_entities":[{"__typename":"Session","id":"s2","title":"Title s2","shifts":[{"id":"x-s2"}]},{"__typename":"Shift","id":"x1","entries":[{"hours":2.5}]},null,null,null,null,null]},"errors":[{"message":"a representation needs the `__typename` of an entity","path":["_entities",3],"extensions":{"code":"bad-answer","retryable":false,"requestId":"req1"}},{"message":"a representation needs the `__typename` of an entity","path":["_entities",4],"extensions":{"code":"bad-answer","retryable":false,"requestId":"req1"}},{"message":"the answer lacks the key of `Session` (id)","path":["_entities",5],"extensions":{"code":"bad-answer","retryable":false,"requestId":"req1"}},{"message":"an object is declared, but the answer has a number","path":["_entities",6],"extensions":{"code":"bad-answer","retryable":false,"requestId":"req1"}}]}"#]].assert_eq(std::str::from_utf8(&answer.body).unwrap());
}

#[tokio::test]
async fn representations_may_be_literals() {
    let plugins = convention();
    let request = Request::new(
        "{ _entities(representations: [{__typename: \"Session\", id: \"s1\"}]) { ...on Session { title } } }",
    );
    let answer = run(&both(), &plugins, request, &anonymous()).await;
    expect![[r#"{"data":{"_entities":[{"title":"Title s1"}]}}"#]].assert_eq(std::str::from_utf8(&answer.body).unwrap());
}

#[tokio::test]
async fn keys_may_have_several_fields_and_any_text() {
    let owner = "type Seat @key(fields: \"row number\") { number: Int! row: String! label: String! }\nextend type Query { seats: [Seat!]! }";
    let other =
        "extend type Seat @key(fields: \"number row\") { taken: Boolean! }\nextend type Query { mine: [Seat!]! }";
    let schema = compose(vec![contribution("aa/hall", owner), contribution("bb/tickets", other)]).unwrap();
    let plugins = Plugins::default()
        .always(
            "Query.seats",
            json!([{"number": 1, "row": "A\"é", "label": "A1"}, {"row": "raw:", "number": -7, "label": "x"}]),
        )
        .always("Query.mine", json!("raw:[{\"row\":\"A\\u0022\\u00e9\",\"number\":1}]"))
        .always("Seat.taken", json!(true))
        .always("Seat.__entity", json!({"row": "A", "number": 1, "label": "loaded"}));
    let request = Request::new("{ seats { label taken } mine { label row taken } }");
    let answer = run(&schema, &plugins, request, &anonymous()).await;
    expect![[r#"
        query Query.seats {} ["label","row","number"]
        query Seat.taken {} [] for {"row":"A\"é","number":1} {"row":"raw:","number":-7}
        query Query.mine {} ["row","number"]
        query Seat.taken {} [] for {"row":"A\u0022\u00e9","number":1}
        query Seat.__entity {} ["label"] for {"row":"A\u0022\u00e9","number":1}"#]]
    .assert_eq(&plugins.calls().join("\n"));
    expect![[r#"{"data":{"seats":[{"label":"A1","taken":true},{"label":"x","taken":true}],"mine":[{"label":"loaded","row":"A\u0022\u00e9","taken":true}]}}"#]].assert_eq(std::str::from_utf8(&answer.body).unwrap());
}

const GUARDED: &str = r#"
type Plan @key(fields: "id") @permission(name: "plan.view") { id: ID! title: String! heads: [String!]! @batched }
extend type Query { plan: Plan @permission(name: "plan.view") }
"#;
const REFERRING: &str = r#"
extend type Plan @key(fields: "id") { photos: Int! }
extend type Query { plans: [Plan!]! }
"#;

async fn of_plans(query: &str, scope: &conman_kernel::dispatch::Scope) -> (String, String) {
    let schema = compose(vec![contribution("aa/plans", GUARDED), contribution("bb/photos", REFERRING)]).unwrap();
    let plugins = Plugins::default()
        .always("Query.plans", json!([{"id": "p1"}, {"id": "p2"}]))
        .always("Plan.__entity", json!({"id": "p1", "title": "Secret"}))
        .always("Plan.heads", json!(["anna"]))
        .always("Plan.photos", json!(3));
    let answer = run(&schema, &plugins, Request::new(query), scope).await;
    (String::from_utf8(answer.body.to_vec()).unwrap(), plugins.calls().join("\n"))
}

#[tokio::test]
async fn nothing_is_loaded_by_key_without_the_types_permission() {
    let entities = |fields: &str| {
        format!(
            "{{ _entities(representations: [{{__typename: \"Plan\", id: \"p1\"}}]) {{ __typename ... on Plan {{ {fields} }} }} }}"
        )
    };
    for fields in ["title", "heads", "photos", "id heads"] {
        let (answer, calls) = of_plans(&entities(fields), &anonymous()).await;
        assert!(answer.starts_with(r#"{"data":{"_entities":[null]},"errors":["#), "{fields}: {answer}");
        assert!(answer.contains("plan.view") && answer.contains("unauthenticated"), "{fields}: {answer}");
        assert_eq!(calls, "", "{fields}");
    }
    // The key is what the client had already.
    let (answer, calls) = of_plans(&entities("id"), &anonymous()).await;
    assert_eq!((answer.as_str(), calls.as_str()), (r#"{"data":{"_entities":[{"__typename":"Plan","id":"p1"}]}}"#, ""));
    let (answer, _) = of_plans(&entities("title heads photos"), &account("anna", &["plan.view"])).await;
    expect![[r#"{"data":{"_entities":[{"__typename":"Plan","title":"Secret","heads":["anna"],"photos":3}]}}"#]]
        .assert_eq(&answer);
}

#[tokio::test]
async fn another_plugins_reference_shows_no_more_than_the_key_without_the_types_permission() {
    let (answer, calls) = of_plans("{ plans { id title } }", &account("bert", &[])).await;
    expect![[r#"query Query.plans {} ["id"]"#]].assert_eq(&calls);
    assert!(answer.starts_with(r#"{"data":{"plans":[null,null]},"errors":["#), "{answer}");
    assert_eq!(answer.matches("forbidden").count(), 1, "told once: {answer}");
    let (answer, _) = of_plans("{ plans { id } }", &account("bert", &[])).await;
    assert_eq!(answer, r#"{"data":{"plans":[{"id":"p1"},{"id":"p2"}]}}"#);
}
