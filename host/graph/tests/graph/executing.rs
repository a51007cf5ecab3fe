//! Operations: what is called, and what comes out.

use conman_graph::{Outcome, Request};
use conman_kernel::fault::{Fault, code};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::plugins::{Plugins, account, anonymous, body, both, convention, run, shown};

async fn check(plugins: &Plugins, request: Request, calls: &Expect, response: &Expect) {
    let answer = run(&both(), plugins, request, &anonymous()).await;
    calls.assert_eq(&plugins.calls().join("\n"));
    response.assert_eq(&shown(&answer));
}

#[tokio::test]
async fn a_nested_field_of_another_plugin_is_one_batch() {
    check(
        &convention(),
        Request::new("{ sessions { title shifts { name entries { person hours } } room { name } } }"),
        &expect![],
        &expect![[r#"
            {
              "errors": [
                {
                  "extensions": {
                    "code": "graphql-limit",
                    "requestId": "req1",
                    "retryable": false
                  },
                  "message": "cost (objects asked for, lists by their size): 510400, allowed are 500000; ask for shorter lists or fewer nested ones"
                }
              ]
            }"#]],
    )
    .await;
}
