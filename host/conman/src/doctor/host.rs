//! The host: can it be reached or opened, is its database there, are its packages whole?

use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::arguments::Where;
use crate::commands::list;
use crate::doctor::Finding;
use crate::door::{Ask, Door, Missing};
use crate::failure::Kind;
use crate::terminal::{Terminal, cell};

pub(crate) async fn look(place: &Where, terminal: Terminal) -> Vec<Finding> {
    let door = match Door::find(place, Missing::Refuse, terminal).await {
        Ok(door) => door,
        Err(failure) => {
            return match failure.kind {
                // Said already, of the data folder.
                Kind::NotFound => Vec::new(),
                Kind::InUse => {
                    vec![Finding::remark("host", failure.message, "run doctor again when that process has finished")]
                }
                _ => vec![Finding::problem(
                    "host",
                    failure.message,
                    "mend what the message names; then run doctor again",
                )],
            };
        }
    };
    let mut findings = vec![ready(&door).await];
    findings.extend(packages(&door).await);
    door.close().await;
    findings
}

async fn ready(door: &Door) -> Finding {
    let subject = "database";
    let ask =
        Ask { method: Method::GET, path: "/readyz".to_owned(), headers: HeaderMap::new(), body: Vec::new().into() };
    let how = door.describe();
    match door.send(ask, "asking whether the host is ready").await {
        Ok(reply) if reply.status.is_success() => Finding::fine(subject, format!("answers ({how})")),
        Ok(reply) => Finding::problem(
            subject,
            format!("not ready ({how}): {}", String::from_utf8_lossy(&reply.body)),
            "check that PostgreSQL runs, or that the disk is not full; the host's log has the details",
        ),
        Err(failure) => Finding::problem(subject, failure.message, "start the host, or correct its address"),
    }
}

async fn packages(door: &Door) -> Vec<Finding> {
    let subject = "packages";
    let operation = "{ packages { id version damage } }";
    let data = match door.graphql_saying("reading all packages", None, operation, json!({})).await {
        Ok(data) => data,
        Err(failure) if failure.kind == Kind::Refused => {
            return vec![Finding::remark(
                subject,
                "not looked at: no permission",
                "give a token of an admin with --token",
            )];
        }
        Err(failure) => return vec![Finding::problem(subject, failure.message, "the host's log has the details")],
    };
    let packages = list(&data, "packages");
    let damaged: Vec<_> =
        packages.iter().filter(|package| !package.get("damage").unwrap_or(&Value::Null).is_null()).collect();
    if damaged.is_empty() {
        return vec![Finding::fine(subject, format!("{} installed, all whole", packages.len()))];
    }
    let fact = |package: &Value, key: &str| package.get(key).map(cell).unwrap_or_default();
    damaged
        .into_iter()
        .map(|package| {
            let what = format!("{} {}: {}", fact(package, "id"), fact(package, "version"), fact(package, "damage"));
            Finding::problem(subject, what, "install the same package again: conman plugin install FILE")
        })
        .collect()
}
