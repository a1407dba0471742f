//! Scopes: what a name means where it stands, by the rules of Python.

use super::Lowerer;
use super::binding::Bindings;
use crate::ir::{ExprKind, FuncId, Label, Pattern, Symbol, VarId};
use rustc_hash::{FxHashMap, FxHashSet};

/// What kind of scope it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ScopeKind {
    /// The top level.
    Module,
    /// A function or lambda.
    Function,
    /// A class body: functions in it do not see its names.
    Class,
    /// A comprehension, in the frame of what is around it.
    Comprehension,
}

/// What a scope says of a name.
#[derive(Clone, Copy, Debug)]
enum Binding {
    Variable(VarId),
    Global,
    Nonlocal,
}

/// A scope.
#[derive(Debug)]
pub(super) struct Scope {
    kind: ScopeKind,
    function: FuncId,
    names: FxHashMap<Symbol, Binding>,
    /// Of a class body: what was bound so far. Before that the name means what it means outside.
    bound: FxHashSet<Symbol>,
}

/// A function that is being lowered.
#[derive(Debug)]
pub(super) struct Frame {
    /// Its number.
    pub(super) function: FuncId,
    /// The loops around, the innermost last.
    pub(super) loops: Vec<Label>,
    /// It yields.
    pub(super) yields: bool,
    labels: u32,
    temporaries: u32,
}

impl Lowerer<'_> {
    /// Opens a scope and its frame, and declares what its body binds.
    pub(super) fn open(&mut self, kind: ScopeKind, function: FuncId, bindings: &Bindings<'_>) {
        self.frames.push(Frame {
            function,
            loops: Vec::new(),
            yields: false,
            labels: 0,
            temporaries: 0,
        });
        self.push_scope(kind, function);
        for name in &bindings.globals {
            let symbol = self.name(name);
            self.say(symbol, Binding::Global);
        }
        for name in &bindings.nonlocals {
            let symbol = self.name(name);
            self.say(symbol, Binding::Nonlocal);
        }
        for name in &bindings.names {
            let symbol = self.name(name);
            self.declare(symbol);
        }
    }

    /// Closes the scope and the frame.
    pub(super) fn close(&mut self) -> Option<Frame> {
        self.scopes.pop();
        self.frames.pop()
    }

    /// Opens the scope of a comprehension.
    pub(super) fn open_comprehension(&mut self) {
        let function = self.function();
        self.push_scope(ScopeKind::Comprehension, function);
    }

    /// Closes the scope of a comprehension.
    pub(super) fn close_comprehension(&mut self) {
        self.scopes.pop();
    }

    fn push_scope(&mut self, kind: ScopeKind, function: FuncId) {
        self.scopes.push(Scope {
            kind,
            function,
            names: FxHashMap::default(),
            bound: FxHashSet::default(),
        });
    }

    fn say(&mut self, symbol: Symbol, binding: Binding) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.names.entry(symbol).or_insert(binding);
        }
    }

    /// Makes a variable of the innermost scope, unless the scope knows the name.
    pub(super) fn declare(&mut self, symbol: Symbol) {
        let Some(scope) = self.scopes.last() else {
            return;
        };
        if scope.names.contains_key(&symbol) {
            return;
        }
        let mut shown = symbol;
        if scope.kind == ScopeKind::Comprehension
            && self
                .scopes
                .iter()
                .rev()
                .find(|scope| scope.kind != ScopeKind::Comprehension)
                .is_some_and(|scope| scope.kind != ScopeKind::Function)
        {
            // It lives in the frame of a module or class, and is none of its attributes.
            let hidden = format!(".{}", self.program.names.text(symbol));
            shown = self.program.names.intern(&hidden);
        }
        let function = scope.function;
        let variable = self.program.variable(shown, function);
        self.say(symbol, Binding::Variable(variable));
    }

    /// The variable that a name means when it is read; none is a global of the language.
    pub(super) fn resolve(&self, symbol: Symbol) -> Option<VarId> {
        let mut inner = false;
        for scope in self.scopes.iter().rev() {
            let visible = match scope.kind {
                ScopeKind::Class => !inner && scope.bound.contains(&symbol),
                ScopeKind::Function => {
                    inner = true;
                    true
                }
                ScopeKind::Module | ScopeKind::Comprehension => true,
            };
            match scope.names.get(&symbol) {
                Some(Binding::Global) => return self.module_variable(symbol),
                Some(&Binding::Variable(variable)) if visible => return Some(variable),
                _ => {}
            }
        }
        None
    }

    fn module_variable(&self, symbol: Symbol) -> Option<VarId> {
        match self.scopes.first()?.names.get(&symbol) {
            Some(&Binding::Variable(variable)) => Some(variable),
            _ => None,
        }
    }

    /// What a name means when it is read.
    pub(super) fn read(&self, symbol: Symbol) -> ExprKind {
        self.resolve(symbol)
            .map_or(ExprKind::Global(symbol), ExprKind::Var)
    }

    /// What a name means when it is assigned. Skips comprehensions: a walrus in one binds outside of it.
    pub(super) fn bind(&mut self, symbol: Symbol) -> Pattern {
        let index = self
            .scopes
            .iter()
            .rposition(|scope| scope.kind != ScopeKind::Comprehension);
        let Some(scope) = index.and_then(|index| self.scopes.get_mut(index)) else {
            return Pattern::Global(symbol);
        };
        let binding = scope.names.get(&symbol).copied();
        if scope.kind == ScopeKind::Class {
            scope.bound.insert(symbol);
        }
        let variable = match binding {
            Some(Binding::Variable(variable)) => Some(variable),
            Some(Binding::Global) => self.module_variable(symbol),
            Some(Binding::Nonlocal) => self.resolve(symbol),
            None => None,
        };
        variable.map_or(Pattern::Global(symbol), Pattern::Var)
    }

    /// What a target of a comprehension is bound to.
    pub(super) fn bind_comprehension(&mut self, symbol: Symbol) -> Pattern {
        self.declare(symbol);
        match self.scopes.last().and_then(|scope| scope.names.get(&symbol)) {
            Some(&Binding::Variable(variable)) => Pattern::Var(variable),
            _ => Pattern::Global(symbol),
        }
    }

    /// Whether the innermost scope is a class body's.
    pub(super) fn in_class(&self) -> bool {
        self.scopes
            .last()
            .is_some_and(|scope| scope.kind == ScopeKind::Class)
    }

    /// The function that is being lowered.
    pub(super) fn function(&self) -> FuncId {
        self.frames.last().map_or(FuncId(0), |frame| frame.function)
    }

    /// A variable that the source has no name for.
    pub(super) fn temporary(&mut self) -> VarId {
        let function = self.function();
        let number = self.frames.last_mut().map_or(0, |frame| {
            frame.temporaries += 1;
            frame.temporaries
        });
        let symbol = self.program.names.intern(&format!(".t{number}"));
        self.program.variable(symbol, function)
    }

    /// A label of the function.
    pub(super) fn label(&mut self) -> Label {
        self.frames.last_mut().map_or(Label(0), |frame| {
            frame.labels += 1;
            Label(frame.labels)
        })
    }
}
