//! Many plugins' SDL: one schema, or all that is wrong.

use conman_graph::{compose, compose_knowing};
use expect_test::{Expect, expect};

use crate::plugins::{both, contribution};

fn refused(contributions: &[(&str, &str)], expected: &Expect) {
    let contributions = contributions.iter().map(|(plugin, sdl)| contribution(plugin, sdl)).collect();
    let errors = compose(contributions).expect_err("it composes");
    let text: String = errors.iter().map(|error| format!("{error}\n")).collect();
    expected.assert_eq(&text);
}

#[test]
fn two_plugins_become_one_schema() {
    expect![[r#"
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
        type Session {
          id: ID!
          title: String!
          start: DateTime
          kind: Kind!
          room: Room
          people: [Person!]!
          tags: [String!]
          shifts: [Shift!]
        }

        type Room {
          id: ID!
          name: String!
          capacity: Int
        }

        type Person {
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

        type Shift {
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
    .assert_eq(both().sdl());
}

#[test]
fn the_order_of_contributions_does_not_matter() {
    use crate::plugins::{PROGRAMME, VOLUNTEER};
    let other = compose(vec![contribution("conman/volunteer", VOLUNTEER), contribution("conman/programme", PROGRAMME)])
        .unwrap();
    assert_eq!(both().sdl(), other.sdl());
    assert_ne!(both().generation(), other.generation());
}

#[test]
fn nobody_has_to_contribute() {
    let schema = compose(vec![]).unwrap();
    assert!(schema.plugins().is_empty());
    assert!(compose(vec![contribution("a-b/quiet", "# nothing yet\n")]).is_ok());
    assert!(compose_knowing(vec![], &[contribution("a-b/broken", "type {{{")]).is_ok());
}

#[test]
fn what_two_plugins_define_is_refused_with_both_names() {
    refused(
        &[
            (
                "aa/one",
                "type Room { id: ID! }\nextend type Query { rooms: [Room!]! }\ntype Hall @key(fields: \"id\") { id: ID! }",
            ),
            (
                "bb/two",
                "type Room { id: ID! }\nextend type Query {\n  rooms: [Room!]!\n}\nextend type Hall @key(fields: \"id\") { seats: Int }",
            ),
            ("cc/three", "extend type Hall @key(fields: \"id\") { seats: Int id: ID! }"),
        ],
        &expect![[r#"
            bb/two schema.graphql:1:1: `Room` is defined by `aa/one` (at 1:1) and by `bb/two`; rename one, or extend it if it has a @key
            bb/two schema.graphql:3:3: `Query.rooms` is defined by `aa/one` (at 2:21) and by `bb/two`; rename one
            cc/three schema.graphql:1:39: `Hall.seats` is defined by `bb/two` (at 5:39) and by `cc/three`; rename one
            cc/three schema.graphql:1:50: `Hall.id` is defined by `aa/one` (at 3:32) and by `cc/three`; rename one
        "#]],
    );
}

#[test]
fn what_is_not_in_the_dialect_is_refused_with_its_place() {
    refused(
        &[(
            "aa/one",
            r#"
schema { query: Query }
directive @mine on FIELD_DEFINITION
scalar Colour
scalar DateTime
interface Node { id: ID! }
union Thing = A | B
type A implements Node { id: ID! __secret: Int id: Int }
type B @key(field: "id") { id: ID! }
type Query { a: A }
type _Any { id: ID! }
enum Kind { ONE ONE }
extend enum Kind { TWO }
input In { a: Int a: Int }
extend type Query {
  a(x: Int, x: Int): A @permision(name: "a")
  b: A @cache(maxAge: 60)
  c: A @cache(maxAge: 60, scope: PUBLIC) @permission(name: "x")
  d: A @action
  e: [A] @cost(sizeArgument: "first")
  f: A @cost(listSize: 3, weight: -1)
  g: A @permission(name: " ")
  _service: String
}
extend type Subscription { s: A t: A @topics(patterns: ["Nope"]) }
extend type Mutation { m: A @topics(patterns: ["a.b"]) @action @action }
"#,
        )],
        &expect![[r#"
            aa/one schema.graphql:2:1: the host writes the `schema` block; leave it out and use `extend type Query`, `Mutation` and `Subscription`
            aa/one schema.graphql:3:1: directives belong to the host; leave out `directive @mine`
            aa/one schema.graphql:4:1: a plugin cannot bring the scalar `Colour`; the host has DateTime, Date, Time, JSON, Long besides GraphQL's own
            aa/one schema.graphql:6:1: interface `Node`: interfaces are not offered; repeat the fields in each type
            aa/one schema.graphql:7:1: union `Thing`: unions are not offered; use one type with a kind (an enum) and nullable fields
            aa/one schema.graphql:8:19: `A` implements `Node`, but interfaces are not offered; leave it out
            aa/one schema.graphql:8:34: `__secret` starts with `__`, which GraphQL keeps for itself; choose another name
            aa/one schema.graphql:8:48: `A.id` is defined twice; the first is at 8:26
            aa/one schema.graphql:9:8: `@key` needs `fields`, a text that is not empty; write `@key(fields: "id")`
            aa/one schema.graphql:9:13: `@key` takes no `field`; did you mean `fields`?
            aa/one schema.graphql:10:1: `type Query` is the host's; write `extend type Query { … }`
            aa/one schema.graphql:11:6: `_Any` is a name of the host; choose another
            aa/one schema.graphql:12:17: `Kind` has the value `ONE` twice; keep one
            aa/one schema.graphql:13:1: `extend` works on Query, Mutation, Subscription and entities; write all of `Kind` in one place
            aa/one schema.graphql:14:19: `In` has the field `a` twice; keep one
            aa/one schema.graphql:16:3: `Query.a` is defined twice; the first is at 10:14
            aa/one schema.graphql:16:13: `Query.a` has the argument `x` twice; keep one
            aa/one schema.graphql:16:24: unknown directive `@permision` on `Query.a`; did you mean `permission`?
            aa/one schema.graphql:17:8: `@cache` needs maxAge (seconds) and scope; write `@cache(maxAge: 60, scope: PUBLIC)`, or `ACTOR` if the answer depends on who asks
            aa/one schema.graphql:18:8: `Query.c` is cached for everybody but needs the permission `x`; use `scope: ACTOR`, or drop one of the two
            aa/one schema.graphql:19:8: `@action` stands on `Query.d`, but belongs on fields of Mutation
            aa/one schema.graphql:20:10: `sizeArgument: "first"` of `Query.e` must name an argument of type Int
            aa/one schema.graphql:21:8: `Query.f` is no list, so `@cost` has no use for listSize or sizeArgument
            aa/one schema.graphql:21:35: `weight` of `@cost` is a whole number from 0 to 1000000000
            aa/one schema.graphql:22:8: `@permission` needs `name`, a text that is not empty; write `@permission(name: "shift.manage")`
            aa/one schema.graphql:23:3: `Query._service` is a field of the host; choose another name
            aa/one schema.graphql:25:28: `Subscription.s` does not say what wakes it; add `@topics(patterns: ["…"])`
            aa/one schema.graphql:25:38: `Nope` is not a topic; write lower-case words with dots, like `volunteer.shift.moved`, or `volunteer.*` for all below
            aa/one schema.graphql:26:29: `@topics` stands on `Mutation.m`, but belongs on fields of Subscription
            aa/one schema.graphql:26:64: `@action` stands twice on `Mutation.m`; keep one
        "#]],
    );
}

#[test]
fn references_that_lead_nowhere_are_refused() {
    refused(
        &[
            (
                "aa/one",
                "type Plain { id: ID! }\ntype Keyed @key(fields: \"id name\") { id: ID! name: String }\ninput In { self: In! }\ninput Out { k: Keyed }",
            ),
            (
                "bb/two",
                r#"
extend type Query {
  a: Sesion
  b: Plain
  c: In
  d(x: Keyed, y: Strin, z: Kind = LOUD, w: [Int!] = ["a"]): Int
}
enum Kind { SOFT }
type NoKey { list(first: Int): [Int!]! plain: Int @cache(maxAge: 1, scope: ACTOR) other: Int @batched }
extend type Plain @key(fields: "id") { x: Int }
extend type Keyed @key(fields: "id") { x: Int }
extend type Kyed @key(fields: "id") { x: Int }
extend type NoKey { z: Int }
extend type Kind { z: Int }
type Bad @key(fields: "id other missing") { id: [ID!]! other: Float! }
type Session { id: ID! }
"#,
            ),
        ],
        &expect![[r#"
            aa/one schema.graphql:2:1: the key field `Keyed.name` is `String`; a key is made of ID!, String!, Int! or Long!
            aa/one schema.graphql:3:12: input `In` requires itself through `In.self`; make that field nullable
            aa/one schema.graphql:4:13: `Out.k` takes `Keyed`, which is an object type; define an `input` for it
            bb/two schema.graphql:3:3: `Query.a` refers to `Sesion`, which nobody defines; did you mean `Session`?
            bb/two schema.graphql:4:3: `Query.b` refers to `Plain` of `aa/one`, which has no @key; only entities can be referred to
            bb/two schema.graphql:5:3: `Query.c` answers `In`, which is an input type; define an object type for it
            bb/two schema.graphql:6:5: `Query.d(x)` takes `Keyed`, which is an object type; define an `input` for it
            bb/two schema.graphql:6:15: `Query.d(y)` refers to `Strin`, which nobody defines; did you mean `String`?
            bb/two schema.graphql:6:25: the default of `Query.d(z)` does not fit `Kind`: the enum `Kind` has no value `LOUD`; it has SOFT
            bb/two schema.graphql:6:41: the default of `Query.d(w)` does not fit `[Int!]`: `Int`, a whole number from -2147483648 to 2147483647, is expected here, not text
            bb/two schema.graphql:9:14: `NoKey.list` is resolved for many parents at once, so `NoKey` needs a key: add `@key(fields: "id")` to the type
            bb/two schema.graphql:9:40: `@cache` on `NoKey.plain` has nothing to do: the value comes with its parent; put it on the field that is called
            bb/two schema.graphql:9:83: `NoKey.other` is resolved for many parents at once, so `NoKey` needs a key: add `@key(fields: "id")` to the type
            bb/two schema.graphql:10:1: `extend type Plain`: `Plain` of `aa/one` has no @key, so its owner does not let others extend it
            bb/two schema.graphql:11:1: `extend type Keyed` needs the key of `aa/one`: write `extend type Keyed @key(fields: "id name")`
            bb/two schema.graphql:12:1: `extend type Kyed`: no enabled plugin defines `Kyed`; did you mean `Keyed`?
            bb/two schema.graphql:13:1: `NoKey` is your own type; write all its fields in one place
            bb/two schema.graphql:14:1: `extend type Kind`: `Kind` of `bb/two` is no object type
            bb/two schema.graphql:15:1: the key field `Bad.id` is `[ID!]!`; a key is made of ID!, String!, Int! or Long!
            bb/two schema.graphql:15:1: the key field `Bad.other` is `Float!`; a key is made of ID!, String!, Int! or Long!
            bb/two schema.graphql:15:1: the key of `Bad` names `missing`, which `Bad` does not have
        "#]],
    );
}

#[test]
fn what_is_no_graphql_is_refused_with_its_place() {
    refused(
        &[("aa/one", "type Room {\n  id ID!\n}"), ("bb/two", &"{".repeat(100)), ("cc/cc", "input A { a: A = {} }")],
        &expect![[r#"
        aa/one schema.graphql:2:6: not GraphQL: expected arguments_definition
        bb/two schema.graphql: brackets nest deeper than 64; no schema needs that
        cc/cc schema.graphql:1:11: the default of `A.a` does not fit `A`: the value grows without end; some default contains itself
    "#]],
    );
}

#[test]
fn defaults_that_contain_themselves_end() {
    refused(
        &[("aa/one", "input A { a: B = {} b: B = {} }\ninput B { a: A = {} b: A = {} }")],
        &expect![[r#"
        aa/one schema.graphql:1:11: the default of `A.a` does not fit `B`: the value grows without end; some default contains itself
        aa/one schema.graphql:1:21: the default of `A.b` does not fit `B`: the value grows without end; some default contains itself
        aa/one schema.graphql:2:11: the default of `B.a` does not fit `A`: the value grows without end; some default contains itself
        aa/one schema.graphql:2:21: the default of `B.b` does not fit `A`: the value grows without end; some default contains itself
    "#]],
    );
}
