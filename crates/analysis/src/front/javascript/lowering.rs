//! What every part of the lowering shares: the program that is built, scopes, the function at hand, jumps, depth.

use super::scope::Scopes;
use crate::ir::{
    Block, ExprId, ExprKind, FileId, FuncId, Function, FunctionKind, Label, Pattern, Program, Span,
    Statement, StatementKind, Symbol, VarId,
};
use oxc_ast::ast;
use std::rc::Rc;

/// Nesting beyond this is left out: the machine's stack is finite.
const DEPTH: u32 = 200;

/// One file on its way into the form.
pub(super) struct Lowering<'a, 'p> {
    pub(super) program: &'p mut Program,
    pub(super) file: FileId,
    pub(super) scopes: Scopes<'a>,
    pub(super) functions: Vec<Frame<'a>>,
    /// The labels that stand before the statement that comes next.
    pub(super) pending: Vec<&'a str>,
    /// CommonJS's two variables, once one of them was used.
    pub(super) commonjs: Option<CommonJs>,
    /// The object of the namespace whose body is lowered: exports become its fields.
    pub(super) namespace: Option<VarId>,
    depth: u32,
    /// Where something was left out because it nests too deep.
    deep: Option<u32>,
    at: u32,
}

/// The variables that CommonJS gives a module.
#[derive(Clone, Copy)]
pub(super) struct CommonJs {
    pub(super) module: VarId,
    pub(super) exports: VarId,
}

/// A function whose body is lowered.
pub(super) struct Frame<'a> {
    pub(super) id: FuncId,
    pub(super) arrow: bool,
    /// What `this` means; made when it is met.
    pub(super) this: Option<VarId>,
    /// `arguments`; made when it is met.
    pub(super) arguments: Option<VarId>,
    pub(super) labels: u32,
    pub(super) jumps: Vec<Jump<'a>>,
}

/// Something that a jump may leave.
pub(super) struct Jump<'a> {
    pub(super) names: Vec<&'a str>,
    pub(super) leave: Label,
    /// What `continue` means; nothing for a block or a `switch`.
    pub(super) again: Option<Again>,
    /// Whether a `break` without a name means it.
    pub(super) plain: bool,
}

/// How a loop's next round is reached.
#[derive(Clone, Copy)]
pub(super) enum Again {
    /// By a continue of this label.
    Continue(Label),
    /// By leaving the block of this label.
    Break(Label),
}

impl<'a, 'p> Lowering<'a, 'p> {
    pub(super) fn new(program: &'p mut Program, file: FileId) -> Self {
        Self {
            program,
            file,
            scopes: Scopes::default(),
            functions: Vec::new(),
            pending: Vec::new(),
            commonjs: None,
            namespace: None,
            depth: 0,
            deep: None,
            at: 0,
        }
    }

    /// Lowers the whole file. Tells its top level, and where something was left out because it nests too deep.
    pub(super) fn module(mut self, tree: &'a ast::Program<'a>) -> (FuncId, Option<Span>) {
        let span = self.span(tree.span);
        let name = self.name("");
        let id = self.program.function(empty(name, FunctionKind::Module, span));
        self.enter(id, false);
        self.scopes.push();
        let mut body = Block::new();
        self.hoist(&tree.body);
        self.body(&tree.body, &mut body);
        self.exports_behind(&tree.body, &mut body);
        self.scopes.pop();
        self.functions.pop();
        if let Some(commonjs) = self.commonjs {
            self.commonjs_around(commonjs, span, &mut body);
        }
        if let Some(function) = self.function_at(id) {
            function.body = body;
        }
        (
            id,
            self.deep.map(|at| Span {
                file: self.file,
                start: at,
                end: at,
            }),
        )
    }

    /// Starts the body of a function.
    pub(super) fn enter(&mut self, id: FuncId, arrow: bool) {
        self.functions.push(Frame {
            id,
            arrow,
            this: None,
            arguments: None,
            labels: 0,
            jumps: Vec::new(),
        });
    }

    pub(super) fn function_at(&mut self, id: FuncId) -> Option<&mut Function> {
        self.program.functions.get_mut(id.0 as usize)
    }

    /// The function at hand.
    pub(super) fn here(&self) -> FuncId {
        self.functions.last().map_or(FuncId(0), |frame| frame.id)
    }

    pub(super) fn span(&self, span: ast::Span) -> Span {
        Span {
            file: self.file,
            start: span.start,
            end: span.end,
        }
    }

    pub(super) fn name(&mut self, text: &str) -> Symbol {
        self.program.names.intern(text)
    }

    pub(super) fn add(&mut self, kind: ExprKind, span: ast::Span) -> ExprId {
        self.at = span.start;
        let span = self.span(span);
        self.program.expr(kind, span)
    }

    pub(super) fn text(&mut self, text: &str, span: ast::Span) -> ExprId {
        self.add(ExprKind::Text(Rc::from(text)), span)
    }

    pub(super) fn undefined(&mut self, span: ast::Span) -> ExprId {
        self.add(ExprKind::Undefined, span)
    }

    pub(super) fn variable(&mut self, variable: VarId, span: ast::Span) -> ExprId {
        self.add(ExprKind::Var(variable), span)
    }

    pub(super) fn global(&mut self, name: &str, span: ast::Span) -> ExprId {
        let name = self.name(name);
        self.add(ExprKind::Global(name), span)
    }

    pub(super) fn field(&mut self, base: ExprId, name: &str, span: ast::Span) -> ExprId {
        let name = self.name(name);
        self.add(ExprKind::Field(base, name), span)
    }

    pub(super) fn sequence(&mut self, parts: Vec<ExprId>, span: ast::Span) -> ExprId {
        match parts.as_slice() {
            [only] => *only,
            _ => self.add(ExprKind::Sequence(parts), span),
        }
    }

    pub(super) fn statement(&self, kind: StatementKind, span: ast::Span) -> Statement {
        Statement {
            kind,
            span: self.span(span),
        }
    }

    pub(super) fn assign_to(&self, variable: VarId, value: ExprId, span: ast::Span) -> Statement {
        self.statement(StatementKind::Assign(Pattern::Var(variable), value), span)
    }

    /// A variable of the function at hand that the source does not name.
    pub(super) fn temporary(&mut self) -> VarId {
        let name = self.name("%");
        let owner = self.here();
        self.program.variable(name, owner)
    }

    /// Binds a name in the innermost scope, once.
    pub(super) fn declare(&mut self, name: &'a str) -> VarId {
        if let Some(variable) = self.scopes.own(name) {
            return variable;
        }
        let symbol = self.name(name);
        let owner = self.here();
        let variable = self.program.variable(symbol, owner);
        self.scopes.bind(name, variable);
        variable
    }

    /// Lowers what nests, unless it nests too deep.
    pub(super) fn deeper<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEPTH {
            self.deep.get_or_insert(self.at);
            return None;
        }
        self.depth += 1;
        let lowered = lower(self);
        self.depth -= 1;
        Some(lowered)
    }

    /// A label that no other of the function has.
    pub(super) fn label(&mut self) -> Label {
        let Some(frame) = self.functions.last_mut() else {
            return Label(0);
        };
        frame.labels += 1;
        Label(frame.labels)
    }

    /// What `this` means here; nothing outside every function.
    pub(super) fn this(&mut self) -> Option<VarId> {
        let at = self.functions.iter().rposition(|frame| !frame.arrow)?;
        let frame = self.functions.get(at)?;
        if frame.this.is_some() {
            return frame.this;
        }
        let id = frame.id;
        if at == 0 {
            return None;
        }
        let name = self.name("this");
        let variable = self.program.variable(name, id);
        if let Some(frame) = self.functions.get_mut(at) {
            frame.this = Some(variable);
        }
        Some(variable)
    }

    /// What `arguments` means here; nothing outside every function.
    pub(super) fn arguments(&mut self) -> Option<VarId> {
        let at = self.functions.iter().rposition(|frame| !frame.arrow)?;
        let frame = self.functions.get(at)?;
        if at == 0 || frame.arguments.is_some() {
            return frame.arguments;
        }
        let id = frame.id;
        let name = self.name("arguments");
        let variable = self.program.variable(name, id);
        if let Some(frame) = self.functions.get_mut(at) {
            frame.arguments = Some(variable);
        }
        Some(variable)
    }
}

/// A function without parameters or body.
pub(super) fn empty(name: Symbol, kind: FunctionKind, span: Span) -> Function {
    Function {
        name,
        kind,
        span,
        parent: None,
        class: None,
        params: Vec::new(),
        this: None,
        body: Block::new(),
        is_async: false,
        is_generator: false,
    }
}
