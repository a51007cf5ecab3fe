//! One file per command. Each finds its way in, asks, and shows the answer.

pub(crate) mod account;
pub(crate) mod convention;
pub(crate) mod export;
pub(crate) mod formats;
pub(crate) mod graphql;
pub(crate) mod import;
pub(crate) mod plugin;
pub(crate) mod schedule;
pub(crate) mod serve;
pub(crate) mod token;

use std::path::Path;

use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

use crate::arguments::In;
use crate::door::Door;
use crate::failure::Failure;

/// Commands that open the data folder themselves show warnings, on standard error; `CONMAN_LOG` asks for more.
pub(crate) fn quiet_logs() {
    // What a request failed with is the command's own answer; once is enough.
    let filter =
        EnvFilter::try_from_env("CONMAN_LOG").unwrap_or_else(|_| EnvFilter::new("warn,conman_server::http=off"));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

/// Which convention is meant: the one named, or the only one there is.
pub(crate) async fn convention(door: &Door, place: &In) -> Result<String, Failure> {
    if let Some(slug) = &place.convention {
        return Ok(slug.clone());
    }
    let data = door.graphql(None, "{ conventions { slug } }", json!({})).await?;
    let slugs: Vec<_> = list(&data, "conventions").iter().filter_map(|convention| text(convention, "slug")).collect();
    match slugs.as_slice() {
        [] => Err(Failure::not_found("there is no convention yet; make one with `conman convention create`")),
        [slug] => Ok(slug.clone()),
        slugs => Err(Failure::usage(format!("say which convention with --convention: {}", slugs.join(", ")))),
    }
}

/// A field of an object, as text.
pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// A list in an object; empty when it is not there.
pub(crate) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A JSON argument, or the file that holds it.
pub(crate) fn json_argument(argument: &str, what: &str) -> Result<Value, Failure> {
    let text = text_argument(argument)?;
    serde_json::from_str(&text).map_err(|error| Failure::invalid(format!("{what} is not JSON: {error}")))
}

/// A text argument, or the file that holds it.
pub(crate) fn text_argument(argument: &str) -> Result<String, Failure> {
    match argument.strip_prefix('@') {
        Some(path) => String::from_utf8(read_file(Path::new(path))?)
            .map_err(|_| Failure::invalid(format!("{path} is not UTF-8 text"))),
        None if argument == "-" => Ok(std::io::read_to_string(std::io::stdin())?),
        None => Ok(argument.to_owned()),
    }
}

/// A file's bytes, with an error that names it.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::not_found(format!("there is no file {}", path.display())),
        _ => Failure::new(crate::failure::Kind::Failed, format!("cannot read {}: {error}", path.display())),
    })
}

/// One field out of an answer.
pub(crate) fn take(mut answer: Value, key: &str) -> Value {
    answer.get_mut(key).map(Value::take).unwrap_or_default()
}

/// One field of an answer; null when it is not there.
pub(crate) fn at<'v>(value: &'v Value, key: &str) -> &'v Value {
    value.get(key).unwrap_or(&Value::Null)
}
