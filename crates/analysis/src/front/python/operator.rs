//! Operators, and long chains of them as balanced trees: a sum of thousands of texts is no deep one.

use super::Lowerer;
use crate::ir::{BinaryOp, CompareOp, ExprId, ExprKind, LogicOp, Span, UnaryOp};
use ruff_python_ast as ast;

/// A chain of at least so many operands is balanced; shorter ones keep their form.
const LONG: usize = 16;

impl Lowerer<'_> {
    /// `a + b + c + ...`, of which the tree leans to the left.
    pub(super) fn binary(&mut self, binary: &ast::ExprBinOp, span: Span) -> ExprId {
        let op = binary_op(binary.op);
        let mut right = vec![binary.right.as_ref()];
        let mut left = binary.left.as_ref();
        while let ast::Expr::BinOp(inner) = left {
            if inner.op != binary.op {
                break;
            }
            right.push(inner.right.as_ref());
            left = inner.left.as_ref();
        }
        let mut operands = vec![self.expr(left)];
        for operand in right.into_iter().rev() {
            operands.push(self.expr(operand));
        }
        let balanced = operands.len() >= LONG
            && matches!(
                op,
                BinaryOp::Add | BinaryOp::Multiply | BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor
            );
        if balanced {
            return self.balance(&operands, &|a, b| ExprKind::Binary(op, a, b), span);
        }
        let mut operands = operands.into_iter();
        let mut whole = operands.next();
        for operand in operands {
            if let Some(left) = whole {
                let start = self.start_of(left).unwrap_or(span.start);
                let end = self.end_of(operand).unwrap_or(span.end);
                whole = Some(self.expr_at(ExprKind::Binary(op, left, operand), Span { start, end, ..span }));
            }
        }
        whole.unwrap_or_else(|| self.expr_at(ExprKind::Unknown(Vec::new()), span))
    }

    fn start_of(&self, expr: ExprId) -> Option<u32> {
        self.program
            .exprs
            .get(expr.0 as usize)
            .map(|expr| expr.span.start)
    }

    fn end_of(&self, expr: ExprId) -> Option<u32> {
        self.program.exprs.get(expr.0 as usize).map(|expr| expr.span.end)
    }

    /// Operands of an operator for which brackets do not matter.
    pub(super) fn balance(
        &mut self,
        operands: &[ExprId],
        make: &dyn Fn(ExprId, ExprId) -> ExprKind,
        span: Span,
    ) -> ExprId {
        match operands {
            [] => self.expr_at(ExprKind::Unknown(Vec::new()), span),
            [one] => *one,
            _ => {
                let (left, right) = operands.split_at(operands.len() / 2);
                let left = self.balance(left, make, span);
                let right = self.balance(right, make, span);
                self.expr_at(make(left, right), span)
            }
        }
    }

    /// `a and b and c`.
    pub(super) fn logic(&mut self, logic: &ast::ExprBoolOp, span: Span) -> ExprId {
        let op = match logic.op {
            ast::BoolOp::And => LogicOp::And,
            ast::BoolOp::Or => LogicOp::Or,
        };
        let operands: Vec<_> = logic.values.iter().map(|value| self.expr(value)).collect();
        self.balance(&operands, &|a, b| ExprKind::Logic(op, a, b), span)
    }

    /// `a < b < c`: each but the ends is evaluated once.
    pub(super) fn compare(&mut self, compare: &ast::ExprCompare, span: Span) -> ExprId {
        let mut left = self.expr(&compare.left);
        let mut links = Vec::with_capacity(compare.ops.len());
        let last = compare.ops.len().saturating_sub(1);
        for (index, (op, comparator)) in compare.ops.iter().zip(&compare.comparators).enumerate() {
            let mut right = self.expr(comparator);
            let mut next = right;
            if index < last && !is_simple(comparator) {
                let kept = self.temporary();
                let assign = ExprKind::Assign(Box::new(crate::ir::Pattern::Var(kept)), right);
                right = self.expr_at(assign, span);
                next = self.expr_at(ExprKind::Var(kept), span);
            }
            links.push(self.expr_at(ExprKind::Compare(compare_op(*op), left, right), span));
            left = next;
        }
        self.balance(&links, &|a, b| ExprKind::Logic(LogicOp::And, a, b), span)
    }

    /// `-x`. A number with a sign is a number.
    pub(super) fn unary(&mut self, unary: &ast::ExprUnaryOp, span: Span) -> ExprId {
        let operand = self.expr(&unary.operand);
        let op = match unary.op {
            ast::UnaryOp::Invert => UnaryOp::BitNot,
            ast::UnaryOp::Not => UnaryOp::Not,
            ast::UnaryOp::UAdd => UnaryOp::Plus,
            ast::UnaryOp::USub => UnaryOp::Negate,
        };
        let value = self.program.exprs.get(operand.0 as usize).map(|expr| &expr.kind);
        let kind = match (op, value) {
            (UnaryOp::Negate, Some(&ExprKind::Int(number))) => ExprKind::Int(-number),
            (UnaryOp::Negate, Some(&ExprKind::Float(number))) => ExprKind::Float(-number),
            _ => ExprKind::Unary(op, operand),
        };
        self.expr_at(kind, span)
    }
}

/// Whether an expression may be evaluated twice.
pub(super) fn is_simple(expr: &ast::Expr) -> bool {
    matches!(
        expr,
        ast::Expr::Name(_)
            | ast::Expr::NumberLiteral(_)
            | ast::Expr::StringLiteral(_)
            | ast::Expr::BytesLiteral(_)
            | ast::Expr::BooleanLiteral(_)
            | ast::Expr::NoneLiteral(_)
    )
}

/// The operator of an expression or of an assignment.
pub(super) fn binary_op(op: ast::Operator) -> BinaryOp {
    match op {
        ast::Operator::Add => BinaryOp::Add,
        ast::Operator::Sub => BinaryOp::Subtract,
        ast::Operator::Mult => BinaryOp::Multiply,
        ast::Operator::MatMult => BinaryOp::MatrixMultiply,
        ast::Operator::Div => BinaryOp::Divide,
        ast::Operator::Mod => BinaryOp::Modulo,
        ast::Operator::Pow => BinaryOp::Power,
        ast::Operator::LShift => BinaryOp::ShiftLeft,
        ast::Operator::RShift => BinaryOp::ShiftRight,
        ast::Operator::BitOr => BinaryOp::BitOr,
        ast::Operator::BitXor => BinaryOp::BitXor,
        ast::Operator::BitAnd => BinaryOp::BitAnd,
        ast::Operator::FloorDiv => BinaryOp::FloorDivide,
    }
}

fn compare_op(op: ast::CmpOp) -> CompareOp {
    match op {
        ast::CmpOp::Eq => CompareOp::Equal,
        ast::CmpOp::NotEq => CompareOp::NotEqual,
        ast::CmpOp::Lt => CompareOp::Less,
        ast::CmpOp::LtE => CompareOp::LessEqual,
        ast::CmpOp::Gt => CompareOp::Greater,
        ast::CmpOp::GtE => CompareOp::GreaterEqual,
        ast::CmpOp::Is => CompareOp::Is,
        ast::CmpOp::IsNot => CompareOp::IsNot,
        ast::CmpOp::In => CompareOp::In,
        ast::CmpOp::NotIn => CompareOp::NotIn,
    }
}
