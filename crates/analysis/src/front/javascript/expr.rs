//! Expressions.

use super::assign::logic;
use super::function::Parts;
use super::lowering::Lowering;
use crate::ir::{BinaryOp, CompareOp, ExprId, ExprKind, UnaryOp};
use oxc_ast::ast;
use oxc_span::GetSpan;

impl<'a> Lowering<'a, '_> {
    /// Lowers an expression; one that nests too deep becomes one of which nothing is known.
    pub(super) fn expr(&mut self, expr: &'a ast::Expression<'a>) -> ExprId {
        self.deeper(|this| this.expr_inside(expr))
            .unwrap_or_else(|| self.add(ExprKind::Unknown(Vec::new()), expr.span()))
    }

    fn expr_inside(&mut self, expr: &'a ast::Expression<'a>) -> ExprId {
        use ast::Expression as E;
        match expr {
            E::Identifier(id) => self.read(id.name.as_str(), id.span),
            E::StaticMemberExpression(member) => self.static_member(member),
            E::ComputedMemberExpression(member) => self.computed_member(member),
            E::PrivateFieldExpression(member) => {
                let base = self.expr(&member.object);
                let name = format!("#{}", member.field.name.as_str());
                self.field(base, &name, member.span)
            }
            E::CallExpression(call) => self.call(call),
            E::NewExpression(call) => self.new_call(call),
            E::ChainExpression(chain) => self.chain(&chain.expression),
            E::AssignmentExpression(assignment) => self.assignment(assignment),
            E::UpdateExpression(update) => self.update(update),
            E::BinaryExpression(binary) => self.binary_chain(binary),
            E::LogicalExpression(logical) => {
                let left = self.expr(&logical.left);
                let right = self.expr(&logical.right);
                self.add(
                    ExprKind::Logic(logic(logical.operator), left, right),
                    logical.span,
                )
            }
            E::UnaryExpression(unary) => self.unary(unary),
            E::ConditionalExpression(conditional) => {
                let test = self.expr(&conditional.test);
                let then = self.expr(&conditional.consequent);
                let otherwise = self.expr(&conditional.alternate);
                self.add(ExprKind::Conditional(test, then, otherwise), conditional.span)
            }
            E::SequenceExpression(sequence) => {
                let parts = sequence.expressions.iter().map(|part| self.expr(part)).collect();
                self.sequence(parts, sequence.span)
            }
            E::FunctionExpression(function) => self.function_value(function),
            E::ArrowFunctionExpression(arrow) => self.arrow(arrow),
            E::ClassExpression(class) => self.class_value(class),
            E::ThisExpression(this) => self.this_value(this.span),
            E::Super(node) => {
                self.this();
                self.add(ExprKind::Super, node.span)
            }
            _ => self.expr_rare(expr),
        }
    }

    fn expr_rare(&mut self, expr: &'a ast::Expression<'a>) -> ExprId {
        use ast::Expression as E;
        match expr {
            E::AwaitExpression(wait) => {
                let value = self.expr(&wait.argument);
                self.add(ExprKind::Await(value), wait.span)
            }
            E::YieldExpression(node) => {
                let value = node.argument.as_ref().map(|value| self.expr(value));
                match (node.delegate, value) {
                    (true, Some(value)) => self.add(ExprKind::YieldFrom(value), node.span),
                    (_, value) => self.add(ExprKind::Yield(value), node.span),
                }
            }
            E::ImportExpression(import) => self.dynamic_import(import),
            E::ImportMeta(node) => self.global("import.meta", node.span),
            E::PrivateInExpression(node) => {
                let name = format!("#{}", node.left.name.as_str());
                let left = self.text(&name, node.span);
                let right = self.expr(&node.right);
                self.add(ExprKind::Compare(CompareOp::In, left, right), node.span)
            }
            E::ParenthesizedExpression(inner) => self.expr(&inner.expression),
            E::TSAsExpression(inner) => self.expr(&inner.expression),
            E::TSSatisfiesExpression(inner) => self.expr(&inner.expression),
            E::TSTypeAssertion(inner) => self.expr(&inner.expression),
            E::TSNonNullExpression(inner) => self.expr(&inner.expression),
            E::TSInstantiationExpression(inner) => self.expr(&inner.expression),
            E::JSXElement(element) => self.jsx_element(element),
            E::JSXFragment(fragment) => self.jsx_fragment(fragment),
            E::TaggedTemplateExpression(tagged) => self.tagged(tagged),
            E::V8IntrinsicExpression(call) => {
                let parts = call
                    .arguments
                    .iter()
                    .filter_map(|argument| argument.as_expression());
                let parts = parts.map(|part| self.expr(part)).collect();
                self.add(ExprKind::Unknown(parts), call.span)
            }
            _ => self.literal(expr),
        }
    }

    /// A value that takes the name to which it is given, if it is a function or class without one.
    pub(super) fn named(&mut self, value: &'a ast::Expression<'a>, name: &'a str) -> ExprId {
        match value {
            ast::Expression::FunctionExpression(function) if function.id.is_none() => {
                let mut parts = Parts::of(function);
                parts.name = name;
                let made = self.function(parts);
                self.add(ExprKind::Function(made), function.span)
            }
            ast::Expression::ArrowFunctionExpression(_) => {
                let lowered = self.expr(value);
                let symbol = self.name(name);
                if let Some(ExprKind::Function(made)) =
                    self.program.exprs.get(lowered.0 as usize).map(|expr| &expr.kind)
                {
                    let made = *made;
                    if let Some(function) = self.function_at(made) {
                        function.name = symbol;
                    }
                }
                lowered
            }
            _ => self.expr(value),
        }
    }

    /// What a name means.
    pub(super) fn read(&mut self, name: &str, span: ast::Span) -> ExprId {
        if let Some(variable) = self.scopes.find(name) {
            return self.variable(variable, span);
        }
        match name {
            "undefined" => self.undefined(span),
            "NaN" => self.add(ExprKind::Float(f64::NAN), span),
            "Infinity" => self.add(ExprKind::Float(f64::INFINITY), span),
            "arguments" => match self.arguments() {
                Some(variable) => self.variable(variable, span),
                None => self.global(name, span),
            },
            _ => match self.commonjs_variable(name) {
                Some(variable) => self.variable(variable, span),
                None => self.global(name, span),
            },
        }
    }

    fn this_value(&mut self, span: ast::Span) -> ExprId {
        match self.this() {
            Some(variable) => self.variable(variable, span),
            None => self.global("globalThis", span),
        }
    }

    /// Whether an expression is the global object, whose fields are the globals.
    pub(super) fn is_global_object(&self, expr: &ast::Expression<'_>) -> bool {
        let ast::Expression::Identifier(id) = expr else {
            return false;
        };
        let name = id.name.as_str();
        matches!(name, "globalThis" | "window" | "global" | "self") && self.scopes.find(name).is_none()
    }

    pub(super) fn static_member(&mut self, member: &'a ast::StaticMemberExpression<'a>) -> ExprId {
        let name = member.property.name.as_str();
        if self.is_global_object(&member.object) {
            return self.global(name, member.span);
        }
        let base = self.expr(&member.object);
        self.field(base, name, member.span)
    }

    pub(super) fn computed_member(&mut self, member: &'a ast::ComputedMemberExpression<'a>) -> ExprId {
        if let ast::Expression::StringLiteral(text) = &member.expression {
            if self.is_global_object(&member.object) {
                return self.global(text.value.as_str(), member.span);
            }
            let base = self.expr(&member.object);
            return self.field(base, text.value.as_str(), member.span);
        }
        let base = self.expr(&member.object);
        if let Some(name) = well_known_symbol(&member.expression) {
            return self.field(base, &name, member.span);
        }
        let index = self.expr(&member.expression);
        self.add(ExprKind::Index(base, index), member.span)
    }

    /// A chain of operators of one sort is lowered from its left end, so that thousands of parts do not nest here.
    fn binary_chain(&mut self, binary: &'a ast::BinaryExpression<'a>) -> ExprId {
        let mut chain = vec![binary];
        let mut left = &binary.left;
        while let ast::Expression::BinaryExpression(inner) = left {
            chain.push(inner);
            left = &inner.left;
        }
        let mut value = self.expr(left);
        let mut concat: Option<Vec<ExprId>> = is_text(left).then(|| vec![value]);
        let mut depth = 0_u32;
        for binary in chain.into_iter().rev() {
            let right = self.expr(&binary.right);
            let adds = binary.operator == ast::BinaryOperator::Addition;
            match (&mut concat, adds) {
                (Some(parts), true) => parts.push(right),
                (None, true) if is_text(&binary.right) || depth > 100 => concat = Some(vec![value, right]),
                (_, _) => {
                    value = self.flush(&mut concat, value, binary.left.span());
                    value = self.binary(binary.operator, value, right, binary.span);
                    depth += 1;
                }
            }
        }
        self.flush(&mut concat, value, binary.span)
    }

    fn flush(&mut self, concat: &mut Option<Vec<ExprId>>, value: ExprId, span: ast::Span) -> ExprId {
        match concat.take() {
            Some(parts) if parts.len() > 1 => self.add(ExprKind::Concat(parts), span),
            _ => value,
        }
    }

    /// An operator on two operands.
    pub(super) fn binary(
        &mut self,
        operator: ast::BinaryOperator,
        left: ExprId,
        right: ExprId,
        span: ast::Span,
    ) -> ExprId {
        use ast::BinaryOperator as B;
        let kind = match operator {
            B::Equality => ExprKind::Compare(CompareOp::Equal, left, right),
            B::Inequality => ExprKind::Compare(CompareOp::NotEqual, left, right),
            B::StrictEquality => ExprKind::Compare(CompareOp::Is, left, right),
            B::StrictInequality => ExprKind::Compare(CompareOp::IsNot, left, right),
            B::LessThan => ExprKind::Compare(CompareOp::Less, left, right),
            B::LessEqualThan => ExprKind::Compare(CompareOp::LessEqual, left, right),
            B::GreaterThan => ExprKind::Compare(CompareOp::Greater, left, right),
            B::GreaterEqualThan => ExprKind::Compare(CompareOp::GreaterEqual, left, right),
            B::In => ExprKind::Compare(CompareOp::In, left, right),
            B::Instanceof => ExprKind::Compare(CompareOp::InstanceOf, left, right),
            B::Addition => ExprKind::Binary(BinaryOp::Add, left, right),
            B::Subtraction => ExprKind::Binary(BinaryOp::Subtract, left, right),
            B::Multiplication => ExprKind::Binary(BinaryOp::Multiply, left, right),
            B::Division => ExprKind::Binary(BinaryOp::Divide, left, right),
            B::Remainder => ExprKind::Binary(BinaryOp::Modulo, left, right),
            B::Exponential => ExprKind::Binary(BinaryOp::Power, left, right),
            B::ShiftLeft => ExprKind::Binary(BinaryOp::ShiftLeft, left, right),
            B::ShiftRight => ExprKind::Binary(BinaryOp::ShiftRight, left, right),
            B::ShiftRightZeroFill => ExprKind::Binary(BinaryOp::ShiftRightUnsigned, left, right),
            B::BitwiseOR => ExprKind::Binary(BinaryOp::BitOr, left, right),
            B::BitwiseXOR => ExprKind::Binary(BinaryOp::BitXor, left, right),
            B::BitwiseAnd => ExprKind::Binary(BinaryOp::BitAnd, left, right),
        };
        self.add(kind, span)
    }

    fn unary(&mut self, unary: &'a ast::UnaryExpression<'a>) -> ExprId {
        use ast::UnaryOperator as U;
        if let (U::UnaryNegation, ast::Expression::NumericLiteral(number)) = (unary.operator, &unary.argument)
        {
            return self.number(-number.value, unary.span);
        }
        let value = self.expr(&unary.argument);
        let operator = match unary.operator {
            U::UnaryPlus => UnaryOp::Plus,
            U::UnaryNegation => UnaryOp::Negate,
            U::LogicalNot => UnaryOp::Not,
            U::BitwiseNot => UnaryOp::BitNot,
            U::Typeof => UnaryOp::TypeOf,
            U::Void => UnaryOp::Void,
            U::Delete => UnaryOp::Delete,
        };
        self.add(ExprKind::Unary(operator, value), unary.span)
    }
}

/// `Symbol.iterator` and its like, as a field's name.
pub(super) fn well_known_symbol(expr: &ast::Expression<'_>) -> Option<String> {
    let ast::Expression::StaticMemberExpression(member) = expr else {
        return None;
    };
    let ast::Expression::Identifier(id) = &member.object else {
        return None;
    };
    (id.name.as_str() == "Symbol").then(|| format!("@@{}", member.property.name.as_str()))
}

fn is_text(expr: &ast::Expression<'_>) -> bool {
    matches!(
        expr,
        ast::Expression::StringLiteral(_) | ast::Expression::TemplateLiteral(_)
    )
}
