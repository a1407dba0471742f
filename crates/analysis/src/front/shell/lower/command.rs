//! Simple commands.

use super::super::parse;
use super::super::syntax::{Assignment, Part, Place, Redirect, Value, Word};
use super::list::Output;
use super::{Lowering, positional, wrapper};
use crate::ir::{Argument, Element, ExprId, ExprKind, Pattern};

/// Where commands usually lie: a name with such a folder is the name without it.
const FOLDERS: [&str; 9] = [
    "/bin/",
    "/usr/bin/",
    "/usr/local/bin/",
    "/sbin/",
    "/usr/sbin/",
    "/usr/local/sbin/",
    "/opt/homebrew/bin/",
    "/opt/local/bin/",
    "/system/bin/",
];

/// Commands that print nothing.
const SILENT: [&str; 33] = [
    ":", "[", "[[", "alias", "bg", "cd", "chattr", "chgrp", "chmod", "chown", "cp", "export", "false",
    "install", "kill", "ln", "mkdir", "mkfifo", "mv", "popd", "pushd", "rm", "rmdir", "set", "shopt",
    "sleep", "test", "touch", "trap", "true", "ulimit", "umask", "wait",
];

/// Commands that read what flows in when nothing is said.
const READERS: [&str; 30] = [
    "awk",
    "base32",
    "base64",
    "bash",
    "bunzip2",
    "cat",
    "cut",
    "dash",
    "grep",
    "gunzip",
    "gzip",
    "head",
    "ksh",
    "mapfile",
    "nc",
    "node",
    "openssl",
    "perl",
    "php",
    "python",
    "python3",
    "read",
    "readarray",
    "rev",
    "ruby",
    "sed",
    "sh",
    "sort",
    "tee",
    "xargs",
];

impl Lowering<'_> {
    /// A command as an expression.
    pub(super) fn simple(
        &mut self,
        assignments: &[Assignment],
        words: &[Word],
        redirects: &[Redirect],
        stdin: Option<ExprId>,
        place: Place,
    ) -> Output {
        let mut before = Vec::new();
        for assignment in assignments {
            let expr = self.assignment_expr(assignment, !words.is_empty());
            before.push(expr);
        }
        let plan = self.plan(redirects);
        let stdin = plan.stdin.or(stdin);
        let mut output = if words.is_empty() {
            let value = self.text("", place);
            Output { value, prints: false }
        } else {
            self.command(words, stdin, Vec::new(), place)
        };
        output = self.written(output, &plan, place);
        if !before.is_empty() {
            before.push(output.value);
            output.value = self.expr(ExprKind::Sequence(before), place);
        }
        output
    }

    /// A command by its words.
    pub(super) fn command(
        &mut self,
        words: &[Word],
        stdin: Option<ExprId>,
        extra: Vec<Argument>,
        place: Place,
    ) -> Output {
        let Some((first, rest)) = words.split_first() else {
            let value = self.text("", place);
            return Output { value, prints: false };
        };
        let Some(text) = self.static_text(first).filter(|text| !text.is_empty()) else {
            let mut arguments = self.arguments(words);
            arguments.extend(extra);
            let value = self.call_with_stdin("$", arguments, stdin, place);
            return Output { value, prints: true };
        };
        let name = command_name(&text).to_owned();
        let prints = !SILENT.contains(&name.as_str());
        if self.uses.functions.contains(&name) {
            let mut arguments = self.arguments(rest);
            arguments.extend(extra);
            let value = self.function_call(&name, arguments, stdin, place);
            return Output { value, prints };
        }
        let ambient = || READERS.contains(&name.as_str());
        let stdin = match (stdin, self.stdin) {
            (None, Some(variable)) if ambient() => Some(self.expr(ExprKind::Var(variable), place)),
            (stdin, _) => stdin,
        };
        if let Some(inner) = wrapper::inner(&name, rest)
            && self.wrapped < 8
        {
            return self.wrapped_command(&name, rest, inner, stdin, extra, place);
        }
        let mut arguments;
        let mut stdin = stdin;
        if reads_code(&name) && stdin.is_none() {
            let code = rest
                .iter()
                .position(|word| matches!(word.parts.as_slice(), [Part::Process(_, false)]));
            let (before, after) = rest.split_at(code.unwrap_or(rest.len()));
            arguments = self.arguments(before);
            if let Some((code, after)) = after.split_first() {
                stdin = Some(self.word(code));
                arguments.extend(self.arguments(after));
            }
        } else {
            arguments = self.arguments(rest);
        }
        arguments.extend(extra);
        let value = self.call_with_stdin(&name, arguments, stdin, place);
        if name == "find" {
            return self.found(rest, value, place);
        }
        Output { value, prints }
    }

    fn call_with_stdin(
        &mut self,
        name: &str,
        mut arguments: Vec<Argument>,
        stdin: Option<ExprId>,
        place: Place,
    ) -> ExprId {
        if let Some(stdin) = stdin {
            let argument = self.stdin_argument(stdin);
            arguments.push(argument);
        }
        self.call(name, arguments, place)
    }

    /// `sudo -u user command ...`: a call of each.
    fn wrapped_command(
        &mut self,
        name: &str,
        words: &[Word],
        inner: usize,
        stdin: Option<ExprId>,
        mut extra: Vec<Argument>,
        place: Place,
    ) -> Output {
        let (options, command) = words.split_at(inner);
        let arguments = self.arguments(options);
        self.wrapped += 1;
        let output = if name == "xargs" {
            let line = self.call_with_stdin(name, arguments, stdin, place);
            extra.push(positional(line));
            let command = wrapper::without_placeholder(options, command);
            self.command(&command, None, extra, place)
        } else {
            let outer = self.call(name, arguments, place);
            let mut output = self.command(command, stdin, extra, place);
            output.value = self.expr(ExprKind::Sequence(vec![outer, output.value]), place);
            output
        };
        self.wrapped -= 1;
        output
    }

    /// `find ... -exec command {} ;`.
    fn found(&mut self, words: &[Word], found: ExprId, place: Place) -> Output {
        let mut sequence = vec![found];
        let mut at = 0;
        while let Some(word) = words.get(at) {
            at += 1;
            if !matches!(word.bare(), Some("-exec" | "-execdir" | "-ok" | "-okdir")) || sequence.len() > 8 {
                continue;
            }
            let rest = words.get(at..).unwrap_or(&[]);
            let ends = |word: &Word| matches!(word.text().as_deref(), Some(";" | "+"));
            let length = rest.iter().position(ends).unwrap_or(rest.len());
            let command = rest.get(..length).unwrap_or(&[]);
            at += length;
            if self.wrapped < 8 && !command.is_empty() {
                self.wrapped += 1;
                let output = self.command(command, None, Vec::new(), place);
                self.wrapped -= 1;
                sequence.push(output.value);
            }
        }
        let value = match sequence.as_slice() {
            [one] => *one,
            _ => self.expr(ExprKind::Sequence(sequence), place),
        };
        Output { value, prints: true }
    }

    /// An assignment; before a command it is one of that command's environment.
    fn assignment_expr(&mut self, assignment: &Assignment, environment: bool) -> ExprId {
        let place = assignment.place;
        if environment {
            let value = self.assigned_value(assignment);
            let symbol = self.program.names.intern(&format!("sh:{}", assignment.name));
            return self.expr(ExprKind::Assign(Box::new(Pattern::Global(symbol)), value), place);
        }
        let variable = self.assigned(&assignment.name);
        let (pattern, value) = self.assignment(assignment, variable);
        self.expr(ExprKind::Assign(Box::new(pattern), value), place)
    }

    /// What is assigned to a variable, and the place in it.
    pub(super) fn assignment(
        &mut self,
        assignment: &Assignment,
        variable: crate::ir::VarId,
    ) -> (Pattern, ExprId) {
        let place = assignment.place;
        let mut value = self.assigned_value(assignment);
        let pattern = match &assignment.index {
            None => Pattern::Var(variable),
            Some(index) => {
                let base = self.expr(ExprKind::Var(variable), place);
                let key = self.key(&assignment.name, index);
                Pattern::Index(base, key)
            }
        };
        if assignment.append {
            let old = match pattern {
                Pattern::Index(base, key) => self.expr(ExprKind::Index(base, key), place),
                _ => self.expr(ExprKind::Var(variable), place),
            };
            let map = self.uses.maps.contains(&assignment.name);
            let kind = match &assignment.value {
                Value::Array(_) if !map => ExprKind::List(vec![Element::Spread(old), Element::Spread(value)]),
                Value::Word(_) if !self.uses.numeric.contains(&assignment.name) => {
                    ExprKind::Concat(vec![old, value])
                }
                _ => ExprKind::Binary(crate::ir::BinaryOp::Add, old, value),
            };
            value = self.expr(kind, place);
        }
        (pattern, value)
    }

    fn assigned_value(&mut self, assignment: &Assignment) -> ExprId {
        match &assignment.value {
            Value::Word(word) if self.uses.numeric.contains(&assignment.name) => self.numeric_word(word),
            Value::Word(word) => self.word(word),
            Value::Array(items) => self.array(&assignment.name, items, assignment.place),
        }
    }

    fn array(&mut self, name: &str, items: &[(Option<Word>, Word)], place: Place) -> ExprId {
        if self.uses.maps.contains(name) {
            let mut entries = Vec::new();
            for (key, value) in items {
                if let Some(key) = key {
                    let (key, value) = (self.word(key), self.word(value));
                    entries.push(crate::ir::Entry::Pair(key, value));
                }
            }
            return self.expr(ExprKind::Map(entries), place);
        }
        let words: Vec<Word> = items.iter().map(|(_, word)| word.clone()).collect();
        self.items(&words, place)
    }

    /// Words as a list, of which unquoted ones may become several.
    pub(super) fn items(&mut self, words: &[Word], place: Place) -> ExprId {
        let mut elements = Vec::with_capacity(words.len());
        for word in words {
            if let Some(list) = self.spread(word) {
                elements.push(Element::Spread(list));
                continue;
            }
            for word in parse::expand_braces(word.clone(), &mut self.pieces) {
                let value = self.word(&word);
                if Self::is_split(&word) {
                    let list = self.split(value, place);
                    elements.push(Element::Spread(list));
                } else {
                    elements.push(Element::One(value));
                }
            }
        }
        self.expr(ExprKind::List(elements), place)
    }
}

/// The name of a command without its usual folder.
pub(in crate::front::shell) fn command_name(text: &str) -> &str {
    FOLDERS
        .iter()
        .find_map(|folder| text.strip_prefix(folder))
        .filter(|name| !name.is_empty() && !name.contains('/'))
        .unwrap_or(text)
}

/// Whether a command runs what a file given to it holds.
fn reads_code(name: &str) -> bool {
    matches!(
        name,
        "bash"
            | "sh"
            | "dash"
            | "zsh"
            | "ksh"
            | "ash"
            | "source"
            | "."
            | "python"
            | "python2"
            | "python3"
            | "perl"
            | "ruby"
            | "node"
            | "php"
    )
}
