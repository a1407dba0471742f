//! What is assigned to, and statements that assign.

use super::Lowerer;
use super::operator::{binary_op, is_simple};
use crate::ir::{ExprId, ExprKind, Pattern, PatternItem, Span, Statement, StatementKind};
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

impl Lowerer<'_> {
    /// A target of an assignment.
    pub(super) fn target(&mut self, target: &Expr) -> Pattern {
        match target {
            Expr::Name(name) => {
                let symbol = self.name(name.id.as_str());
                self.bind(symbol)
            }
            Expr::Attribute(attribute) => {
                let base = self.expr(&attribute.value);
                Pattern::Field(base, self.name(attribute.attr.as_str()))
            }
            Expr::Subscript(subscript) => {
                let base = self.expr(&subscript.value);
                match subscript.slice.as_ref() {
                    Expr::Slice(slice) => {
                        let (low, high, step) = self.slice(slice);
                        Pattern::Slice(base, low, high, step)
                    }
                    index => Pattern::Index(base, self.expr(index)),
                }
            }
            Expr::Tuple(tuple) => self.targets(&tuple.elts, tuple.range),
            Expr::List(list) => self.targets(&list.elts, list.range),
            Expr::Starred(starred) => self.target(&starred.value),
            _ => Pattern::Ignore,
        }
    }

    fn targets(&mut self, targets: &[Expr], range: TextRange) -> Pattern {
        if !self.descend(range) {
            return Pattern::Ignore;
        }
        let items = targets
            .iter()
            .map(|target| match target {
                Expr::Starred(starred) => PatternItem::Rest(self.target(&starred.value)),
                _ => PatternItem::One(self.target(target)),
            })
            .collect();
        self.depth -= 1;
        Pattern::List(items)
    }

    /// `a = b = value`.
    pub(super) fn assign(&mut self, assign: &ast::StmtAssign, span: Span, out: &mut Vec<Statement>) {
        let mut value = self.expr(&assign.value);
        let mut again = None;
        for (index, target) in assign.targets.iter().enumerate() {
            if index == 0 && assign.targets.len() > 1 && !matches!(target, Expr::Name(_)) {
                let kept = self.temporary();
                out.push(assignment(Pattern::Var(kept), value, span));
                value = self.expr_at(ExprKind::Var(kept), span);
                again = Some(kept);
            }
            if index > 0 {
                let kind = match again {
                    Some(kept) => ExprKind::Var(kept),
                    None => self.read_first(assign.targets.first()),
                };
                value = self.expr_at(kind, span);
            }
            let pattern = self.target(target);
            out.push(assignment(pattern, value, span));
        }
    }

    fn read_first(&mut self, target: Option<&Expr>) -> ExprKind {
        match target {
            Some(Expr::Name(name)) => {
                let symbol = self.name(name.id.as_str());
                self.read(symbol)
            }
            _ => ExprKind::Unknown(Vec::new()),
        }
    }

    /// `target += value`.
    pub(super) fn aug_assign(&mut self, assign: &ast::StmtAugAssign, span: Span, out: &mut Vec<Statement>) {
        let (pattern, old) = self.place(&assign.target, span, out);
        let value = self.expr(&assign.value);
        let whole = self.expr_at(ExprKind::Binary(binary_op(assign.op), old, value), span);
        out.push(assignment(pattern, whole, span));
    }

    /// A place that is read and then assigned, of which the parts are evaluated once.
    fn place(&mut self, target: &Expr, span: Span, out: &mut Vec<Statement>) -> (Pattern, ExprId) {
        let at = self.span(target.range());
        match target {
            Expr::Attribute(attribute) => {
                let base = self.once(&attribute.value, span, out);
                let name = self.name(attribute.attr.as_str());
                let old = self.expr_at(ExprKind::Field(base, name), at);
                (Pattern::Field(base, name), old)
            }
            Expr::Subscript(subscript) => {
                let base = self.once(&subscript.value, span, out);
                if let Expr::Slice(slice) = subscript.slice.as_ref() {
                    let (low, high, step) = self.slice(slice);
                    let old = self.expr_at(ExprKind::Slice(base, low, high, step), at);
                    return (Pattern::Slice(base, low, high, step), old);
                }
                let index = self.once(&subscript.slice, span, out);
                let old = self.expr_at(ExprKind::Index(base, index), at);
                (Pattern::Index(base, index), old)
            }
            _ => {
                let old = self.expr(target);
                (self.target(target), old)
            }
        }
    }

    /// An expression that may then be named twice.
    fn once(&mut self, expr: &Expr, span: Span, out: &mut Vec<Statement>) -> ExprId {
        let value = self.expr(expr);
        let plain = match expr {
            Expr::Attribute(attribute) => is_simple(&attribute.value),
            _ => is_simple(expr),
        };
        if plain {
            return value;
        }
        let kept = self.temporary();
        out.push(assignment(Pattern::Var(kept), value, span));
        self.expr_at(ExprKind::Var(kept), span)
    }

    /// `target: annotation = value`. An annotation that calls something is evaluated.
    pub(super) fn ann_assign(&mut self, assign: &ast::StmtAnnAssign, span: Span, out: &mut Vec<Statement>) {
        if super::definition::calls(&assign.annotation) {
            let annotation = self.expr(&assign.annotation);
            out.push(Statement {
                kind: StatementKind::Expr(annotation),
                span,
            });
        }
        if let Some(value) = &assign.value {
            let value = self.expr(value);
            let pattern = self.target(&assign.target);
            out.push(assignment(pattern, value, span));
        }
    }

    /// `del targets`.
    pub(super) fn delete(&mut self, targets: &[Expr], span: Span, out: &mut Vec<Statement>) {
        for target in targets {
            let pattern = self.target(target);
            out.push(Statement {
                kind: StatementKind::Delete(pattern),
                span,
            });
        }
    }
}

/// The statement that assigns a value.
pub(super) fn assignment(pattern: Pattern, value: ExprId, span: Span) -> Statement {
    Statement {
        kind: StatementKind::Assign(pattern, value),
        span,
    }
}
