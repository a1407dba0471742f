//! Commands as statements: simple ones, compound ones, functions.

use super::super::syntax::{Arith, CaseItem, Command, List, Node, Part, Place, Word};
use super::list::Output;
use super::{Capture, Frame, Lowering, empty_function};
use crate::ir::{
    ExprId, ExprKind, FunctionKind, Label, LogicOp, Param, ParamKind, Pattern, StatementKind, UnaryOp, VarId,
};
use rustc_hash::FxHashMap;

impl Lowering<'_> {
    /// A command as a statement.
    pub(super) fn statement(&mut self, node: &Node, stdin: Option<ExprId>) {
        let place = node.place;
        match &node.command {
            Command::Simple(assignments, words) if words.is_empty() => {
                self.assignments(assignments, &node.redirects, place);
            }
            Command::Simple(_, words) if self.is_statement(words) => {
                self.builtin(node, words, &node.redirects, stdin);
            }
            Command::Simple(assignments, words) => {
                let output = self.simple(assignments, words, &node.redirects, stdin, place);
                self.emit(&output, place);
            }
            Command::Declare(words, assignments) => self.declare(words, assignments, place),
            Command::Function(name, body) => self.function(name, body, place),
            _ => self.redirected(node, stdin),
        }
    }

    /// A compound command with its redirections.
    fn redirected(&mut self, node: &Node, stdin: Option<ExprId>) {
        let place = node.place;
        let plan = self.plan(&node.redirects);
        let outer = self.stdin;
        if let Some(stdin) = plan.stdin.or(stdin) {
            self.keep_stdin(stdin, place);
        }
        if plan.writes() {
            let variable = self.temporary();
            let nothing = self.text("", place);
            self.assign(Pattern::Var(variable), nothing, place);
            let capture = self.capture.replace(Capture {
                variable,
                begun: false,
            });
            self.compound(&node.command, place);
            self.capture = capture;
            let value = self.expr(ExprKind::Var(variable), place);
            let output = self.written(Output { value, prints: true }, &plan, place);
            self.emit(&output, place);
        } else {
            self.compound(&node.command, place);
        }
        self.stdin = outer;
    }

    fn compound(&mut self, command: &Command, place: Place) {
        match command {
            Command::Group(list) => self.list(list),
            Command::If(branches, otherwise) => self.conditional(branches, otherwise, place),
            Command::While(until, test, body) => self.while_loop(*until, test, body, place),
            Command::For(name, words, body) => self.for_loop(name, words.as_deref(), body, place),
            Command::ForArith(parts, body) => self.for_arithmetic(parts, body, place),
            Command::Case(subject, items) => self.case(subject, items, place),
            Command::Arith(arith) => {
                let value = self.arith(arith, place);
                self.push(StatementKind::Expr(value), place);
            }
            Command::Test(test) => {
                let value = self.test(test, place);
                self.push(StatementKind::Expr(value), place);
            }
            Command::Simple(..) | Command::Declare(..) | Command::Function(..) => {}
        }
    }

    fn conditional(&mut self, branches: &[(List, List)], otherwise: &List, place: Place) {
        // From the first to the last, each in the block of what the one before does otherwise; closed from the last.
        let begun = self.begun();
        let mut any = begun;
        let mut open = Vec::with_capacity(branches.len());
        for (test, body) in branches {
            let status = self.list_condition(test, place);
            let (then, ()) = self.in_block(|this| this.list(body));
            any |= self.begun();
            self.set_begun(begun);
            open.push((std::mem::take(&mut self.block), status, then));
        }
        self.list(otherwise);
        any |= self.begun();
        self.set_begun(any);
        while let Some((block, status, then)) = open.pop() {
            let otherwise = std::mem::replace(&mut self.block, block);
            self.push(StatementKind::If(status, then, otherwise), place);
        }
    }

    fn while_loop(&mut self, until: bool, test: &List, body: &List, place: Place) {
        let label = self.enter_loop();
        let (mut before, mut status) = self.in_block(|this| this.list_condition(test, place));
        if until {
            status = self.expr(ExprKind::Unary(UnaryOp::Not, status), place);
        }
        let (mut block, ()) = self.in_block(|this| this.list(body));
        if !before.is_empty() {
            let fails = self.expr(ExprKind::Unary(UnaryOp::Not, status), place);
            let (mut check, ()) = self.in_block(|this| {
                let (leave, ()) = this.in_block(|this| this.push(StatementKind::Break(label), place));
                this.push(StatementKind::If(fails, leave, Vec::new()), place);
            });
            before.append(&mut check);
            before.append(&mut block);
            block = before;
            status = self.expr(ExprKind::Bool(true), place);
        }
        self.leave_loop();
        self.push(
            StatementKind::While {
                label,
                test: status,
                body: block,
                step: Vec::new(),
                otherwise: Vec::new(),
            },
            place,
        );
    }

    fn for_loop(&mut self, name: &str, words: Option<&[Word]>, body: &List, place: Place) {
        let iterable = match (words, self.arguments_variable()) {
            (Some(words), _) => self.items(words, place),
            (None, Some(arguments)) => self.expr(ExprKind::Var(arguments), place),
            (None, None) => self.global("@", place),
        };
        let variable = self.assigned(name);
        let label = self.enter_loop();
        let (body, ()) = self.in_block(|this| this.list(body));
        self.leave_loop();
        self.push(
            StatementKind::For {
                label,
                pattern: Pattern::Var(variable),
                iterable,
                keys: false,
                body,
                otherwise: Vec::new(),
            },
            place,
        );
    }

    fn for_arithmetic(&mut self, parts: &[Option<Arith>; 3], body: &List, place: Place) {
        let [first, test, step] = parts;
        if let Some(first) = first {
            let value = self.arith(first, place);
            self.push(StatementKind::Expr(value), place);
        }
        let test = match test {
            Some(test) => self.arith_condition(test, place),
            None => self.expr(ExprKind::Bool(true), place),
        };
        let label = self.enter_loop();
        let (body, ()) = self.in_block(|this| this.list(body));
        self.leave_loop();
        let (step, ()) = self.in_block(|this| {
            if let Some(step) = step {
                let value = this.arith(step, place);
                this.push(StatementKind::Expr(value), place);
            }
        });
        self.push(
            StatementKind::While {
                label,
                test,
                body,
                step,
                otherwise: Vec::new(),
            },
            place,
        );
    }

    /// Loops: what is printed in a round may follow what was printed in another.
    fn enter_loop(&mut self) -> Label {
        if self.capture.is_some() {
            self.set_begun(true);
        }
        let label = self.new_label();
        if let Some(frame) = self.frames.last_mut() {
            frame.loops.push(label);
        }
        label
    }

    fn leave_loop(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.loops.pop();
        }
    }

    fn case(&mut self, subject: &Word, items: &[CaseItem], place: Place) {
        let value = self.word(subject);
        let variable = self.temporary();
        self.assign(Pattern::Var(variable), value, place);
        let begun = self.begun();
        let mut any = begun;
        let mut open = Vec::with_capacity(items.len());
        for item in items {
            let mut test = None;
            for pattern in &item.patterns {
                let fits = self.fits(variable, pattern);
                test = Some(match test {
                    None => fits,
                    Some(before) => self.expr(ExprKind::Logic(LogicOp::Or, before, fits), place),
                });
            }
            let test = match test {
                Some(test) => test,
                None => self.expr(ExprKind::Bool(false), place),
            };
            let (body, ()) = self.in_block(|this| this.list(&item.body));
            any |= self.begun();
            self.set_begun(begun);
            open.push((std::mem::take(&mut self.block), test, body));
        }
        self.set_begun(any);
        while let Some((block, test, body)) = open.pop() {
            let otherwise = std::mem::replace(&mut self.block, block);
            self.push(StatementKind::If(test, body, otherwise), place);
        }
    }

    fn fits(&mut self, subject: VarId, pattern: &Word) -> ExprId {
        if let [Part::Literal(text, super::super::syntax::Quote::None)] = pattern.parts.as_slice()
            && text == "*"
        {
            return self.expr(ExprKind::Bool(true), pattern.place);
        }
        let subject = self.expr(ExprKind::Var(subject), pattern.place);
        let pattern_value = self.pattern(pattern);
        self.call_with("case", &[subject, pattern_value], pattern.place)
    }

    fn function(&mut self, name: &str, body: &Node, place: Place) {
        let symbol = self.program.names.intern(name);
        let span = self.span(place);
        let parent = self.current_function();
        let function =
            self.program
                .function(empty_function(symbol, FunctionKind::Function, span, Some(parent)));
        let arguments_name = self.program.names.intern("arguments");
        let stdin_name = self.program.names.intern("stdin");
        let arguments = self.program.variable(arguments_name, function);
        let stdin = self.program.variable(stdin_name, function);
        let out = self.program.variable(self.empty, function);
        self.frames.push(Frame {
            function,
            locals: FxHashMap::default(),
            arguments: Some(arguments),
            out: Some(out),
            loops: Vec::new(),
            labels: 0,
        });
        let capture = self.capture.replace(Capture {
            variable: out,
            begun: false,
        });
        let outer_stdin = self.stdin.replace(stdin);
        let (block, ()) = self.in_block(|this| {
            let nothing = this.text("", place);
            this.assign(Pattern::Var(out), nothing, place);
            this.statement(body, None);
            let value = this.expr(ExprKind::Var(out), place);
            this.push(StatementKind::Return(Some(value)), place);
        });
        self.stdin = outer_stdin;
        self.capture = capture;
        self.frames.pop();
        if let Some(entry) = self.program.functions.get_mut(function.0 as usize) {
            entry.body = block;
            entry.params = vec![
                Param {
                    name: arguments_name,
                    pattern: Pattern::Var(arguments),
                    default: None,
                    kind: ParamKind::Rest,
                },
                Param {
                    name: stdin_name,
                    pattern: Pattern::Var(stdin),
                    default: None,
                    kind: ParamKind::NamedOnly,
                },
            ];
        }
        let variable = self.function_variable(name);
        let value = self.expr(ExprKind::Function(function), place);
        self.assign(Pattern::Var(variable), value, place);
    }
}
