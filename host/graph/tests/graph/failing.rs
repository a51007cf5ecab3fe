//! What goes wrong with one plugin stays with its fields.

use conman_graph::{Request, compose};
use conman_kernel::fault::{Fault, code};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::plugins::{Plugins, account, anonymous, body, both, contribution, convention, run};

/// Data, then each error in a line.
async fn check(plugins: &Plugins, query: &str, expected: &Expect) {
    let answer = run(&both(), plugins, Request::new(query), &anonymous()).await;
    let Value::Object(body) = body(&answer) else { panic!("no object") };
    let errors: Vec<String> = body
        .get("errors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|error| format!("\n{} {} {}", error["path"], error["message"], error["extensions"]))
        .collect();
    expected.assert_eq(&format!("{}{}", body.get("data").unwrap_or(&Value::Null), errors.concat()));
}

#[tokio::test]
async fn a_failed_root_field_is_null_beside_the_others() {
    let fault = Fault::new(code::TIMEOUT, "took too long").retryable().with_detail("password=hunter2");
    let plugins = convention().failing("Query.mySessions", fault);
    check(&plugins, "{ mySessions { id } shifts { id } }", &expect![[r#"
        {"mySessions":null,"shifts":[{"id":"x1"},{"id":"x2"},{"id":"x3"}]}
        ["mySessions"] "took too long" {"code":"timeout","plugin":"conman/volunteer","requestId":"req1","retryable":true}"#]]).await;
}

#[tokio::test]
async fn a_failed_batch_is_null_for_every_parent_and_one_error() {
    let fault =
        Fault { detail: Some("the whole batch".to_owned()), ..Fault::new(code::PLUGIN_TRAPPED, "the plugin trapped") };
    check(&convention().failing("Session.shifts", fault), "{ sessions { id shifts { name } } }", &expect![[r#"
        {"sessions":[{"id":"s1","shifts":null},{"id":"s2","shifts":null}]}
        ["sessions",0,"shifts"] "the plugin trapped" {"code":"plugin-trapped","plugin":"conman/volunteer","requestId":"req1","retryable":false}"#]]).await;
}

#[tokio::test]
async fn one_parents_failure_is_its_own() {
    let plugins = convention().on("Session.shifts", |_, parent| {
        if parent["id"] == "s2" { Err(Fault::new(code::NOT_FOUND, "no such session").at("/id")) } else { Ok(json!([])) }
    });
    check(&plugins, "{ sessions { id shifts { name } } }", &expect![[r#"
        {"sessions":[{"id":"s1","shifts":[]},{"id":"s2","shifts":null}]}
        ["sessions",1,"shifts"] "no such session" {"code":"not-found","plugin":"conman/volunteer","pointer":"/id","requestId":"req1","retryable":false}"#]]).await;
}

#[tokio::test]
async fn an_entity_that_is_gone_is_null_and_one_that_fails_says_so() {
    let plugins = convention().on("Session.__entity", |_, parent| {
        if parent["id"] == "gone" { Ok(Value::Null) } else { Err(Fault::new(code::QUOTA, "too much")) }
    });
    check(&plugins, "{ shifts { id session { id title } } mySessions { id title } }", &expect![[r#"
        {"mySessions":[null,null],"shifts":[{"id":"x1","session":null},{"id":"x2","session":null},{"id":"x3","session":null}]}
        ["shifts",0,"session"] "too much" {"code":"quota","plugin":"conman/programme","requestId":"req1","retryable":false}
        ["shifts",1,"session"] "too much" {"code":"quota","plugin":"conman/programme","requestId":"req1","retryable":false}
        ["mySessions",0] "too much" {"code":"quota","plugin":"conman/programme","requestId":"req1","retryable":false}"#]]).await;
}

#[tokio::test]
async fn answers_that_break_their_promise_are_null_as_far_up_as_they_must() {
    let session = |broken: Value| {
        let mut session = json!({"id": "s1", "title": "T", "kind": "TALK", "people": [], "start": null, "tags": ["a"]});
        session.as_object_mut().unwrap().extend(broken.as_object().unwrap().clone());
        session
    };
    let plugins = Plugins::default().always(
        "Query.sessions",
        json!([
            session(json!({})),
            session(json!({"start": "2026-08-14"})),
            session(json!({"tags": ["a", null]})),
            session(json!({"tags": "a"})),
            session(json!({"room": {"id": 7, "name": "Hall", "capacity": 3_000_000_000_u64}})),
            session(json!({"room": {"id": "r"}})),
            session(json!({"room": []}))
        ]),
    );
    check(&plugins, "{ sessions { id start tags room { id name capacity } } }", &expect![[r#"
        {"sessions":[{"id":"s1","room":null,"start":null,"tags":["a"]},{"id":"s1","room":null,"start":null,"tags":["a"]},{"id":"s1","room":null,"start":null,"tags":null},{"id":"s1","room":null,"start":null,"tags":null},{"id":"s1","room":{"capacity":null,"id":"7","name":"Hall"},"start":null,"tags":["a"]},{"id":"s1","room":null,"start":null,"tags":["a"]},{"id":"s1","room":null,"start":null,"tags":["a"]}]}
        ["sessions",1,"start"] "a moment with its offset from UTC, like 2026-08-14T10:30:00+02:00 (`DateTime`) is declared, but the answer has \"2026-08-14\"" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}
        ["sessions",2,"tags",1] "a value is declared, but the answer has null" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}
        ["sessions",3,"tags"] "a list is declared, but the answer has text" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}
        ["sessions",4,"room","capacity"] "a whole number from -2147483648 to 2147483647 (`Int`) is declared, but the answer has 3000000000" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}
        ["sessions",5,"room","name"] "`name` is declared, but missing in the answer" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}
        ["sessions",6,"room"] "an object is declared, but the answer has a list" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}"#]]).await;
    for broken in [
        json!({"kind": "LOUD"}),
        json!({"title": null}),
        json!({"people": [null]}),
        json!({"id": 1.5}),
        json!({"people": {}}),
    ] {
        let plugins = Plugins::default().always("Query.sessions", json!([session(broken)]));
        check(&plugins, "{ sessions { id title kind people { id } } }", match_broken()).await;
    }
}

fn match_broken() -> &'static Expect {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    static EXPECTED: [Expect; 5] = [
        expect![[r#"
        {"sessions":null}
        ["sessions",0,"kind"] "a value of the enum `Kind` is declared, but the answer has \"LOUD\"" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}"#]],
        expect![[r#"
        {"sessions":null}
        ["sessions",0,"title"] "a value is declared, but the answer has null" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}"#]],
        expect![[r#"
        {"sessions":null}
        ["sessions",0,"people",0] "a value is declared, but the answer has null" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}"#]],
        expect![[r#"
        {"sessions":null}
        ["sessions",0,"id"] "an id: text, or a whole number (`ID`) is declared, but the answer has 1.5" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}"#]],
        expect![[r#"
        {"sessions":null}
        ["sessions",0,"people"] "a list is declared, but the answer has an object" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}"#]],
    ];
    &EXPECTED[NEXT.fetch_add(1, Ordering::SeqCst)]
}

#[tokio::test]
async fn what_is_no_json_is_a_bad_answer() {
    for (text, expected) in [
        (
            "raw:",
            expect![[r#"
            {"mySessions":null}
            ["mySessions"] "the plugin answered something that is no JSON: the text ends too early at byte 0" {"code":"bad-answer","plugin":"conman/volunteer","requestId":"req1","retryable":false}"#]],
        ),
        (
            "raw:{\"id\":",
            expect![[r#"
            {"mySessions":null}
            ["mySessions"] "the plugin answered something that is no JSON: the text ends too early at byte 6" {"code":"bad-answer","plugin":"conman/volunteer","requestId":"req1","retryable":false}"#]],
        ),
        (
            "raw:[] []",
            expect![[r#"
            {"mySessions":null}
            ["mySessions"] "the plugin answered something that is no JSON: something follows the value at byte 3" {"code":"bad-answer","plugin":"conman/volunteer","requestId":"req1","retryable":false}"#]],
        ),
    ] {
        check(&convention().always("Query.mySessions", json!(text)), "{ mySessions { id } }", &expected).await;
    }
    let deep = format!("raw:{}", "[".repeat(100_000));
    check(&convention().always("Query.sessions", json!(deep)), "{ sessions { id } }", &expect![[r#"
        {"sessions":null}
        ["sessions"] "the plugin answered something that is no JSON: values nest more than 128 deep at byte 128" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}"#]]).await;
    check(&convention().on("Session.shifts", |_, _| Ok(json!("raw:nope"))), "{ sessions { id shifts { id } } }", &expect![[r#"
        {"sessions":[{"id":"s1","shifts":null},{"id":"s2","shifts":null}]}
        ["sessions",0,"shifts"] "the plugin answered something that is no JSON: an unknown word stands where a value should at byte 0" {"code":"bad-answer","plugin":"conman/volunteer","requestId":"req1","retryable":false}
        ["sessions",1,"shifts"] "the plugin answered something that is no JSON: an unknown word stands where a value should at byte 0" {"code":"bad-answer","plugin":"conman/volunteer","requestId":"req1","retryable":false}"#]]).await;
}

#[tokio::test]
async fn a_batch_of_another_length_is_a_bad_answer() {
    let plugins = Plugins { short: true, ..convention() };
    check(&plugins, "{ sessions { id shifts { id } } }", &expect![[r#"
        {"sessions":[{"id":"s1","shifts":null},{"id":"s2","shifts":null}]}
        ["sessions",0,"shifts"] "`Session.shifts` was asked for 2 parents and answered 1; answer each, in their order" {"code":"bad-answer","plugin":"conman/volunteer","requestId":"req1","retryable":false}"#]]).await;
}

#[tokio::test]
async fn a_parent_without_its_key_is_its_owners_fault() {
    let plugins = convention().always("Query.sessions", json!([{"title": "A"}, {"id": "s2", "title": "B"}]));
    check(&plugins, "{ sessions { title shifts { id } } }", &expect![[r#"
        {"sessions":[{"shifts":null,"title":"A"},{"shifts":[{"id":"x-s2"}],"title":"B"}]}
        ["sessions",0,"shifts"] "the answer lacks the key of `Session` (id)" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}"#]]).await;
    let plugins = convention().always("Query.sessions", json!([{"title": "A"}]));
    check(&plugins, "{ sessions { title shifts { id } } }", &expect![[r#"
        {"sessions":[{"shifts":null,"title":"A"}]}
        ["sessions",0,"shifts"] "the answer lacks the key of `Session` (id)" {"code":"bad-answer","plugin":"conman/programme","requestId":"req1","retryable":false}"#]]).await;
    let plugins = convention().always("Query.mySessions", json!([{"titel": "A"}]));
    check(&plugins, "{ mySessions { title } }", &expect![[r#"
        {"mySessions":[null]}
        ["mySessions",0] "the answer lacks the key of `Session` (id)" {"code":"bad-answer","plugin":"conman/volunteer","requestId":"req1","retryable":false}"#]]).await;
}

#[tokio::test]
async fn a_permission_is_asked_for_before_the_call() {
    check(&convention(), "{ secret mySessions { id } }", &expect![[r#"
        {"mySessions":[{"id":"s2"},{"id":"gone"}],"secret":null}
        ["secret"] "sign in: this needs the permission `programme.edit`" {"code":"unauthenticated","plugin":"conman/programme","requestId":"req1","retryable":false}"#]]).await;
    let plugins = convention();
    let answer = run(&both(), &plugins, Request::new("mutation { publish }"), &account("anna", &["other"])).await;
    expect![[r#"{"data":{"publish":null},"errors":[{"message":"this needs the permission `programme.edit`; ask an admin of the convention for a role that has it","path":["publish"],"extensions":{"code":"forbidden","plugin":"conman/programme","retryable":false,"requestId":"req1"}}]}"#]].assert_eq(std::str::from_utf8(&answer.body).unwrap());
    assert!(plugins.calls().is_empty());
}

#[tokio::test]
async fn a_permission_on_a_plain_field_hides_it_with_one_error() {
    check(&convention(), "{ sessions { people { id email } } }", &expect![[r#"
        {"sessions":[{"people":[{"email":null,"id":"p1"},{"email":null,"id":"p2"}]},{"people":[{"email":null,"id":"p1"},{"email":null,"id":"p2"}]}]}
        ["sessions",0,"people",0,"email"] "sign in: this needs the permission `person.email`" {"code":"unauthenticated","plugin":"conman/programme","requestId":"req1","retryable":false}"#]]).await;
    let answer = run(
        &both(),
        &convention(),
        Request::new("{ sessions(limit: 1) { people { email } } }"),
        &account("anna", &["person.email"]),
    )
    .await;
    assert_eq!(answer.errors, 0);
}

#[tokio::test]
async fn a_permission_on_a_batched_field_keeps_the_batch_from_being_sent() {
    let guarded = "type Note { text: String! }\nextend type Session @key(fields: \"id\") { notes: [Note!]! @permission(name: \"notes.read\") }";
    let schema = compose(vec![
        contribution("conman/programme", crate::plugins::PROGRAMME),
        contribution("conman/notes", guarded),
    ])
    .unwrap();
    let plugins = convention().always("Session.notes", json!([{"text": "psst"}]));
    let request = Request::new("{ sessions { id notes { text } } }");
    let answer = run(&schema, &plugins, request.clone(), &account("anna", &[])).await;
    assert_eq!(plugins.calls().len(), 1);
    expect![[r#"{"data":{"sessions":[{"id":"s1","notes":null},{"id":"s2","notes":null}]},"errors":[{"message":"this needs the permission `notes.read`; ask an admin of the convention for a role that has it","path":["sessions",0,"notes"],"extensions":{"code":"forbidden","plugin":"conman/notes","retryable":false,"requestId":"req1"}}]}"#]].assert_eq(std::str::from_utf8(&answer.body).unwrap());
    let answer = run(&schema, &plugins, request, &account("bert", &["notes.read"])).await;
    assert_eq!((plugins.calls().len(), answer.errors), (2, 0));
}

#[tokio::test]
async fn many_errors_are_counted_and_not_all_sent() {
    let plugins = Plugins::default()
        .always("Query.sessions", (0..500).map(|n| json!({"id": n.to_string(), "start": "soon"})).collect());
    let answer = run(&both(), &plugins, Request::new("{ sessions { id start } }"), &anonymous()).await;
    let errors = body(&answer)["errors"].as_array().unwrap().clone();
    assert_eq!((answer.errors, errors.len()), (500, 101));
    assert_eq!(errors[100]["message"], "400 more errors are left out");
}
