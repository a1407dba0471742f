//! Languages that are read at the level of imports, calls, constants and variables: C, C++, Rust, Go, Java, Ruby, PHP, Perl,
//! Lua and R, by the grammars of tree-sitter.
//!
//! One walker lowers them all. What the nodes of a grammar mean is data: a table of kinds and roles for each language
//! (`tables/`). What no table names is walked through, and its parts are evaluated.
//!
//! The parsers are C code that was made by a generator. They run where all analysis runs, behind the walls of a worker process,
//! and within bounds of steps and time: see `docs/decisions/0013-grammars-of-tree-sitter.md`.

mod call;
mod expr;
mod function;
mod grammar;
mod role;
mod scope;
mod statement;
mod tables;
mod text;

#[cfg(test)]
mod tests;

use crate::ir::{FileId, Program, Span};
use grammar::Grammar;
use scope::Lowering;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tree_sitter::{ParseOptions, Parser, Tree};

/// Steps of the parser for each byte; a usual text needs about three.
const STEPS_PER_BYTE: usize = 16;

/// How long a parser may take. Where no rule of a grammar fits for thousands of tokens, each of its steps copies what it skipped
/// so far: the count of steps alone does not bound that. A text of 1 MiB that parses takes a twentieth of it.
const LONGEST: Duration = Duration::from_secs(2);

/// Lowers a file of one of the languages.
pub(crate) fn lower(program: &mut Program, file: FileId) {
    let Some(entry) = program.files.get_mut(usize::from(file.0)) else {
        return;
    };
    let text = std::mem::take(&mut entry.text);
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let span = Span { file, start: 0, end };
    let grammar = grammar::of(entry.language, &text);
    let tree = grammar.and_then(|grammar| parse(grammar, &text));
    let broken = tree.as_ref().is_none_or(|tree| tree.root_node().has_error());
    if let (Some(grammar), Some(tree)) = (grammar, &tree) {
        Lowering::new(program, file, grammar, &text).module(tree.root_node());
    }
    if let Some(entry) = program.files.get_mut(usize::from(file.0)) {
        entry.text = text;
        entry.broken = broken;
        if broken {
            let what = if tree.is_some() {
                "syntax_error"
            } else {
                "too_complex"
            };
            entry.unreadable.push((what, span));
        }
    }
}

/// Parses a text; nothing where that takes too many steps.
fn parse(grammar: &Grammar, text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&grammar.language).ok()?;
    let bytes = text.as_bytes();
    // The parser asks once in about a hundred steps.
    let mut left = 1_000 + bytes.len() * STEPS_PER_BYTE / 100;
    let begun = Instant::now();
    let mut watch = |_: &tree_sitter::ParseState| {
        left = left.saturating_sub(1);
        if left == 0 || begun.elapsed() > LONGEST {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let options = ParseOptions::new().progress_callback(&mut watch);
    let mut read = |at: usize, _| bytes.get(at..).unwrap_or(&[]);
    parser.parse_with_options(&mut read, None, Some(options))
}
