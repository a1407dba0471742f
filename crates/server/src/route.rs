//! Which path is what, and the methods that it takes.

use crate::percent;
use crate::problem::Problem;
use casemate_types::ExecutionId;
use hyper::Method;

/// A path that there is. An id that is none is told as unknown, but only after the method was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Route {
    Executions,
    Execution(Option<ExecutionId>),
    Events(Option<ExecutionId>),
    File(Option<ExecutionId>, String),
    Analyses,
    Languages,
    Pools,
    Status,
    Healthz,
    Readyz,
    Metrics,
    OpenApi,
    Docs,
}

/// What is to be done at a path. `HEAD` is a `GET` without the body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verb {
    Get,
    Post,
    Delete,
}

/// Every path as the description of the API writes it, with the methods that it takes.
pub(crate) const TEMPLATES: [(&str, &str); 13] = [
    ("/v1/executions", "GET, HEAD, POST"),
    ("/v1/executions/{id}", "DELETE, GET, HEAD"),
    ("/v1/executions/{id}/events", "GET, HEAD"),
    ("/v1/executions/{id}/files/{path}", "GET, HEAD"),
    ("/v1/analyses", "POST"),
    ("/v1/languages", "GET, HEAD"),
    ("/v1/pools", "GET, HEAD"),
    ("/v1/status", "GET, HEAD"),
    ("/healthz", "GET, HEAD"),
    ("/readyz", "GET, HEAD"),
    ("/metrics", "GET, HEAD"),
    ("/openapi.json", "GET, HEAD"),
    ("/docs", "GET, HEAD"),
];

impl Route {
    /// Reads a path.
    ///
    /// # Errors
    /// A [`Problem`] of status 404.
    pub(crate) fn parse(path: &str) -> Result<Self, Problem> {
        let route = match path {
            "/v1/executions" => Self::Executions,
            "/v1/analyses" => Self::Analyses,
            "/v1/languages" => Self::Languages,
            "/v1/pools" => Self::Pools,
            "/v1/status" => Self::Status,
            "/healthz" => Self::Healthz,
            "/readyz" => Self::Readyz,
            "/metrics" => Self::Metrics,
            "/openapi.json" => Self::OpenApi,
            "/docs" => Self::Docs,
            _ => return Self::below(path.strip_prefix("/v1/executions/")).ok_or_else(Problem::not_found),
        };
        Ok(route)
    }

    fn below(rest: Option<&str>) -> Option<Self> {
        let rest = rest?;
        let (id, rest) = rest
            .split_once('/')
            .map_or((rest, None), |(id, rest)| (id, Some(rest)));
        if id.is_empty() {
            return None;
        }
        let id = percent::decode(id).and_then(|id| id.parse().ok());
        match rest {
            None => Some(Self::Execution(id)),
            Some("events") => Some(Self::Events(id)),
            Some(rest) => {
                let path = rest.strip_prefix("files/").filter(|path| !path.is_empty())?;
                // What cannot be decoded is no file of anybody's.
                let path = percent::decode(path).unwrap_or_default();
                Some(Self::File(id, path))
            }
        }
    }

    /// The path as the description of the API writes it, and its methods.
    pub(crate) fn template(&self) -> (&'static str, &'static str) {
        TEMPLATES[match self {
            Self::Executions => 0,
            Self::Execution(_) => 1,
            Self::Events(_) => 2,
            Self::File(..) => 3,
            Self::Analyses => 4,
            Self::Languages => 5,
            Self::Pools => 6,
            Self::Status => 7,
            Self::Healthz => 8,
            Self::Readyz => 9,
            Self::Metrics => 10,
            Self::OpenApi => 11,
            Self::Docs => 12,
        }]
    }

    /// What a method does here; `None` when it is not taken.
    pub(crate) fn verb(&self, method: &Method) -> Option<Verb> {
        match (self, method) {
            (Self::Analyses, &Method::POST) => Some(Verb::Post),
            (Self::Analyses, _) => None,
            (_, &Method::GET | &Method::HEAD) => Some(Verb::Get),
            (Self::Executions, &Method::POST) => Some(Verb::Post),
            (Self::Execution(_), &Method::DELETE) => Some(Verb::Delete),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        let id = "01arz3ndektsv4rrffq69g5fav";
        let some = id.parse().ok();
        let check =
            |path: &str, expected: Option<Route>| assert_eq!(Route::parse(path).ok(), expected, "{path}");
        check("/v1/executions", Some(Route::Executions));
        check(&format!("/v1/executions/{id}"), Some(Route::Execution(some)));
        check("/v1/executions/none", Some(Route::Execution(None)));
        check(&format!("/v1/executions/{id}/events"), Some(Route::Events(some)));
        check(
            &format!("/v1/executions/{id}/files/a%20b/c"),
            Some(Route::File(some, "a b/c".to_owned())),
        );
        for none in [
            "",
            "/",
            "/v1",
            "/v1/executions/",
            "/v1/executions//events",
            "/v1/executions/x/files/",
            "/docs/",
        ] {
            check(none, None);
        }
    }

    #[test]
    fn methods_agree_with_their_list() {
        for (template, methods) in TEMPLATES {
            let route = Route::parse(template).unwrap();
            assert_eq!(route.template(), (template, methods));
            for method in [
                "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE",
            ] {
                let taken = route.verb(&method.parse().unwrap()).is_some();
                assert_eq!(
                    taken,
                    methods.split(", ").any(|m| m == method),
                    "{method} {template}"
                );
            }
        }
    }
}
