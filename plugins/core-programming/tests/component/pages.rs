//! A page of many sessions finds the people in them in another way than a small one, and says the same.

use conman_testkit::{Testkit, Value, json};

use super::host::{import, kits};

/// 900 sessions, 40 at a time, of two kinds, with none to three people in each.
fn table() -> String {
    let mut table = "id,title,kind,start,minutes,room,people\n".to_owned();
    for at in 0..900_u32 {
        let kind = if at % 3 == 0 { "workshop" } else { "talk" };
        let (day, hour) = (14 + at / 360, 9 + at / 40 % 9);
        let people = (0..at % 4).map(|next| {
            let role = if next == 1 { " [moderator]" } else { "" };
            format!("Somebody {}{role}", (at + 31 * next) % 90)
        });
        let people = people.collect::<Vec<_>>().join("; ");
        table += &format!("{at},Session {at},{kind},2026-08-{day} {hour:02}:00,45,Room {},{people}\n", at % 40);
    }
    table
}

async fn page(kit: &Testkit, field: &str, filter: &Value, first: usize, after: &Value) -> (Vec<Value>, Value) {
    let operation = format!(
        "query($filter: SessionFilter, $first: Int!, $after: String) {{ page: {field}(filter: $filter, first: $first, after: $after) {{
            nextCursor nodes {{ id title people {{ role person {{ id name }} }} }} }} }}"
    );
    let variables = json!({ "filter": filter, "first": first, "after": after });
    let mut data = kit.run_with(&operation, variables).await.unwrap_or_else(|failure| panic!("{field}: {failure}"));
    let page = &mut data["page"];
    (page["nodes"].as_array().unwrap().clone(), page["nextCursor"].take())
}

#[tokio::test]
async fn a_large_page_has_the_people_that_small_ones_have() {
    let some = json!({ "kind": "talk", "text": "somebody" });
    for (on, kit) in kits(|setup| setup).await {
        let report = import(&kit, "csv?release=v1", table()).await.unwrap();
        assert_eq!(report["added"]["sessions"], 900, "{on}: {report}");
        for field in ["sessions", "draftSessions"] {
            for (filter, count) in [(&Value::Null, 900), (&some, 450)] {
                let (mut small, mut next) = page(&kit, field, filter, 100, &Value::Null).await;
                let second = next.clone();
                while !next.is_null() {
                    let (more, after) = page(&kit, field, filter, 100, &next).await;
                    small.extend(more);
                    next = after;
                }
                assert_eq!(small.len(), count, "{on} {field} {filter}");
                assert!(
                    small.iter().any(|session| session["people"][1]["role"] == "MODERATOR"),
                    "{on} {field} {filter}"
                );
                for (after, passed) in [(Value::Null, 0), (second, 100)] {
                    let (large, _) = page(&kit, field, filter, 900, &after).await;
                    assert_eq!(large.len(), count - passed, "{on} {field} {filter} {after}");
                    for (large, small) in large.iter().zip(&small[passed..]) {
                        assert_eq!(large, small, "{on} {field} {filter} {after}");
                    }
                }
            }
        }
    }
}
