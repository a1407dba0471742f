//! `POST /v1/executions` as bytes: strict JSON of the contract, or a problem that names field and bound.
//!
//! The body is hostile. Nothing is built that a bound does not cover, nothing is skipped, and no depth of nesting
//! is followed: the form is known, so anything else ends the reading where it begins.

mod blame;
mod field;
pub(crate) mod file;
pub(crate) mod limits;
mod list;
mod scalar;

use crate::problem::{Kind, Problem};
use blame::{Blame, WHOLE};
use casemate_types::analysis::Mode;
use casemate_types::request::{MAX_ARGS, MAX_CODE_BYTES, MAX_ENV, MAX_LABELS, MAX_OUTPUTS, MAX_STDIN_BYTES};
use casemate_types::{ExecutionRequest, Glob, Maxima, Network, Profile};
use field::Seen;
pub(crate) use field::shortened;
pub(crate) use limits::{defaults as default_limits, millis};
use scalar::text;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde_json::error::Category;
use std::fmt;

/// The fields, in the order of the contract.
pub(crate) const FIELDS: [&str; 13] = [
    "language",
    "code",
    "stdin",
    "stdin_base64",
    "args",
    "env",
    "files",
    "outputs",
    "network",
    "profile",
    "mode",
    "labels",
    "limits",
];

/// Reads a request; whether its language is here is the engine's to say.
///
/// # Errors
/// A [`Problem`] of status 400 that names the field and its bound.
pub fn parse(body: &[u8], maxima: &Maxima) -> Result<ExecutionRequest, Problem> {
    let blame = Blame::default();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let seed = Whole {
        blame: &blame,
        maxima,
    };
    let request = seed
        .deserialize(&mut reader)
        .and_then(|request| reader.end().map(|()| request))
        .map_err(|error| blame.settle(|| malformed(&error)))?;
    request.check(maxima)?;
    Ok(request)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let detail = match error.classify() {
        Category::Eof => format!(
            "the JSON ends early at line {} column {}",
            error.line(),
            error.column()
        ),
        _ => error.to_string(),
    };
    Problem::new(Kind::MalformedJson, detail)
}

struct Whole<'a> {
    blame: &'a Blame,
    maxima: &'a Maxima,
}

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = ExecutionRequest;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<ExecutionRequest, D::Error> {
        // The form is known, so a value of another type is told by the visitor.
        let blame = self.blame;
        reader
            .deserialize_map(self)
            .map_err(|error| blame.form(WHOLE, "an object", error))
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = ExecutionRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<ExecutionRequest, M::Error> {
        let mut request = ExecutionRequest {
            limits: limits::defaults(self.maxima),
            ..ExecutionRequest::default()
        };
        let mut seen = Seen::new("", &FIELDS);
        while let Some(name) = seen.next(&mut map, self.blame)? {
            self.read(name, &mut map, &mut request)?;
        }
        for name in ["language", "code"] {
            if !seen.has(name) {
                return Err(self.blame.on(field::missing(name)));
            }
        }
        if seen.has("stdin") && seen.has("stdin_base64") {
            return Err(self.blame.on(field::both("stdin_base64", "stdin")));
        }
        Ok(request)
    }
}

impl Whole<'_> {
    fn read<'de, M: MapAccess<'de>>(
        &self,
        name: &'static str,
        map: &mut M,
        request: &mut ExecutionRequest,
    ) -> Result<(), M::Error> {
        let blame = self.blame;
        match name {
            "language" => request.language = text(map, blame, name)?.into_owned(),
            "code" => {
                request.code = text(map, blame, name)?.into_owned().into_bytes();
                blame.most(name, request.code.len(), MAX_CODE_BYTES)?;
            }
            "stdin" => request.stdin = text(map, blame, name)?.into_owned().into_bytes(),
            "stdin_base64" => request.stdin = scalar::base64(map, blame, name, MAX_STDIN_BYTES)?,
            "args" => {
                request.args = list::texts(map, blame, name, MAX_ARGS, |arg| Ok(arg.into_owned()))?;
            }
            "env" => request.env = list::pairs(map, blame, name, MAX_ENV)?,
            "files" => request.files = file::files(map, blame)?,
            "outputs" => {
                request.outputs = list::texts(map, blame, name, MAX_OUTPUTS, |glob| {
                    Ok(Glob::new("outputs", &glob)?)
                })?;
            }
            "network" => {
                request.network = match text(map, blame, name)?.as_ref() {
                    "none" => Network::None,
                    "loopback" => Network::Loopback,
                    _ => return Err(blame.on(Problem::invalid(name, "\"none\" or \"loopback\""))),
                };
            }
            "profile" => {
                request.profile = Profile::from_word(&text(map, blame, name)?)
                    .ok_or_else(|| blame.on(Problem::invalid(name, "\"default\" or \"fresh\"")))?;
            }
            "mode" => {
                let mode = Mode::from_word(&text(map, blame, name)?);
                let expected = || blame.on(Problem::invalid(name, "\"enforce\" or \"observe\""));
                request.mode = Some(mode.ok_or_else(expected)?);
            }
            "labels" => request.labels = list::pairs(map, blame, name, MAX_LABELS)?,
            "limits" => request.limits = limits::read(map, blame, self.maxima)?,
            _ => return Err(M::Error::custom("a field without a reader")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
