//! Redirections.

use super::super::syntax::{Place, Redirect, RedirectOp, Target, Word};
use super::Lowering;
use super::list::Output;
use crate::ir::{ExprId, ExprKind, Pattern};

/// What the redirections of a command come to.
#[derive(Default)]
pub(super) struct Plan {
    /// What flows in.
    pub(super) stdin: Option<ExprId>,
    /// Where what it prints is written: the call, and the path.
    writes: Vec<(&'static str, ExprId)>,
    /// Whether what it prints is thrown away.
    silent: bool,
}

impl Plan {
    /// Whether what is printed goes anywhere else than on.
    pub(super) fn writes(&self) -> bool {
        self.silent || !self.writes.is_empty()
    }
}

impl Lowering<'_> {
    pub(super) fn plan(&mut self, redirects: &[Redirect]) -> Plan {
        let mut plan = Plan::default();
        for redirect in redirects {
            self.plan_one(redirect, &mut plan);
        }
        plan
    }

    fn plan_one(&mut self, redirect: &Redirect, plan: &mut Plan) {
        let place = redirect.place;
        let word = match &redirect.target {
            Target::Document(number) => {
                let word = self
                    .documents
                    .get_mut(*number)
                    .map(std::mem::take)
                    .unwrap_or_default();
                // A document of lines; the last end of line is no part of the value.
                plan.stdin = Some(self.word(&without_last_line_end(word)));
                return;
            }
            Target::Word(word) => word,
        };
        let socket = is_socket(word.prefix());
        let input = redirect.descriptor.unwrap_or(0) == 0;
        match redirect.op {
            RedirectOp::Text => plan.stdin = Some(self.word(word)),
            RedirectOp::Read | RedirectOp::Both if input => {
                let name = if redirect.op == RedirectOp::Read {
                    "<"
                } else {
                    "<>"
                };
                plan.stdin = Some(self.opened(name, word, place));
            }
            RedirectOp::DuplicateIn | RedirectOp::DuplicateOut
                if redirect.descriptor == Some(0) || redirect.op == RedirectOp::DuplicateIn =>
            {
                plan.stdin = self.duplicated(word, plan, place).or(plan.stdin);
            }
            RedirectOp::DuplicateOut => {
                if let Some(value) = self.descriptor(word, place)
                    && redirect.descriptor != Some(2)
                {
                    plan.writes.push((">", value));
                }
            }
            RedirectOp::Write | RedirectOp::Append | RedirectOp::WriteAll => {
                if word.prefix() == "/dev/null" {
                    plan.silent |= redirect.descriptor.unwrap_or(1) == 1;
                } else if redirect.descriptor.unwrap_or(1) == 1 || socket {
                    let path = self.word(word);
                    plan.writes.push((write_name(redirect.op, socket), path));
                } else if redirect.descriptor != Some(2) {
                    // Nothing is written, but what was in the file is gone: `0> file`.
                    let value = self.opened(write_name(redirect.op, socket), word, place);
                    self.push(crate::ir::StatementKind::Expr(value), place);
                }
            }
            RedirectOp::Read | RedirectOp::Both | RedirectOp::DuplicateIn => {
                let value = self.opened("<>", word, place);
                self.push(crate::ir::StatementKind::Expr(value), place);
            }
        }
    }

    /// What a file or connection holds.
    fn opened(&mut self, name: &str, word: &Word, place: Place) -> ExprId {
        if let [super::super::syntax::Part::Process(..)] = word.parts.as_slice() {
            return self.word(word);
        }
        let name = if is_socket(word.prefix()) {
            "/dev/tcp"
        } else {
            name
        };
        let path = self.word(word);
        self.call_with(name, &[path], place)
    }

    /// What comes in by a descriptor: `0>&1` after the output went to a connection.
    fn duplicated(&mut self, word: &Word, plan: &Plan, place: Place) -> Option<ExprId> {
        if let Some(value) = self.descriptor(word, place) {
            return Some(value);
        }
        let number: u32 = word.text()?.parse().ok()?;
        let &(name, path) = plan.writes.last().filter(|_| number == 1 || number == 2)?;
        let name = if name == "/dev/tcp" { name } else { "<" };
        Some(self.call_with(name, &[path], place))
    }

    /// What `exec` opened under a number.
    fn descriptor(&mut self, word: &Word, place: Place) -> Option<ExprId> {
        let number = match word.text() {
            Some(text) => text.trim_end_matches('-').parse().ok()?,
            None => u32::MAX,
        };
        let variable = *self.descriptors.get(&number)?;
        Some(self.expr(ExprKind::Var(variable), place))
    }

    /// `exec` without a command: what it opens stays open.
    pub(super) fn exec(&mut self, redirects: &[Redirect], place: Place) {
        for redirect in redirects {
            let number = redirect.descriptor;
            let target = match (&redirect.target, redirect.op) {
                (
                    Target::Word(word),
                    RedirectOp::Read
                    | RedirectOp::Write
                    | RedirectOp::Append
                    | RedirectOp::Both
                    | RedirectOp::WriteAll,
                ) => word,
                _ => {
                    let plan = self.plan(std::slice::from_ref(redirect));
                    if let Some(stdin) = plan.stdin {
                        self.keep_stdin(stdin, place);
                    }
                    continue;
                }
            };
            let name = match redirect.op {
                RedirectOp::Read => "<",
                RedirectOp::Both => "<>",
                RedirectOp::Append => ">>",
                _ => ">",
            };
            let value = self.opened(name, target, place);
            match number {
                Some(0) => self.keep_stdin(value, place),
                None if redirect.op == RedirectOp::Read => self.keep_stdin(value, place),
                None | Some(1 | 2) => self.push(crate::ir::StatementKind::Expr(value), place),
                Some(number) => {
                    let variable = self.temporary();
                    self.assign(Pattern::Var(variable), value, place);
                    self.descriptors.insert(number, variable);
                }
            }
        }
    }

    /// From here on commands read a value.
    pub(super) fn keep_stdin(&mut self, value: ExprId, place: Place) {
        let variable = self.temporary();
        self.assign(Pattern::Var(variable), value, place);
        self.stdin = Some(variable);
    }

    /// Writes what a command prints to where its redirections say.
    pub(super) fn written(&mut self, mut output: Output, plan: &Plan, place: Place) -> Output {
        for &(name, path) in &plan.writes {
            output.value = self.call_with(name, &[path, output.value], place);
        }
        output.prints &= !plan.writes();
        output
    }
}

fn write_name(op: RedirectOp, socket: bool) -> &'static str {
    match op {
        _ if socket => "/dev/tcp",
        RedirectOp::Append => ">>",
        _ => ">",
    }
}

/// Whether the shell itself opens a connection by a path.
fn is_socket(path: &str) -> bool {
    path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/")
}

fn without_last_line_end(mut word: Word) -> Word {
    if let Some(super::super::syntax::Part::Literal(text, _)) = word.parts.last_mut()
        && text.ends_with('\n')
    {
        text.pop();
    }
    word
}
