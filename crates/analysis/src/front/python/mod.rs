//! The Python front end: from the text of a module, a script or a notebook to the intermediate form.
//!
//! The text is parsed by a tolerant parser; what it could not read is left out and said. Python 2 is translated first,
//! as far as it goes. Names are resolved here, so that nothing below knows Python's scopes.

mod assign;
mod binding;
mod comprehension;
mod definition;
mod expr;
mod import;
mod literal;
mod matching;
mod notebook;
mod operator;
mod position;
mod python2;
mod scope;
mod source;
mod statement;
#[cfg(test)]
mod tests;

use self::binding::{Bindings, Globals};
use self::position::Positions;
use self::scope::{Frame, Scope, ScopeKind};
use self::source::Source;
use crate::ir::{
    ExprId, ExprKind, FileId, FuncId, Function, FunctionKind, Program, Span, Statement, StatementKind, Symbol,
};
use ruff_text_size::TextRange;

/// Expressions and statements within each other that are lowered. CPython's own parser allows 200 brackets and 100
/// indentations (`Parser/lexer/state.h`, `MAXLEVEL` and `MAXINDENT`).
const DEPTH: u32 = 220;

/// Lowers a file.
pub(super) fn lower(program: &mut Program, file: FileId) {
    let index = usize::from(file.0);
    let Some(entry) = program.files.get_mut(index) else {
        return;
    };
    let is_main = index == 0 || entry.inside.is_some();
    let path = std::mem::take(&mut entry.path);
    let text = std::mem::take(&mut entry.text);
    let source = Source::read(&path, &text);
    let module = lower_source(program, file, &source, is_main);
    let whole = Span {
        file,
        start: 0,
        end: u32::try_from(text.len()).unwrap_or(u32::MAX),
    };
    if let Some(entry) = program.files.get_mut(index) {
        for &(what, at) in &source.unreadable {
            let span = Span {
                start: at,
                end: at,
                ..whole
            };
            entry.unreadable.push((what, span));
        }
        entry.broken |= source.unreadable.iter().any(|&(what, _)| what != "python2");
        entry.module = Some(module);
        entry.path = path;
        entry.text = text;
    }
}

fn lower_source(program: &mut Program, file: FileId, source: &Source, is_main: bool) -> FuncId {
    let name = program.names.intern("<module>");
    let module = program.function(Function {
        name,
        kind: FunctionKind::Module,
        span: Span {
            file,
            start: 0,
            end: source.positions.original(source.length()),
        },
        parent: None,
        class: None,
        params: Vec::new(),
        this: None,
        body: Vec::new(),
        is_async: false,
        is_generator: false,
    });
    let mut lowerer = Lowerer {
        program,
        file,
        positions: &source.positions,
        walrus: source.walrus,
        is_main,
        depth: 0,
        too_deep: None,
        scopes: Vec::new(),
        frames: Vec::new(),
        classes: Vec::new(),
    };
    lowerer.module(module, source);
    if let (Some(at), Some(entry)) = (
        lowerer.too_deep,
        lowerer.program.files.get_mut(usize::from(file.0)),
    ) {
        entry.broken = true;
        entry.unreadable.push(("too_deep", at));
    }
    module
}

/// One file on its way.
struct Lowerer<'a> {
    program: &'a mut Program,
    file: FileId,
    positions: &'a Positions,
    walrus: bool,
    is_main: bool,
    depth: u32,
    too_deep: Option<Span>,
    scopes: Vec<Scope>,
    frames: Vec<Frame>,
    classes: Vec<crate::ir::ClassId>,
}

impl Lowerer<'_> {
    fn module(&mut self, module: FuncId, source: &Source) {
        let body = source.body();
        let mut bindings = Bindings::of_body(body, source.walrus);
        if source.globals {
            bindings.names.append(&mut Globals::of_module(body).names);
        }
        self.open(ScopeKind::Module, module, &bindings);
        let mut block = Vec::new();
        if let Some((text, range)) = source.docstring() {
            self.docstring(text, range, &mut block);
        }
        let mut commands = source.commands.iter().peekable();
        for statement in body {
            let start = u32::from(ruff_text_size::Ranged::start(statement));
            while let Some(command) = commands.next_if(|command| command.at <= start) {
                self.command(command.at, &command.text, &mut block);
            }
            self.statement(statement, &mut block);
        }
        for command in commands {
            self.command(command.at, &command.text, &mut block);
        }
        self.close();
        if let Some(function) = self.program.functions.get_mut(module.0 as usize) {
            function.body = block;
        }
    }

    /// `__doc__`, in a source that uses it.
    fn docstring(&mut self, text: &str, range: TextRange, out: &mut Vec<Statement>) {
        let span = self.span(range);
        let value = self.expr_at(ExprKind::Text(text.into()), span);
        let name = self.name("__doc__");
        self.declare(name);
        let pattern = self.bind(name);
        out.push(Statement {
            kind: StatementKind::Assign(pattern, value),
            span,
        });
    }

    /// A command line of a notebook.
    fn command(&mut self, at: u32, text: &str, out: &mut Vec<Statement>) {
        let span = self.span(TextRange::new(at.into(), at.into()));
        let system = self.name("system");
        let module = self.expr_at(ExprKind::Import("os".into(), None), span);
        let callee = self.expr_at(ExprKind::Field(module, system), span);
        let text = self.expr_at(ExprKind::Text(text.into()), span);
        let call = self.call(callee, &[text], span);
        out.push(Statement {
            kind: StatementKind::Expr(call),
            span,
        });
    }

    fn name(&mut self, text: &str) -> Symbol {
        self.program.names.intern(text)
    }

    fn span(&self, range: TextRange) -> Span {
        Span {
            file: self.file,
            start: self.positions.original(range.start().into()),
            end: self.positions.original(range.end().into()),
        }
    }

    fn expr_at(&mut self, kind: ExprKind, span: Span) -> ExprId {
        self.program.expr(kind, span)
    }

    fn global(&mut self, name: &str, span: Span) -> ExprId {
        let symbol = self.name(name);
        self.expr_at(ExprKind::Global(symbol), span)
    }

    /// A call with arguments by place.
    fn call(&mut self, callee: ExprId, arguments: &[ExprId], span: Span) -> ExprId {
        let arguments = arguments
            .iter()
            .map(|&value| crate::ir::Argument {
                value,
                kind: crate::ir::ArgumentKind::Positional,
            })
            .collect();
        self.expr_at(
            ExprKind::Call {
                callee,
                arguments,
                new: false,
            },
            span,
        )
    }

    /// Goes a level down, unless that is too deep.
    fn descend(&mut self, range: TextRange) -> bool {
        if self.depth >= DEPTH {
            let span = self.span(range);
            self.too_deep.get_or_insert(span);
            return false;
        }
        self.depth += 1;
        true
    }
}
