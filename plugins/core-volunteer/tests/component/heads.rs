//! Heads manage their own departments and what is below, and nothing else.

use conman_testkit::{Testkit, attendee, json, person};

use super::support::{Scene, create, easy, head, holding, sign_up};

async fn appoint(scene: &Scene, department: &str, account: &str) {
    let operation = "mutation($d: ID!, $a: ID!) { appointHead(department: $d, account: $a) { heads { id name } } }";
    scene.kit.run_with(operation, json!({ "d": department, "a": account })).await.unwrap();
}

async fn rename(kit: &Testkit, department: &str) -> String {
    let operation = r#"mutation($d: ID!) { updateDepartment(id: $d, patch: { description: "New." }) { id } }"#;
    match kit.run_with(operation, json!({ "d": department })).await {
        Ok(_) => "ok".to_owned(),
        Err(failure) => failure.code().to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_manages_the_subtree_and_no_more() {
    for scene in Scene::both(&easy()).await {
        let below =
            create(&scene.kit, "createDepartment", json!({ "name": "Light", "parent": scene.department })).await;
        let elsewhere = create(&scene.kit, "createDepartment", json!({ "name": "Food" })).await;
        let hedda = scene.kit.as_actor(head("hedda"));
        assert_eq!(rename(&hedda, &scene.department).await, "forbidden");
        appoint(&scene, &scene.department, "hedda").await;
        assert_eq!(rename(&hedda, &scene.department).await, "ok");
        assert_eq!(rename(&hedda, &below).await, "ok");
        assert_eq!(rename(&hedda, &elsewhere).await, "forbidden");
        let at_the_top =
            hedda.run(r#"mutation { createDepartment(input: { name: "Mine" }) { id } }"#).await.unwrap_err();
        assert_eq!(at_the_top.code(), "forbidden");
        let moved = "mutation($d: ID!, $p: ID!) { updateDepartment(id: $d, patch: { parent: $p }) { id } }";
        let knot = scene.kit.run_with(moved, json!({ "d": scene.department, "p": below })).await.unwrap_err();
        assert_eq!((knot.code(), knot.problems[0].pointer.as_str()), ("invalid", "/patch/parent"));
        let tree = scene.kit.run("{ departments { name parentId heads { name } } }").await.unwrap();
        assert_eq!(
            tree["departments"],
            json!([
                { "name": "Food", "parentId": null, "heads": [] },
                { "name": "Stage", "parentId": null, "heads": [{ "name": "HEDDA" }] },
                { "name": "Light", "parentId": scene.department, "heads": [] },
            ])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_manages_everything_by_that_role_alone() {
    for scene in Scene::both(&easy()).await {
        let kit = scene.kit.as_actor(holding("hedda", "volunteer-coordinator"));
        let department = create(&kit, "createDepartment", json!({ "name": "Food" })).await;
        let role = create(&kit, "createVolunteerRole", json!({ "name": "Cook" })).await;
        appoint(&Scene { kit: kit.clone(), department: department.clone(), role: role.clone() }, &department, "hedda")
            .await;
        let (start, end) = ("2026-08-15T10:00:00+02:00", "2026-08-15T12:00:00+02:00");
        let input = json!({
            "title": "Soup", "department": department, "start": start, "end": end, "seats": [{ "role": role, "needed": 2 }],
        });
        let shift = create(&kit, "createShift", input).await;
        sign_up(&kit, &shift).await.unwrap();
        let on_behalf = "mutation($s: ID!) { signUp(shift: $s, account: \"vera\") { id } }";
        kit.run_with(on_behalf, json!({ "s": shift })).await.unwrap();
        kit.run(r#"mutation { arrive(account: "vera") { id } }"#).await.unwrap();
        kit.run(r#"mutation { rememberSessions(sessions: { nodes: [{ id: "s1", title: "Talk" }] }) { created } }"#)
            .await
            .unwrap();
        assert_eq!(rename(&kit, &scene.department).await, "ok");
        let seen =
            kit.run_with("query($s: ID!) { shift(id: $s) { entries { account { id } } } }", json!({ "s": shift }));
        assert_eq!(seen.await.unwrap()["shift"]["entries"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_for_heads_of_the_department_only() {
    for scene in Scene::both(&easy()).await {
        let shift = scene.shift("Stage", "2026-08-15 10:00/12:00", 2).await;
        scene.sign_up("vera", &shift).await;
        let entries = "query($id: ID!) { shift(id: $id) { title entries { account { id name } state } } }";
        let names = |kit: Testkit| {
            let shift = shift.clone();
            async move { kit.run_with(entries, json!({ "id": shift })).await }
        };
        let hedda = scene.kit.as_actor(head("hedda"));
        assert_eq!(names(hedda.clone()).await.unwrap_err().code(), "forbidden");
        appoint(&scene, &scene.department, "hedda").await;
        let seen = names(hedda.clone()).await.unwrap();
        assert_eq!(
            seen["shift"]["entries"],
            json!([{ "account": { "id": "vera", "name": "VERA" }, "state": "SIGNED_UP" }])
        );
        let failure = names(scene.volunteer("walt")).await.unwrap_err();
        assert_eq!(failure.code(), "forbidden");
        assert_eq!(failure.data["shift"]["title"], "Stage");

        let on_behalf = "mutation($s: ID!) { signUp(shift: $s, account: \"walt\") { account { id } } }";
        let signed = hedda.run_with(on_behalf, json!({ "s": shift })).await.unwrap();
        assert_eq!(signed["signUp"]["account"]["id"], "walt");
        let other = scene.volunteer("vera").run_with(on_behalf, json!({ "s": shift })).await.unwrap_err();
        assert_eq!(other.code(), "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn volunteers_are_seen_by_heads_and_by_nobody_else() {
    for scene in Scene::both(&easy()).await {
        let shift = scene.shift("Stage", "2026-08-15 10:00/12:00", 1).await;
        scene.sign_up("vera", &shift).await;
        appoint(&scene, &scene.department, "vera").await;
        // Staff may manage shifts, and as long as they head nothing there are none.
        let staff = scene.kit.as_actor(holding("walt", "staff"));
        for operation in [r#"{ volunteer(account: "vera") { name adult } }"#, "{ volunteers { name adult } }"] {
            assert_eq!(staff.run(operation).await.unwrap_err().code(), "forbidden");
        }
        let kitchen = create(&scene.kit, "createDepartment", json!({ "name": "Food" })).await;
        appoint(&scene, &kitchen, "walt").await;
        let log = r#"mutation($d: ID) { addWorklog(input: {
            account: "vera", department: $d, workedOn: "2026-08-14", minutes: 90, comment: "Chairs" }) { id } }"#;
        scene.kit.run_with(log, json!({ "d": scene.department })).await.unwrap();
        scene.kit.run_with(log, json!({ "d": kitchen })).await.unwrap();
        let vera = r#"{ volunteer(account: "vera") {
            name noShows hours { worked } entries { shift { title } } worklog { departmentId } } }"#;
        assert_eq!(
            staff.run(vera).await.unwrap()["volunteer"],
            json!({
                "name": "vera", "noShows": 0, "hours": { "worked": 3.0 }, "entries": [],
                "worklog": [{ "departmentId": kitchen }],
            })
        );
        let all = scene.kit.run(vera).await.unwrap();
        assert_eq!(all["volunteer"]["entries"], json!([{ "shift": { "title": "Stage" } }]));
        assert_eq!(all["volunteer"]["worklog"].as_array().unwrap().len(), 2);
        let heads = "{ departments { heads { id volunteerHours { planned } volunteer { name } } } }";
        let of = |kit: Testkit| async move { kit.run(heads).await.unwrap()["departments"][1]["heads"][0].clone() };
        let hours = json!({ "id": "vera", "volunteerHours": { "planned": 2.0 }, "volunteer": { "name": "vera" } });
        let nothing = json!({ "id": "vera", "volunteerHours": null, "volunteer": null });
        assert_eq!(of(scene.volunteer("vera")).await, hours);
        assert_eq!(of(staff).await, hours);
        assert_eq!(of(scene.kit.as_actor(head("hedda"))).await, nothing);
        assert_eq!(of(scene.volunteer("walt")).await, nothing);
        assert_eq!(of(scene.kit.as_actor(person("vic", &["shift.view"]))).await, nothing);
        let forbidden = scene.kit.as_actor(attendee("vic")).run("{ departments { name } }").await.unwrap_err();
        assert_eq!(forbidden.code(), "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_is_not_removed() {
    for scene in Scene::both(&easy()).await {
        let shift = scene.shift("Stage", "2026-08-15 10:00/12:00", 2).await;
        scene.sign_up("vera", &shift).await;
        let refused = async |operation: &str, id: &str| {
            let failure = scene.kit.run_with(operation, json!({ "id": id })).await.unwrap_err();
            assert_eq!(failure.code(), "IN_USE", "{failure}");
        };
        refused("mutation($id: ID!) { deleteDepartment(id: $id) }", &scene.department).await;
        refused("mutation($id: ID!) { deleteVolunteerRole(id: $id) }", &scene.role).await;
        refused("mutation($id: ID!) { deleteShift(id: $id) }", &shift).await;
        let fewer =
            "mutation($id: ID!, $r: ID!) { updateShift(id: $id, patch: { seats: [{ role: $r, needed: 0 }] }) { id } }";
        let failure = scene.kit.run_with(fewer, json!({ "id": shift, "r": scene.role })).await.unwrap_err();
        assert_eq!(
            failure.problems[0].message,
            "1 people have signed up as “Stage hand”; take them off first, or ask for at least as many."
        );
        sign_up(&scene.volunteer("walt"), &shift).await.unwrap();
    }
}
