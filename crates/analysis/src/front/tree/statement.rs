//! Statements.

use super::role::Role;
use super::scope::Lowering;
use crate::ir::{ExprId, ExprKind, Label, Pattern, Span, StatementKind};
use tree_sitter::Node;

impl<'text> Lowering<'_, 'text> {
    /// The parts of a file or function: first what functions are made, as they may be called before.
    pub(super) fn body(&mut self, node: Node<'_>) {
        self.announce(node, 4);
        self.definitions(node, 4);
        self.parts(node);
    }

    /// Makes the variables of functions, and of names that the parts assign.
    fn announce(&mut self, node: Node<'_>, depth: u8) {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        for child in children {
            match self.grammar.role(child) {
                Role::Function { name, .. } => {
                    if let Some(name) = self.function_name(child, name) {
                        self.declare(name);
                    }
                }
                Role::Assign { left: name, .. } | Role::Declare { name, .. } => {
                    let target = child.child_by_field_name(name);
                    let simple = target.filter(|target| self.grammar.role(*target) == Role::Name);
                    if let Some(target) = simple {
                        let symbol = self.program.names.intern(self.source(target));
                        self.declare(symbol);
                    }
                }
                Role::Class | Role::Last if depth > 0 => self.announce(child, depth - 1),
                _ => {}
            }
        }
    }

    fn definitions(&mut self, node: Node<'_>, depth: u8) {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        for child in children {
            match self.grammar.role(child) {
                Role::Import { path, alias } => self.import(child, path, alias),
                Role::Function { name, .. } => self.definition(child, name),
                Role::Class if depth > 0 => self.definitions(child, depth - 1),
                _ => {}
            }
        }
    }

    /// The parts of a node, as statements. Functions were made before.
    fn parts(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        for child in children {
            if !matches!(self.grammar.role(child), Role::Import { .. }) {
                self.deeper(|this| this.statement(child, true));
            }
        }
    }

    /// A statement. With `made`, functions in it were made before.
    pub(super) fn statement(&mut self, node: Node<'_>, made: bool) {
        let span = self.span(node);
        match self.grammar.role(node) {
            Role::Skip => {}
            // A name alone does nothing, unless it calls.
            Role::Name if !self.grammar.table.bare_calls => {}
            Role::Function { .. } if made => {}
            Role::Function { name, .. } => self.definition(node, name),
            Role::Class if made => self.parts(node),
            Role::Class | Role::Block | Role::Other | Role::Last => self.each(node),
            Role::Maybe => {
                let block = self.in_block(|this| this.each(node));
                self.maybe(block, span);
            }
            Role::Import { path, alias } => self.import(node, path, alias),
            Role::Assign { left, right } => self.assignment(node, left, right),
            Role::Declare { name, value } => self.declaration(node, name, value),
            Role::If {
                condition,
                then,
                otherwise,
            } => self.conditional(node, condition, then, otherwise),
            Role::While { condition, body } => self.while_loop(node, condition, body),
            Role::For { condition, body } => self.for_loop(node, condition, body),
            Role::Foreach {
                variable,
                iterable,
                body,
            } => self.foreach(node, variable, iterable, body),
            Role::Return => {
                let value = self.last_value(node);
                self.push(StatementKind::Return(value), span);
            }
            Role::Break => self.jump(StatementKind::Break, span),
            Role::Continue => self.jump(StatementKind::Continue, span),
            _ => {
                let value = self.expr(node);
                self.push(StatementKind::Expr(value), span);
            }
        }
    }

    /// Every part of a node as a statement.
    pub(super) fn each(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        for child in children {
            self.deeper(|this| this.statement(child, false));
        }
    }

    fn maybe(&mut self, block: crate::ir::Block, span: Span) {
        if !block.is_empty() {
            let test = self.nothing(span);
            self.push(StatementKind::If(test, block, Vec::new()), span);
        }
    }

    /// The value of the last part, if there is one.
    pub(super) fn last_value(&mut self, node: Node<'_>) -> Option<ExprId> {
        let count = u32::try_from(node.named_child_count()).unwrap_or(0);
        let last = node.named_child(count.checked_sub(1)?)?;
        Some(self.expr(last))
    }

    /// The two sides of an assignment; without names of fields the first and the last part.
    pub(super) fn sides<'tree>(
        &self,
        node: Node<'tree>,
        left: &str,
        right: &str,
    ) -> (Option<Node<'tree>>, Option<Node<'tree>>) {
        if !left.is_empty() {
            return (node.child_by_field_name(left), node.child_by_field_name(right));
        }
        let count = u32::try_from(node.named_child_count()).unwrap_or(0);
        match count {
            0 | 1 => (None, None),
            _ => (node.named_child(0), node.named_child(count - 1)),
        }
    }

    fn assignment(&mut self, node: Node<'_>, left: &str, right: &str) {
        let span = self.span(node);
        let (Some(left), Some(right)) = self.sides(node, left, right) else {
            return self.each(node);
        };
        if self.grammar.role(left) != Role::Tuple {
            let value = self.assigned_value(node, left, right);
            let pattern = self.pattern(left);
            return self.assign(pattern, value, span);
        }
        let mut cursor = left.walk();
        let targets: Vec<Node<'_>> = left.named_children(&mut cursor).collect();
        let mut cursor = right.walk();
        let values: Vec<Node<'_>> = if self.grammar.role(right) == Role::Tuple {
            right.named_children(&mut cursor).collect()
        } else {
            vec![right]
        };
        for (number, target) in targets.iter().enumerate() {
            let value = match values.get(number) {
                Some(value) if targets.len() == 1 => self.assigned_value(node, *target, *value),
                Some(value) => self.expr(*value),
                None => self.nothing(span),
            };
            let pattern = self.pattern(*target);
            self.assign(pattern, value, span);
        }
    }

    /// The value of an assignment; of `+=` and the like put together with the old one.
    pub(super) fn assigned_value(&mut self, node: Node<'_>, left: Node<'_>, right: Node<'_>) -> ExprId {
        let span = self.span(node);
        let value = self.expr(right);
        let operator = node
            .child_by_field_name("operator")
            .map_or("", |operator| self.source(operator));
        let compound =
            operator.len() > 1 && operator.ends_with('=') && !operator.starts_with([':', '=', '<', '|']);
        if !compound {
            return value;
        }
        let old = self.expr(left);
        let op = operator.get(..operator.len() - 1).unwrap_or("");
        let kind = self.operation(op, old, value);
        self.expr_of(kind, span)
    }

    fn declaration(&mut self, node: Node<'_>, name: &str, value: &str) {
        let span = self.span(node);
        let target = node.child_by_field_name(name);
        let value = node.child_by_field_name(value);
        let value = value.map(|value| self.expr(value));
        let Some(target) = target else { return };
        let Some(symbol) = self.declared_name(target) else {
            return;
        };
        let variable = self.declare(symbol);
        if let Some(value) = value {
            self.assign(Pattern::Var(variable), value, span);
        }
    }

    /// What an assignment goes to.
    pub(super) fn pattern(&mut self, node: Node<'_>) -> Pattern {
        match self.grammar.role(node) {
            Role::Name => {
                let symbol = self.program.names.intern(self.source(node));
                Pattern::Var(self.assigned(symbol))
            }
            Role::Field { object, name } => {
                let name = node
                    .child_by_field_name(name)
                    .map_or("", |name| self.source(name));
                let name = self.program.names.intern(name);
                match node.child_by_field_name(object) {
                    Some(object) => Pattern::Field(self.expr(object), name),
                    None => Pattern::Global(name),
                }
            }
            Role::Index { .. } => {
                let value = self.expr(node);
                match self.program.exprs.get(value.0 as usize).map(|expr| &expr.kind) {
                    Some(ExprKind::Index(base, index)) => Pattern::Index(*base, *index),
                    _ => Pattern::Ignore,
                }
            }
            _ => match self.declared_name(node) {
                Some(symbol) => Pattern::Var(self.assigned(symbol)),
                None => Pattern::Ignore,
            },
        }
    }

    fn conditional(&mut self, node: Node<'_>, condition: &str, then: &str, otherwise: &str) {
        let span = self.span(node);
        if let Some(first) = node.child_by_field_name("initializer") {
            self.deeper(|this| this.statement(first, false));
        }
        let test = match node.child_by_field_name(condition) {
            Some(condition) => self.expr(condition),
            None => self.nothing(span),
        };
        let mut cursor = node.walk();
        let all: Vec<Node<'_>> = node.children_by_field_name(then, &mut cursor).collect();
        let block = self.in_block(|this| {
            for part in all {
                this.deeper(|this| this.statement(part, false));
            }
        });
        let mut cursor = node.walk();
        let all: Vec<Node<'_>> = node.children_by_field_name(otherwise, &mut cursor).collect();
        let rest = self.in_block(|this| {
            for part in all {
                this.deeper(|this| this.statement(part, false));
            }
        });
        self.push(StatementKind::If(test, block, rest), span);
    }

    fn while_loop(&mut self, node: Node<'_>, condition: &str, body: &str) {
        let span = self.span(node);
        let test = match node.child_by_field_name(condition) {
            Some(condition) => self.expr(condition),
            // `loop { }`, and `for { }` of Go.
            None => self.expr_of(ExprKind::Bool(true), span),
        };
        self.rounds(node, body, test, span);
    }

    fn for_loop(&mut self, node: Node<'_>, condition: &str, body: &str) {
        let span = self.span(node);
        let inside = node.child_by_field_name(body).map(|body| body.id());
        let (mut test, mut ranged) = (None, false);
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        for child in children {
            if Some(child.id()) == inside {
                continue;
            }
            // A clause of its own holds the three parts in Go.
            if child.child_by_field_name(condition).is_some() && child.kind().contains("clause") {
                test = child.child_by_field_name(condition);
                if let Some(first) = child.child_by_field_name("initializer") {
                    self.deeper(|this| this.statement(first, false));
                }
            } else if node
                .child_by_field_name(condition)
                .is_some_and(|test| test.id() == child.id())
            {
                test = Some(child);
            } else {
                self.deeper(|this| this.statement(child, false));
                if child.kind() == "range_clause" {
                    ranged = true;
                }
            }
        }
        let test = match test {
            Some(test) if self.grammar.role(test) == Role::True => self.expr_of(ExprKind::Bool(true), span),
            Some(test) => {
                let value = self.expr(test);
                self.expr_of(ExprKind::Unknown(vec![value]), span)
            }
            // A loop over items names no test, and ends.
            None if condition.is_empty() || ranged => self.nothing(span),
            None => self.expr_of(ExprKind::Bool(true), span),
        };
        self.rounds(node, body, test, span);
    }

    fn foreach(&mut self, node: Node<'_>, variable: &str, iterable: &str, body: &str) {
        let span = self.span(node);
        let iterable = match node.child_by_field_name(iterable) {
            Some(iterable) => self.expr(iterable),
            None => self.nothing(span),
        };
        let pattern = match node.child_by_field_name(variable) {
            Some(variable) => self.pattern(variable),
            None => Pattern::Ignore,
        };
        let (label, body) = self.round(node, body);
        let kind = StatementKind::For {
            label,
            pattern,
            iterable,
            keys: false,
            body,
            otherwise: Vec::new(),
        };
        self.push(kind, span);
    }

    fn rounds(&mut self, node: Node<'_>, body: &str, test: ExprId, span: Span) {
        let (label, body) = self.round(node, body);
        let kind = StatementKind::While {
            label,
            test,
            body,
            step: Vec::new(),
            otherwise: Vec::new(),
        };
        self.push(kind, span);
    }

    fn round(&mut self, node: Node<'_>, body: &str) -> (Label, crate::ir::Block) {
        let label = match self.scopes.last_mut() {
            Some(scope) => {
                scope.labels += 1;
                let label = Label(scope.labels);
                scope.loops.push(label);
                label
            }
            None => Label(0),
        };
        let mut cursor = node.walk();
        let parts: Vec<Node<'_>> = if body.is_empty() {
            // `statement while condition`: the statement has no field's name.
            node.named_child(0).into_iter().collect()
        } else {
            node.children_by_field_name(body, &mut cursor).collect()
        };
        let block = self.in_block(|this| {
            for part in parts {
                this.deeper(|this| this.statement(part, false));
            }
        });
        if let Some(scope) = self.scopes.last_mut() {
            scope.loops.pop();
        }
        (label, block)
    }

    fn jump(&mut self, kind: fn(Label) -> StatementKind, span: Span) {
        let label = self.scopes.last().and_then(|scope| scope.loops.last().copied());
        if let Some(label) = label {
            self.push(kind(label), span);
        }
    }
}
