//! Findings with their places as a person reads them: file, line and column of what was submitted.

use super::compile::Rule;
use crate::fact::{Fact, FactKind, Origin};
use crate::ir::{FileId, Program, Span};
use casemate_types::analysis::{Finding, Flow, Location};
use std::cell::OnceCell;

/// Characters of hidden code that are shown.
const MAX_HIDDEN: usize = 200;
/// Characters of a text in a message.
const MAX_SHOWN: usize = 60;
/// Code inside code that is climbed out of.
const MAX_DEPTH: usize = 32;

/// The lines of a program's files.
pub struct Places<'a> {
    program: &'a Program,
    starts: Vec<OnceCell<Vec<u32>>>,
}

/// The place in a submitted file at which a span is, or is inside.
pub fn outermost(program: &Program, span: Span) -> Span {
    let mut span = span;
    for _ in 0..MAX_DEPTH {
        match program
            .files
            .get(span.file.0 as usize)
            .and_then(|file| file.inside)
        {
            Some(outer) => span = outer,
            None => break,
        }
    }
    span
}

impl<'a> Places<'a> {
    /// Of a program.
    pub fn new(program: &'a Program) -> Self {
        Self {
            program,
            starts: program.files.iter().map(|_| OnceCell::new()).collect(),
        }
    }

    /// Where a span is in what was submitted.
    pub fn location(&self, span: Span) -> Location {
        let span = outermost(self.program, span);
        let (line, column) = self.point(span.file, span.start);
        let (end_line, end_column) = self.point(span.file, span.end.max(span.start));
        let file = self.program.files.get(span.file.0 as usize);
        Location {
            file: file.map(|file| file.path.clone()).unwrap_or_default(),
            line,
            column,
            end_line,
            end_column,
        }
    }

    /// The line and column of a byte.
    fn point(&self, file: FileId, byte: u32) -> (u32, u32) {
        let at = file.0 as usize;
        let (Some(source), Some(cell)) = (self.program.files.get(at), self.starts.get(at)) else {
            return (1, 1);
        };
        let starts = cell.get_or_init(|| line_starts(&source.text));
        let line = starts.partition_point(|start| *start <= byte).max(1);
        let start = starts.get(line - 1).copied().unwrap_or(0);
        let before = source.text.get(start as usize..byte as usize).unwrap_or_default();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (number(line), number(before.chars().count() + 1))
    }

    /// What a rule says of a fact.
    pub fn finding(&self, rule: &Rule, fact: &Fact) -> Finding {
        finding(
            rule,
            message(rule, fact),
            self.location(fact.span),
            self.hidden(fact),
        )
    }

    /// What a rule says of a flow.
    pub fn of_flow(&self, rule: &Rule, flow: &Flow) -> Option<Finding> {
        let location = flow.steps.last()?.location.clone();
        Some(finding(rule, rule.form.message.clone(), location, None))
    }

    /// The code that was not to be seen, if there was such.
    fn hidden(&self, fact: &Fact) -> Option<String> {
        let argument = match &fact.kind {
            FactKind::Text {
                text,
                origin: Origin::Decoded(_),
            } => Some(text),
            FactKind::Call { arguments, .. } => arguments
                .iter()
                .find(|argument| argument.hidden > 0)
                .and_then(|argument| argument.text.as_ref()),
            _ => None,
        };
        let file = self.program.files.get(fact.span.file.0 as usize)?;
        let inner = file
            .inside
            .and_then(|_| file.text.get(fact.span.start as usize..fact.span.end as usize));
        argument
            .map(|text| &**text)
            .or(inner)
            .map(|text| clip(text, MAX_HIDDEN))
    }
}

fn finding(rule: &Rule, message: String, location: Location, hidden: Option<String>) -> Finding {
    Finding {
        rule: rule.form.id.clone(),
        message,
        severity: rule.severity,
        confidence: rule.confidence,
        axis: rule.axis,
        category: rule.form.category.clone(),
        cwe: rule.form.cwe,
        technique: rule.form.technique.clone(),
        location,
        hidden,
        advice: rule.form.advice.clone(),
    }
}

fn message(rule: &Rule, fact: &Fact) -> String {
    let written = &rule.form.message;
    if !written.contains('{') {
        return written.clone();
    }
    let (path, text) = match &fact.kind {
        FactKind::Call { path, arguments } => (
            &**path,
            arguments
                .iter()
                .find_map(|argument| argument.text.as_deref())
                .unwrap_or_default(),
        ),
        FactKind::Import { module } => (&**module, ""),
        FactKind::Read { path } | FactKind::Inner { path, .. } => (&**path, ""),
        FactKind::Write { path, value } => (&**path, value.text.as_deref().unwrap_or_default()),
        FactKind::Text { text, .. } => ("", &**text),
        FactKind::EndlessLoop => ("", ""),
        FactKind::Unreadable { what } => (*what, ""),
    };
    written
        .replace(
            "{path}",
            &clip(path.strip_prefix("sh:").unwrap_or(path), MAX_SHOWN),
        )
        .replace("{text}", &clip(text, MAX_SHOWN))
}

/// The start of a text on one line, without characters that a terminal would obey.
fn clip(text: &str, most: usize) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let mut clipped: String = text.chars().take(most).map(shown).collect();
    if text.chars().nth(most).is_some() {
        clipped.push('…');
    }
    clipped
}

fn line_starts(text: &str) -> Vec<u32> {
    let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0)
        .chain(ends.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)))
        .collect()
}
