//! Expressions.

use super::role::Role;
use super::scope::Lowering;
use crate::ir::{BinaryOp, CompareOp, Element, ExprId, ExprKind, LogicOp, Pattern};
use tree_sitter::Node;

impl Lowering<'_, '_> {
    /// The value of a node.
    pub(super) fn expr(&mut self, node: Node<'_>) -> ExprId {
        match self.deeper(|this| this.expr_inside(node)) {
            Some(value) => value,
            None => {
                let span = self.span(node);
                self.nothing(span)
            }
        }
    }

    fn expr_inside(&mut self, node: Node<'_>) -> ExprId {
        let span = self.span(node);
        match self.grammar.role(node) {
            Role::Skip => self.nothing(span),
            Role::Text => self.string(node),
            Role::Content | Role::Escape => self.string(node),
            Role::Number => self.number(node),
            Role::True => self.expr_of(ExprKind::Bool(true), span),
            Role::False => self.expr_of(ExprKind::Bool(false), span),
            Role::Null => self.expr_of(ExprKind::Null, span),
            Role::Name => self.name_value(node),
            Role::Path => {
                let text = self.source(node);
                self.written_path(text, span)
            }
            Role::Field { object, name } => self.field(node, object, name),
            Role::Index { object, index } => self.index(node, object, index),
            Role::Call { function, arguments } => self.call(node, function, arguments),
            Role::Method {
                object,
                name,
                arguments,
            } => self.method(node, object, name, arguments),
            Role::New { class, arguments } => self.new_object(node, class, arguments),
            Role::Macro => self.macro_call(node),
            Role::Keyword(name) => self.keyword(node, name),
            Role::Command(name) => {
                let text = self.string(node);
                self.call_of_path(name, &[text], span)
            }
            Role::Argument { value, .. } => match node.child_by_field_name(value) {
                Some(value) => self.expr(value),
                None => self.last(node),
            },
            Role::Binary {
                left,
                operator,
                right,
            } => match self.arrow(node, left, operator, right) {
                Some(value) => value,
                None => self.binary(node, left, operator, right),
            },
            Role::Concat => {
                let parts = self.values(node);
                self.expr_of(ExprKind::Concat(parts), span)
            }
            Role::Assign { left, right } => self.assignment_value(node, left, right),
            Role::Function { name, .. } => self.function_value(node, name),
            Role::Last => self.last(node),
            Role::List => {
                let elements = self.values(node).into_iter().map(Element::One).collect();
                self.expr_of(ExprKind::List(elements), span)
            }
            Role::Tuple => self.tuple(node),
            Role::Block => self.block_value(node),
            Role::Other => {
                let parts = self.values(node);
                self.expr_of(ExprKind::Unknown(parts), span)
            }
            _ => {
                self.statement(node, false);
                self.nothing(span)
            }
        }
    }

    /// The values of all parts.
    pub(super) fn values(&mut self, node: Node<'_>) -> Vec<ExprId> {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        let mut values = Vec::with_capacity(children.len());
        for child in children {
            if self.grammar.role(child) != Role::Skip {
                values.push(self.expr(child));
            }
        }
        values
    }

    /// Several values; one alone is itself.
    fn tuple(&mut self, node: Node<'_>) -> ExprId {
        let values = self.values(node);
        if let [one] = values.as_slice() {
            return *one;
        }
        let span = self.span(node);
        let elements = values.into_iter().map(Element::One).collect();
        self.expr_of(ExprKind::List(elements), span)
    }

    fn last(&mut self, node: Node<'_>) -> ExprId {
        match self.last_value(node) {
            Some(value) => value,
            None => {
                let span = self.span(node);
                self.nothing(span)
            }
        }
    }

    /// Statements, and the value of the last.
    fn block_value(&mut self, node: Node<'_>) -> ExprId {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        let Some((last, before)) = children.split_last() else {
            let span = self.span(node);
            return self.nothing(span);
        };
        for child in before {
            self.deeper(|this| this.statement(*child, false));
        }
        self.expr(*last)
    }

    fn name_value(&mut self, node: Node<'_>) -> ExprId {
        let span = self.span(node);
        let text = self.source(node);
        let value = self.name(text, span);
        let bound = matches!(
            self.program.exprs.get(value.0 as usize).map(|expr| &expr.kind),
            Some(ExprKind::Var(_))
        );
        if self.grammar.table.bare_calls
            && !bound
            && text.starts_with(|letter: char| letter.is_ascii_lowercase())
        {
            return self.call_of(value, Vec::new(), false, span);
        }
        value
    }

    fn field(&mut self, node: Node<'_>, object: &str, name: &str) -> ExprId {
        let span = self.span(node);
        let name = node
            .child_by_field_name(name)
            .map_or("", |name| self.source(name));
        let Some(object) = node.child_by_field_name(object) else {
            return self.name(name, span);
        };
        let object = self.expr(object);
        let name = self
            .program
            .names
            .intern(name.trim_start_matches(['.', '$', ':']));
        self.expr_of(ExprKind::Field(object, name), span)
    }

    fn index(&mut self, node: Node<'_>, object: &str, index: &str) -> ExprId {
        let span = self.span(node);
        let by_place = |place: u32| node.named_child(place);
        let object = if object.is_empty() {
            by_place(0)
        } else {
            node.child_by_field_name(object)
        };
        let index = if index.is_empty() {
            by_place(1)
        } else {
            node.child_by_field_name(index)
        };
        let Some(object) = object else {
            return self.nothing(span);
        };
        let object = self.expr(object);
        let index = match index {
            Some(index) => self.expr(index),
            None => self.nothing(span),
        };
        self.expr_of(ExprKind::Index(object, index), span)
    }

    /// `name <- value` of R, where an assignment is an operator.
    fn arrow(&mut self, node: Node<'_>, left: &str, operator: &str, right: &str) -> Option<ExprId> {
        let (left, right) = (node.child_by_field_name(left)?, node.child_by_field_name(right)?);
        let operator = node
            .child_by_field_name(operator)
            .map(|operator| self.source(operator))?;
        let (target, value) = match operator {
            "<-" | "<<-" | "=" if self.grammar.which == crate::ir::Language::R => (left, right),
            "->" | "->>" if self.grammar.which == crate::ir::Language::R => (right, left),
            _ => return None,
        };
        let span = self.span(node);
        let value = self.expr(value);
        let pattern = self.pattern(target);
        Some(self.expr_of(ExprKind::Assign(Box::new(pattern), value), span))
    }

    fn assignment_value(&mut self, node: Node<'_>, left: &str, right: &str) -> ExprId {
        let span = self.span(node);
        let (Some(left), Some(right)) = self.sides(node, left, right) else {
            let parts = self.values(node);
            return self.expr_of(ExprKind::Unknown(parts), span);
        };
        let value = self.assigned_value(node, left, right);
        let pattern = self.pattern(left);
        if matches!(pattern, Pattern::Ignore) {
            return value;
        }
        self.expr_of(ExprKind::Assign(Box::new(pattern), value), span)
    }

    /// Two operands. A chain that leans to the left, as long texts are put together, is followed without going deeper.
    fn binary(&mut self, node: Node<'_>, left: &str, operator: &str, right: &str) -> ExprId {
        let mut chain = Vec::new();
        let mut at = node;
        let first = loop {
            let Some(inner) = at.child_by_field_name(left) else {
                break at;
            };
            chain.push(at);
            match self.grammar.role(inner) {
                Role::Binary { .. } => at = inner,
                _ => break inner,
            }
        };
        if chain.is_empty() {
            let span = self.span(node);
            let parts = self.values(node);
            return self.expr_of(ExprKind::Unknown(parts), span);
        }
        let mut value = self.expr(first);
        let mut joined: Option<Vec<ExprId>> = None;
        while let Some(at) = chain.pop() {
            let span = self.span(at);
            let op = at
                .child_by_field_name(operator)
                .map_or("", |operator| self.source(operator));
            let mut rest = at.child_by_field_name(right);
            if self.grammar.table.joins.contains(&op) {
                let parts = joined.get_or_insert_with(|| vec![value]);
                // A chain that leans to the right, as in Lua.
                while let Some(inner) = rest.filter(|rest| self.joins(*rest, operator)) {
                    let part = inner.child_by_field_name(left);
                    let part = part.map(|part| self.expr(part));
                    parts.extend(part);
                    rest = inner.child_by_field_name(right);
                }
                let part = rest.map(|rest| self.expr(rest));
                parts.extend(part);
                continue;
            }
            let right = match rest {
                Some(right) => self.expr(right),
                None => self.nothing(span),
            };
            if let Some(parts) = joined.take() {
                value = self.expr_of(ExprKind::Concat(parts), span);
            }
            let kind = self.operation(op, value, right);
            value = self.expr_of(kind, span);
        }
        match joined {
            Some(parts) => {
                let span = self.span(node);
                self.expr_of(ExprKind::Concat(parts), span)
            }
            None => value,
        }
    }

    /// Whether a node joins texts.
    fn joins(&self, node: Node<'_>, operator: &str) -> bool {
        let binary = matches!(self.grammar.role(node), Role::Binary { .. });
        let operator = node.child_by_field_name(operator).filter(|_| binary);
        operator.is_some_and(|operator| self.grammar.table.joins.contains(&self.source(operator)))
    }

    pub(super) fn operation(&self, operator: &str, left: ExprId, right: ExprId) -> ExprKind {
        let binary = |op| ExprKind::Binary(op, left, right);
        let compare = |op| ExprKind::Compare(op, left, right);
        if self.grammar.table.joins.contains(&operator) {
            return ExprKind::Concat(vec![left, right]);
        }
        match operator {
            "+" => binary(BinaryOp::Add),
            "-" => binary(BinaryOp::Subtract),
            "*" => binary(BinaryOp::Multiply),
            "/" => binary(BinaryOp::Divide),
            "%" => binary(BinaryOp::Modulo),
            "&" => binary(BinaryOp::BitAnd),
            "|" => binary(BinaryOp::BitOr),
            "^" => binary(BinaryOp::BitXor),
            "<<" => binary(BinaryOp::ShiftLeft),
            ">>" => binary(BinaryOp::ShiftRight),
            "==" | "===" | "eq" => compare(CompareOp::Equal),
            "!=" | "!==" | "~=" | "ne" => compare(CompareOp::NotEqual),
            "<" | "lt" => compare(CompareOp::Less),
            "<=" | "le" => compare(CompareOp::LessEqual),
            ">" | "gt" => compare(CompareOp::Greater),
            ">=" | "ge" => compare(CompareOp::GreaterEqual),
            "&&" | "and" => ExprKind::Logic(LogicOp::And, left, right),
            "||" | "or" | "//" => ExprKind::Logic(LogicOp::Or, left, right),
            "??" => ExprKind::Logic(LogicOp::Coalesce, left, right),
            _ => ExprKind::Unknown(vec![left, right]),
        }
    }
}
