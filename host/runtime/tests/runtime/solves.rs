//! Jobs of the scheduler, from the side of the plugin that wants them. Nobody works on them here.

use conman_kernel::dispatch::{CallKind, Dispatcher as _};
use conman_kernel::fault::code;
use serde_json::{Value, json};

use crate::support::{convention, event, on_both, probe};

/// One session, one room.
pub(crate) fn problem() -> Value {
    json!({
        "format": "conman-schedule-problem/1", "name": "one", "days": 1, "slots_per_day": 4, "slot_minutes": 30,
        "rooms": [{ "id": "r", "capacity": 1 }], "sessions": [{ "id": "s", "duration": 1 }],
    })
}

on_both! {
    async fn a_job_is_there_exactly_when_the_mutation_is(host) {
        host.script(CallKind::Mutation, json!([["start", problem(), {}], ["fail", "NO"]])).await.unwrap_err();
        assert_eq!((host.count("conman_solve").await, host.count("conman_solve_problem").await), (0, 0));

        let told = host.script(CallKind::Mutation, json!([["start", problem(), { "seconds": 5 }], ["status", "$job"]])).await.unwrap();
        let (job, status) = (told[0].as_str().unwrap(), &told[1]);
        assert_eq!((status["job"].as_str(), &status["state"], &status["seconds"]), (Some(job), &json!("queued"), &json!(5.0)));
        assert_eq!((&status["progress"], &status["unplaced"], &status["costs"]), (&json!(0.0), &json!(null), &json!([])));
        let asked = host.script(CallKind::Query, json!([["status", job], ["solution", job]])).await.unwrap();
        assert_eq!((&asked[0]["state"], &asked[1]["error"]), (&json!("queued"), &json!("not-ready")));

        let cancelled = host.script(CallKind::Mutation, json!([["cancel", job], ["status", job]])).await.unwrap();
        assert_eq!((&cancelled[0], &cancelled[1]["cancelling"]), (&json!("cancelled"), &json!(true)));
        let forgotten = host.script(CallKind::Mutation, json!([["forget", job], ["status", job], ["cancel", job], ["forget", job]])).await.unwrap();
        assert_eq!(forgotten[0], "forgotten");
        for outcome in forgotten.as_array().unwrap().iter().skip(1) {
            assert_eq!(outcome["error"], "not-found");
        }
    }
}

on_both! {
    async fn what_is_wrong_with_a_problem_is_told_with_its_place(host) {
        let mut wrong = problem();
        wrong["sessions"][0]["people"] = json!(["nobody"]);
        let steps = json!([["start", wrong, {}], ["start", "{", {}], ["start", problem(), { "seconds": 600 }], ["explain", problem(), {}]]);
        let outcomes = host.script(CallKind::Mutation, steps).await.unwrap();
        let told: Vec<_> = outcomes.as_array().unwrap().iter().map(|outcome| (&outcome["error"], outcome["pointer"].as_str())).collect();
        let invalid = &json!("invalid");
        assert_eq!((told[0], told[2]), ((invalid, Some("/sessions/0/people/0")), (invalid, Some("/seconds"))));
        assert_eq!((told[1].0, told[3].0), (invalid, invalid));
        assert_eq!(host.count("conman_solve").await, 0);
    }
}

on_both! {
    async fn a_problem_may_have_16_mib_and_no_more(host) {
        let steps = json!([["start", problem(), {}, 16 << 20], ["start", problem(), {}, (16 << 20) + 1]]);
        let outcomes = host.script(CallKind::Mutation, steps).await.unwrap();
        assert!(outcomes[0].is_string(), "{}", outcomes[0]["message"]);
        assert_eq!(outcomes[1]["error"], "too-large");
    }
}

on_both! {
    async fn a_call_and_a_plugin_have_only_so_many_jobs(host) {
        let start = json!(["start", problem(), {}]);
        let four = json!([start, start, start, start]);
        let outcomes = host.script(CallKind::Mutation, json!([start, start, start, start, start])).await.unwrap();
        assert_eq!((outcomes[3].is_string(), &outcomes[4]["error"]), (true, &json!("quota")));
        let job = outcomes[0].clone();
        host.script(CallKind::Mutation, four).await.unwrap();
        let outcomes = host.script(CallKind::Mutation, json!([start])).await.unwrap();
        assert_eq!(outcomes[0]["error"], "queue-full");
        assert_eq!(host.count("conman_solve").await, 8);
        // In another convention there is room, and the jobs of this are not there.
        let other = convention("other");
        host.enable_in(&other, None).await.unwrap();
        let scope = conman_kernel::dispatch::Scope { convention: Some(std::sync::Arc::new(other)), ..host.scope() };
        let outcomes = host.field_in(&scope, CallKind::Mutation, "script", json!({ "steps": [start, ["status", job]] })).await.unwrap();
        assert_eq!((outcomes[0].is_string(), &outcomes[1]["error"]), (true, &json!("not-found")));
    }
}

on_both! {
    async fn each_kind_of_call_does_what_it_may(host) {
        let solution = json!({ "format": "conman-schedule-solution/1", "assignments": [{ "session": "s", "start": 0, "room": "r" }], "unplaced": [] });
        let steps = json!([["start", problem(), {}], ["cancel", "01k"], ["forget", "01k"], ["explain", problem(), solution]]);
        let outcomes = host.script(CallKind::Query, steps).await.unwrap();
        for at in 0..3 {
            assert_eq!(outcomes[at]["error"], "read-only");
        }
        assert_eq!(outcomes[3]["cost"]["unplaced"], 0);

        let steps = json!([["start", problem(), {}], ["begin"], ["start", problem(), {}], ["commit"], ["status", "$job"], ["begin"], ["start", problem(), {}], ["rollback"]]);
        let outcomes = host.script(CallKind::Action, steps).await.unwrap();
        assert_eq!((&outcomes[0]["error"], &outcomes[4]["state"]), (&json!("no-transaction"), &json!("queued")));
        assert_eq!(host.count("conman_solve").await, 1);
    }
}

on_both! {
    async fn jobs_that_cause_jobs_come_to_an_end(host) {
        let starts = json!({ "steps": [["start", problem(), {}], ["must"]] }).to_string();
        host.runtime.handle(&host.scope(), &probe(), &event("scheduler.ended", &starts, 7)).await.unwrap();
        assert_eq!(host.count("conman_solve WHERE hops = 8").await, 1);
        let fault = host.runtime.handle(&host.scope(), &probe(), &event("scheduler.ended", &starts, 8)).await.unwrap_err();
        assert_eq!(fault.code, code::HOP_LIMIT);
    }
}

on_both! {
    async fn what_is_no_job_is_answered_as_such(host) {
        let long = "0".repeat(10_000);
        for strange in ["", "01k", "01K5V4Z3Q2M8X7Y6W5T4S3R2P1", "x'; DROP TABLE conman_solve; --", "nul\u{0}", "\u{1f600}", &long] {
            let steps = json!([["status", strange], ["solution", strange], ["cancel", strange], ["forget", strange]]);
            let outcomes = host.script(CallKind::Mutation, steps).await.unwrap();
            for outcome in outcomes.as_array().unwrap() {
                assert_eq!(outcome["error"], "not-found", "{outcome}");
                assert!(outcome["message"].as_str().unwrap().len() < 300, "{outcome}");
            }
        }
    }
}

on_both! {
    async fn a_job_that_is_to_end_may_be_told_so_again(host) {
        let steps = json!([["start", problem(), {}], ["cancel", "$job"], ["cancel", "$job"]]);
        let outcomes = host.script(CallKind::Mutation, steps).await.unwrap();
        let steps = json!([["cancel", outcomes[0]], ["status", outcomes[0]]]);
        let again = host.script(CallKind::Mutation, steps).await.unwrap();
        let cancelled = &json!("cancelled");
        assert_eq!((&outcomes[1], &outcomes[2], &again[0]), (cancelled, cancelled, cancelled));
        assert_eq!((&again[1]["state"], &again[1]["cancelling"]), (&json!("queued"), &json!(true)));
    }
}

on_both! {
    async fn a_solution_of_something_else_is_refused_with_its_place(host) {
        let solution = |session: &str| json!({ "format": "conman-schedule-solution/1", "assignments": [{ "session": session, "start": 0, "room": "r" }], "unplaced": [] });
        let mut wrong = problem();
        wrong["rooms"][0]["capacity"] = json!("many");
        let steps = json!([["explain", problem(), solution("t")], ["explain", wrong, solution("s")], ["explain", solution("s"), problem()]]);
        let outcomes = host.script(CallKind::Query, steps).await.unwrap();
        for (outcome, pointer) in outcomes.as_array().unwrap().iter().zip(["/assignments/0/session", "/rooms/0/capacity", "/format"]) {
            assert_eq!((&outcome["error"], &outcome["pointer"]), (&json!("invalid"), &json!(pointer)), "{outcome}");
        }
    }
}
