//! From a request to its response: who may ask, what for, and every error as a problem.

mod about;
mod analysis;
mod create;
mod events;
mod execution;
mod file;
mod outcome;

use crate::identify::{self, Peer};
use crate::problem::{Kind, Problem};
use crate::query;
use crate::reply::{self, Reply};
use crate::route::{Route, Verb};
use crate::state::State;
use crate::{guard, intake};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, Request};
use std::convert::Infallible;
use std::sync::Arc;

/// Answers one request.
pub(crate) async fn answer(
    state: Arc<State>,
    peer: Arc<Peer>,
    request: Request<Incoming>,
) -> Result<Reply, Infallible> {
    let (parts, body) = request.into_parts();
    let route = Route::parse(parts.uri.path());
    let template = route.as_ref().map_or("none", |route| route.template().0);
    let answered = match guard::check(&parts.uri, &parts.headers).and(route) {
        Ok(route) => dispatch(&state, &peer, route, &parts, body).await,
        Err(problem) => Err(problem),
    };
    let reply = answered.unwrap_or_else(|problem| {
        state.report(&problem, template);
        Reply::from(&problem)
    });
    state.metrics.answered(template, reply.status().as_u16());
    Ok(reply)
}

async fn dispatch(
    state: &Arc<State>,
    peer: &Peer,
    route: Route,
    parts: &Parts,
    body: Incoming,
) -> Result<Reply, Problem> {
    let Some(verb) = route.verb(&parts.method) else {
        return Ok(not_allowed(&route));
    };
    if let Some(public) = public(state, &route).await {
        return public;
    }
    let headers = &parts.headers;
    let caller = &identify::identify(state, headers, peer).await?;
    let asked = parts.uri.query();
    let is_head = parts.method == Method::HEAD;
    if verb == Verb::Post {
        query::refuse(asked)?;
        intake::check_media(headers)?;
        return match route {
            Route::Analyses => analysis::create(state, caller, body).await,
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
        (Route::Languages, _) => about::languages(state, caller),
        (Route::Pools, _) => about::pools(state, caller),
        (Route::Status, _) => about::status(state, caller),
        (Route::Metrics, _) => about::metrics(state, caller),
        // Answered before anybody is asked who they are.
        (Route::Healthz | Route::Readyz | Route::OpenApi | Route::Docs, _) => Err(Problem::not_found()),
    }
}

/// What everybody may ask for: whether the service lives, and the description of its API.
async fn public(state: &Arc<State>, route: &Route) -> Option<Result<Reply, Problem>> {
    Some(match route {
        Route::Healthz => Ok(about::health()),
        Route::Readyz => about::ready(state).await,
        Route::OpenApi => Ok(about::openapi(state)),
        Route::Docs => Ok(about::docs(state)),
        _ => return None,
    })
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
