//! The query of `GET /v1/executions`: filters, page size, cursor.

use crate::percent;
use crate::problem::{Kind, Problem};
use crate::{request, time};
use casemate_engine::runtime::language::Table;
use casemate_engine::service::store::Filter;
use casemate_types::request::{MAX_LABEL_VALUE_BYTES, MAX_LABELS, is_label_name};
use casemate_types::{ExecutionId, State};

/// Executions on a page that names no number.
pub const DEFAULT_LIMIT: u32 = 50;
/// Most executions on a page.
pub const MAX_LIMIT: u32 = 200;
/// Longest name of a language, characters.
pub const MAX_LANGUAGE_CHARS: usize = 64;
/// The parameters.
pub(crate) const PARAMETERS: [&str; 7] = [
    "status",
    "language",
    "label",
    "created_after",
    "created_before",
    "limit",
    "cursor",
];

/// Which executions a client wants to see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListQuery {
    /// Which.
    pub filter: Filter,
    /// How many.
    pub limit: u32,
    /// Whether no execution can be meant, because a label has two values.
    pub matches_none: bool,
}

impl ListQuery {
    /// Reads the part of a target after `?`.
    ///
    /// # Errors
    /// A [`Problem`] of status 400 that names the parameter.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let mut list = Self {
            filter: Filter::default(),
            limit: DEFAULT_LIMIT,
            matches_none: false,
        };
        let (mut seen, mut labels) = ([false; PARAMETERS.len()], 0);
        for (name, value) in pairs(query)? {
            let Some(index) = PARAMETERS.iter().position(|known| *known == name) else {
                return Err(unknown(&name));
            };
            let parameter = PARAMETERS[index];
            if parameter == "label" {
                labels += 1;
                if labels > MAX_LABELS {
                    let problem = Problem::new(Kind::OutOfRange, format!("label: more than {MAX_LABELS}"));
                    return Err(problem.field("label").bound(MAX_LABELS.to_string()));
                }
            } else if std::mem::replace(&mut seen[index], true) {
                let problem = Problem::new(Kind::DuplicateField, format!("{parameter} is there twice"));
                return Err(problem.field(parameter));
            }
            list.take(parameter, value)?;
        }
        Ok(list)
    }

    fn take(&mut self, parameter: &'static str, value: String) -> Result<(), Problem> {
        let filter = &mut self.filter;
        let time = |value: &str| {
            let expected = "a date-time of RFC 3339, such as 2026-01-02T03:04:05Z";
            time::parse(value).ok_or_else(|| Problem::invalid(parameter, expected))
        };
        match parameter {
            "status" => {
                let state = State::from_word(&value);
                filter.state = Some(state.ok_or_else(|| Problem::invalid(parameter, "a status"))?);
            }
            "language" => filter.language = Some(language(&value)?),
            "label" => {
                let (name, value) = label(&value)?;
                let before = filter.labels.insert(name, value.clone());
                self.matches_none |= before.is_some_and(|before| before != value);
            }
            "created_after" => filter.created_from = Some(time(&value)?),
            "created_before" => filter.created_before = Some(time(&value)?),
            "limit" => self.limit = limit(&value)?,
            _ => {
                let cursor = value.parse::<ExecutionId>();
                let expected = "the next_cursor of a page";
                filter.older_than = Some(cursor.map_err(|_| Problem::invalid("cursor", expected))?);
            }
        }
        Ok(())
    }
}

/// Refuses any parameter, for what takes none.
pub(crate) fn refuse(query: Option<&str>) -> Result<(), Problem> {
    match pairs(query.unwrap_or_default())?.first() {
        Some((name, _)) => Err(unknown(name)),
        None => Ok(()),
    }
}

fn unknown(name: &str) -> Problem {
    let name = request::shortened(name);
    Problem::new(Kind::UnknownField, format!("{name:?} is not a parameter")).field(name)
}

/// The parameters, decoded as HTML forms encode them.
fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent::decode(&spaced).ok_or_else(|| {
            let detail = "the query holds a broken escape, or bytes that are no UTF-8";
            Problem::new(Kind::InvalidField, detail).bound("percent-encoded UTF-8")
        })
    };
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// The name that records have, for a name or an alias.
fn language(value: &str) -> Result<String, Problem> {
    if value.chars().count() > MAX_LANGUAGE_CHARS {
        let problem = Problem::new(Kind::OutOfRange, "language: it is too long");
        return Err(problem
            .field("language")
            .bound(format!("{MAX_LANGUAGE_CHARS} characters")));
    }
    let known = Table::builtin().find(value);
    Ok(known.map_or(value, |language| language.name).to_owned())
}

fn label(value: &str) -> Result<(String, String), Problem> {
    let parts = value
        .split_once('=')
        .filter(|(name, value)| is_label_name(name) && value.len() <= MAX_LABEL_VALUE_BYTES);
    let (name, value) = parts
        .filter(|(_, value)| !value.contains('\0'))
        .ok_or_else(|| Problem::invalid("label", "name=value, as labels are bounded"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn limit(value: &str) -> Result<u32, Problem> {
    let plain = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    if !plain {
        return Err(Problem::invalid("limit", "an integer"));
    }
    // Digits that are too many are a number that is too large.
    let number = value.parse().unwrap_or(u32::MAX);
    if (1..=MAX_LIMIT).contains(&number) {
        return Ok(number);
    }
    let shown = request::shortened(value);
    let problem = Problem::new(
        Kind::OutOfRange,
        format!("limit: {shown} is outside 1 to {MAX_LIMIT}"),
    );
    Err(problem.field("limit").bound(format!("1 to {MAX_LIMIT}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_types::Status;
    use proptest::prelude::*;

    fn check(query: &str, field: &str) {
        let problem = ListQuery::parse(query).unwrap_err();
        assert_eq!(
            (problem.status(), problem.field.as_deref()),
            (400, Some(field)),
            "{query}"
        );
    }

    #[test]
    fn every_parameter_is_read() {
        let list = ListQuery::parse(
            "status=failed&language=python3&label=a%3Db&label=c%3D&created_after=2026-01-02T03:04:05%2B01:00\
             &limit=7&cursor=01arz3ndektsv4rrffq69g5fav&",
        )
        .unwrap();
        assert_eq!(list.filter.state, Some(State::Ended(Status::Failed)));
        assert_eq!(list.filter.language.as_deref(), Some("python"));
        assert_eq!(
            (list.filter.labels["a"].as_str(), list.filter.labels["c"].as_str()),
            ("b", "")
        );
        assert!(list.filter.created_from.is_some() && list.filter.older_than.is_some());
        assert_eq!((list.limit, list.matches_none), (7, false));
        assert_eq!(ListQuery::parse("").unwrap().limit, DEFAULT_LIMIT);
        assert!(ListQuery::parse("label=a%3D1&label=a%3D2").unwrap().matches_none);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for bad in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=a",
            "limit=",
            "limit=99999999999999999999",
        ] {
            check(bad, "limit");
        }
        check("status=done", "status");
        check("cursor=abc", "cursor");
        check("created_after=yesterday", "created_after");
        check("created_before=2026-01-02T03:04:05+01:00", "created_before");
        check("label=a", "label");
        check("label=%3Db", "label");
        check("label=a%3D%00", "label");
        check(&"label=a%3Db&".repeat(17), "label");
        check("limit=1&limit=1", "limit");
        check("order=up", "order");
        check(&format!("language={}", "a".repeat(65)), "language");
        assert_eq!(ListQuery::parse("status=%zz").unwrap_err().status(), 400);
    }

    proptest! {
        #[test]
        fn any_query_is_survived(query in "[a-z_&=%0-9+.:-]{0,80}") {
            if let Ok(list) = ListQuery::parse(&query) {
                prop_assert!((1..=MAX_LIMIT).contains(&list.limit) && list.filter.labels.len() <= MAX_LABELS);
            }
        }
    }
}
