//! JavaScript and TypeScript, lowered. Called by the front ends' dispatcher.
//!
//! The parser is oxc; scopes are resolved here, on the way. Types are dropped; enums, namespaces, parameter properties and
//! decorators become what they do. JSX becomes calls of `React.createElement`. A file that does not parse is lowered
//! as far as it does. What this front end writes where the language has more than the form:
//!
//! - An accessor (`get x() {}`) is a call of the global `@getter` with a function; a setter one of `@setter` with a function
//!   and the getter's accessor if there is one. Static and other members share the attributes of the class.
//! - `super(...)` is a call of [`ir::ExprKind::Super`]. Fields of instances are assigned at the constructor's start, or behind
//!   its `super()`; one is made where a class has fields and no constructor.
//! - `===` is [`ir::CompareOp::Is`], `==` is [`ir::CompareOp::Equal`].
//! - A private name keeps its `#`; a well-known symbol (`Symbol.iterator`) is the text `@@iterator`.
//! - CommonJS: where a file uses `module` or `exports` without binding it, both are variables, and `module.exports` is
//!   exported under the name `=`. A `require` of a constant is an import.
//! - A regular expression is `new RegExp(pattern, flags)`. `arguments` is a rest parameter of which the others are taken.
//!
//! Nothing here runs, and nothing but a worker may call it: the parser overflows its stack on deep nesting.

mod assign;
mod call;
mod class;
mod expr;
mod function;
mod jsx;
mod literal;
mod loops;
mod lowering;
mod module;
mod scope;
mod statement;
#[cfg(test)]
mod tests;
mod types;

use crate::ir;
use lowering::Lowering;
use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_span::SourceType;

/// How often a file is parsed again without the line on which the parser gave up.
const REPAIRS: usize = 8;

/// Lowers a file of JavaScript or TypeScript: adds its functions, sets its module, says if it was broken.
pub fn lower(program: &mut ir::Program, file: ir::FileId) {
    let index = usize::from(file.0);
    let Some(entry) = program.files.get_mut(index) else {
        return;
    };
    let text = std::mem::take(&mut entry.text);
    let kind = source_type(entry);
    let allocator = Allocator::default();
    let parsed = parse(&allocator, &text, kind);
    let error = first_error(&parsed, file);
    let (module, deep) = if parsed.panicked {
        let source = repaired(&text, kind);
        let parsed = parse(&allocator, &source, kind);
        Lowering::new(program, file).module(&parsed.program)
    } else {
        Lowering::new(program, file).module(&parsed.program)
    };
    if let Some(entry) = program.files.get_mut(index) {
        entry.text = text;
        entry.module = Some(module);
        entry.broken = error.is_some();
        entry.unreadable.extend(error.map(|span| ("syntax_error", span)));
        entry.unreadable.extend(deep.map(|span| ("too_deep", span)));
    }
}

/// Where the parser first complained.
fn first_error(parsed: &ParserReturn<'_>, file: ir::FileId) -> Option<ir::Span> {
    let error = parsed.diagnostics.errors().next()?;
    let label = error.labels.first();
    let start = label.map_or(0, |label| label.offset());
    let length = label.map_or(0, |label| label.len());
    Some(ir::Span {
        file,
        start,
        end: start.saturating_add(length),
    })
}

/// The source without the lines on which the parser gives up, as far as a few rounds find them.
fn repaired(text: &str, kind: SourceType) -> String {
    let mut source = text.to_owned();
    for _ in 0..REPAIRS {
        match repair(&source, kind) {
            Some(better) => source = better,
            None => break,
        }
    }
    source
}

/// The source with the line blanked on which the parser gave up; nothing if it did not.
fn repair(source: &str, kind: SourceType) -> Option<String> {
    let allocator = Allocator::default();
    let parsed = parse(&allocator, source, kind);
    if !parsed.panicked {
        return None;
    }
    let at = parsed
        .diagnostics
        .errors()
        .filter_map(|error| error.labels.first())
        .map(|label| label.offset())
        .max()?;
    let at = usize::try_from(at).ok()?.min(source.len());
    let (start, end) = line_around(source, at)?;
    let mut bytes = source.as_bytes().to_vec();
    bytes.get_mut(start..end)?.fill(b' ');
    String::from_utf8(bytes).ok()
}

/// The line around a byte, or the nearest one before it that is not blank.
fn line_around(source: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = source.as_bytes();
    let mut end = at;
    while end < bytes.len() && bytes[end] != b'\n' {
        end += 1;
    }
    loop {
        let start = bytes[..end]
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |position| position + 1);
        if bytes[start..end].iter().any(|byte| !byte.is_ascii_whitespace()) {
            return Some((start, end));
        }
        end = start.checked_sub(1)?;
    }
}

fn parse<'a>(allocator: &'a Allocator, source: &'a str, kind: SourceType) -> ParserReturn<'a> {
    let options = ParseOptions {
        allow_return_outside_function: true,
        preserve_parens: false,
        enable_ident_hashes: false,
        ..ParseOptions::default()
    };
    Parser::new(allocator, source, kind).with_options(options).parse()
}

fn source_type(file: &ir::File) -> SourceType {
    let path = file.path.as_str();
    let ends = |end: &str| path.ends_with(end);
    if file.language == ir::Language::TypeScript {
        let plain = ends(".ts") || ends(".mts") || ends(".cts");
        return SourceType::ts().with_jsx(!plain);
    }
    SourceType::unambiguous().with_jsx(true)
}
