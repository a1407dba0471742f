//! Calls, and imports.

use super::role::Role;
use super::scope::{Lowering, dotted, positional};
use crate::ir::{Argument, ArgumentKind, ExprId, ExprKind, Language, StatementKind};
use std::rc::Rc;
use tree_sitter::Node;

impl Lowering<'_, '_> {
    pub(super) fn call_of(
        &mut self,
        callee: ExprId,
        arguments: Vec<Argument>,
        new: bool,
        span: crate::ir::Span,
    ) -> ExprId {
        self.expr_of(
            ExprKind::Call {
                callee,
                arguments,
                new,
            },
            span,
        )
    }

    /// A call of a function that no scope binds.
    pub(super) fn call_of_path(&mut self, path: &str, values: &[ExprId], span: crate::ir::Span) -> ExprId {
        let callee = self.global(path, span);
        let arguments = values.iter().copied().map(positional).collect();
        self.call_of(callee, arguments, false, span)
    }

    pub(super) fn call(&mut self, node: Node<'_>, function: &str, arguments: &str) -> ExprId {
        let span = self.span(node);
        let Some(function) = node.child_by_field_name(function) else {
            let values = self.values(node);
            return self.expr_of(ExprKind::Unknown(values), span);
        };
        let text = self.source(function);
        if let Some(module) = self.required(node, text, arguments) {
            return module;
        }
        let callee = match self.grammar.role(function) {
            // A name that stands before arguments is no call of its own.
            Role::Name | Role::Other | Role::Keyword(_) if self.is_plain(function) => self.name(text, span),
            _ => self.expr(function),
        };
        let arguments = self.arguments(node, arguments, &[function]);
        self.call_of(callee, arguments, false, span)
    }

    fn is_plain(&self, node: Node<'_>) -> bool {
        node.named_child_count() == 0 || self.grammar.role(node) == Role::Name
    }

    /// `require("name")` of Lua, `library(name)` of R.
    fn required(&mut self, node: Node<'_>, function: &str, arguments: &str) -> Option<ExprId> {
        let requires = match self.grammar.which {
            Language::Lua => function == "require",
            Language::R => matches!(
                function,
                "library" | "require" | "requireNamespace" | "loadNamespace"
            ),
            _ => false,
        };
        let argument = node
            .child_by_field_name(arguments)
            .filter(|_| requires)?
            .named_child(0)?;
        let text = self.source(argument);
        let path = text.trim_matches(|letter: char| !letter.is_alphanumeric());
        let span = self.span(node);
        Some(self.expr_of(ExprKind::Import(Rc::from(path), None), span))
    }

    pub(super) fn method(&mut self, node: Node<'_>, object: &str, name: &str, arguments: &str) -> ExprId {
        let span = self.span(node);
        let Some(name) = node.child_by_field_name(name) else {
            let values = self.values(node);
            return self.expr_of(ExprKind::Unknown(values), span);
        };
        let text = self.source(name);
        let receiver = node.child_by_field_name(object);
        let own = receiver
            .is_none_or(|receiver| matches!(self.source(receiver), "this" | "self" | "$this" | "super"));
        let bound = self
            .program
            .names
            .find(text)
            .and_then(|symbol| self.lookup(symbol));
        let callee = match receiver {
            Some(receiver) if !own || bound.is_none() => {
                let receiver = self.receiver(receiver);
                let symbol = self.program.names.intern(text);
                self.expr_of(ExprKind::Field(receiver, symbol), span)
            }
            _ if self.grammar.which == Language::Ruby
                && matches!(text, "require" | "require_relative" | "load") =>
            {
                return self.ruby_require(node, arguments);
            }
            _ => self.name(text, span),
        };
        let mut skipped = vec![name];
        skipped.extend(receiver);
        let arguments = self.arguments(node, arguments, &skipped);
        self.call_of(callee, arguments, false, span)
    }

    /// Whose method is called: of a class the name without the package.
    fn receiver(&mut self, node: Node<'_>) -> ExprId {
        let text = self.source(node);
        let span = self.span(node);
        let packaged =
            self.grammar.which == Language::Java && matches!(self.grammar.role(node), Role::Field { .. });
        let class = text.rsplit_once('.').filter(|(package, class)| {
            packaged
                && class.starts_with(|letter: char| letter.is_ascii_uppercase())
                && package
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'.')
        });
        match class {
            Some((_, class)) => self.global(class, span),
            None => match self.grammar.role(node) {
                Role::Other if node.named_child_count() == 0 => self.written_path(text, span),
                _ => self.expr(node),
            },
        }
    }

    fn ruby_require(&mut self, node: Node<'_>, arguments: &str) -> ExprId {
        let span = self.span(node);
        let arguments = self.arguments(node, arguments, &[]);
        let first = arguments.first().map(|argument| argument.value);
        let text = match first
            .and_then(|first| self.program.exprs.get(first.0 as usize))
            .map(|expr| &expr.kind)
        {
            Some(ExprKind::Text(text)) => Rc::clone(text),
            _ => Rc::from("?"),
        };
        self.expr_of(ExprKind::Import(text, None), span)
    }

    pub(super) fn new_object(&mut self, node: Node<'_>, class: &str, arguments: &str) -> ExprId {
        let span = self.span(node);
        let class = if class.is_empty() {
            node.named_child(0)
        } else {
            node.child_by_field_name(class)
        };
        let Some(class) = class else {
            return self.nothing(span);
        };
        let path = dotted(self.source(class));
        // Of a class with its package the name alone, as rules name it.
        let name = match self.grammar.which {
            Language::Java | Language::Php => path.rsplit_once('.').map_or(path.as_str(), |(_, name)| name),
            _ => path.as_str(),
        };
        let callee = self.written_path(name, span);
        let arguments = self.arguments(node, arguments, &[class]);
        self.call_of(callee, arguments, true, span)
    }

    /// `name!(...)`: the tokens as arguments.
    pub(super) fn macro_call(&mut self, node: Node<'_>) -> ExprId {
        let span = self.span(node);
        let name = node
            .child_by_field_name("macro")
            .map_or("", |name| self.source(name));
        let callee = self.global(&format!("{}!", dotted(name)), span);
        let mut arguments = Vec::new();
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).skip(1).collect();
        for child in children {
            arguments.extend(self.values(child).into_iter().map(positional));
        }
        self.call_of(callee, arguments, false, span)
    }

    pub(super) fn keyword(&mut self, node: Node<'_>, name: &str) -> ExprId {
        let span = self.span(node);
        let values = self.values(node);
        self.call_of_path(name, &values, span)
    }

    /// The arguments of a call: the parts of a field, or all parts but some.
    fn arguments(&mut self, node: Node<'_>, field: &str, skipped: &[Node<'_>]) -> Vec<Argument> {
        let mut cursor = node.walk();
        let mut fields: Vec<Node<'_>> = if field.is_empty() {
            node.named_children(&mut cursor)
                .filter(|child| !skipped.iter().any(|known| known.id() == child.id()))
                .collect()
        } else {
            node.children_by_field_name(field, &mut cursor).collect()
        };
        let mut cursor = node.walk();
        // A block is an argument, too.
        fields.extend(node.children_by_field_name("block", &mut cursor));
        let mut arguments = Vec::new();
        for node in fields {
            let list = node.kind().contains("argument") && self.grammar.role(node) == Role::Other
                || node.kind() == "list_expression";
            if !list {
                self.argument(node, &mut arguments);
                continue;
            }
            let mut cursor = node.walk();
            let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
            for child in children {
                self.argument(child, &mut arguments);
            }
        }
        arguments
    }

    fn argument(&mut self, node: Node<'_>, arguments: &mut Vec<Argument>) {
        match self.grammar.role(node) {
            Role::Skip => {}
            Role::Argument { name, .. } => {
                let name = node
                    .child_by_field_name(name)
                    .map(|name| self.source(name).trim_end_matches(':'));
                let kind = match name {
                    Some(name) => ArgumentKind::Named(self.program.names.intern(name)),
                    None => ArgumentKind::Positional,
                };
                let value = self.expr(node);
                arguments.push(Argument { value, kind });
            }
            _ => {
                let value = self.expr(node);
                arguments.push(positional(value));
            }
        }
    }

    /// An import, and the names that it gives.
    pub(super) fn import(&mut self, node: Node<'_>, path: &str, alias: &str) {
        let span = self.span(node);
        let mut cursor = node.walk();
        let named: Vec<Node<'_>> = node.children_by_field_name(path, &mut cursor).collect();
        if path.is_empty() || named.is_empty() {
            // A list of imports, or one whose parts have no names.
            let mut cursor = node.walk();
            let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
            let mut inner = false;
            for child in &children {
                if let Role::Import { path, alias } = self.grammar.role(*child) {
                    inner = true;
                    self.deeper(|this| this.import(*child, path, alias));
                }
            }
            if !inner
                && let Some(child) = children
                    .iter()
                    .find(|child| self.grammar.role(**child) != Role::Skip)
            {
                let text = self.source(*child);
                let alias = node.child_by_field_name(alias).map(|alias| self.source(alias));
                self.imported(text, alias, span);
            }
            return;
        }
        let alias = node.child_by_field_name(alias).map(|alias| self.source(alias));
        for node in named {
            let text = self.source(node);
            self.imported(text, alias, span);
        }
    }

    fn imported(&mut self, text: &str, alias: Option<&str>, span: crate::ir::Span) {
        let text = text.trim_matches(['"', '<', '>', '\'', '`', ';']);
        for (path, name) in listed(text) {
            let joined = if text.contains("::") || text.contains('\\') {
                dotted(&path)
            } else {
                path.clone()
            };
            let value = self.expr_of(ExprKind::Import(Rc::from(joined.as_str()), None), span);
            self.push(StatementKind::Expr(value), span);
            let last = joined.rsplit(['/', '.']).next().unwrap_or(&joined).to_owned();
            let name = alias.map(str::to_owned).or(name).unwrap_or_else(|| last.clone());
            let target = match self.grammar.which {
                Language::Rust => joined,
                Language::Go | Language::Php => last,
                _ => continue,
            };
            self.imports.insert(name, target);
        }
    }
}

/// The paths of `a::{b, c::d as e}`, each with its other name; at most 64.
fn listed(text: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut prefixes: Vec<String> = vec![String::new()];
    let mut current = String::new();
    for letter in text.chars().chain(std::iter::once(',')).take(4096) {
        match letter {
            '{' if prefixes.len() < 16 => {
                let prefix = prefixes.last().map_or(String::new(), Clone::clone) + current.trim();
                prefixes.push(prefix);
                current.clear();
            }
            ',' | '}' => {
                let item = current.trim();
                if !item.is_empty() && found.len() < 64 {
                    let (item, name) = match item.split_once(" as ") {
                        Some((item, name)) => (item.trim(), Some(name.trim().to_owned())),
                        None => (item, None),
                    };
                    let prefix = prefixes.last().map_or("", String::as_str);
                    let path = match item {
                        "self" => prefix.trim_end_matches(':').to_owned(),
                        item => format!("{prefix}{item}"),
                    };
                    found.push((path, name));
                }
                current.clear();
                if letter == '}' && prefixes.len() > 1 {
                    prefixes.pop();
                }
            }
            letter => current.push(letter),
        }
    }
    found
}
