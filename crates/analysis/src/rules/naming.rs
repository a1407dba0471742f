//! Constants that the source gives to a name: a variable, a field, a key, a parameter. Of these the machine tells nothing,
//! for nothing happens; a rule on secrets in the source needs them. Told as assignments of `name:` and the name.

use crate::fact::{Fact, FactArgument, FactKind, Reach};
use crate::ir::{
    Block, CompareOp, Element, Entry, ExprId, ExprKind, FuncId, Pattern, Program, Span, Statement,
    StatementKind,
};
use std::rc::Rc;

/// Constants that are told of one program.
const MAX_NAMES: usize = 20_000;

/// Every constant that is given to a name.
pub fn names(program: &Program) -> Vec<Fact> {
    let mut namer = Namer {
        program,
        facts: Vec::new(),
    };
    for (number, function) in (0..).zip(&program.functions) {
        let id = FuncId(number);
        for param in &function.params {
            if let (name, Some(default)) = (param.name, param.default) {
                namer.tell(program.names.text(name), default, id, function.span);
            }
        }
        namer.blocks(&function.body, id);
    }
    namer.expressions();
    namer.facts
}

struct Namer<'a> {
    program: &'a Program,
    facts: Vec<Fact>,
}

impl<'a> Namer<'a> {
    /// Goes through blocks without calling itself: how deep they nest is up to the source.
    fn blocks(&mut self, body: &'a Block, function: FuncId) {
        let mut left: Vec<&'a Block> = vec![body];
        while let Some(block) = left.pop() {
            for statement in block {
                if let StatementKind::Assign(pattern, value) = &statement.kind {
                    self.assign(pattern, *value, function, statement.span);
                }
                inner(statement, &mut left);
            }
        }
    }

    fn assign(&mut self, pattern: &'a Pattern, value: ExprId, function: FuncId, span: Span) {
        let program = self.program;
        match pattern {
            Pattern::Var(variable) => {
                if let Some(variable) = program.variables.get(variable.0 as usize) {
                    self.tell(program.names.text(variable.name), value, function, span);
                }
            }
            Pattern::Global(name) | Pattern::Field(_, name) => {
                self.tell(
                    program.names.text(*name).trim_start_matches("sh:"),
                    value,
                    function,
                    span,
                );
            }
            Pattern::Index(_, key) => {
                if let Some(ExprKind::Text(key)) = self.kind(*key) {
                    self.tell(key, value, function, span);
                }
            }
            Pattern::List(items) => {
                if let Some(ExprKind::List(values) | ExprKind::Tuple(values)) = self.kind(value) {
                    for (item, value) in items.iter().zip(values) {
                        if let (crate::ir::PatternItem::One(Pattern::Var(variable)), Element::One(value)) =
                            (item, value)
                            && let Some(variable) = program.variables.get(variable.0 as usize)
                        {
                            self.tell(program.names.text(variable.name), *value, function, span);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Keys of maps, comparisons and assignments inside expressions, wherever they stand.
    fn expressions(&mut self) {
        for expr in &self.program.exprs {
            let file = self.program.files.get(expr.span.file.0 as usize);
            let function = file.and_then(|file| file.module).unwrap_or(FuncId(0));
            match &expr.kind {
                ExprKind::Map(entries) => {
                    for entry in entries {
                        if let Entry::Pair(key, value) = entry
                            && let Some(ExprKind::Text(key)) = self.kind(*key)
                        {
                            self.tell(key, *value, function, expr.span);
                        }
                    }
                }
                ExprKind::Assign(pattern, value) => self.assign(pattern, *value, function, expr.span),
                ExprKind::Compare(CompareOp::Equal, left, right) => {
                    let name = match self.kind(*left) {
                        Some(ExprKind::Var(variable)) => self
                            .program
                            .variables
                            .get(variable.0 as usize)
                            .map(|variable| variable.name),
                        Some(ExprKind::Field(_, name) | ExprKind::Global(name)) => Some(*name),
                        _ => None,
                    };
                    if let Some(name) = name {
                        self.tell(self.program.names.text(name), *right, function, expr.span);
                    }
                }
                _ => {}
            }
        }
    }

    fn kind(&self, id: ExprId) -> Option<&'a ExprKind> {
        self.program.exprs.get(id.0 as usize).map(|expr| &expr.kind)
    }

    fn tell(&mut self, name: &str, value: ExprId, function: FuncId, around: Span) {
        let Some(expr) = self.program.exprs.get(value.0 as usize) else {
            return;
        };
        let (text, number) = match &expr.kind {
            ExprKind::Text(text) => (Some(Rc::clone(text)), None),
            ExprKind::Bytes(bytes) => (std::str::from_utf8(bytes).ok().map(Rc::from), None),
            ExprKind::Bool(value) => (None, Some(f64::from(u8::from(*value)))),
            _ => return,
        };
        if name.is_empty() || self.facts.len() >= MAX_NAMES {
            return;
        }
        // The line of the value is the line that is meant, but for a value that stands nowhere.
        let span = if expr.span.end > expr.span.start {
            expr.span
        } else {
            around
        };
        self.facts.push(Fact {
            kind: FactKind::Write {
                path: Rc::from(format!("name:{}", name.to_ascii_lowercase())),
                value: FactArgument {
                    text,
                    number,
                    ..FactArgument::default()
                },
            },
            span,
            function,
            reach: Reach::Call,
        });
    }
}

/// The blocks inside a statement.
fn inner<'a>(statement: &'a Statement, left: &mut Vec<&'a Block>) {
    match &statement.kind {
        StatementKind::If(_, then, otherwise) => left.extend([then, otherwise]),
        StatementKind::While {
            body,
            step,
            otherwise,
            ..
        } => left.extend([body, step, otherwise]),
        StatementKind::For { body, otherwise, .. } => left.extend([body, otherwise]),
        StatementKind::Labelled(_, body) => left.push(body),
        StatementKind::Switch { cases, .. } => left.extend(cases.iter().map(|case| &case.body)),
        StatementKind::Try {
            body,
            handlers,
            otherwise,
            finally,
        } => {
            left.extend([body, otherwise, finally]);
            left.extend(handlers.iter().map(|handler| &handler.body));
        }
        _ => {}
    }
}
