//! From the bytes of a file to a syntax tree: what is a notebook, what is Python 2, what is too deep to parse.

use super::notebook::{self, Command};
use super::position::{Edits, Positions};
use super::python2;
use ruff_python_ast::{Expr, ModModule, Stmt};
use ruff_python_parser::{Parsed, parse_unchecked_source};
use ruff_text_size::{Ranged, TextRange};

const BYTE_ORDER_MARK: char = '\u{feff}';
/// Brackets within each other. CPython reads 200 (`MAXLEVEL` of its tokenizer).
const BRACKETS: u32 = 200;
/// Signs before one operand, such as `- - - x`.
const SIGNS: u32 = 2_000;

/// A file that was parsed.
pub(super) struct Source {
    parsed: Option<Parsed<ModModule>>,
    /// From the text that was parsed to the one that was submitted.
    pub(super) positions: Positions,
    /// What could not be read, and where in the submitted text.
    pub(super) unreadable: Vec<(&'static str, u32)>,
    /// Shell commands of a notebook's cells.
    pub(super) commands: Vec<Command>,
    /// The text has a `:=`.
    pub(super) walrus: bool,
    /// The text has a `global`.
    pub(super) globals: bool,
    doc: bool,
    length: u32,
}

impl Source {
    /// Parses a text.
    pub(super) fn read(path: &str, text: &str) -> Self {
        if let Some(cells) = notebook::read(path, text) {
            let mut source = Self::parse(&cells.text, cells.positions);
            source.commands = cells.commands;
            return source;
        }
        if text.contains(BYTE_ORDER_MARK) {
            // Files that were joined have such marks amid the text.
            let mut edits = Edits::default();
            for (place, mark) in text.match_indices(BYTE_ORDER_MARK) {
                edits.replace(place, place + mark.len(), "");
            }
            let (clean, positions) = edits.apply(text);
            return Self::parse(&clean, positions);
        }
        Self::parse(text, Positions::default())
    }

    fn parse(text: &str, positions: Positions) -> Self {
        let mut source = Self {
            parsed: None,
            positions,
            unreadable: Vec::new(),
            commands: Vec::new(),
            walrus: text.contains(":="),
            globals: text.contains("global"),
            doc: text.contains("__doc__"),
            length: u32::try_from(text.len()).unwrap_or(u32::MAX),
        };
        if let Some(at) = too_deep(text) {
            source
                .unreadable
                .push(("too_deep", source.positions.original(at)));
            return source;
        }
        let parsed = parse(text);
        if parsed.errors().is_empty() {
            source.parsed = Some(parsed);
            return source;
        }
        if let Some((translated, map)) = python2::translate(text, parsed.tokens()) {
            let again = parse(&translated);
            if again.errors().len() < parsed.errors().len() {
                let first = parsed
                    .errors()
                    .first()
                    .map_or(0, |error| error.location.start().into());
                source
                    .unreadable
                    .push(("python2", source.positions.original(first)));
                source.positions = map.within(std::mem::take(&mut source.positions));
                source.complain(&again);
                source.parsed = Some(again);
                return source;
            }
        }
        source.complain(&parsed);
        source.parsed = Some(parsed);
        source
    }

    fn complain(&mut self, parsed: &Parsed<ModModule>) {
        if let Some(error) = parsed.errors().first() {
            let at = self.positions.original(error.location.start().into());
            self.unreadable.push(("syntax_error", at));
        }
    }

    /// The statements.
    pub(super) fn body(&self) -> &[Stmt] {
        self.parsed.as_ref().map_or(&[], |parsed| parsed.suite())
    }

    /// How long the parsed text is, in bytes.
    pub(super) fn length(&self) -> u32 {
        self.length
    }

    /// The text that the module begins with, when the module uses `__doc__`.
    pub(super) fn docstring(&self) -> Option<(&str, TextRange)> {
        match self.body().first()? {
            Stmt::Expr(statement) if self.doc => match statement.value.as_ref() {
                Expr::StringLiteral(text) => Some((text.value.to_str(), text.range())),
                _ => None,
            },
            _ => None,
        }
    }
}

fn parse(text: &str) -> Parsed<ModModule> {
    parse_unchecked_source(text, ruff_python_ast::PySourceType::Python)
}

/// Where brackets or signs stand deeper in each other than any parser should follow. Looks at bytes, and knows texts
/// and comments only as far as it needs for that.
fn too_deep(text: &str) -> Option<u32> {
    let bytes = text.as_bytes();
    let (mut depth, mut signs, mut at) = (0_u32, 0_u32, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\'' | b'"' => {
                at = end_of_text(bytes, at);
                signs = 0;
                continue;
            }
            b'#' => {
                at += memchr_newline(bytes.get(at..).unwrap_or_default());
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'-' | b'+' | b'~' => signs += 1,
            b' ' | b'\t' | b'\\' => {}
            _ => signs = 0,
        }
        if depth > BRACKETS || signs > SIGNS {
            return Some(u32::try_from(at).unwrap_or(u32::MAX));
        }
        at += 1;
    }
    None
}

fn memchr_newline(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| byte == b'\n')
        .unwrap_or(bytes.len())
}

/// Behind the text that starts here; of one that does not end, behind its line or the file.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let quote = rest.first().copied().unwrap_or(b'"');
    let triple = rest.starts_with(&[quote; 3]);
    let mut at = if triple { 3 } else { 1 };
    while let Some(&byte) = rest.get(at) {
        if byte == b'\\' {
            at += 2;
            continue;
        }
        if byte == quote && !triple {
            return start + at + 1;
        }
        if byte == quote && rest.get(at..).is_some_and(|rest| rest.starts_with(&[quote; 3])) {
            return start + at + 3;
        }
        if byte == b'\n' && !triple {
            return start + at;
        }
        at += 1;
    }
    bytes.len()
}
