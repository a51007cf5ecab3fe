//! What a call costs beyond what the guest does. Measured, not judged: how fast is the machine's business, and the benchmarks'.

use std::time::Instant;

use conman_kernel::dispatch::{CallKind, Dispatcher};
use serde_json::json;

use crate::support::{Host, On, field_call};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_trivial_field() {
    let host = Host::start(On::Sqlite).await.unwrap();
    let (scope, call) = (host.scope(), field_call(CallKind::Query, "ok", &json!({})));
    let mut times = Vec::new();
    for _ in 0..2_000 {
        let asked = Instant::now();
        host.runtime.resolve(&scope, call.clone()).await.unwrap();
        times.push(asked.elapsed());
    }
    times.sort();
    eprintln!("a trivial field: fastest {:?}, median {:?}, 99th percentile {:?}", times[0], times[1_000], times[1_980]);
    assert!(times.len() == 2_000);
}
