//! Texts that are put together from parts of which some are not known; and constants that the source gives to a name: a variable, a field, a key, a parameter. Of these the machine tells nothing,
//! for nothing happens; a rule on secrets in the source needs them. Told as assignments of `name:` and the name.

use crate::fact::{Fact, FactArgument, FactKind, Origin, Reach};
use crate::ir::{
    BinaryOp, Block, CompareOp, Element, Entry, Expr, ExprId, ExprKind, FuncId, Pattern, Program, Span,
    Statement, StatementKind,
};
use std::rc::Rc;

/// Constants that are told of one program.
const MAX_NAMES: usize = 20_000;

/// Parts of one text.
const MAX_PARTS: usize = 64;
/// Bytes of one text.
const MAX_TEXT: usize = 4096;
/// Stands for a part that is not known.
const UNKNOWN: &str = "\u{FFFC}";

/// Every constant that is given to a name, and every text with parts that are not known.
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
                ExprKind::Concat(_)
                | ExprKind::Binary(BinaryOp::Add | BinaryOp::Modulo, ..)
                | ExprKind::Call { .. } => {
                    self.built(expr, function);
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

    /// A text with parts that are not known: by joining, by `%` or by `format`.
    fn built(&mut self, expr: &Expr, function: FuncId) {
        let mut text = String::new();
        match &expr.kind {
            ExprKind::Concat(parts) => parts.iter().for_each(|part| self.part(*part, &mut text)),
            ExprKind::Binary(BinaryOp::Add, ..) => self.sum(expr, &mut text),
            ExprKind::Binary(BinaryOp::Modulo, left, _) => {
                if let Some(ExprKind::Text(format)) = self.kind(*left) {
                    text = filled(format, "%");
                }
            }
            ExprKind::Call { callee, .. } => {
                if let Some(ExprKind::Field(base, name)) = self.kind(*callee)
                    && self.program.names.text(*name) == "format"
                    && let Some(ExprKind::Text(format)) = self.kind(*base)
                {
                    text = filled(format, "{");
                }
            }
            _ => {}
        }
        if text.len() > UNKNOWN.len() && text.contains(UNKNOWN) && self.facts.len() < MAX_NAMES {
            self.facts.push(Fact {
                kind: FactKind::Text {
                    text: Rc::from(text),
                    origin: Origin::Built,
                },
                span: expr.span,
                function,
                reach: Reach::Call,
            });
        }
    }

    /// The parts of a sum from left to right; sums nest to the left.
    fn sum(&self, expr: &Expr, text: &mut String) {
        let mut parts = Vec::new();
        let mut left = &expr.kind;
        while let ExprKind::Binary(BinaryOp::Add, inner, right) = left {
            parts.push(*right);
            match self.kind(*inner) {
                Some(kind @ ExprKind::Binary(BinaryOp::Add, ..)) if parts.len() < MAX_PARTS => left = kind,
                _ => {
                    parts.push(*inner);
                    break;
                }
            }
        }
        parts.iter().rev().for_each(|part| self.part(*part, text));
    }

    fn part(&self, id: ExprId, text: &mut String) {
        match self.kind(id) {
            Some(ExprKind::Text(known)) if text.len() + known.len() < MAX_TEXT => text.push_str(known),
            _ if text.ends_with(UNKNOWN) => {}
            _ => text.push_str(UNKNOWN),
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

/// A format with what is not known in the place of its marks; empty when it is too long.
fn filled(format: &str, mark: &str) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once(mark) {
        text.push_str(before);
        text.push_str(UNKNOWN);
        rest = if mark == "{" {
            after.split_once('}').map_or("", |(_, behind)| behind)
        } else {
            after.get(1..).unwrap_or("")
        };
        if text.len() > MAX_TEXT {
            return String::new();
        }
    }
    text.push_str(rest);
    text
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
