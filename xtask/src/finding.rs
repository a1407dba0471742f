//! What a check found, and how it is printed. Every rule makes these; `tidy::run` prints them.

use std::fmt;

/// Whether a finding fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Fails the run.
    Error,
    /// Is printed only.
    Warning,
}

/// One broken rule at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the repository.
    pub path: String,
    /// The line, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// The name of the rule.
    pub rule: &'static str,
    /// Whether it fails the run.
    pub level: Level,
    /// What is wrong and what to do.
    pub message: String,
}

impl Finding {
    /// A finding that fails the run.
    pub fn error(rule: &'static str, path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            rule,
            level: Level::Error,
            message: message.into(),
        }
    }

    /// A finding that is printed only.
    pub fn warning(rule: &'static str, path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            ..Self::error(rule, path, line, message)
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.level {
            Level::Error => "",
            Level::Warning => "warning: ",
        };
        write!(
            out,
            "{}:{}: {word}{}: {}",
            self.path,
            self.line.max(1),
            self.rule,
            self.message
        )
    }
}
