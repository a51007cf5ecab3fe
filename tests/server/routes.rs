//! Plugins' own routes: declared ones only, within their limits, cleaned of what could hurt others.

use conman_tests::{Database, TestHost, on_each_database};

on_each_database! {
    async fn a_declared_route_answers_and_nothing_else_does(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "probe").await;
        let visitor = host.anonymous();
        let answer = visitor.get("/c/con/x/probe/echo/a/b?x=1").await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "GET echo/a/b x=1 0"));
        assert_eq!(answer.header("content-type"), "text/plain");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").contains("sandbox"), "{:?}", answer.headers);

        for (path, status) in [("/c/con/x/probe/secret", 404), ("/c/con/x/nothing/echo/a", 404), ("/c/none/x/probe/echo/a", 404), ("/c/con/x/probe/echo/", 404)] {
            assert_eq!(visitor.get(path).await.status, status, "{path}");
        }
        assert_eq!(visitor.post("/c/con/x/probe/echo/a", "").await.status, 404);
    }
}

on_each_database! {
    async fn a_routes_permission_and_size_are_checked_before_the_plugin_runs(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "probe").await;
        let staff = host.person("con", "sam", "staff").await;
        let guest = host.person("con", "gus", "attendee").await;
        let path = "/c/con/x/probe/write";
        assert_eq!(host.anonymous().post(path, "note").await.code(), "unauthenticated");
        let refused = guest.post(path, "note").await;
        assert_eq!(refused.code(), "forbidden");
        assert!(refused.message().contains("probe.poke"), "{}", refused.message());
        assert_eq!(staff.post(path, "note").await.status, 200);
        let large = staff.post(path, vec![b'x'; (2 << 20) + 1]).await;
        assert_eq!((large.status, large.code()), (413, "too-large"));
        assert!(large.message().contains("2 MiB"), "{}", large.message());
        // Nor does leaving the length out help.
        let stream = reqwest::Body::wrap_stream(futures::stream::iter((0..40).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 64 << 10]))));
        assert_eq!(staff.post(path, stream).await.status, 413);
    }
}
