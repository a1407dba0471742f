//! What is wrong with policies, and where.

use miette::Diagnostic;
use std::fmt;

/// One thing that is wrong, with the place in its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The file, as the caller named it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What could be meant instead, when that is known.
    pub help: Option<String>,
}

/// `file:line:column: what (help)`, as compilers write it.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Policies that cannot be loaded: none of them is in force.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PolicyError {
    /// Something is wrong in a text; a line for each, at least one.
    #[error("{}", lines(.0))]
    Invalid(Vec<Problem>),
    /// More than is taken.
    #[error("{what}: {given} is more than {bound}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        given: usize,
        /// The bound.
        bound: usize,
    },
    /// The schema that is compiled in cannot be read: a fault of this program.
    #[error("the schema of this program cannot be read: {0}")]
    Schema(String),
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

/// A text and the place where a part of it begins.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub file: &'a str,
    pub text: &'a str,
    pub offset: usize,
}

impl At<'_> {
    /// A problem so many bytes behind the place.
    pub fn problem(&self, behind: usize, message: impl Into<String>, help: Option<String>) -> Problem {
        let (line, column) = position(self.text, self.offset + behind);
        Problem {
            file: self.file.to_owned(),
            line,
            column,
            message: message.into(),
            help,
        }
    }

    /// The problem that a diagnostic of Cedar tells of; its own place is relative to ours.
    pub fn diagnosed(&self, diagnostic: &dyn Diagnostic) -> Problem {
        let label = diagnostic.labels().and_then(|mut labels| labels.next());
        let behind = label.as_ref().map_or(0, miette::LabeledSpan::offset);
        let said = label.as_ref().and_then(|label| label.label().map(str::to_owned));
        let message = without_policy(&diagnostic.to_string());
        let message = match said {
            Some(said) if !message.contains(&said) => format!("{message}: {said}"),
            _ => message,
        };
        let help = diagnostic.help().map(|help| help.to_string().replace('\n', " "));
        self.problem(behind, message, help)
    }
}

/// Line and column of a byte, both from 1.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = (0..=offset.min(text.len())).rev().find_map(|end| text.get(..end));
    let before = before.unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}

/// Cedar begins with "for policy `id`, ", which the place in the file says better.
fn without_policy(message: &str) -> String {
    let rest = message
        .strip_prefix("for policy `")
        .and_then(|rest| rest.split_once("`, "));
    rest.map_or(message, |(_, rest)| rest).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters() {
        assert_eq!(position("", 0), (1, 1));
        assert_eq!(position("aé\nb", 3), (1, 3));
        assert_eq!(position("aé\nb", 4), (2, 1));
        assert_eq!(position("aé", 2), (1, 2));
        assert_eq!(position("a", 99), (1, 2));
    }
}
