//! Values from clients, held to their types.

use conman_graph::{Request, compose};
use expect_test::expect;
use serde_json::{Value, json};

use crate::plugins::{Plugins, anonymous, body, contribution, run};

const SDL: &str = r#"
enum Size { S M L }
input Inner { name: String!, size: Size = M, tags: [String!] }
input Outer { inner: Inner!, list: [[Int]] , when: DateTime, note: JSON, big: Long = 7 }
extend type Query {
  int(v: Int!): Int
  long(v: Long): Int
  float(v: Float): Int
  id(v: ID): Int
  bool(v: Boolean): Int
  text(v: String = "none"): Int
  date(v: Date): Int
  time(v: Time): Int
  size(v: Size): Int
  outer(v: Outer): Int
  any(v: JSON): Int
  ids(v: [ID!]! = ["x"]): Int
}
"#;

/// What the plugin got, or what was said.
async fn given(ty: &str, field: &str, value: Option<Value>) -> String {
    let schema = compose(vec![contribution("aa/aa", SDL)]).unwrap();
    let mut plugins = Plugins::default();
    for field in ["int", "long", "float", "id", "bool", "text", "date", "time", "size", "outer", "any", "ids"] {
        plugins = plugins.always(Box::leak(format!("Query.{field}").into_boxed_str()), json!(1));
    }
    let variables = value.map_or_else(|| json!({}), |value| json!({"v": value}));
    let request = Request::new(format!("query($v: {ty}) {{ {field}(v: $v) }}")).with_variables(variables);
    let answer = run(&schema, &plugins, request, &anonymous()).await;
    match plugins.calls().first() {
        Some(call) => call
            .split_whitespace()
            .skip(2)
            .collect::<Vec<_>>()
            .join(" ")
            .trim_end_matches(" []")
            .trim_end_matches(" [\"\"]")
            .to_owned(),
        None => {
            let error = &body(&answer)["errors"][0];
            format!("{}: {}", error["extensions"]["pointer"], error["message"])
        }
    }
}

#[tokio::test]
async fn values_are_coerced_or_refused_with_their_place() {
    let mut all = String::new();
    for (ty, field, value) in [
        ("Int!", "int", Some(json!(5))),
        ("Int!", "int", Some(json!(5.0))),
        ("Int!", "int", Some(json!(2_147_483_648_i64))),
        ("Int!", "int", Some(json!("5"))),
        ("Int!", "int", Some(Value::Null)),
        ("Int!", "int", None),
        ("Long", "long", Some(json!(9_007_199_254_740_993_i64))),
        ("Long", "long", Some(json!("9007199254740993"))),
        ("Long", "long", Some(json!("0x1"))),
        ("Long", "long", Some(json!(1e300))),
        ("Float", "float", Some(json!(1))),
        ("Float", "float", Some(json!("1"))),
        ("ID", "id", Some(json!(7))),
        ("ID", "id", Some(json!("a"))),
        ("ID", "id", Some(json!(1.5))),
        ("Boolean", "bool", Some(json!(true))),
        ("Boolean", "bool", Some(json!("true"))),
        ("String", "text", Some(Value::Null)),
        ("String", "text", None),
        ("String", "text", Some(json!(["a"]))),
        ("Date", "date", Some(json!("2026-02-29"))),
        ("Time", "time", Some(json!("10:30"))),
        ("Size", "size", Some(json!("M"))),
        ("Size", "size", Some(json!("m"))),
        ("Size", "size", Some(json!("XXL"))),
        ("Size", "size", Some(json!(1))),
        ("Outer", "outer", Some(json!({"inner": {"name": "n"}}))),
        (
            "Outer",
            "outer",
            Some(
                json!({"inner": {"name": "n", "size": "L", "tags": "one"}, "list": [1, [2, null]], "when": "2026-08-14T10:30:00Z", "note": {"a/b": [1, {}]}, "big": null}),
            ),
        ),
        ("Outer", "outer", Some(json!({"inner": {"name": "n", "tags": ["a", null]}}))),
        ("Outer", "outer", Some(json!({"inner": {"nme": "n"}}))),
        ("Outer", "outer", Some(json!({"inner": {}}))),
        ("Outer", "outer", Some(json!({"inner": {"name": "n"}, "list": [[1], ["x"]]}))),
        ("Outer", "outer", Some(json!({"inner": {"name": "n"}, "when": "tomorrow"}))),
        ("Outer", "outer", Some(json!([]))),
        ("JSON", "any", Some(json!({"a": [1, "x", null, true]}))),
        ("[ID!]", "ids", Some(json!([1, "b"]))),
        ("[ID!]", "ids", None),
        ("[ID!]!", "ids", Some(json!("only"))),
        ("[ID!]!", "ids", Some(json!(["a", null]))),
    ] {
        let shown = value.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
        all += &format!("{ty} {shown} => {}\n", given(ty, field, value).await);
    }
    expect![[r#"
        Int! 5 => {"v":5}
        Int! 5.0 => "/v": "`$v`: `Int`, a whole number from -2147483648 to 2147483647, is expected here, not 5.0"
        Int! 2147483648 => "/v": "`$v`: `Int`, a whole number from -2147483648 to 2147483647, is expected here, not 2147483648"
        Int! "5" => "/v": "`$v`: `Int`, a whole number from -2147483648 to 2147483647, is expected here, not text"
        Int! null => "/v": "`$v`: null stands where `Int!` must have a value"
        Int! nothing => "/v": "`$v` of type `Int!` is required; give it a value"
        Long 9007199254740993 => {"v":9007199254740993}
        Long "9007199254740993" => {"v":9007199254740993}
        Long "0x1" => "/v": "`$v`: `Long`, a whole number of at most 64 bits, is expected here, not \"0x1\""
        Long 1e+300 => "/v": "`$v`: `Long`, a whole number of at most 64 bits, is expected here, not 1e+300"
        Float 1 => {"v":1}
        Float "1" => "/v": "`$v`: `Float`, a number, is expected here, not text"
        ID 7 => {"v":"7"}
        ID "a" => {"v":"a"}
        ID 1.5 => "/v": "`$v`: `ID`, an id: text, or a whole number, is expected here, not 1.5"
        Boolean true => {"v":true}
        Boolean "true" => "/v": "`$v`: `Boolean`, true or false, is expected here, not text"
        String null => {"v":null}
        String nothing => {"v":"none"}
        String ["a"] => "/v": "`$v`: `String`, text, is expected here, not a list"
        Date "2026-02-29" => "/v": "`$v`: `Date`, a date, like 2026-08-14, is expected here, not \"2026-02-29\""
        Time "10:30" => {"v":"10:30"}
        Size "M" => {"v":"M"}
        Size "m" => "/v": "`$v`: the enum `Size` has no value `m`; did you mean `M`?"
        Size "XXL" => "/v": "`$v`: the enum `Size` has no value `XXL`; it has S, M, L"
        Size 1 => "/v": "`$v`: a value of the enum `Size` is expected here, not a number"
        Outer {"inner":{"name":"n"}} => {"v":{"inner":{"name":"n","size":"M"},"big":7}}
        Outer {"big":null,"inner":{"name":"n","size":"L","tags":"one"},"list":[1,[2,null]],"note":{"a/b":[1,{}]},"when":"2026-08-14T10:30:00Z"} => {"v":{"inner":{"name":"n","size":"L","tags":["one"]},"list":[[1],[2,null]],"when":"2026-08-14T10:30:00Z","note":{"a/b":[1,{}]},"big":null}}
        Outer {"inner":{"name":"n","tags":["a",null]}} => "/v/inner/tags/1": "`$v`: null stands where `String!` must have a value"
        Outer {"inner":{"nme":"n"}} => "/v/inner": "`$v`: `Inner` has no field `nme`; did you mean `name`?"
        Outer {"inner":{}} => "/v/inner/name": "`$v`: `name` of type `String!` is required; give it a value"
        Outer {"inner":{"name":"n"},"list":[[1],["x"]]} => "/v/list/1/0": "`$v`: `Int`, a whole number from -2147483648 to 2147483647, is expected here, not text"
        Outer {"inner":{"name":"n"},"when":"tomorrow"} => "/v/when": "`$v`: `DateTime`, a moment with its offset from UTC, like 2026-08-14T10:30:00+02:00, is expected here, not \"tomorrow\""
        Outer [] => "/v": "`$v`: an object of `Outer` is expected here, not a list"
        JSON {"a":[1,"x",null,true]} => {"v":{"a":[1,"x",null,true]}}
        [ID!] [1,"b"] => {"v":["1","b"]}
        [ID!] nothing => {"v":["x"]}
        [ID!]! "only" => {"v":["only"]}
        [ID!]! ["a",null] => "/v/1": "`$v`: null stands where `ID!` must have a value"
    "#]].assert_eq(&all);
}

#[tokio::test]
async fn variables_that_are_no_object_or_nest_too_deep_are_refused() {
    let schema = compose(vec![contribution("aa/aa", SDL)]).unwrap();
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let mut all = String::new();
    for variables in [json!([]), json!("x"), json!({"v": deep})] {
        let request = Request::new("query($v: JSON) { any(v: $v) }").with_variables(variables);
        let answer = run(&schema, &Plugins::default(), request, &anonymous()).await;
        all += &format!("{}\n", body(&answer)["errors"][0]["message"]);
    }
    expect![[r#"
        "`variables` must be an object"
        "`variables` must be an object"
        "`variables` nest deeper than 64"
    "#]]
    .assert_eq(&all);
}

#[tokio::test]
async fn a_variable_counts_where_it_stands() {
    let sdl = "input Node { child: Node, any: JSON } extend type Query { tree(v: Node): Int any(v: JSON): Int }";
    let schema = compose(vec![contribution("aa/aa", sdl)]).unwrap();
    let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let mut all = String::new();
    for (field, literal, variable) in
        [("any", 0, 63), ("any", 20, 44), ("any", 20, 45), ("any", 60, 60), ("tree", 60, 60)]
    {
        let (open, close) = match field {
            "any" => ("[".repeat(literal), "]".repeat(literal)),
            _ => ("{child: ".repeat(literal) + "{any: ", "}".repeat(literal + 1)),
        };
        let request = Request::new(format!("query($j: JSON) {{ {field}(v: {open}$j{close}) }}"))
            .with_variables(json!({"j": nested(variable)}));
        let plugins = Plugins::default().always("Query.any", json!(1)).always("Query.tree", json!(1));
        let answer = run(&schema, &plugins, request, &anonymous()).await;
        let said = body(&answer)["errors"][0]["message"].clone();
        all += &format!("{field} {literal} + {variable}: {} calls, {said}\n", plugins.calls().len());
    }
    expect![[r#"
        any 0 + 63: 1 calls, null
        any 20 + 44: 1 calls, null
        any 20 + 45: 0 calls, "the value nests deeper than 64"
        any 60 + 60: 0 calls, "the value nests deeper than 64"
        tree 60 + 60: 0 calls, "the value nests deeper than 64"
    "#]]
    .assert_eq(&all);
}

#[tokio::test]
async fn a_variable_within_a_literal_takes_its_place() {
    let schema = compose(vec![contribution("aa/aa", SDL)]).unwrap();
    let plugins =
        Plugins::default().always("Query.outer", json!(1)).always("Query.any", json!(1)).always("Query.int", json!(1));
    let text = "query($n: String!, $s: Size, $i: Int, $j: JSON) {
        outer(v: {inner: {name: $n, size: $s, tags: [$n]}, list: [[$i, 3]], note: {x: $i, y: [$j], z: WORD}})
        any(v: {deep: [{er: $j}]})
        int(v: $i)
    }";
    let request =
        Request::new(text.replace("$i: Int,", "$i: Int = 4,")).with_variables(json!({"n": "N", "j": {"k": [1]}}));
    let answer = run(&schema, &plugins, request, &anonymous()).await;
    expect![[r#"
        query Query.outer {"v":{"inner":{"name":"N","size":"M","tags":["N"]},"list":[[4,3]],"note":{"x":4,"y":[{"k":[1]}],"z":"WORD"},"big":7}} []
        query Query.any {"v":{"deep":[{"er":{"k":[1]}}]}} []
        query Query.int {"v":4} []
        {"data":{"outer":1,"any":1,"int":1}}"#]].assert_eq(&format!("{}\n{}", plugins.calls().join("\n"), String::from_utf8_lossy(&answer.body)));
    let request = Request::new(text.replace("$i: Int,", "$i: Int = 4,")).with_variables(json!({"n": "N", "i": null}));
    let answer = run(&schema, &plugins, request, &anonymous()).await;
    expect![[r#"
        query Query.outer {"v":{"inner":{"name":"N","size":"M","tags":["N"]},"list":[[null,3]],"note":{"x":null,"y":[null],"z":"WORD"},"big":7}} []
        query Query.any {"v":{"deep":[{"er":null}]}} []
        {"data":{"outer":1,"any":1,"int":null},"errors":[{"message":"`$i` is null here, where `Int!` must have a value","path":["int"],"extensions":{"code":"graphql-invalid","plugin":"aa/aa","retryable":false,"pointer":"/v","requestId":"req1"}}]}"#]].assert_eq(&format!("{}\n{}", plugins.calls().join("\n"), String::from_utf8_lossy(&answer.body)));
}

#[tokio::test]
async fn arguments_are_bounded_however_often_a_variable_stands_in_them() {
    let sdl = r#"type Thing @key(fields: "id") { id: ID! } extend type Query { any(v: JSON): Int thing: Thing }"#;
    let schema = compose(vec![contribution("aa/aa", sdl)]).unwrap();
    // Half a MiB for each reference.
    let large = json!({"j": "x".repeat(512 << 10)});
    let mut all = String::new();
    for (field, references) in [("any", 7), ("any", 9), ("any", 20_000), ("_entities", 20_000)] {
        let literal = format!("[{}]", "$j ".repeat(references));
        let asked = match field {
            "any" => format!("any(v: {literal})"),
            _ => format!(
                "_entities(representations: [{{ __typename: \"Thing\", id: 1, more: {literal} }}]) {{ __typename }}"
            ),
        };
        let request = Request::new(format!("query($j: JSON) {{ {asked} }}"));
        let plugins = Plugins::default().always("Query.any", json!(1));
        let answer = run(&schema, &plugins, request.with_variables(large.clone()), &anonymous()).await;
        let said = body(&answer)["errors"][0]["message"].clone();
        all += &format!("{field} {references}: {} calls, {said}\n", plugins.calls().len());
    }
    // All arguments of an operation count together.
    let fields: String = (0..3).map(|number| format!("f{number}: any(v: [$j $j $j]) ")).collect();
    let plugins = Plugins::default().always("Query.any", json!(1));
    let request = Request::new(format!("query($j: JSON) {{ {fields} }}")).with_variables(large);
    let answer = run(&schema, &plugins, request, &anonymous()).await;
    all += &format!("together: {} calls, {}", plugins.calls().len(), body(&answer)["errors"][0]["message"]);
    expect![[r#"
        any 7: 1 calls, null
        any 9: 0 calls, "all arguments together have at most 4 MiB, `$j` counted wherever it stands"
        any 20000: 0 calls, "all arguments together have at most 4 MiB, `$j` counted wherever it stands"
        _entities 20000: 0 calls, "all arguments together have at most 4 MiB, `$j` counted wherever it stands"
        together: 2 calls, "all arguments together have at most 4 MiB, `$j` counted wherever it stands""#]]
    .assert_eq(&all);
}
