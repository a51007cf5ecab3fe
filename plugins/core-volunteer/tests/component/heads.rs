//! Heads manage their own departments and what is below, and nothing else.

use conman_testkit::{Testkit, attendee, json, person};

use super::support::{Scene, create, easy, head, sign_up};

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
async fn names_are_for_heads_of_the_department_only() {
    let scene = Scene::new(&easy()).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn hours_of_others_are_seen_by_those_who_manage() {
    let scene = Scene::new(&easy()).await;
    let shift = scene.shift("Stage", "2026-08-15 10:00/12:00", 1).await;
    scene.sign_up("vera", &shift).await;
    appoint(&scene, &scene.department, "vera").await;
    let heads = "{ departments { heads { id volunteerHours { planned } volunteer { name } } } }";
    let of = |kit: Testkit| async move { kit.run(heads).await.unwrap()["departments"][0]["heads"][0].clone() };
    let hours = json!({ "id": "vera", "volunteerHours": { "planned": 2.0 }, "volunteer": { "name": "vera" } });
    let nothing = json!({ "id": "vera", "volunteerHours": null, "volunteer": null });
    assert_eq!(of(scene.volunteer("vera")).await, hours);
    assert_eq!(of(scene.kit.as_actor(head("hedda"))).await, hours);
    assert_eq!(of(scene.volunteer("walt")).await, nothing);
    assert_eq!(of(scene.kit.as_actor(person("vic", &["shift.view"]))).await, nothing);
    let forbidden = scene.kit.as_actor(attendee("vic")).run("{ departments { name } }").await.unwrap_err();
    assert_eq!(forbidden.code(), "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_is_not_removed() {
    let scene = Scene::new(&easy()).await;
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
