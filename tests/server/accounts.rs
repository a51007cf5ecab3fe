//! Signing in, what one may do then, and what is written down about it.

use conman_tests::{Database, TestHost, on_each_database};
use serde_json::json;

const ME: &str = "{ me { kind name email roles everything account { id name } } }";

on_each_database! {
    async fn a_person_signs_in_is_known_and_signs_out(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let nobody = host.anonymous().convention("con", ME, json!({})).await;
        assert_eq!(nobody.data()["me"], json!({ "kind": "anonymous", "name": "", "email": null, "roles": ["public"], "everything": false, "account": null }));

        let vera = host.person("con", "vera", "volunteer").await;
        let me = vera.convention("con", ME, json!({})).await;
        let me = &me.data()["me"];
        assert_eq!((&me["kind"], &me["name"], &me["email"]), (&json!("account"), &json!("vera"), &json!("vera@con.example")));
        assert!(me["roles"].as_array().unwrap().contains(&json!("volunteer")), "{me}");
        assert_eq!(me["account"]["name"], "vera");

        assert_eq!(vera.host("mutation { signOut }", json!({})).await.data()["signOut"], true);
        let after = vera.convention("con", ME, json!({})).await;
        assert_eq!((after.status, after.code()), (401, "unauthenticated"));
    }
}

on_each_database! {
    async fn a_wrong_password_is_refused_and_guessing_is_slowed_down(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.person("con", "vera", "volunteer").await;
        let guess = async |password: &str| {
            let operation = "mutation($password: String!) { signIn(email: \"vera@con.example\", password: $password) { token } }";
            host.anonymous().host(operation, json!({ "password": password })).await.code().to_owned()
        };
        assert_eq!(guess("wrong").await, "unauthenticated");
        let mut codes = Vec::new();
        for n in 0..20 {
            codes.push(guess(&format!("wrong {n}")).await);
        }
        assert_eq!(codes.last().unwrap(), "rate-limited", "{codes:?}");
    }
}

on_each_database! {
    async fn only_who_may_manages_and_every_change_is_written_down(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let admin = host.person("con", "ada", "admin").await;
        let vera = host.person("con", "vera", "volunteer").await;

        let operation = r#"mutation { grantRole(email: "vera@con.example", role: "staff") }"#;
        let refused = vera.convention("con", operation, json!({})).await;
        assert_eq!(refused.code(), "forbidden", "{}", refused.text);
        assert_eq!(host.anonymous().convention("con", operation, json!({})).await.code(), "unauthenticated");
        let _ = admin.convention("con", operation, json!({})).await.data();

        let trail = "{ auditTrail(first: 1) { items { action name actor } } }";
        assert_eq!(vera.convention("con", trail, json!({})).await.code(), "forbidden");
        let trail = admin.convention("con", trail, json!({})).await;
        let newest = &trail.data()["auditTrail"]["items"][0];
        assert_eq!(newest["name"], "ada", "{newest}");
        assert!(newest["actor"].as_str().unwrap().starts_with("account:"), "{newest}");

        let members = admin.convention("con", "{ members { items { email role } } }", json!({})).await;
        assert!(members.data()["members"]["items"].as_array().unwrap().contains(&json!({ "email": "vera@con.example", "role": "staff" })));
    }
}

on_each_database! {
    async fn an_api_token_can_do_what_it_was_made_for_until_it_is_revoked(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.convention("other").await;
        let admin = host.person("con", "ada", "admin").await;
        let operation = r#"mutation { createToken(name: "display", scopes: ["member.read"], days: 2) { id secret } }"#;
        let made = admin.convention("con", operation, json!({})).await;
        let token = &made.data()["createToken"];
        let program = host.anonymous().with_token(token["secret"].as_str().unwrap());

        let _ = program.convention("con", "{ members { items { email } } }", json!({})).await.data();
        let beyond = program.convention("con", r#"mutation { grantRole(email: "ada@con.example", role: "staff") }"#, json!({})).await;
        assert_eq!(beyond.code(), "forbidden", "{}", beyond.text);
        assert_eq!(program.convention("other", "{ me { kind } }", json!({})).await.code(), "forbidden");

        let listed = admin.convention("con", "{ apiTokens { id name scopes } }", json!({})).await;
        assert_eq!(listed.data()["apiTokens"], json!([{ "id": token["id"], "name": "display", "scopes": ["member.read"] }]));
        let _ = admin.convention("con", "mutation($id: ID!) { revokeToken(id: $id) }", json!({ "id": token["id"] })).await.data();
        assert_eq!(program.convention("con", "{ me { kind } }", json!({})).await.code(), "unauthenticated");
    }
}

on_each_database! {
    async fn what_a_token_header_holds_must_be_a_token(database: Database) {
        let host = TestHost::start(database).await;
        let sent = async |header: &str| {
            let client = host.anonymous().with_header(reqwest::header::AUTHORIZATION, header);
            let answer = client.host("{ me { kind } }", json!({})).await;
            (answer.status, answer.code().to_owned())
        };
        for bad in ["Bearer nonsense", "Basic YTpi", "Bearer door_00"] {
            assert_eq!(sent(bad).await, (401, "unauthenticated".to_owned()), "{bad}");
        }
    }
}
