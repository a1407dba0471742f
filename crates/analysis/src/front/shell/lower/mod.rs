//! From the tree of a script to the intermediate form.
//!
//! Expressions may need statements before them (a substitution with a loop in it): these are pushed to the block that is being
//! made, so an expression is lowered when the statements before it are done.

mod arithmetic;
mod command;
mod compound;
mod declare;
mod expansion;
mod list;
mod redirect;
mod test;
mod word;
mod wrapper;

use super::parse::{self, Script};
use super::syntax::{Place, Uses, Word};
use crate::ir::{
    Argument, ArgumentKind, Block, ExprId, ExprKind, FileId, FuncId, Function, FunctionKind, Label, Pattern,
    Program, Span, Statement, StatementKind, Symbol, VarId,
};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Adds a script to the program.
pub(super) fn program(program: &mut Program, file: FileId, script: Script) {
    let name = program.names.intern("");
    let end = program
        .files
        .get(usize::from(file.0))
        .map_or(0, |entry| u32::try_from(entry.text.len()).unwrap_or(u32::MAX));
    let span = Span { file, start: 0, end };
    let module = program.function(empty_function(name, FunctionKind::Module, span, None));
    let mut lowering = Lowering::new(program, file, module, script.documents, script.uses);
    lowering.list(&script.list);
    let body = std::mem::take(&mut lowering.block);
    if let Some(function) = program.functions.get_mut(module.0 as usize) {
        function.body = body;
    }
    if let Some(entry) = program.files.get_mut(usize::from(file.0)) {
        entry.module = Some(module);
        entry.broken = !script.errors.is_empty();
        for (what, place) in script.errors {
            let (start, end) = (place.start, place.end);
            entry.unreadable.push((what, Span { file, start, end }));
        }
    }
}

fn empty_function(name: Symbol, kind: FunctionKind, span: Span, parent: Option<FuncId>) -> Function {
    Function {
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
    }
}

/// A variable that gathers what commands print, where something reads that.
#[derive(Clone, Copy)]
struct Capture {
    variable: VarId,
    /// Whether something may have been printed already.
    begun: bool,
}

/// What is known inside one function.
struct Frame {
    function: FuncId,
    locals: FxHashMap<String, VarId>,
    /// The list of the arguments.
    arguments: Option<VarId>,
    /// What it prints.
    out: Option<VarId>,
    loops: Vec<Label>,
    labels: u32,
}

/// The state of lowering.
struct Lowering<'program> {
    program: &'program mut Program,
    file: FileId,
    documents: Vec<Word>,
    uses: Uses,
    module: FuncId,
    variables: FxHashMap<String, VarId>,
    functions: FxHashMap<String, VarId>,
    frames: Vec<Frame>,
    /// The block that is being made.
    block: Block,
    capture: Option<Capture>,
    /// What commands read that name no input of their own.
    stdin: Option<VarId>,
    /// Files and connections that `exec` opened.
    descriptors: FxHashMap<u32, VarId>,
    /// Letters that brace expansion may still make.
    pieces: usize,
    /// How many commands that run others are around.
    wrapped: u8,
    empty: Symbol,
}

impl<'program> Lowering<'program> {
    fn new(
        program: &'program mut Program,
        file: FileId,
        module: FuncId,
        documents: Vec<Word>,
        uses: Uses,
    ) -> Self {
        let empty = program.names.intern("");
        Self {
            program,
            file,
            documents,
            uses,
            module,
            variables: FxHashMap::default(),
            functions: FxHashMap::default(),
            frames: vec![Frame {
                function: module,
                locals: FxHashMap::default(),
                arguments: None,
                out: None,
                loops: Vec::new(),
                labels: 0,
            }],
            block: Vec::new(),
            capture: None,
            stdin: None,
            descriptors: FxHashMap::default(),
            pieces: parse::PIECES,
            wrapped: 0,
            empty,
        }
    }

    fn span(&self, place: Place) -> Span {
        Span {
            file: self.file,
            start: place.start,
            end: place.end,
        }
    }

    fn expr(&mut self, kind: ExprKind, place: Place) -> ExprId {
        let span = self.span(place);
        self.program.expr(kind, span)
    }

    fn text(&mut self, text: &str, place: Place) -> ExprId {
        self.expr(ExprKind::Text(Rc::from(text)), place)
    }

    /// The name of a variable, function or command. Code that `eval` runs finds by it what the script around it made.
    fn symbol(&mut self, name: &str) -> Symbol {
        self.program.names.intern(&format!("sh:{name}"))
    }

    /// A name that no scope binds.
    fn global(&mut self, name: &str, place: Place) -> ExprId {
        let symbol = self.symbol(name);
        self.expr(ExprKind::Global(symbol), place)
    }

    /// A call of a command, or of what else has a name.
    fn call(&mut self, name: &str, arguments: Vec<Argument>, place: Place) -> ExprId {
        let callee = self.global(name, place);
        self.call_of(callee, arguments, place)
    }

    fn call_of(&mut self, callee: ExprId, arguments: Vec<Argument>, place: Place) -> ExprId {
        self.expr(
            ExprKind::Call {
                callee,
                arguments,
                new: false,
            },
            place,
        )
    }

    /// A call whose arguments are given by place.
    fn call_with(&mut self, name: &str, values: &[ExprId], place: Place) -> ExprId {
        let arguments = values.iter().copied().map(positional).collect();
        self.call(name, arguments, place)
    }

    fn stdin_argument(&mut self, value: ExprId) -> Argument {
        let name = self.program.names.intern("stdin");
        Argument {
            value,
            kind: ArgumentKind::Named(name),
        }
    }

    fn push(&mut self, kind: StatementKind, place: Place) {
        let span = self.span(place);
        self.block.push(Statement { kind, span });
    }

    fn assign(&mut self, pattern: Pattern, value: ExprId, place: Place) {
        self.push(StatementKind::Assign(pattern, value), place);
    }

    /// Makes a block of its own of what is lowered meanwhile.
    fn in_block<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> (Block, T) {
        let outer = std::mem::take(&mut self.block);
        let result = lower(self);
        (std::mem::replace(&mut self.block, outer), result)
    }

    fn current_function(&self) -> FuncId {
        self.frames.last().map_or(self.module, |frame| frame.function)
    }

    /// A variable without a name.
    fn temporary(&mut self) -> VarId {
        let owner = self.current_function();
        self.program.variable(self.empty, owner)
    }

    /// The variable of a name that the script assigns; nothing for one of the environment.
    fn variable(&mut self, name: &str) -> Option<VarId> {
        for frame in self.frames.iter().rev() {
            if let Some(&variable) = frame.locals.get(name) {
                return Some(variable);
            }
        }
        self.uses.assigned.contains(name).then(|| self.assigned(name))
    }

    /// The variable that an assignment to a name means.
    fn assigned(&mut self, name: &str) -> VarId {
        if let Some(frame) = self.frames.last()
            && let Some(&variable) = frame.locals.get(name)
        {
            return variable;
        }
        if let Some(&variable) = self.variables.get(name) {
            return variable;
        }
        let symbol = self.symbol(name);
        let variable = self.program.variable(symbol, self.module);
        self.variables.insert(name.to_owned(), variable);
        variable
    }

    /// Makes a variable of the function that is being lowered.
    fn local(&mut self, name: &str) -> VarId {
        if self.frames.len() < 2 {
            return self.assigned(name);
        }
        let symbol = self.symbol(name);
        let owner = self.current_function();
        let program = &mut *self.program;
        let Some(frame) = self.frames.last_mut() else {
            return program.variable(symbol, owner);
        };
        *frame
            .locals
            .entry(name.to_owned())
            .or_insert_with(|| program.variable(symbol, owner))
    }

    /// The variable that holds a function.
    fn function_variable(&mut self, name: &str) -> VarId {
        if let Some(&variable) = self.functions.get(name) {
            return variable;
        }
        let symbol = self.symbol(name);
        let variable = self.program.variable(symbol, self.module);
        self.functions.insert(name.to_owned(), variable);
        variable
    }

    fn arguments_variable(&self) -> Option<VarId> {
        self.frames.last().and_then(|frame| frame.arguments)
    }

    fn new_label(&mut self) -> Label {
        let Some(frame) = self.frames.last_mut() else {
            return Label(0);
        };
        frame.labels += 1;
        Label(frame.labels)
    }
}

/// An argument by its place.
fn positional(value: ExprId) -> Argument {
    Argument {
        value,
        kind: ArgumentKind::Positional,
    }
}
