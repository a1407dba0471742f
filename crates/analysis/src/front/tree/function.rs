//! Functions.

use super::role::Role;
use super::scope::Lowering;
use crate::ir::{ExprId, ExprKind, FunctionKind, Param, ParamKind, Pattern, Symbol};
use tree_sitter::Node;

/// How many declarators stand around a name at most: `char **(*name)[]`.
const DECLARATORS: usize = 12;

impl<'text> Lowering<'_, 'text> {
    /// The name of a function, where it has one.
    pub(super) fn function_name(&mut self, node: Node<'_>, field: &str) -> Option<Symbol> {
        let name = node.child_by_field_name(field)?;
        self.declared_name(name)
    }

    /// The name that a declarator declares.
    pub(super) fn declared_name(&mut self, node: Node<'_>) -> Option<Symbol> {
        let mut at = node;
        for _ in 0..DECLARATORS {
            let next = ["declarator", "name", "pattern", "variable", "variables"]
                .iter()
                .find_map(|field| at.child_by_field_name(field));
            match next {
                _ if self.grammar.role(at) == Role::Name => break,
                Some(next) => at = next,
                None => match at.named_child(0) {
                    Some(first) if at.named_child_count() == 1 => at = first,
                    _ => break,
                },
            }
        }
        let text = self.source(at);
        let plain = text.rsplit([':', '.']).next().unwrap_or(text);
        let named = !plain.is_empty() && plain.len() < 256 && !plain.contains(['(', '{', ' ', '\n']);
        named.then(|| self.program.names.intern(plain))
    }

    /// A function with a name, which is a variable.
    pub(super) fn definition(&mut self, node: Node<'_>, name: &str) {
        let span = self.span(node);
        let symbol = self.function_name(node, name);
        let variable = symbol.map(|symbol| self.declare(symbol));
        let value = self.function_value(node, name);
        match variable {
            Some(variable) => self.assign(Pattern::Var(variable), value, span),
            None => self.push(crate::ir::StatementKind::Expr(value), span),
        }
    }

    /// A function as a value.
    pub(super) fn function_value(&mut self, node: Node<'_>, name: &str) -> ExprId {
        let span = self.span(node);
        let Role::Function { parameters, body, .. } = self.grammar.role(node) else {
            return self.nothing(span);
        };
        let named = node
            .child_by_field_name(name)
            .map_or("", |name| self.source(name));
        let plain: String = named
            .chars()
            .take_while(|letter| *letter != '(')
            .take(128)
            .collect();
        let function = self.new_function(plain.trim(), FunctionKind::Function, span);
        self.enter(function);
        let mut params = Vec::new();
        for place in self.parameter_nodes(node, parameters) {
            let Some(name) = self.declared_name(place) else {
                continue;
            };
            let variable = self.declare(name);
            params.push(Param {
                name,
                pattern: Pattern::Var(variable),
                default: None,
                kind: ParamKind::Normal,
            });
        }
        let mut cursor = node.walk();
        let bodies: Vec<Node<'_>> = node.children_by_field_name(body, &mut cursor).collect();
        let block = self.in_block(|this| {
            for body in bodies {
                this.deeper(|this| match this.grammar.role(body) {
                    Role::Block | Role::Class => this.body(body),
                    _ => this.statement(body, false),
                });
            }
        });
        self.scopes.pop();
        if let Some(entry) = self.program.functions.get_mut(function.0 as usize) {
            entry.params = params;
            entry.body = block;
        }
        self.expr_of(ExprKind::Function(function), span)
    }

    /// The parameters of a function; in C they stand in its declarator.
    fn parameter_nodes<'tree>(&self, node: Node<'tree>, field: &str) -> Vec<Node<'tree>> {
        let mut at = node;
        let mut list = at.child_by_field_name(field);
        for _ in 0..DECLARATORS {
            if list.is_some() {
                break;
            }
            let Some(inner) = at.child_by_field_name("declarator") else {
                break;
            };
            at = inner;
            list = at.child_by_field_name(field);
        }
        let Some(list) = list else { return Vec::new() };
        let mut cursor = list.walk();
        list.named_children(&mut cursor)
            .filter(|child| self.grammar.role(*child) != Role::Skip)
            .take(64)
            .collect()
    }
}
