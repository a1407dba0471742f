//! Lists and pipelines: as statements, as the text that they print, and as conditions.

use super::super::syntax::{AndOr, Command, Junction, List, Node, Pipeline, Place};
use super::{Capture, Lowering, positional};
use crate::ir::{ExprId, ExprKind, LogicOp, Pattern, StatementKind, UnaryOp};

/// What a command gives.
pub(super) struct Output {
    pub(super) value: ExprId,
    /// Whether it prints anything.
    pub(super) prints: bool,
}

impl Lowering<'_> {
    /// Commands as statements.
    pub(super) fn list(&mut self, list: &List) {
        for item in list {
            self.and_or(item);
        }
    }

    fn and_or(&mut self, item: &AndOr) {
        if item.rest.is_empty() {
            self.pipeline(&item.first);
            return;
        }
        let place = pipeline_place(&item.first);
        let mut status = self.condition(&item.first);
        let variable = (item.rest.len() > 1).then(|| self.temporary());
        let last = item.rest.len() - 1;
        for (number, (junction, pipeline)) in item.rest.iter().enumerate() {
            if let Some(variable) = variable.filter(|_| number == 0) {
                self.assign(Pattern::Var(variable), status, place);
                status = self.expr(ExprKind::Var(variable), place);
            }
            if *junction == Junction::Or {
                status = self.expr(ExprKind::Unary(UnaryOp::Not, status), place);
            }
            let begun = self.begun();
            let (block, ()) = self.in_block(|this| match variable {
                Some(variable) if number < last => {
                    let condition = this.condition(pipeline);
                    this.assign(Pattern::Var(variable), condition, place);
                }
                _ => this.pipeline(pipeline),
            });
            self.set_begun(begun || self.begun());
            self.push(StatementKind::If(status, block, Vec::new()), place);
            if let Some(variable) = variable {
                status = self.expr(ExprKind::Var(variable), place);
            }
        }
    }

    /// A pipeline as a statement.
    fn pipeline(&mut self, pipeline: &Pipeline) {
        let Some((last, before)) = pipeline.nodes.split_last() else {
            return;
        };
        let stdin = self.flow(before);
        self.statement(last, stdin);
    }

    /// What the commands before the last print.
    fn flow(&mut self, nodes: &[Node]) -> Option<ExprId> {
        let mut stdin = None;
        for node in nodes {
            stdin = Some(self.node_value(node, stdin).value);
        }
        stdin
    }

    /// What a command prints, which is not printed any more.
    pub(super) fn node_value(&mut self, node: &Node, stdin: Option<ExprId>) -> Output {
        match &node.command {
            Command::Simple(assignments, words) if !self.is_statement(words) => {
                self.simple(assignments, words, &node.redirects, stdin, node.place)
            }
            _ => {
                let value = self.capture(node.place, |this| this.statement(node, stdin));
                Output { value, prints: true }
            }
        }
    }

    /// What commands print, as an expression.
    pub(super) fn captured(&mut self, list: &List, place: Place) -> ExprId {
        if list.is_empty() {
            return self.text("", place);
        }
        if let [item] = list.as_slice()
            && item.rest.is_empty()
            && let Some((last, before)) = item.first.nodes.split_last()
        {
            let stdin = self.flow(before);
            return self.node_value(last, stdin).value;
        }
        self.capture(place, |this| this.list(list))
    }

    /// What is printed by what is lowered meanwhile.
    fn capture(&mut self, place: Place, lower: impl FnOnce(&mut Self)) -> ExprId {
        let variable = self.temporary();
        let nothing = self.text("", place);
        self.assign(Pattern::Var(variable), nothing, place);
        let outer = self.capture.replace(Capture {
            variable,
            begun: false,
        });
        lower(self);
        self.capture = outer;
        self.expr(ExprKind::Var(variable), place)
    }

    /// Does what a command does, and gathers what it prints where something reads that.
    pub(super) fn emit(&mut self, output: &Output, place: Place) {
        let Some(capture) = self.capture.filter(|_| output.prints) else {
            self.push(StatementKind::Expr(output.value), place);
            return;
        };
        let mut value = output.value;
        if capture.begun {
            let before = self.expr(ExprKind::Var(capture.variable), place);
            let line = self.text("\n", place);
            value = self.expr(ExprKind::Concat(vec![before, line, value]), place);
        }
        self.assign(Pattern::Var(capture.variable), value, place);
        self.set_begun(true);
    }

    pub(super) fn begun(&self) -> bool {
        self.capture.is_some_and(|capture| capture.begun)
    }

    pub(super) fn set_begun(&mut self, begun: bool) {
        if let Some(capture) = &mut self.capture {
            capture.begun = begun;
        }
    }

    /// Whether a list succeeds. All but its last command become statements.
    pub(super) fn list_condition(&mut self, list: &List, place: Place) -> ExprId {
        let Some((last, before)) = list.split_last() else {
            return self.expr(ExprKind::Unknown(Vec::new()), place);
        };
        for item in before {
            self.and_or(item);
        }
        let mut status = self.condition(&last.first);
        for (junction, pipeline) in &last.rest {
            let (block, right) = self.in_block(|this| this.condition(pipeline));
            let op = match junction {
                Junction::And => LogicOp::And,
                Junction::Or => LogicOp::Or,
            };
            if block.is_empty() {
                status = self.expr(ExprKind::Logic(op, status, right), place);
                continue;
            }
            let variable = self.temporary();
            self.assign(Pattern::Var(variable), status, place);
            let mut test = self.expr(ExprKind::Var(variable), place);
            if op == LogicOp::Or {
                test = self.expr(ExprKind::Unary(UnaryOp::Not, test), place);
            }
            let (mut block, mut rest) = (
                block,
                self.in_block(|this| this.assign(Pattern::Var(variable), right, place))
                    .0,
            );
            block.append(&mut rest);
            self.push(StatementKind::If(test, block, Vec::new()), place);
            status = self.expr(ExprKind::Var(variable), place);
        }
        status
    }

    /// Whether a pipeline succeeds: known of conditions, unknown of other commands.
    pub(super) fn condition(&mut self, pipeline: &Pipeline) -> ExprId {
        let place = pipeline_place(pipeline);
        let Some((last, before)) = pipeline.nodes.split_last() else {
            return self.expr(ExprKind::Unknown(Vec::new()), place);
        };
        let stdin = self.flow(before);
        let status = self.node_condition(last, stdin);
        if pipeline.negated {
            return self.expr(ExprKind::Unary(UnaryOp::Not, status), place);
        }
        status
    }

    fn node_condition(&mut self, node: &Node, stdin: Option<ExprId>) -> ExprId {
        let place = node.place;
        match &node.command {
            Command::Test(test) => return self.test(test, place),
            Command::Arith(arith) => return self.arith_condition(arith, place),
            Command::Group(list) if node.redirects.is_empty() => return self.list_condition(list, place),
            Command::Simple(assignments, words) if !self.is_statement(words) => {
                if assignments.is_empty() && node.redirects.is_empty() {
                    let name = words.first().and_then(|word| word.bare());
                    match (name, words.len()) {
                        (Some("true" | ":"), 1) => return self.expr(ExprKind::Bool(true), place),
                        (Some("false"), 1) => return self.expr(ExprKind::Bool(false), place),
                        (Some("[" | "test"), _) => {
                            let words = words.get(1..).unwrap_or(&[]);
                            return self.test_command(words, place);
                        }
                        _ => {}
                    }
                }
                let output = self.simple(assignments, words, &node.redirects, stdin, place);
                if self.capture.is_some() && output.prints {
                    let variable = self.temporary();
                    self.assign(Pattern::Var(variable), output.value, place);
                    let value = self.expr(ExprKind::Var(variable), place);
                    self.emit(&Output { value, prints: true }, place);
                    let value = self.expr(ExprKind::Var(variable), place);
                    return self.expr(ExprKind::Unknown(vec![value]), place);
                }
                return self.expr(ExprKind::Unknown(vec![output.value]), place);
            }
            _ => {}
        }
        self.statement(node, stdin);
        self.expr(ExprKind::Unknown(Vec::new()), place)
    }

    /// A call of a function of the script.
    pub(super) fn function_call(
        &mut self,
        name: &str,
        mut arguments: Vec<crate::ir::Argument>,
        stdin: Option<ExprId>,
        place: Place,
    ) -> ExprId {
        let variable = self.function_variable(name);
        let callee = self.expr(ExprKind::Var(variable), place);
        if let Some(stdin) = stdin {
            let argument = self.stdin_argument(stdin);
            arguments.push(argument);
        }
        self.call_of(callee, arguments, place)
    }

    /// The words that a text becomes.
    pub(super) fn split(&mut self, value: ExprId, place: Place) -> ExprId {
        self.call("split", vec![positional(value)], place)
    }
}

pub(super) fn pipeline_place(pipeline: &Pipeline) -> Place {
    let start = pipeline.nodes.first().map_or(0, |node| node.place.start);
    let end = pipeline.nodes.last().map_or(0, |node| node.place.end);
    Place { start, end }
}
