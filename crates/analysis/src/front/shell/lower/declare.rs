//! Builtins that are statements: declarations, jumps, `read`, `shift`, `exec`.

use super::super::parse;
use super::super::syntax::{Assignment, Node, Place, Redirect, Value, Word};
use super::Lowering;
use super::list::Output;
use crate::ir::{ExprId, ExprKind, Pattern, StatementKind};

/// Variables that change how other programs work.
const TELLING: [&str; 18] = [
    "BASH_ENV",
    "ENV",
    "HISTCONTROL",
    "HISTFILE",
    "HISTFILESIZE",
    "HISTIGNORE",
    "HISTSIZE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "IFS",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "PATH",
    "PROMPT_COMMAND",
    "PS1",
    "PYTHONPATH",
    "TMOUT",
];

impl Lowering<'_> {
    /// Whether a command is one of those that [`Self::builtin`] lowers.
    pub(super) fn is_statement(&self, words: &[Word]) -> bool {
        let Some(name) = words.first().and_then(Word::bare) else {
            return false;
        };
        match name {
            "return" | "exit" | "break" | "continue" | "shift" | "unset" | "read" | "mapfile"
            | "readarray" | "getopts" | "let" => true,
            "exec" => words.len() == 1,
            "set" => words.iter().any(|word| word.bare() == Some("--")),
            "printf" => words.get(1).and_then(Word::bare) == Some("-v"),
            _ => false,
        }
    }

    pub(super) fn builtin(
        &mut self,
        node: &Node,
        words: &[Word],
        redirects: &[Redirect],
        stdin: Option<ExprId>,
    ) {
        let place = node.place;
        let rest = words.get(1..).unwrap_or(&[]);
        match words.first().and_then(Word::bare).unwrap_or("") {
            "return" | "exit" => self.leave(rest, place),
            "break" => self.jump(rest, place, StatementKind::Break),
            "continue" => self.jump(rest, place, StatementKind::Continue),
            "shift" => self.shift(rest, place),
            "unset" => self.unset(rest, place),
            "exec" => self.exec(redirects, place),
            "set" => self.set(rest, place),
            "let" => {
                for word in rest {
                    if let Some(text) = word.text() {
                        let value = self.arith(&parse::arithmetic(&text), place);
                        self.push(StatementKind::Expr(value), place);
                    }
                }
            }
            "printf" => self.printf(rest, place),
            name => self.read(name, rest, redirects, stdin, place),
        }
    }

    fn leave(&mut self, rest: &[Word], place: Place) {
        for word in rest {
            if word.text().is_none() {
                let value = self.word(word);
                self.push(StatementKind::Expr(value), place);
            }
        }
        let out = self.frames.last().and_then(|frame| frame.out);
        let value = out.map(|out| self.expr(ExprKind::Var(out), place));
        self.push(StatementKind::Return(value), place);
    }

    fn jump(&mut self, rest: &[Word], place: Place, kind: fn(crate::ir::Label) -> StatementKind) {
        let levels = rest.first().and_then(parse::constant).unwrap_or(1);
        let levels = usize::try_from(levels).unwrap_or(1).max(1);
        let loops = self.frames.last().map_or(&[][..], |frame| frame.loops.as_slice());
        let label = loops.iter().rev().nth(levels - 1).or(loops.first());
        if let Some(&label) = label {
            self.push(kind(label), place);
        }
    }

    fn shift(&mut self, rest: &[Word], place: Place) {
        let Some(arguments) = self.arguments_variable() else {
            return;
        };
        let by = rest.first().and_then(parse::constant).unwrap_or(1);
        let list = self.expr(ExprKind::Var(arguments), place);
        let by = self.expr(ExprKind::Int(by), place);
        let value = self.expr(ExprKind::Slice(list, Some(by), None, None), place);
        self.assign(Pattern::Var(arguments), value, place);
    }

    fn unset(&mut self, rest: &[Word], place: Place) {
        for name in rest
            .iter()
            .filter_map(Word::bare)
            .filter(|name| parse::is_name(name))
        {
            let value = self.text("", place);
            let variable = self.assigned(name);
            self.assign(Pattern::Var(variable), value, place);
            self.tell(name, value, place);
        }
    }

    /// `set -- words`: the arguments from here on.
    fn set(&mut self, rest: &[Word], place: Place) {
        let behind = rest.iter().position(|word| word.bare() == Some("--"));
        let words = behind.and_then(|at| rest.get(at + 1..)).unwrap_or(&[]);
        let list = self.items(words, place);
        let variable = match self.arguments_variable() {
            Some(variable) => variable,
            None => {
                let variable = self.temporary();
                if let Some(frame) = self.frames.last_mut() {
                    frame.arguments = Some(variable);
                }
                variable
            }
        };
        self.assign(Pattern::Var(variable), list, place);
    }

    /// `printf -v name format ...`.
    fn printf(&mut self, rest: &[Word], place: Place) {
        let arguments = self.arguments(rest.get(2..).unwrap_or(&[]));
        let value = self.call("printf", arguments, place);
        if let Some(name) = rest.get(1).and_then(Word::text) {
            let variable = self.assigned(&name);
            self.assign(Pattern::Var(variable), value, place);
        }
    }

    /// `read`, `mapfile`, `readarray`, `getopts`.
    fn read(
        &mut self,
        name: &str,
        rest: &[Word],
        redirects: &[Redirect],
        stdin: Option<ExprId>,
        place: Place,
    ) {
        let plan = self.plan(redirects);
        let ambient = self.stdin;
        let stdin = plan
            .stdin
            .or(stdin)
            .or_else(|| ambient.map(|variable| self.expr(ExprKind::Var(variable), place)));
        let mut arguments = self.arguments(rest);
        if let Some(stdin) = stdin {
            let argument = self.stdin_argument(stdin);
            arguments.push(argument);
        }
        let value = self.call(name, arguments, place);
        let names: Vec<&str> = rest
            .iter()
            .filter_map(Word::bare)
            .filter(|name| parse::is_name(name))
            .collect();
        if names.is_empty() {
            self.push(StatementKind::Expr(value), place);
            return;
        }
        let result = self.temporary();
        self.assign(Pattern::Var(result), value, place);
        for name in names {
            let value = self.expr(ExprKind::Var(result), place);
            let variable = self.assigned(name);
            self.assign(Pattern::Var(variable), value, place);
        }
    }

    /// `export`, `local`, `declare`, `typeset`, `readonly`.
    pub(super) fn declare(&mut self, words: &[Word], assignments: &[Assignment], place: Place) {
        let name = words.first().and_then(Word::bare).unwrap_or("");
        let flags = words.iter().skip(1).filter_map(Word::bare);
        let mut flags = flags.filter(|word| word.starts_with('-'));
        let exports = name == "export" || flags.clone().any(|flag| flag.contains('x'));
        let global = flags.any(|flag| flag.contains('g'));
        let local = matches!(name, "local" | "declare" | "typeset") && !global;
        for assignment in assignments {
            let variable = if local {
                self.local(&assignment.name)
            } else {
                self.assigned(&assignment.name)
            };
            self.assignment_statement(assignment, variable, exports);
        }
        for name in words
            .iter()
            .skip(1)
            .filter_map(Word::bare)
            .filter(|name| parse::is_name(name))
        {
            if local {
                let value = if self.uses.maps.contains(name) {
                    self.expr(ExprKind::Map(Vec::new()), place)
                } else {
                    self.text("", place)
                };
                let variable = self.local(name);
                self.assign(Pattern::Var(variable), value, place);
            }
        }
        for word in words.iter().skip(1).filter(|word| word.text().is_none()) {
            let value = self.word(word);
            self.push(StatementKind::Expr(value), place);
        }
    }

    /// An assignment as a statement.
    pub(super) fn assignment_statement(
        &mut self,
        assignment: &Assignment,
        variable: crate::ir::VarId,
        exports: bool,
    ) {
        let place = assignment.place;
        let (pattern, value) = self.assignment(assignment, variable);
        let whole = matches!(pattern, Pattern::Var(_)) && matches!(assignment.value, Value::Word(_));
        self.assign(pattern, value, place);
        if whole && (exports || TELLING.contains(&assignment.name.as_str())) {
            let value = self.expr(ExprKind::Var(variable), place);
            let symbol = self.program.names.intern(&format!("sh:{}", assignment.name));
            self.assign(Pattern::Global(symbol), value, place);
        }
    }

    fn tell(&mut self, name: &str, value: ExprId, place: Place) {
        if TELLING.contains(&name) {
            let symbol = self.program.names.intern(&format!("sh:{name}"));
            self.assign(Pattern::Global(symbol), value, place);
        }
    }

    /// Assignments without a command.
    pub(super) fn assignments(&mut self, assignments: &[Assignment], redirects: &[Redirect], place: Place) {
        for assignment in assignments {
            let variable = self.assigned(&assignment.name);
            self.assignment_statement(assignment, variable, false);
        }
        if redirects.is_empty() {
            return;
        }
        let plan = self.plan(redirects);
        let value = self.text("", place);
        let output = self.written(Output { value, prints: false }, &plan, place);
        self.push(StatementKind::Expr(output.value), place);
    }
}
