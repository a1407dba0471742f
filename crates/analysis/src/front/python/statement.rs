//! Statements.

use super::Lowerer;
use super::assign::assignment;
use crate::ir::{Block, ExprId, ExprKind, Handler, LogicOp, Pattern, Span, Statement, StatementKind};
use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::Ranged;

/// From so many `elif` on, they are written one after the other and not within each other.
const LONG: usize = 6;

impl Lowerer<'_> {
    /// Statements in order.
    pub(super) fn block(&mut self, statements: &[Stmt]) -> Block {
        let mut block = Vec::with_capacity(statements.len());
        for statement in statements {
            self.statement(statement, &mut block);
        }
        block
    }

    /// Lowers a statement to one or more; one that lies too deep is left out.
    pub(super) fn statement(&mut self, statement: &Stmt, out: &mut Block) {
        let range = statement.range();
        if self.descend(range) {
            let span = self.span(range);
            self.simple_statement(statement, span, out);
            self.depth -= 1;
        }
    }

    fn simple_statement(&mut self, statement: &Stmt, span: Span, out: &mut Block) {
        let kind = match statement {
            Stmt::Expr(inner) => {
                if matches!(
                    inner.value.as_ref(),
                    Expr::StringLiteral(_) | Expr::EllipsisLiteral(_)
                ) {
                    // A docstring or a placeholder does nothing.
                    return;
                }
                StatementKind::Expr(self.expr(&inner.value))
            }
            Stmt::Assign(inner) => return self.assign(inner, span, out),
            Stmt::AugAssign(inner) => return self.aug_assign(inner, span, out),
            Stmt::AnnAssign(inner) => return self.ann_assign(inner, span, out),
            Stmt::Delete(inner) => return self.delete(&inner.targets, span, out),
            Stmt::TypeAlias(inner) => {
                let value = self.expr(&inner.value);
                StatementKind::Assign(self.target(&inner.name), value)
            }
            Stmt::FunctionDef(inner) => return self.function_def(inner, span, out),
            Stmt::ClassDef(inner) => return self.class_def(inner, span, out),
            Stmt::Import(inner) => return self.import(inner, span, out),
            Stmt::ImportFrom(inner) => return self.import_from(inner, span, out),
            Stmt::If(inner) => return self.if_statement(inner, span, out),
            Stmt::Return(inner) => StatementKind::Return(inner.value.as_ref().map(|value| self.expr(value))),
            Stmt::For(inner) => self.for_statement(inner),
            Stmt::While(inner) => self.while_statement(inner),
            Stmt::With(inner) => return self.with_statement(inner, span, out),
            Stmt::Match(inner) => return self.match_statement(inner, span, out),
            Stmt::Try(inner) => self.try_statement(inner),
            Stmt::Raise(inner) => self.raise_statement(inner, span, out),
            Stmt::Assert(inner) => self.assert_statement(inner, span),
            Stmt::Break(_) => match self.innermost() {
                Some(label) => StatementKind::Break(label),
                None => return,
            },
            Stmt::Continue(_) => match self.innermost() {
                Some(label) => StatementKind::Continue(label),
                None => return,
            },
            Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => return,
        };
        out.push(Statement { kind, span });
    }

    fn innermost(&self) -> Option<crate::ir::Label> {
        self.frames.last().and_then(|frame| frame.loops.last().copied())
    }

    fn if_statement(&mut self, inner: &ast::StmtIf, span: Span, out: &mut Block) {
        if inner.elif_else_clauses.len() > LONG {
            return self.long_if(inner, span, out);
        }
        let test = self.expr(&inner.test);
        let body = self.block(&inner.body);
        let otherwise = self.elif(&inner.elif_else_clauses);
        out.push(Statement {
            kind: StatementKind::If(test, body, otherwise),
            span,
        });
    }

    fn elif(&mut self, clauses: &[ast::ElifElseClause]) -> Block {
        let Some((clause, rest)) = clauses.split_first() else {
            return Vec::new();
        };
        let span = self.span(clause.range);
        let Some(test) = &clause.test else {
            return self.block(&clause.body);
        };
        let test = self.expr(test);
        let body = self.block(&clause.body);
        let otherwise = self.elif(rest);
        vec![Statement {
            kind: StatementKind::If(test, body, otherwise),
            span,
        }]
    }

    /// A block that each branch leaves.
    fn long_if(&mut self, inner: &ast::StmtIf, span: Span, out: &mut Block) {
        let label = self.label();
        let mut block = Vec::new();
        let first = (Some(inner.test.as_ref()), inner.body.as_slice(), inner.range);
        let others = inner
            .elif_else_clauses
            .iter()
            .map(|clause| (clause.test.as_ref(), clause.body.as_slice(), clause.range));
        for (test, body, range) in std::iter::once(first).chain(others) {
            let span = self.span(range);
            let Some(test) = test else {
                let mut rest = self.block(body);
                block.append(&mut rest);
                break;
            };
            let test = self.expr(test);
            let mut body = self.block(body);
            body.push(Statement {
                kind: StatementKind::Break(label),
                span,
            });
            block.push(Statement {
                kind: StatementKind::If(test, body, Vec::new()),
                span,
            });
        }
        out.push(Statement {
            kind: StatementKind::Labelled(label, block),
            span,
        });
    }

    fn loop_body(&mut self, label: crate::ir::Label, body: &[Stmt]) -> Block {
        if let Some(frame) = self.frames.last_mut() {
            frame.loops.push(label);
        }
        let block = self.block(body);
        if let Some(frame) = self.frames.last_mut() {
            frame.loops.pop();
        }
        block
    }

    fn for_statement(&mut self, inner: &ast::StmtFor) -> StatementKind {
        let label = self.label();
        let iterable = self.expr(&inner.iter);
        let pattern = self.target(&inner.target);
        let body = self.loop_body(label, &inner.body);
        let otherwise = self.block(&inner.orelse);
        StatementKind::For {
            label,
            pattern,
            iterable,
            keys: false,
            body,
            otherwise,
        }
    }

    fn while_statement(&mut self, inner: &ast::StmtWhile) -> StatementKind {
        let label = self.label();
        let test = self.expr(&inner.test);
        let body = self.loop_body(label, &inner.body);
        let otherwise = self.block(&inner.orelse);
        StatementKind::While {
            label,
            test,
            body,
            step: Vec::new(),
            otherwise,
        }
    }

    /// `with a as b, c as d`: enters in order, leaves in the reverse order in any case.
    fn with_statement(&mut self, inner: &ast::StmtWith, span: Span, out: &mut Block) {
        let (enter, exit) = if inner.is_async {
            ("__aenter__", "__aexit__")
        } else {
            ("__enter__", "__exit__")
        };
        let mut finally = Vec::with_capacity(inner.items.len());
        for item in &inner.items {
            let at = self.span(item.range);
            let context = self.expr(&item.context_expr);
            let kept = self.temporary();
            out.push(assignment(Pattern::Var(kept), context, at));
            let entered = self.method(kept, enter, 0, at);
            let entered = self.awaited(entered, inner.is_async, at);
            out.push(match &item.optional_vars {
                Some(target) => assignment(self.target(target), entered, at),
                None => Statement {
                    kind: StatementKind::Expr(entered),
                    span: at,
                },
            });
            let left = self.method(kept, exit, 3, at);
            let left = self.awaited(left, inner.is_async, at);
            finally.push(Statement {
                kind: StatementKind::Expr(left),
                span: at,
            });
        }
        finally.reverse();
        let body = self.block(&inner.body);
        out.push(Statement {
            kind: StatementKind::Try {
                body,
                handlers: Vec::new(),
                otherwise: Vec::new(),
                finally,
            },
            span,
        });
    }

    /// A call of a method of a variable, with so many times `None`.
    fn method(&mut self, of: crate::ir::VarId, name: &str, nulls: usize, span: Span) -> ExprId {
        let base = self.expr_at(ExprKind::Var(of), span);
        let name = self.name(name);
        let callee = self.expr_at(ExprKind::Field(base, name), span);
        let mut arguments = Vec::with_capacity(nulls);
        for _ in 0..nulls {
            arguments.push(self.expr_at(ExprKind::Null, span));
        }
        self.call(callee, &arguments, span)
    }

    fn awaited(&mut self, value: ExprId, is_async: bool, span: Span) -> ExprId {
        if is_async {
            return self.expr_at(ExprKind::Await(value), span);
        }
        value
    }

    fn try_statement(&mut self, inner: &ast::StmtTry) -> StatementKind {
        let body = self.block(&inner.body);
        let mut handlers = Vec::with_capacity(inner.handlers.len());
        for ExceptHandler::ExceptHandler(handler) in &inner.handlers {
            let class = handler.type_.as_ref().map(|class| self.expr(class));
            let pattern = handler.name.as_ref().map(|name| {
                let symbol = self.name(name.as_str());
                self.bind(symbol)
            });
            let body = self.block(&handler.body);
            handlers.push(Handler { class, pattern, body });
        }
        let otherwise = self.block(&inner.orelse);
        let finally = self.block(&inner.finalbody);
        StatementKind::Try {
            body,
            handlers,
            otherwise,
            finally,
        }
    }

    fn raise_statement(&mut self, inner: &ast::StmtRaise, span: Span, out: &mut Block) -> StatementKind {
        let exception = inner.exc.as_ref().map(|value| self.expr(value));
        if let Some(cause) = &inner.cause {
            let cause = self.expr(cause);
            out.push(Statement {
                kind: StatementKind::Expr(cause),
                span,
            });
        }
        StatementKind::Raise(exception)
    }

    /// `assert test, message`: the message is evaluated when the test fails.
    fn assert_statement(&mut self, inner: &ast::StmtAssert, span: Span) -> StatementKind {
        let test = self.expr(&inner.test);
        match &inner.msg {
            Some(message) if super::definition::calls(message) => {
                let message = self.expr(message);
                let fails = self.expr_at(ExprKind::Bool(false), span);
                let message = self.expr_at(ExprKind::Sequence(vec![message, fails]), span);
                StatementKind::Assert(self.expr_at(ExprKind::Logic(LogicOp::Or, test, message), span))
            }
            _ => StatementKind::Assert(test),
        }
    }
}
