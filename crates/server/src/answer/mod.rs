//! From a request to its response: who may ask, what for, and every error as a problem.

mod about;
mod analysis;
mod create;
mod events;
mod execution;
mod file;
mod outcome;

use crate::authorize::Caller;
use crate::problem::{Kind, Problem};
use crate::query;
use crate::reply::{self, Reply};
use crate::route::{Route, Verb};
use crate::state::State;
use crate::{guard, intake};
use casemate_types::{Credential, Principal};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, Request};
use std::convert::Infallible;
use std::sync::Arc;

/// Answers one request.
pub(crate) async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let (parts, body) = request.into_parts();
    let route = Route::parse(parts.uri.path());
    let template = route.as_ref().map_or("none", |route| route.template().0);
    let answered = match guard::check(&parts.uri, &parts.headers).and(route) {
        Ok(route) => dispatch(&state, route, &parts, body).await,
        Err(problem) => Err(problem),
    };
    let reply = answered.unwrap_or_else(|problem| {
        state.report(&problem, template);
        Reply::from(&problem)
    });
    state.metrics.answered(template, reply.status().as_u16());
    Ok(reply)
}

async fn dispatch(state: &Arc<State>, route: Route, parts: &Parts, body: Incoming) -> Result<Reply, Problem> {
    let Some(verb) = route.verb(&parts.method) else {
        return Ok(not_allowed(&route));
    };
    let headers = &parts.headers;
    let asked = parts.uri.query();
    let is_head = parts.method == Method::HEAD;
    let caller = &Caller::new(Arc::new(Principal::built_in(Credential::Off)));
    if verb == Verb::Post {
        query::refuse(asked)?;
        intake::check_media(headers)?;
        return match route {
            Route::Analyses => analysis::create(state, body).await,
            _ => create::create(state, caller, headers, body).await,
        };
    }
    if route != Route::Executions && parts.uri.path().starts_with("/v1/") {
        query::refuse(asked)?;
    }
    match (route, verb) {
        // Posted to alone, which is answered above.
        (Route::Analyses, _) => Err(Problem::not_found()),
        (Route::Executions, _) => execution::list(state, caller, asked.unwrap_or_default()).await,
        (Route::Execution(id), Verb::Delete) => execution::cancel(state, caller, known(id)?).await,
        (Route::Execution(id), _) => execution::get(state, caller, known(id)?).await,
        (Route::Events(id), _) => events::events(state, caller, known(id)?, headers, is_head).await,
        (Route::File(id, path), _) => file::file(state, caller, known(id)?, path, headers, is_head).await,
        (Route::Languages, _) => about::languages(state),
        (Route::Pools, _) => about::pools(state),
        (Route::Status, _) => about::status(state),
        (Route::Healthz, _) => Ok(about::health()),
        (Route::Readyz, _) => about::ready(state).await,
        (Route::Metrics, _) => Ok(about::metrics(state)),
        (Route::OpenApi, _) => Ok(about::openapi(state)),
        (Route::Docs, _) => Ok(about::docs(state)),
    }
}

/// An id, unless it is none: told like one that nobody has.
fn known<T>(id: Option<T>) -> Result<T, Problem> {
    id.ok_or_else(Problem::not_found)
}

fn not_allowed(route: &Route) -> Reply {
    let methods = route.template().1;
    let problem = Problem::new(Kind::MethodNotAllowed, format!("this path takes {methods}")).bound(methods);
    let mut reply = Reply::from(&problem);
    reply::set(&mut reply, header::ALLOW, methods);
    reply
}

/// The one value of a header; told as a field when it is no text, or there twice.
fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(text) if values.next().is_none() => Ok(Some(text)),
        _ => Err(Problem::invalid(name, "one value of ASCII")),
    }
}
