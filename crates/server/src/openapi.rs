//! The description of this API, exact for this machine: its languages and its maxima. The rest is data in
//! `resources/openapi/`; tests hold it against the router, the reader of requests and the answers.

use crate::config::Config;
use crate::problem::Kind;
use crate::request::{default_limits, millis};
use casemate_engine::service::Service;
use casemate_types::Maxima;
use casemate_types::limits::{MIN_CPUS, MIN_DISK, MIN_MEMORY, MIN_OUTPUT, MIN_TIME};
use serde_json::{Value, json};

const TEMPLATE: &str = include_str!("../../../resources/openapi/openapi.json");

/// The description. What differs between machines is put in its place.
pub(crate) fn describe(service: &Service, config: &Config) -> Value {
    let rows = service.kinds().rows();
    let here = rows
        .filter(|(_, kind)| kind.is_ok())
        .map(|(language, _)| language);
    let names: Vec<&str> = here
        .flat_map(|language| std::iter::once(language.name).chain(language.aliases.iter().copied()))
        .collect();
    fill(&names, service.maxima(), config)
}

fn fill(languages: &[&str], maxima: &Maxima, config: &Config) -> Value {
    // Compiled in, and read by a test.
    let mut whole: Value = serde_json::from_str(TEMPLATE).unwrap_or_default();
    whole["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    let kinds = Kind::ALL.map(|kind| kind.facts().0);
    let schemas = &mut whole["components"]["schemas"];
    schemas["Problem"]["properties"]["type"]["enum"] = json!(kinds);
    // An enumeration has a member: JSON Schema, section 6.1.2.
    match languages {
        [] => schemas["LanguageName"] = json!({"not": {}, "description": "No language is available here."}),
        _ => schemas["LanguageName"]["enum"] = json!(languages),
    }
    limits(&mut schemas["Limits"]["properties"], maxima);
    for path in ["/v1/executions", "/v1/analyses"] {
        let post = &mut whole["paths"][path]["post"];
        post["requestBody"]["content"]["application/json"]["example"] = example(languages);
    }
    let most = config.most_body_bytes;
    let too_large = format!("The body is larger than {most} bytes, as no request can be.");
    whole["components"]["responses"]["BodyTooLarge"]["description"] = json!(too_large);
    whole
}

fn limits(properties: &mut Value, max: &Maxima) {
    let usual = default_limits(max);
    let number = |millis: u32| f64::from(millis) / 1000.0;
    let all = [
        (
            "wall_ms",
            json!(millis(MIN_TIME)),
            json!(millis(max.wall)),
            json!(millis(usual.wall)),
        ),
        (
            "cpu_ms",
            json!(millis(MIN_TIME)),
            json!(millis(max.cpu)),
            Value::Null,
        ),
        (
            "cpus",
            json!(number(MIN_CPUS.millis)),
            json!(number(max.cpus.millis)),
            json!(number(usual.cpus.millis)),
        ),
        (
            "memory_bytes",
            json!(MIN_MEMORY.0),
            json!(max.memory.0),
            json!(usual.memory.0),
        ),
        (
            "disk_bytes",
            json!(MIN_DISK.0),
            json!(max.disk.0),
            json!(usual.disk.0),
        ),
        ("pids", json!(1), json!(max.pids), json!(usual.pids)),
        (
            "output_bytes",
            json!(MIN_OUTPUT.0),
            json!(max.output.0),
            json!(usual.output.0),
        ),
    ];
    for (name, least, most, usual) in all {
        let property = &mut properties[name];
        property["minimum"] = least;
        property["maximum"] = most;
        if !usual.is_null() {
            property["default"] = usual;
        }
    }
}

/// A request that can be tried.
fn example(languages: &[&str]) -> Value {
    let programs = [("bash", "echo hello\n"), ("python", "print('hello')\n")];
    let known = programs.into_iter().find(|(name, _)| languages.contains(name));
    let (language, code) = known.unwrap_or((languages.first().unwrap_or(&"bash"), ""));
    json!({"language": language, "code": code})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{Route, TEMPLATES};
    use crate::{query, request};
    use casemate_types::{State, Status, request as bounds};
    use std::collections::BTreeSet;

    fn described() -> Value {
        fill(&["bash", "sh"], &Maxima::of_host(2), &Config::default())
    }

    fn keys(object: &Value) -> BTreeSet<&str> {
        object
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect()
    }

    #[test]
    fn every_route_and_method_is_there_and_no_other() {
        let whole = described();
        let mut paths = keys(&whole["paths"]);
        for (path, methods) in TEMPLATES {
            assert!(paths.remove(path), "{path}");
            assert!(Route::parse(path).is_ok());
            let mut described = keys(&whole["paths"][path]);
            described.remove("parameters");
            let expected: Vec<_> = methods
                .split(", ")
                .filter(|m| *m != "HEAD")
                .map(str::to_lowercase)
                .collect();
            assert_eq!(described, expected.iter().map(String::as_str).collect(), "{path}");
        }
        assert!(paths.is_empty(), "{paths:?}");
    }

    #[test]
    fn every_field_is_there_and_no_other() {
        let whole = described();
        let schemas = &whole["components"]["schemas"];
        let fields = |schema: &str| keys(&schemas[schema]["properties"]);
        assert_eq!(fields("ExecutionRequest"), request::FIELDS.into());
        assert_eq!(fields("InputFile"), request::file::FIELDS.into());
        assert_eq!(fields("Limits"), request::limits::FIELDS.into());
        let ends = Status::ALL.into_iter().map(State::Ended);
        let states = [State::Queued, State::Running].into_iter().chain(ends);
        let statuses: Vec<_> = states.map(State::as_str).collect();
        assert_eq!(schemas["Status"]["enum"], json!(statuses));
        let parameters = whole["paths"]["/v1/executions"]["get"]["parameters"]
            .as_array()
            .unwrap();
        let named = parameters.iter().map(|one| {
            let pointer = one["$ref"].as_str().unwrap().trim_start_matches('#');
            whole.pointer(pointer).unwrap()["name"].as_str().unwrap()
        });
        assert!(named.eq(query::PARAMETERS));
    }

    #[test]
    fn bounds_are_those_of_the_types() {
        let whole = described();
        let request = &whole["components"]["schemas"]["ExecutionRequest"]["properties"];
        assert_eq!(request["code"]["maxLength"], bounds::MAX_CODE_BYTES);
        assert_eq!(request["stdin"]["maxLength"], bounds::MAX_STDIN_BYTES);
        assert_eq!(request["args"]["maxItems"], bounds::MAX_ARGS);
        assert_eq!(request["env"]["maxProperties"], bounds::MAX_ENV);
        assert_eq!(request["files"]["maxItems"], bounds::MAX_FILES);
        assert_eq!(request["outputs"]["maxItems"], bounds::MAX_OUTPUTS);
        assert_eq!(
            whole["components"]["schemas"]["Labels"]["maxProperties"],
            bounds::MAX_LABELS
        );
        let limits = &whole["components"]["schemas"]["Limits"]["properties"];
        assert_eq!(limits["pids"]["maximum"], 4096);
        assert_eq!(limits["cpus"]["minimum"], 0.05);
        assert_eq!(limits["cpus"]["maximum"], 2.0);
        assert!(limits["cpu_ms"].get("default").is_none());
        let limit = &whole["components"]["parameters"]["Limit"]["schema"];
        assert_eq!(
            (&limit["maximum"], &limit["default"]),
            (&json!(query::MAX_LIMIT), &json!(query::DEFAULT_LIMIT))
        );
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn visit(whole: &Value, part: &Value, seen: &mut usize) {
            if let Some(reference) = part.get("$ref").and_then(Value::as_str) {
                *seen += 1;
                assert!(
                    whole.pointer(reference.trim_start_matches('#')).is_some(),
                    "{reference}"
                );
            }
            let below: Vec<&Value> = match part {
                Value::Object(map) => map.values().collect(),
                Value::Array(items) => items.iter().collect(),
                _ => Vec::new(),
            };
            below.into_iter().for_each(|part| visit(whole, part, seen));
        }
        let whole = described();
        let mut seen = 0;
        visit(&whole, &whole, &mut seen);
        assert!(seen > 50);
    }

    #[test]
    fn the_example_is_a_request() {
        let whole = described();
        let example = &whole["paths"]["/v1/executions"]["post"]["requestBody"]["content"]["application/json"]
            ["example"];
        request::parse(example.to_string().as_bytes(), &Maxima::of_host(2)).unwrap();
    }
}
