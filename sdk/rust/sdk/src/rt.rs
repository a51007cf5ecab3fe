//! What `plugin!` writes code against: between the component's exports and the traits a plugin implements. Not for plugins.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::batch::Batch;
use crate::bindings::conman::types::types as wire;
use crate::bindings::event_handler::exports::conman::plugin::event_handler as wire_event;
use crate::bindings::resolvers::exports::conman::plugin::resolvers as wire_field;
use crate::bindings::routes::exports::conman::plugin::routes as wire_route;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::events::Event;
use crate::http::{Request, Response};
use crate::{EventHandler, Lifecycle};

/// Finds the resolver of a field; written by `plugin!`.
pub trait Resolvers {
    /// A root field.
    fn resolve(context: &Context, field: &Field) -> Result<String>;
    /// One field of many parents.
    fn resolve_batch(context: &Context, field: &Field, parents: &[String]) -> Result<Vec<Result<String>>>;
}

/// Finds the handler of a route; written by `plugin!`.
pub trait Routes {
    /// Answers a request.
    fn route(context: &Context, request: Request) -> Result<Response>;
}

/// A field to resolve.
pub struct Field {
    type_name: String,
    name: String,
    arguments: String,
    event: String,
}

impl Field {
    /// Type and field.
    #[must_use]
    pub fn name(&self) -> (&str, &str) {
        (&self.type_name, &self.name)
    }

    /// The arguments, as the field's own struct.
    ///
    /// # Errors
    /// `invalid` when they do not fit.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.arguments).map_err(|error| self.misfit(&error))
    }

    #[cold]
    #[inline(never)]
    fn misfit(&self, error: &serde_json::Error) -> Error {
        Error::invalid(format!("the arguments of `{}.{}` do not fit: {error}", self.type_name, self.name))
    }

    /// The event that woke a subscription.
    ///
    /// # Errors
    /// `internal` when there is none.
    pub fn event(&self) -> Result<Event> {
        Event::from_json(&self.event)
    }

    /// The host asked for what the schema does not have.
    ///
    /// # Errors
    /// Always.
    pub fn unknown<T>(&self) -> Result<T> {
        Err(Error::internal(format!("this plugin resolves no field `{}.{}`", self.type_name, self.name)))
    }
}

/// Writes an answer as JSON.
///
/// # Errors
/// The resolver's own; `internal` when serde cannot write it.
pub fn answer(answer: Result<impl Serialize>) -> Result<String> {
    // The instance ends with the call, and its memory with it: taking the answer apart piece by piece would be work for nothing.
    let answer = std::mem::ManuallyDrop::new(answer?);
    serde_json::to_string(&*answer).map_err(|error| Error::internal(format!("the answer is no JSON: {error}")))
}

/// Reads the parents' keys, resolves, and writes each answer as JSON.
///
/// # Errors
/// The resolver's own; `internal` when it does not answer once per parent.
pub fn batch<K: DeserializeOwned, T: Serialize>(
    parents: &[String],
    resolve: impl FnOnce(&[K]) -> Batch<T>,
) -> Result<Vec<Result<String>>> {
    let keys = parents.iter().map(|parent| serde_json::from_str(parent)).collect::<std::result::Result<Vec<K>, _>>();
    let answers = resolve(&keys.map_err(|error| no_key(&error))?)?;
    if answers.len() != parents.len() {
        return Err(wrong_count(answers.len(), parents.len()));
    }
    Ok(answers.into_iter().map(answer).collect())
}

#[cold]
#[inline(never)]
fn no_key(error: &serde_json::Error) -> Error {
    Error::internal(format!("the host sent a key that is none: {error}"))
}

#[cold]
#[inline(never)]
fn wrong_count(answers: usize, parents: usize) -> Error {
    Error::internal(format!(
        "the resolver answered {answers} times for {parents} parents; answer once per parent, in order"
    ))
}

/// The export `resolvers.resolve`.
///
/// # Errors
/// The plugin's own.
pub fn resolve<P: Resolvers>(context: wire::Context, request: wire_field::FieldRequest) -> Result<String, wire::Error> {
    let (context, field) = begin(context, request)?;
    Ok(P::resolve(&context, &field)?)
}

/// The export `resolvers.resolve-batch`.
///
/// # Errors
/// The plugin's own.
pub fn resolve_batch<P: Resolvers>(
    context: wire::Context,
    request: wire_field::FieldRequest,
    parents: Vec<String>,
) -> Result<Vec<Result<String, wire::Error>>, wire::Error> {
    let (context, field) = begin(context, request)?;
    let answers = P::resolve_batch(&context, &field, &parents)?;
    Ok(answers.into_iter().map(|answer| answer.map_err(Into::into)).collect())
}

/// The export `event-handler.handle`.
///
/// # Errors
/// The plugin's own.
pub fn handle<P: EventHandler>(context: wire::Context, event: wire_event::Event) -> Result<(), wire::Error> {
    crate::log::install();
    let context = Context::from_wire(context, String::new())?;
    Ok(P::handle(&context, &Event::from_wire(event)?)?)
}

/// The export `routes.handle`.
///
/// # Errors
/// The plugin's own.
pub fn route<P: Routes>(
    context: wire::Context,
    request: wire_route::Request,
) -> Result<wire_route::Response, wire::Error> {
    crate::log::install();
    let context = Context::from_wire(context, String::new())?;
    Ok(P::route(&context, Request::from_wire(request))?.into())
}

/// The export `lifecycle.validate-config`.
///
/// # Errors
/// Everything wrong with the configuration.
pub fn validate_config<P: Lifecycle>(context: wire::Context, config: String) -> Result<(), Vec<wire::Error>> {
    crate::log::install();
    let checked =
        Context::from_wire(context, String::new()).and_then(|context| Ok((context, crate::config::parse(&config)?)));
    let (context, config) = checked.map_err(|error| vec![error.into()])?;
    P::validate_config(&context, config).map_err(|errors| errors.into_iter().map(Into::into).collect())
}

fn begin(context: wire::Context, request: wire_field::FieldRequest) -> Result<(Context, Field)> {
    crate::log::install();
    let context = Context::from_wire(context, request.selection)?;
    Ok((
        context,
        Field { type_name: request.type_name, name: request.field, arguments: request.arguments, event: request.event },
    ))
}
