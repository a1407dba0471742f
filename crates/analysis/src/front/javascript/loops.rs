//! Loops.

use super::lowering::{Again, Jump, Lowering};
use crate::ir::{Block, ExprId, ExprKind, Pattern, StatementKind};
use oxc_ast::ast;

impl<'a> Lowering<'a, '_> {
    /// An expression of which the value is not used: `i++` is as good as `++i`.
    pub(super) fn unused(&mut self, expr: &'a ast::Expression<'a>) -> ExprId {
        match expr {
            ast::Expression::UpdateExpression(update) => self.update_value(update),
            _ => self.expr(expr),
        }
    }

    pub(super) fn for_statement(
        &mut self,
        node: &'a ast::ForStatement<'a>,
        names: Vec<&'a str>,
        out: &mut Block,
    ) {
        self.scopes.push();
        match &node.init {
            Some(ast::ForStatementInit::VariableDeclaration(declaration)) => {
                if declaration.kind != ast::VariableDeclarationKind::Var {
                    for declarator in &declaration.declarations {
                        self.declare_pattern(&declarator.id);
                    }
                }
                self.declaration(declaration, out);
            }
            Some(other) => {
                if let Some(init) = other.as_expression() {
                    let value = self.unused(init);
                    out.push(self.statement(StatementKind::Expr(value), node.span));
                }
            }
            None => {}
        }
        let test = match &node.test {
            Some(test) => self.expr(test),
            None => self.add(ExprKind::Bool(true), node.span),
        };
        let label = self.label();
        self.jump(Jump {
            names,
            leave: label,
            again: Some(Again::Continue(label)),
            plain: true,
        });
        let body = self.nested(&node.body);
        self.end_jump();
        let mut step = Block::new();
        if let Some(update) = &node.update {
            let value = self.unused(update);
            step.push(self.statement(StatementKind::Expr(value), node.span));
        }
        self.scopes.pop();
        let kind = StatementKind::While {
            label,
            test,
            body,
            step,
            otherwise: Block::new(),
        };
        out.push(self.statement(kind, node.span));
    }

    pub(super) fn while_statement(
        &mut self,
        node: &'a ast::WhileStatement<'a>,
        names: Vec<&'a str>,
        out: &mut Block,
    ) {
        let test = self.expr(&node.test);
        let label = self.label();
        self.jump(Jump {
            names,
            leave: label,
            again: Some(Again::Continue(label)),
            plain: true,
        });
        let body = self.nested(&node.body);
        self.end_jump();
        let kind = StatementKind::While {
            label,
            test,
            body,
            step: Block::new(),
            otherwise: Block::new(),
        };
        out.push(self.statement(kind, node.span));
    }

    /// The test stands at the end of the body, and a `continue` leaves a block before it.
    pub(super) fn do_while(
        &mut self,
        node: &'a ast::DoWhileStatement<'a>,
        names: Vec<&'a str>,
        out: &mut Block,
    ) {
        let label = self.label();
        let round = self.label();
        self.jump(Jump {
            names,
            leave: label,
            again: Some(Again::Break(round)),
            plain: true,
        });
        let mut body = self.nested(&node.body);
        self.end_jump();
        if leaves(&body, round) {
            body = vec![self.statement(StatementKind::Labelled(round, body), node.span)];
        }
        self.break_unless(&node.test, label, node.span, &mut body);
        let test = self.add(ExprKind::Bool(true), node.span);
        let kind = StatementKind::While {
            label,
            test,
            body,
            step: Block::new(),
            otherwise: Block::new(),
        };
        out.push(self.statement(kind, node.span));
    }

    pub(super) fn for_in(&mut self, node: &'a ast::ForInStatement<'a>, names: Vec<&'a str>, out: &mut Block) {
        let iterable = self.expr(&node.right);
        self.scopes.push();
        let pattern = self.loop_pattern(&node.left);
        let label = self.label();
        self.jump(Jump {
            names,
            leave: label,
            again: Some(Again::Continue(label)),
            plain: true,
        });
        let body = self.nested(&node.body);
        self.end_jump();
        self.scopes.pop();
        let kind = StatementKind::For {
            label,
            pattern,
            iterable,
            keys: true,
            body,
            otherwise: Block::new(),
        };
        out.push(self.statement(kind, node.span));
    }

    pub(super) fn for_of(&mut self, node: &'a ast::ForOfStatement<'a>, names: Vec<&'a str>, out: &mut Block) {
        let iterable = self.expr(&node.right);
        self.scopes.push();
        let mut pattern = self.loop_pattern(&node.left);
        let label = self.label();
        self.jump(Jump {
            names,
            leave: label,
            again: Some(Again::Continue(label)),
            plain: true,
        });
        let mut body = Block::new();
        if node.r#await {
            let item = self.temporary();
            let value = self.variable(item, node.span);
            let value = self.add(ExprKind::Await(value), node.span);
            let bound = std::mem::replace(&mut pattern, Pattern::Var(item));
            body.push(self.statement(StatementKind::Assign(bound, value), node.span));
        }
        self.statement_into(&node.body, &mut body);
        self.end_jump();
        self.scopes.pop();
        let kind = StatementKind::For {
            label,
            pattern,
            iterable,
            keys: false,
            body,
            otherwise: Block::new(),
        };
        out.push(self.statement(kind, node.span));
    }

    fn loop_pattern(&mut self, left: &'a ast::ForStatementLeft<'a>) -> Pattern {
        match left {
            ast::ForStatementLeft::VariableDeclaration(declaration) => {
                let Some(declarator) = declaration.declarations.first() else {
                    return Pattern::Ignore;
                };
                if declaration.kind != ast::VariableDeclarationKind::Var {
                    self.declare_pattern(&declarator.id);
                }
                self.binding(&declarator.id)
            }
            other => other
                .as_assignment_target()
                .map_or(Pattern::Ignore, |target| self.target(target)),
        }
    }
}

/// Whether a block leaves the block of that label.
fn leaves(block: &Block, label: crate::ir::Label) -> bool {
    block.iter().any(|statement| match &statement.kind {
        StatementKind::Break(at) => *at == label,
        StatementKind::If(_, then, otherwise) => leaves(then, label) || leaves(otherwise, label),
        StatementKind::While { body, .. } | StatementKind::For { body, .. } => leaves(body, label),
        StatementKind::Labelled(_, body) => leaves(body, label),
        StatementKind::Switch { cases, .. } => cases.iter().any(|case| leaves(&case.body, label)),
        StatementKind::Try {
            body,
            handlers,
            finally,
            ..
        } => {
            leaves(body, label)
                || leaves(finally, label)
                || handlers.iter().any(|handler| leaves(&handler.body, label))
        }
        _ => false,
    })
}
