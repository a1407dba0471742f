//! What is assigned to: patterns, compound assignments, `++`.

use super::lowering::Lowering;
use crate::ir::{BinaryOp, ExprId, ExprKind, LogicOp, Pattern, PatternItem};
use oxc_ast::ast;

impl<'a> Lowering<'a, '_> {
    /// Binds every name of a pattern in the innermost scope.
    pub(super) fn declare_pattern(&mut self, pattern: &'a ast::BindingPattern<'a>) {
        match pattern {
            ast::BindingPattern::BindingIdentifier(id) => {
                self.declare(id.name.as_str());
            }
            ast::BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    self.deeper(|this| this.declare_pattern(&property.value));
                }
                if let Some(rest) = &object.rest {
                    self.declare_pattern(&rest.argument);
                }
            }
            ast::BindingPattern::ArrayPattern(array) => {
                for element in array.elements.iter().flatten() {
                    self.deeper(|this| this.declare_pattern(element));
                }
                if let Some(rest) = &array.rest {
                    self.declare_pattern(&rest.argument);
                }
            }
            ast::BindingPattern::AssignmentPattern(assignment) => self.declare_pattern(&assignment.left),
        }
    }

    /// A pattern of a declaration; its names are bound already.
    pub(super) fn binding(&mut self, pattern: &'a ast::BindingPattern<'a>) -> Pattern {
        self.deeper(|this| this.binding_inside(pattern))
            .unwrap_or(Pattern::Ignore)
    }

    fn binding_inside(&mut self, pattern: &'a ast::BindingPattern<'a>) -> Pattern {
        match pattern {
            ast::BindingPattern::BindingIdentifier(id) => self.name_pattern(id.name.as_str()),
            ast::BindingPattern::ObjectPattern(object) => {
                let mut fields = Vec::with_capacity(object.properties.len());
                for property in &object.properties {
                    let key = self.key(&property.key);
                    fields.push((key, self.binding(&property.value)));
                }
                let rest = object
                    .rest
                    .as_ref()
                    .map(|rest| Box::new(self.binding(&rest.argument)));
                Pattern::Map(fields, rest)
            }
            ast::BindingPattern::ArrayPattern(array) => {
                let mut items = Vec::with_capacity(array.elements.len());
                for element in &array.elements {
                    let item = element
                        .as_ref()
                        .map_or(Pattern::Ignore, |element| self.binding(element));
                    items.push(PatternItem::One(item));
                }
                if let Some(rest) = &array.rest {
                    items.push(PatternItem::Rest(self.binding(&rest.argument)));
                }
                Pattern::List(items)
            }
            ast::BindingPattern::AssignmentPattern(assignment) => {
                let pattern = self.binding(&assignment.left);
                let default = self.expr(&assignment.right);
                Pattern::Default(Box::new(pattern), default)
            }
        }
    }

    /// The variable or global of a name, to assign to.
    pub(super) fn name_pattern(&mut self, name: &str) -> Pattern {
        if let Some(variable) = self.scopes.find(name) {
            return Pattern::Var(variable);
        }
        match self.commonjs_variable(name) {
            Some(variable) => Pattern::Var(variable),
            None => Pattern::Global(self.name(name)),
        }
    }

    /// What an assignment assigns to.
    pub(super) fn target(&mut self, target: &'a ast::AssignmentTarget<'a>) -> Pattern {
        self.deeper(|this| this.target_inside(target))
            .unwrap_or(Pattern::Ignore)
    }

    fn target_inside(&mut self, target: &'a ast::AssignmentTarget<'a>) -> Pattern {
        match target {
            ast::AssignmentTarget::ArrayAssignmentTarget(array) => {
                let mut items = Vec::with_capacity(array.elements.len());
                for element in &array.elements {
                    let item = element
                        .as_ref()
                        .map_or(Pattern::Ignore, |element| self.maybe_default(element));
                    items.push(PatternItem::One(item));
                }
                if let Some(rest) = &array.rest {
                    items.push(PatternItem::Rest(self.target(&rest.target)));
                }
                Pattern::List(items)
            }
            ast::AssignmentTarget::ObjectAssignmentTarget(object) => {
                let mut fields = Vec::with_capacity(object.properties.len());
                for property in &object.properties {
                    fields.push(self.target_property(property));
                }
                let rest = object
                    .rest
                    .as_ref()
                    .map(|rest| Box::new(self.target(&rest.target)));
                Pattern::Map(fields, rest)
            }
            other => other
                .as_simple_assignment_target()
                .map_or(Pattern::Ignore, |simple| self.simple_target(simple)),
        }
    }

    fn target_property(&mut self, property: &'a ast::AssignmentTargetProperty<'a>) -> (ExprId, Pattern) {
        match property {
            ast::AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(property) => {
                let name = property.binding.name.as_str();
                let key = self.text(name, property.span);
                let pattern = self.name_pattern(name);
                let pattern = match &property.init {
                    Some(default) => Pattern::Default(Box::new(pattern), self.expr(default)),
                    None => pattern,
                };
                (key, pattern)
            }
            ast::AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                let key = self.key(&property.name);
                (key, self.maybe_default(&property.binding))
            }
        }
    }

    fn maybe_default(&mut self, target: &'a ast::AssignmentTargetMaybeDefault<'a>) -> Pattern {
        match target {
            ast::AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(with) => {
                let pattern = self.target(&with.binding);
                let default = self.expr(&with.init);
                Pattern::Default(Box::new(pattern), default)
            }
            other => other
                .as_assignment_target()
                .map_or(Pattern::Ignore, |target| self.target(target)),
        }
    }

    fn simple_target(&mut self, target: &'a ast::SimpleAssignmentTarget<'a>) -> Pattern {
        match target {
            ast::SimpleAssignmentTarget::AssignmentTargetIdentifier(id) => {
                self.name_pattern(id.name.as_str())
            }
            ast::SimpleAssignmentTarget::StaticMemberExpression(member) => {
                let name = member.property.name.as_str();
                if self.is_global_object(&member.object) {
                    return Pattern::Global(self.name(name));
                }
                let base = self.expr(&member.object);
                Pattern::Field(base, self.name(name))
            }
            ast::SimpleAssignmentTarget::PrivateFieldExpression(member) => {
                let base = self.expr(&member.object);
                let name = format!("#{}", member.field.name.as_str());
                Pattern::Field(base, self.name(&name))
            }
            ast::SimpleAssignmentTarget::ComputedMemberExpression(member) => {
                let base = self.expr(&member.object);
                if let ast::Expression::StringLiteral(text) = &member.expression {
                    return Pattern::Field(base, self.name(text.value.as_str()));
                }
                Pattern::Index(base, self.expr(&member.expression))
            }
            ast::SimpleAssignmentTarget::TSAsExpression(inner) => self.expression_target(&inner.expression),
            ast::SimpleAssignmentTarget::TSSatisfiesExpression(inner) => {
                self.expression_target(&inner.expression)
            }
            ast::SimpleAssignmentTarget::TSNonNullExpression(inner) => {
                self.expression_target(&inner.expression)
            }
            ast::SimpleAssignmentTarget::TSTypeAssertion(inner) => self.expression_target(&inner.expression),
        }
    }

    /// An expression that stands where something is assigned to, behind a cast.
    pub(super) fn expression_target(&mut self, target: &'a ast::Expression<'a>) -> Pattern {
        let lowered = self.expr(target);
        match self.program.exprs.get(lowered.0 as usize).map(|expr| &expr.kind) {
            Some(ExprKind::Var(variable)) => Pattern::Var(*variable),
            Some(ExprKind::Global(name)) => Pattern::Global(*name),
            Some(ExprKind::Field(base, name)) => Pattern::Field(*base, *name),
            Some(ExprKind::Index(base, index)) => Pattern::Index(*base, *index),
            _ => Pattern::Ignore,
        }
    }

    /// `target = value`, `target += value`, `target ||= value`.
    pub(super) fn assignment(&mut self, assignment: &'a ast::AssignmentExpression<'a>) -> ExprId {
        let span = assignment.span;
        if assignment.operator == ast::AssignmentOperator::Assign {
            let (pattern, value) = self.plain_assignment(assignment);
            return self.add(ExprKind::Assign(Box::new(pattern), value), span);
        }
        let Some(simple) = assignment.left.as_simple_assignment_target() else {
            return self.expr(&assignment.right);
        };
        let (before, pattern, old) = self.read_and_write(simple, span);
        let right = self.expr(&assignment.right);
        let value = match (
            assignment.operator.to_logical_operator(),
            assignment.operator.to_binary_operator(),
        ) {
            (Some(operator), _) => {
                let assigned = self.add(ExprKind::Assign(Box::new(pattern), right), span);
                self.add(ExprKind::Logic(logic(operator), old, assigned), span)
            }
            (None, Some(operator)) => {
                let value = self.binary(operator, old, right, span);
                self.add(ExprKind::Assign(Box::new(pattern), value), span)
            }
            (None, None) => self.add(ExprKind::Assign(Box::new(pattern), right), span),
        };
        let mut parts = before;
        parts.push(value);
        self.sequence(parts, span)
    }

    /// The two sides of `target = value`. A function or class takes the target's name.
    pub(super) fn plain_assignment(
        &mut self,
        assignment: &'a ast::AssignmentExpression<'a>,
    ) -> (Pattern, ExprId) {
        let pattern = self.target(&assignment.left);
        let value = match &assignment.left {
            ast::AssignmentTarget::AssignmentTargetIdentifier(id) => {
                self.named(&assignment.right, id.name.as_str())
            }
            ast::AssignmentTarget::StaticMemberExpression(member) => {
                self.named(&assignment.right, member.property.name.as_str())
            }
            _ => self.expr(&assignment.right),
        };
        (pattern, value)
    }

    /// `++target`, and `target++`, whose value is one less than what was assigned.
    pub(super) fn update(&mut self, update: &'a ast::UpdateExpression<'a>) -> ExprId {
        let value = self.update_value(update);
        if update.prefix {
            return value;
        }
        let back = match update.operator {
            ast::UpdateOperator::Increment => BinaryOp::Subtract,
            ast::UpdateOperator::Decrement => BinaryOp::Add,
        };
        let one = self.add(ExprKind::Int(1), update.span);
        self.add(ExprKind::Binary(back, value, one), update.span)
    }

    /// `++target`, which gives what was assigned.
    pub(super) fn update_value(&mut self, update: &'a ast::UpdateExpression<'a>) -> ExprId {
        let span = update.span;
        let up = match update.operator {
            ast::UpdateOperator::Increment => BinaryOp::Add,
            ast::UpdateOperator::Decrement => BinaryOp::Subtract,
        };
        let (before, pattern, old) = self.read_and_write(&update.argument, span);
        let one = self.add(ExprKind::Int(1), span);
        let value = self.add(ExprKind::Binary(up, old, one), span);
        let value = self.add(ExprKind::Assign(Box::new(pattern), value), span);
        let mut parts = before;
        parts.push(value);
        self.sequence(parts, span)
    }

    /// A target that is read, then written; what it is part of is evaluated once, before both.
    fn read_and_write(
        &mut self,
        target: &'a ast::SimpleAssignmentTarget<'a>,
        span: ast::Span,
    ) -> (Vec<ExprId>, Pattern, ExprId) {
        let mut before = Vec::new();
        match self.simple_target(target) {
            Pattern::Var(variable) => {
                let old = self.variable(variable, span);
                (before, Pattern::Var(variable), old)
            }
            Pattern::Global(name) => {
                let old = self.add(ExprKind::Global(name), span);
                (before, Pattern::Global(name), old)
            }
            Pattern::Field(base, name) => {
                let base = self.once(base, &mut before, span);
                let old = self.add(ExprKind::Field(base, name), span);
                (before, Pattern::Field(base, name), old)
            }
            Pattern::Index(base, index) => {
                let base = self.once(base, &mut before, span);
                let index = self.once(index, &mut before, span);
                let old = self.add(ExprKind::Index(base, index), span);
                (before, Pattern::Index(base, index), old)
            }
            other => {
                let old = self.undefined(span);
                (before, other, old)
            }
        }
    }

    /// An expression that may be evaluated twice: itself if it does nothing, or a variable that holds it.
    fn once(&mut self, expr: ExprId, before: &mut Vec<ExprId>, span: ast::Span) -> ExprId {
        let mut at = expr;
        loop {
            match self.program.exprs.get(at.0 as usize).map(|expr| &expr.kind) {
                Some(ExprKind::Field(base, _)) => at = *base,
                Some(ExprKind::Var(_) | ExprKind::Global(_) | ExprKind::Int(_) | ExprKind::Text(_)) => {
                    return expr;
                }
                _ => break,
            }
        }
        let held = self.temporary();
        before.push(self.add(ExprKind::Assign(Box::new(Pattern::Var(held)), expr), span));
        self.variable(held, span)
    }
}

/// A logical operator, as the form has it.
pub(super) fn logic(operator: ast::LogicalOperator) -> LogicOp {
    match operator {
        ast::LogicalOperator::And => LogicOp::And,
        ast::LogicalOperator::Or => LogicOp::Or,
        ast::LogicalOperator::Coalesce => LogicOp::Coalesce,
    }
}
