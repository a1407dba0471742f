//! The state of the walk, and the names.

use super::grammar::Grammar;
use crate::ir::{
    Argument, ArgumentKind, Block, ExprId, ExprKind, FileId, FuncId, Function, FunctionKind, Label, Pattern,
    Program, Span, Statement, StatementKind, Symbol, VarId,
};
use rustc_hash::FxHashMap;
use std::rc::Rc;
use tree_sitter::Node;

/// How deep nodes are followed.
const DEPTH: u16 = 160;

/// The names of one function.
pub(super) struct Scope {
    pub(super) function: FuncId,
    pub(super) names: FxHashMap<Symbol, VarId>,
    pub(super) loops: Vec<Label>,
    pub(super) labels: u32,
}

/// The state of the walk.
pub(super) struct Lowering<'program, 'text> {
    pub(super) program: &'program mut Program,
    pub(super) file: FileId,
    pub(super) grammar: &'static Grammar,
    pub(super) text: &'text str,
    pub(super) scopes: Vec<Scope>,
    /// The paths that imports give to names.
    pub(super) imports: FxHashMap<String, String>,
    pub(super) block: Block,
    depth: u16,
}

impl<'program, 'text> Lowering<'program, 'text> {
    pub(super) fn new(
        program: &'program mut Program,
        file: FileId,
        grammar: &'static Grammar,
        text: &'text str,
    ) -> Self {
        Self {
            program,
            file,
            grammar,
            text,
            scopes: Vec::new(),
            imports: FxHashMap::default(),
            block: Vec::new(),
            depth: 0,
        }
    }

    /// Lowers the whole file.
    pub(super) fn module(&mut self, root: Node<'_>) {
        let span = self.span(root);
        let module = self.new_function("", FunctionKind::Module, span);
        self.enter(module);
        self.body(root);
        if let Some(main) = self.grammar.table.main {
            let symbol = self.program.names.intern(main);
            if let Some(variable) = self.lookup(symbol) {
                let callee = self.expr_of(ExprKind::Var(variable), span);
                let arguments = ["argc", "argv"].map(|name| {
                    let value = self.global(name, span);
                    positional(value)
                });
                let kind = ExprKind::Call {
                    callee,
                    arguments: arguments.to_vec(),
                    new: false,
                };
                let call = self.expr_of(kind, span);
                self.push(StatementKind::Expr(call), span);
            }
        }
        self.scopes.pop();
        let body = std::mem::take(&mut self.block);
        if let Some(function) = self.program.functions.get_mut(module.0 as usize) {
            function.body = body;
        }
        if let Some(entry) = self.program.files.get_mut(usize::from(self.file.0)) {
            entry.module = Some(module);
        }
    }

    pub(super) fn new_function(&mut self, name: &str, kind: FunctionKind, span: Span) -> FuncId {
        let name = self.program.names.intern(name);
        let parent = self.scopes.last().map(|scope| scope.function);
        self.program.function(Function {
            name,
            kind,
            span,
            parent,
            class: None,
            params: Vec::new(),
            this: None,
            body: Vec::new(),
            is_async: false,
            is_generator: false,
        })
    }

    pub(super) fn enter(&mut self, function: FuncId) {
        self.scopes.push(Scope {
            function,
            names: FxHashMap::default(),
            loops: Vec::new(),
            labels: 0,
        });
    }

    /// Goes one level down, unless that is too deep.
    pub(super) fn deeper<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEPTH {
            let file = self.file;
            if let Some(entry) = self.program.files.get_mut(usize::from(file.0))
                && entry.unreadable.is_empty()
            {
                entry.unreadable.push((
                    "too_deep",
                    Span {
                        file,
                        start: 0,
                        end: 0,
                    },
                ));
            }
            return None;
        }
        self.depth += 1;
        let result = lower(self);
        self.depth -= 1;
        Some(result)
    }

    pub(super) fn span(&self, node: Node<'_>) -> Span {
        Span {
            file: self.file,
            start: u32::try_from(node.start_byte()).unwrap_or(u32::MAX),
            end: u32::try_from(node.end_byte()).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn source(&self, node: Node<'_>) -> &'text str {
        self.text.get(node.start_byte()..node.end_byte()).unwrap_or("")
    }

    pub(super) fn expr_of(&mut self, kind: ExprKind, span: Span) -> ExprId {
        self.program.expr(kind, span)
    }

    pub(super) fn text_of(&mut self, text: &str, span: Span) -> ExprId {
        self.expr_of(ExprKind::Text(Rc::from(text)), span)
    }

    pub(super) fn nothing(&mut self, span: Span) -> ExprId {
        self.expr_of(ExprKind::Unknown(Vec::new()), span)
    }

    pub(super) fn push(&mut self, kind: StatementKind, span: Span) {
        self.block.push(Statement { kind, span });
    }

    /// Makes a block of its own of what is lowered meanwhile.
    pub(super) fn in_block(&mut self, lower: impl FnOnce(&mut Self)) -> Block {
        let outer = std::mem::take(&mut self.block);
        lower(self);
        std::mem::replace(&mut self.block, outer)
    }

    /// The variable of a name.
    pub(super) fn lookup(&self, name: Symbol) -> Option<VarId> {
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| scope.names.get(&name).copied())
    }

    /// Makes a variable in the function that is being lowered, unless it has it.
    pub(super) fn declare(&mut self, name: Symbol) -> VarId {
        let Some(scope) = self.scopes.last_mut() else {
            return VarId(0);
        };
        let owner = scope.function;
        let program = &mut *self.program;
        *scope
            .names
            .entry(name)
            .or_insert_with(|| program.variable(name, owner))
    }

    /// The variable that an assignment means: one around, or a new one.
    pub(super) fn assigned(&mut self, name: Symbol) -> VarId {
        self.lookup(name).unwrap_or_else(|| self.declare(name))
    }

    /// A dotted path that no scope binds.
    pub(super) fn global(&mut self, path: &str, span: Span) -> ExprId {
        let mut parts = path.split('.').filter(|part| !part.is_empty());
        let first = parts.next().unwrap_or("?");
        let symbol = self.program.names.intern(first);
        let mut value = self.expr_of(ExprKind::Global(symbol), span);
        for part in parts {
            let name = self.program.names.intern(part);
            value = self.expr_of(ExprKind::Field(value, name), span);
        }
        value
    }

    /// A name: a variable, what an import gave, or a global.
    pub(super) fn name(&mut self, text: &str, span: Span) -> ExprId {
        let symbol = self.program.names.intern(text);
        if let Some(variable) = self.lookup(symbol) {
            return self.expr_of(ExprKind::Var(variable), span);
        }
        match self.imports.get(text).cloned() {
            Some(path) => self.global(&path, span),
            None => self.global(text, span),
        }
    }

    /// A path as written, with marks of any kind between the names.
    pub(super) fn written_path(&mut self, text: &str, span: Span) -> ExprId {
        let dotted = dotted(text);
        let dotted = dotted.strip_prefix(self.grammar.table.dropped).unwrap_or(&dotted);
        let (first, rest) = dotted.split_once('.').unwrap_or((dotted, ""));
        let symbol = self.program.names.intern(first);
        let base = match self.lookup(symbol) {
            Some(variable) => self.expr_of(ExprKind::Var(variable), span),
            None => {
                let first = self
                    .imports
                    .get(first)
                    .cloned()
                    .unwrap_or_else(|| first.to_owned());
                self.global(&first, span)
            }
        };
        rest.split('.')
            .filter(|part| !part.is_empty())
            .fold(base, |base, part| {
                let name = self.program.names.intern(part);
                self.expr_of(ExprKind::Field(base, name), span)
            })
    }

    pub(super) fn assign(&mut self, pattern: Pattern, value: ExprId, span: Span) {
        self.push(StatementKind::Assign(pattern, value), span);
    }
}

/// A path with dots between the names, whatever marks the language has, and without what stands in angles.
pub(super) fn dotted(text: &str) -> String {
    let mut dotted = String::with_capacity(text.len().min(256));
    let mut angles = 0usize;
    for letter in text.chars().take(512) {
        match letter {
            '<' => angles += 1,
            '>' => angles = angles.saturating_sub(1),
            _ if angles > 0 || letter.is_whitespace() => {}
            ':' | '\\' | '.' | '/' => {
                let names = dotted.trim_end_matches('.').len();
                dotted.truncate(names);
                dotted.push('.');
            }
            _ => dotted.push(letter),
        }
    }
    let dotted = dotted.trim_start_matches('.');
    dotted.trim_end_matches('.').to_owned()
}

/// An argument by its place.
pub(super) fn positional(value: ExprId) -> Argument {
    Argument {
        value,
        kind: ArgumentKind::Positional,
    }
}
